// The fake keeps the contract too, so what is proven with it holds for the real store.
#include "tests/fakes/memory_state_store.h"

#include "tests/contract/state_store_contract.h"

namespace tokenwarden {
namespace {

class MemoryHarness final : public StateStoreHarness {
 public:
  StateStore& store() override { return *store_; }
  void Reopen() override { store_ = std::make_unique<MemoryStateStore>(store_->disk()); }

 private:
  std::unique_ptr<MemoryStateStore> store_ = std::make_unique<MemoryStateStore>();
};

INSTANTIATE_TEST_SUITE_P(Memory, StateStoreContract,
                         testing::Values([]() -> std::unique_ptr<StateStoreHarness> {
                           return std::make_unique<MemoryHarness>();
                         }));

TEST(MemoryStateStore, FailsTheCallItWasToldToFailBeforeOrAfterItsEffect) {
  MemoryStateStore store;
  CredentialState state;
  state.name = "a";
  store.FailCall(1);
  EXPECT_EQ(store.SaveState(state).error().reason, "injected");
  EXPECT_TRUE(store.LoadStates()->empty());
  store.FailCall(1, MemoryStateStore::FailWhen::kAfter);
  EXPECT_FALSE(store.SaveState(state));
  EXPECT_EQ(store.LoadStates()->size(), 1u);
  EXPECT_EQ(store.calls(), 4);
  EXPECT_EQ(store.call_names().front(), "SaveState");
}

}  // namespace
}  // namespace tokenwarden

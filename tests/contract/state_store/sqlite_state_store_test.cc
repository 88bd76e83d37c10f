#include "agent/adapters/sqlite/sqlite_state_store.h"

#include <unistd.h>

#include <cstdlib>

#include "agent/adapters/crypto/sealer.h"
#include "tests/contract/state_store_contract.h"

namespace tokenwarden {
namespace {

class SqliteHarness final : public StateStoreHarness {
 public:
  SqliteHarness() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    Reopen();
  }
  ~SqliteHarness() override {
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) unlink((path() + suffix).c_str());
    rmdir(directory_.c_str());
  }
  StateStore& store() override { return *store_; }
  void Reopen() override {
    store_.reset();
    Result<std::unique_ptr<StateStore>> opened =
        sqlite::OpenStateStore(path(), *sealer_, {kDay * 30, "", "a test"});
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    store_ = std::move(*opened);
  }

 private:
  std::string path() const { return directory_ + "/state.db"; }

  std::string directory_ = testing::TempDir() + "state.XXXXXX";
  std::unique_ptr<Sealer> sealer_ = crypto::MakeSealer(crypto::RandomKey());
  std::unique_ptr<StateStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StateStoreContract,
                         testing::Values([]() -> std::unique_ptr<StateStoreHarness> {
                           return std::make_unique<SqliteHarness>();
                         }));

}  // namespace
}  // namespace tokenwarden

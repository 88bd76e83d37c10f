#include "agent/app/place_router.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_places.h"

namespace tokenwarden {
namespace {

PlaceServer ServerOver(FakePlaces& places) {
  return {[&places](const SourceSpec& spec) { return places.MakeSource(spec); },
          [&places](const SinkSpec& spec) { return places.MakeSink(spec); },
          [&places](const SecretRef& ref) { return places.Resolve(ref); }};
}

struct Routes {
  FakePlaces local;
  FakePlaces vault;
  FakePlaces kubernetes;
  PlaceRouter router{local, local, local};

  std::string ReadSource(SourceKind kind) {
    SourceSpec spec;
    spec.kind = kind;
    spec.path = "p";
    auto source = router.MakeSource(spec);
    Result<Secret> value = (*source)->Read();
    return value ? std::string(value->Reveal()) : value.error().reason;
  }
  void Fill() {
    local.Put("p", "local");
    vault.Put("p", "vault");
    kubernetes.Put("p", "kubernetes");
  }
};

TEST(PlaceRouter, SendsEachKindToItsServer) {
  Routes routes;
  routes.Fill();
  routes.router.UseVault(ServerOver(routes.vault));
  routes.router.UseKubernetes(ServerOver(routes.kubernetes));
  EXPECT_EQ(routes.ReadSource(SourceKind::kFile), "local");
  EXPECT_EQ(routes.ReadSource(SourceKind::kVault), "vault");
  EXPECT_EQ(routes.ReadSource(SourceKind::kKubernetes), "kubernetes");
}

TEST(PlaceRouter, LeavesTheRefusalOfAnUnnamedServerToTheLocalAdapter) {
  Routes routes;
  routes.Fill();
  EXPECT_EQ(routes.ReadSource(SourceKind::kVault), "local");
}

TEST(PlaceRouter, WritesAndResolvesWhereItReads) {
  Routes routes;
  routes.router.UseVault(ServerOver(routes.vault));
  SinkSpec sink;
  sink.kind = SinkKind::kVault;
  sink.path = "secret/a";
  sink.key = "k";
  ASSERT_TRUE((*routes.router.MakeSink(sink))->Publish(Secret("value"), {}));
  EXPECT_EQ(routes.vault.Held("secret/a#k"), "value");
  const SecretRef ref{SecretRef::Kind::kVault, "secret/b", "k"};
  routes.vault.Put(Describe(ref), "secret");
  Result<Secret> resolved = routes.router.Resolve(ref);
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->Reveal(), "secret");
}

TEST(PlaceRouter, TellsRolloutsApartFromOtherConsumers) {
  Routes routes;
  routes.router.UseRollouts(routes.kubernetes);
  NotifySpec rollout;
  rollout.kind = NotifyKind::kKubernetesRollout;
  ASSERT_TRUE(routes.router.Notify(rollout, {}));
  ASSERT_TRUE(routes.router.Notify(NotifySpec{}, {}));
  EXPECT_EQ(routes.kubernetes.notices().size(), 1u);
  EXPECT_EQ(routes.local.notices().size(), 1u);
}

}  // namespace
}  // namespace tokenwarden

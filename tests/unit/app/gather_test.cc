// What the policy is told about a credential, and so what a person reads.
#include "agent/app/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

using testing::HasSubstr;

TEST(Gather, BlamesTheReferenceThatCannotBeReadAndNotTheConfiguration) {
  World world;
  world.issuer.Mint("first", FakeToken{});  // the issuer says that it cannot be renewed
  world.places.Put(".env#TOKEN", "first");
  world.spec.meta.app_secret =
      SecretRef{SecretRef::Kind::kKubernetes, "bots/meta-app", "app-secret"};
  world.Start();
  world.Pass();
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  const Snapshot snapshot = Gather(work, false, true);
  EXPECT_FALSE(snapshot.can_refresh);
  EXPECT_THAT(snapshot.cannot_refresh_why, HasSubstr("bots/meta-app#app-secret"));
}

TEST(Gather, SaysWhatTheIssuerSaysWhileEveryReferenceCanBeRead) {
  World world;
  world.issuer.Mint("first", FakeToken{});
  world.places.Put(".env#TOKEN", "first");
  world.Start();
  world.Pass();
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  EXPECT_EQ(Gather(work, false, true).cannot_refresh_why, "it never expires");
}

}  // namespace
}  // namespace tokenwarden

// A login that is kept alive, and one that dies.
#include <thread>
#include <vector>

#include "tests/unit/adapters/vault/stage.h"

namespace tokenwarden::vault {
namespace {

class VaultSession : public Stage {
 protected:
  VaultSession() { api_.kv().Put("a", kKey, "v"); }
};

TEST_F(VaultSession, LogsInOnceForManyRequests) {
  AllowAppRole(Seconds(3600));
  const auto vault = Connect(ByAppRole());
  for (int i = 0; i < 3; ++i) ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
  EXPECT_EQ(api_.CountSent("GET", "sys/internal/ui/mounts/secret/a"), 1);
  EXPECT_EQ(api_.CountSent(""), 5);
}

TEST_F(VaultSession, LogsInOnceForManyThreads) {
  AllowAppRole(Seconds(3600));
  const auto vault = Connect(ByAppRole());
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) readers.emplace_back([&] { ExpectReads(*vault, "v"); });
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
}

TEST_F(VaultSession, LogsInOnceForEachWayToDoSo) {
  AllowAppRole(Seconds(3600));
  const auto vault = Connect(ByAppRole());
  SourceSpec source;
  source.kind = SourceKind::kVault;
  source.path = kPath;
  source.key = kKey;
  ASSERT_TRUE((*vault->MakeSource(source))->Read());
  source.vault_auth = ByRoot();
  ASSERT_TRUE((*vault->MakeSource(source))->Read());
  ASSERT_TRUE((*vault->MakeSource(source))->Read());
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
  EXPECT_EQ(api_.CountSent("GET", kLookUp), 1);
}

TEST_F(VaultSession, RenewsAfterTwoThirdsOfTheLifeAndNotBefore) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(599));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kRenew), 0);
  clock_.Advance(Seconds(1));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kRenew), 1);
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
}

TEST_F(VaultSession, LivesForEverOnRenewals) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  for (int i = 0; i < 100; ++i) {
    ExpectReads(*vault, "v");
    clock_.Advance(Seconds(600));
  }
  EXPECT_EQ(api_.CountSent("POST", kRenew), 99);
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
}

TEST_F(VaultSession, LogsInAgainWithoutAGapWhenRenewalEnds) {
  AllowAppRole(Seconds(900), Seconds(2000));
  const auto vault = Connect(ByAppRole());
  for (int minute = 0; minute < 120; ++minute) {
    ExpectReads(*vault, "v");
    clock_.Advance(Seconds(60));
  }
  EXPECT_GE(api_.CountSent("POST", kLogin), 4);
  EXPECT_LE(api_.CountSent("POST", kLogin), 6);
  EXPECT_LE(api_.CountSent("POST", kRenew), 20);
}

TEST_F(VaultSession, KeepsALivingTokenWhenTheRenewalCannotBeAsked) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(600));
  api_.Refuse("POST", kRenew, FakeVault::Reply(503, "Vault is sealed"), 2);
  ExpectReads(*vault, "v");
  ExpectReads(*vault, "v");  // not asked again at once
  EXPECT_EQ(api_.CountSent("POST", kRenew), 1);
  clock_.Advance(Seconds(10));
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(10));
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kRenew), 3);
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
}

TEST_F(VaultSession, KeepsALivingTokenWhenNoNewOneCanBeHad) {
  AllowAppRole(Seconds(900), Seconds(900));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  api_.Refuse("POST", kLogin, FakeVault::Reply(400, "invalid role or secret ID"), 1000);
  clock_.Advance(Seconds(899));
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(1));
  ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "login_refused");
}

TEST_F(VaultSession, LogsInAgainOnceForADeadTokenAndRepeatsTheRequest) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(60));
  api_.RevokeAll();
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kLogin), 2);
  EXPECT_EQ(api_.CountSent("GET", kLookUp), 0);
}

TEST_F(VaultSession, FindsADeadTokenOutWhereTheServerSaysLess) {
  api_.SayLess(true);
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  api_.RevokeAll();
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.CountSent("POST", kLogin), 2);
}

TEST_F(VaultSession, TakesANarrowPolicyForNoDeadToken) {
  AllowAppRole(Seconds(9000));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  api_.Deny("GET", "secret/data/");
  for (int i = 0; i < 10; ++i) {
    ExpectFails(Read(*vault), ErrorKind::kPermissionDenied, "permission_denied");
  }
  EXPECT_EQ(api_.CountSent("POST", kLogin), 1);
  EXPECT_EQ(api_.CountSent("GET", kLookUp), 1);
}

TEST_F(VaultSession, ReplacesATokenThatNobodyCanJudgeOnlyOnceInTenMinutes) {
  api_.SayLess(true);
  AllowAppRole(Seconds(9000));
  const auto vault = Connect(ByAppRole());
  ExpectReads(*vault, "v");
  api_.Deny("GET", "secret/data/");
  api_.Deny("GET", kLookUp);
  for (int i = 0; i < 9; ++i) {
    ExpectFails(Read(*vault), ErrorKind::kPermissionDenied, "permission_denied");
    clock_.Advance(Seconds(60));
  }
  EXPECT_EQ(api_.CountSent("POST", kLogin), 2);
}

TEST_F(VaultSession, DoesNotStormAServerThatRefusesTheLogin) {
  api_.Refuse("POST", kLogin, FakeVault::Reply(400, "invalid role or secret ID"), 100000);
  const auto vault = Connect(ByAppRole());
  for (int second = 0; second < 3600; ++second) {
    ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "login_refused");
    clock_.Advance(Seconds(1));
  }
  // Fewer than five in a quarter of an hour, or the role would be locked out; but never none.
  EXPECT_GE(api_.CountSent("POST", kLogin), 12);
  EXPECT_LE(api_.CountSent("POST", kLogin), 20);
}

TEST_F(VaultSession, AsksASilentServerSoonAgain) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  api_.Seal(true);
  for (int second = 0; second < 60; ++second) {
    ExpectFails(Read(*vault), ErrorKind::kUnavailable, "sealed");
    clock_.Advance(Seconds(1));
  }
  EXPECT_LE(api_.CountSent("POST", kLogin), 8);
  api_.Seal(false);
  clock_.Advance(Seconds(75));
  ExpectReads(*vault, "v");
}

TEST_F(VaultSession, TriesWhatIsNewAtOnceAfterARefusal) {
  AllowAppRole(Seconds(900));
  places_.Put("env SECRET", "wrong");
  const auto vault = Connect(ByAppRole());
  ExpectFails(Read(*vault), ErrorKind::kUnauthenticated, "login_refused");
  places_.Put("env SECRET", "secret-id");
  clock_.Advance(Seconds(1));
  ExpectReads(*vault, "v");
}

TEST_F(VaultSession, DoesNotStormAServerWhoseTokensDieAtOnce) {
  AllowAppRole(Seconds(900));
  const auto vault = Connect(ByAppRole());
  for (int i = 0; i < 100; ++i) {
    Read(*vault);
    api_.RevokeAll();
  }
  EXPECT_LE(api_.CountSent("POST", kLogin), 3);
  clock_.Advance(Seconds(40));
  ExpectReads(*vault, "v");
}

TEST_F(VaultSession, FollowsATokenFile) {
  api_.AddToken("first", {Seconds(3600)});
  api_.AddToken("second", {Seconds(3600)});
  places_.Put("file /run/token", "first\n");
  const auto vault = Connect(ByTokenFile());
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.sent().back().token, "first");
  places_.Put("file /run/token", "second\n");
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.sent().back().token, "second");
  places_.Put("file /run/token", "");  // being replaced
  ExpectReads(*vault, "v");
  EXPECT_EQ(api_.sent().back().token, "second");
}

TEST_F(VaultSession, SaysWhichTokenFileIsMissing) {
  ExpectFails(Read(*Connect(ByTokenFile())), ErrorKind::kNotFound, "no_such_key");
  places_.Put("file /run/token", "\n");
  const Result<Secret> empty = Read(*Connect(ByTokenFile()));
  ExpectFails(empty, ErrorKind::kNotFound, "empty");
  EXPECT_NE(empty.error().message.find("/run/token"), std::string::npos);
}

TEST_F(VaultSession, UsesAGivenTokenToItsEndAndThenSaysSo) {
  api_.AddToken("given", {Seconds(900), Seconds(1000)});
  places_.Put("env ROOT", "given");
  const auto vault = Connect(ByRoot());
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(600));
  ExpectReads(*vault, "v");  // renewed to its longest life
  clock_.Advance(Seconds(399));
  ExpectReads(*vault, "v");
  clock_.Advance(Seconds(2));
  const Result<Secret> dead = Read(*vault);
  ExpectFails(dead, ErrorKind::kUnauthenticated, "dead_token");
  EXPECT_FALSE(dead.error().action.empty());
}

TEST_F(VaultSession, GivesBackTheTokensThatWereMadeForIt) {
  AllowAppRole(Seconds(900));
  {
    const auto vault = Connect(ByAppRole());
    ExpectReads(*vault, "v");
    EXPECT_TRUE(api_.Lives("issued-1"));
  }
  EXPECT_FALSE(api_.Lives("issued-1"));
  { ExpectReads(*Connect(ByRoot()), "v"); }
  EXPECT_TRUE(api_.Lives("root"));
}

TEST_F(VaultSession, AThreadRenewsWhileNothingIsAsked) {
  AllowAppRole(Seconds(900));
  Options options;
  options.keep_logged_in = true;
  const auto vault = Connect(ByAppRole(), options);
  int waits = clock_.waits();
  ExpectReads(*vault, "v");  // the login wakes the thread, which then sleeps until it is time
  for (int renewals = 1; renewals <= 3; ++renewals) {
    while (clock_.waits() == waits) std::this_thread::yield();
    waits = clock_.waits();
    clock_.Advance(Seconds(600));
    while (api_.CountSent("POST", kRenew) < renewals) std::this_thread::yield();
  }
  vault->Stop();
  ExpectReads(*vault, "v");
}

TEST_F(VaultSession, AThreadSleepsForGoodWhileThereIsNoLogin) {
  Options options;
  options.keep_logged_in = true;
  const auto vault = Connect(ByAppRole(), options);
  vault->MakeDocumentStore("secret/state");
  while (clock_.waits() == 0) std::this_thread::yield();
  const int waits = clock_.waits();
  for (int i = 0; i < 100; ++i) clock_.Advance(Seconds(3600));
  EXPECT_EQ(clock_.waits(), waits);
  EXPECT_EQ(api_.CountSent(""), 0);
}

}  // namespace
}  // namespace tokenwarden::vault

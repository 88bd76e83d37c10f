// Every vocabulary: each enumerator has one word, and each word leads back to it.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "agent/core/acceptance.h"
#include "agent/core/gate.h"
#include "agent/core/observation.h"
#include "agent/core/refresh_policy.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"
#include "agent/core/verdict.h"

namespace tokenwarden {
namespace {

bool IsWord(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

// Walks [0, last] and one beyond, which must have no word of its own.
template <typename Enum, typename Parse>
void ExpectRoundTrips(Enum last, Parse parse) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    const std::string_view word = ToString(value);
    EXPECT_TRUE(IsWord(word)) << word;
    EXPECT_TRUE(words.insert(std::string(word)).second) << word << " is used twice";
    const std::optional<Enum> back = parse(word);
    ASSERT_TRUE(back.has_value()) << word;
    EXPECT_EQ(*back, value) << word;
    EXPECT_FALSE(parse(std::string(word) + " ").has_value());
    EXPECT_FALSE(parse("K" + std::string(word)).has_value());
  }
  EXPECT_FALSE(parse("").has_value());
  const std::string beyond(ToString(static_cast<Enum>(static_cast<int>(last) + 1)));
  EXPECT_EQ(beyond, "unknown") << "an enumerator was added: extend this test";
}

TEST(Words, VerdictsRoundTrip) { ExpectRoundTrips(Verdict::kIndeterminate, ParseVerdict); }
TEST(Words, ReasonsRoundTrip) { ExpectRoundTrips(Reason::kNotConfigured, ParseReason); }
TEST(Words, LifetimesRoundTrip) { ExpectRoundTrips(Lifetime::kUnknown, ParseLifetime); }
TEST(Words, SeveritiesRoundTrip) { ExpectRoundTrips(Severity::kFail, ParseSeverity); }
TEST(Words, DeadlineReasonsRoundTrip) {
  ExpectRoundTrips(DeadlineReason::kUnknown, ParseDeadlineReason);
}
TEST(Words, RotationStatesRoundTrip) {
  ExpectRoundTrips(RotationState::kFailed, ParseRotationState);
}
TEST(Words, OriginsRoundTrip) { ExpectRoundTrips(Origin::kRollback, ParseOrigin); }
TEST(Words, RotationModelsRoundTrip) {
  ExpectRoundTrips(RotationModel::kStrictFamily, ParseRotationModel);
}
TEST(Words, MetaKindsRoundTrip) { ExpectRoundTrips(MetaKind::kApp, ParseMetaKind); }
TEST(Words, DriftsRoundTrip) { ExpectRoundTrips(Drift::kAlarm, ParseDrift); }
TEST(Words, SinkKindsRoundTrip) { ExpectRoundTrips(SinkKind::kKubernetes, ParseSinkKind); }
TEST(Words, SourceKindsRoundTrip) { ExpectRoundTrips(SourceKind::kKubernetes, ParseSourceKind); }
TEST(Words, NotifyKindsRoundTrip) {
  ExpectRoundTrips(NotifyKind::kKubernetesRollout, ParseNotifyKind);
}
TEST(Words, VaultAuthKindsRoundTrip) {
  ExpectRoundTrips(VaultAuthSpec::Kind::kCert, ParseVaultAuthKind);
}
TEST(Words, ActionsRoundTrip) { ExpectRoundTrips(Action::kNeedsOperator, ParseAction); }
TEST(Words, RefusalsRoundTrip) { ExpectRoundTrips(Refusal::kKnownDead, ParseRefusal); }
TEST(Words, GateResultsRoundTrip) { ExpectRoundTrips(GateResult::kIndeterminate, ParseGateResult); }
TEST(Words, OnIndeterminateRoundTrips) {
  ExpectRoundTrips(OnIndeterminate::kPass, ParseOnIndeterminate);
}

TEST(Words, AreTheOnesOthersDependOn) {
  EXPECT_EQ(ToString(Verdict::kWrongIdentity), "wrong_identity");
  EXPECT_EQ(ToString(Reason::kSessionExpired), "session_expired");
  EXPECT_EQ(ToString(Reason::kPasswordChanged), "password_changed");
  EXPECT_EQ(ToString(DeadlineReason::kDataAccessExpiry), "data_access_expiry");
  EXPECT_EQ(ToString(NotifyKind::kExec), "exec");
  EXPECT_EQ(ToString(SourceKind::kDotenv), "dotenv");
}

TEST(Verdicts, EachReasonBelongsToOne) {
  struct Row {
    Reason reason;
    Verdict verdict;
  };
  // The first and the last of each group.
  constexpr Row kRows[] = {
      {Reason::kConfirmed, Verdict::kValid},
      {Reason::kSelfReported, Verdict::kValid},
      {Reason::kSessionExpired, Verdict::kExpired},
      {Reason::kDataAccessExpired, Verdict::kExpired},
      {Reason::kPasswordChanged, Verdict::kRevoked},
      {Reason::kSessionInvalid, Verdict::kRevoked},
      {Reason::kCannotParse, Verdict::kMalformed},
      {Reason::kTooLong, Verdict::kMalformed},
      {Reason::kOtherApp, Verdict::kWrongIdentity},
      {Reason::kOtherKind, Verdict::kWrongIdentity},
      {Reason::kScopeMissing, Verdict::kUnderScoped},
      {Reason::kAssetUnreachable, Verdict::kUnderScoped},
      {Reason::kUserCheckpoint, Verdict::kRestricted},
      {Reason::kAppRestricted, Verdict::kRestricted},
      {Reason::kOutage, Verdict::kIndeterminate},
      {Reason::kNotConfigured, Verdict::kIndeterminate},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(VerdictOf(row.reason), row.verdict) << ToString(row.reason);
}

TEST(Verdicts, OnlyExpiredRevokedAndMalformedAreDead) {
  std::set<Verdict> dead;
  for (int i = 0; i < kVerdictCount; ++i) {
    if (IsDead(static_cast<Verdict>(i))) dead.insert(static_cast<Verdict>(i));
  }
  EXPECT_EQ(dead, (std::set<Verdict>{Verdict::kExpired, Verdict::kRevoked, Verdict::kMalformed}));
}

TEST(Verdicts, FormALatticeInWhichTheMoreFundamentalHolds) {
  constexpr Verdict kOrder[] = {
      Verdict::kIndeterminate, Verdict::kValid,   Verdict::kRestricted, Verdict::kUnderScoped,
      Verdict::kWrongIdentity, Verdict::kExpired, Verdict::kRevoked,    Verdict::kMalformed};
  for (int a = 0; a < kVerdictCount; ++a) {
    for (int b = 0; b < kVerdictCount; ++b) {
      EXPECT_EQ(Worse(kOrder[a], kOrder[b]), kOrder[std::max(a, b)]);
    }
  }
}

TEST(SecretRefs, HaveAWordForEachKind) {
  for (const char* word : {"env", "file", "dotenv", "vault", "kubernetes"}) {
    const std::optional<SecretRef::Kind> kind = ParseSecretRefKind(word);
    ASSERT_TRUE(kind) << word;
    EXPECT_EQ(Describe(SecretRef{*kind, "x", ""}), std::string(word) + " x");
  }
  EXPECT_FALSE(ParseSecretRefKind("transit"));
}

TEST(SecretRefs, AreDescribedForMessages) {
  EXPECT_EQ(Describe(SecretRef{SecretRef::Kind::kEnv, "FACEBOOK_APP_SECRET", ""}),
            "env FACEBOOK_APP_SECRET");
  EXPECT_EQ(Describe(SecretRef{SecretRef::Kind::kFile, "/run/key", ""}), "file /run/key");
  EXPECT_EQ(Describe(SecretRef{SecretRef::Kind::kVault, "secret/x", "y"}), "vault secret/x#y");
  EXPECT_EQ(Describe(SecretRef{SecretRef::Kind::kKubernetes, "ns/name", "k"}),
            "kubernetes ns/name#k");
}

TEST(Places, AreNamedAsAnOperatorWouldTypeThem) {
  SinkSpec sink;
  sink.path = ".env";
  sink.key = "WHATSAPP_ACCESS_TOKEN";
  EXPECT_EQ(sink.Target(), ".env#WHATSAPP_ACCESS_TOKEN");
  sink.key.clear();
  EXPECT_EQ(sink.Target(), ".env");
  EXPECT_EQ(Describe(SourceSpec{SourceKind::kDotenv, ".env", "A"}), ".env#A");
  EXPECT_EQ(Describe(SourceSpec{SourceKind::kEnv, "A", ""}), "env A");
  EXPECT_EQ(Describe(SourceSpec{SourceKind::kFile, "/run/token", ""}), "/run/token");
}

NotifySpec HttpTo(const std::string& url) {
  NotifySpec spec;
  spec.kind = NotifyKind::kHttp;
  spec.url = url;
  return spec;
}

TEST(Notifications, AreNamedByKindAndTarget) {
  NotifySpec exec;
  exec.command = {"systemctl", "reload", "bot"};
  EXPECT_EQ(exec.Target(), "exec systemctl reload bot");
  NotifySpec signal;
  signal.kind = NotifyKind::kSignal;
  signal.pid_file = "/run/bot.pid";
  EXPECT_EQ(signal.Target(), "signal HUP /run/bot.pid");
  EXPECT_EQ(HttpTo("http://127.0.0.1:8080/reload").Target(), "http http://127.0.0.1:8080/reload");
}

TEST(Notifications, NeverShowTheQueryOrUserOfAnAddressAndStayDistinct) {
  const std::string one = HttpTo("http://user:pass@host/reload?key=hidden-one").Target();
  const std::string two = HttpTo("http://user:pass@host/reload?key=hidden-two").Target();
  for (const std::string& target : {one, two}) {
    EXPECT_EQ(target.rfind("http http://host/reload~", 0), 0u) << target;
    EXPECT_EQ(target.find("hidden"), std::string::npos);
    EXPECT_EQ(target.find("pass"), std::string::npos);
  }
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace tokenwarden

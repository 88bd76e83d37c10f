#include "agent/core/acceptance.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build_cases.h"

namespace tokenwarden {
namespace {

CredentialSpec Spec() {
  CredentialSpec spec;
  spec.name = "whatsapp";
  spec.meta.app_id = "100";
  spec.meta.required_scopes = {"messaging"};
  return spec;
}

std::string Judged(const Observation& candidate, const std::optional<Observation>& current,
                   const CredentialSpec& spec = Spec()) {
  const auto refused = JudgeCandidate(spec, candidate, current, kNow);
  return refused ? std::string(ToString(refused->refusal)) : "accepted";
}

Observation With(Observation seen, void (*change)(Observation&)) {
  change(seen);
  return seen;
}

TEST(Candidate, IsAcceptedWhenProvenAndNotWorse) {
  EXPECT_EQ(Judged(ValidFor(kDay * 60), ValidFor(kDay * 10)), "accepted");
  EXPECT_EQ(Judged(ValidFor(kDay * 60), std::nullopt), "accepted");
  EXPECT_EQ(Judged(ValidForever(), ValidFor(kDay * 10)), "accepted");
  EXPECT_EQ(Judged(ValidForever(), ValidForever()), "accepted");
}

TEST(Candidate, IsNotProvenByAnAnswerThatCouldNotTell) {
  EXPECT_EQ(Judged(Seen(Verdict::kIndeterminate, Reason::kOutage), ValidFor(kDay)), "not_proven");
  EXPECT_EQ(Judged(Valid(), ValidForever()), "not_proven") << "its lifetime is unknown";
  EXPECT_EQ(Judged(Valid(), std::nullopt), "accepted") << "nothing is lost by it";
}

TEST(Candidate, IsRefusedWhenDead) {
  for (Verdict verdict : {Verdict::kExpired, Verdict::kRevoked, Verdict::kMalformed}) {
    EXPECT_EQ(Judged(Seen(verdict, Reason::kSessionInvalid), ValidFor(kDay)), "dead");
    EXPECT_EQ(Judged(Seen(verdict, Reason::kSessionInvalid), std::nullopt), "dead");
  }
}

TEST(Candidate, IsRefusedWhenItEndsExactlyNowButNotOneSecondLater) {
  EXPECT_EQ(Judged(ValidFor(Seconds{-1}), std::nullopt), "dead");
  EXPECT_EQ(Judged(ValidFor(Seconds{0}), std::nullopt), "dead");
  EXPECT_EQ(Judged(ValidFor(Seconds{1}), std::nullopt), "accepted");
}

TEST(Candidate, IsRefusedWhenItIsSomebodyElses) {
  const Observation current = ValidFor(kDay);
  EXPECT_EQ(Judged(Seen(Verdict::kWrongIdentity, Reason::kOtherApp), current), "wrong_identity");
  const auto other_app = With(ValidFor(kDay * 60), [](Observation& o) { o.facts.app_id = "999"; });
  EXPECT_EQ(Judged(other_app, std::nullopt), "wrong_identity") << "the configuration names the app";
  const auto other_user = With(ValidFor(kDay * 60), [](Observation& o) { o.facts.user_id = "9"; });
  EXPECT_EQ(Judged(other_user, current), "wrong_identity") << "the current one is of another user";
  EXPECT_EQ(Judged(other_user, std::nullopt), "accepted") << "no user was configured";
  const auto app_token = With(ValidFor(kDay * 60), [](Observation& o) { o.facts.kind = "app"; });
  EXPECT_EQ(Judged(app_token, current), "wrong_identity");
}

TEST(Candidate, MayBeOfAnotherUserWhenTheConfigurationNamesThatUser) {
  CredentialSpec spec = Spec();
  spec.meta.user_id = "9";
  spec.meta.kind = MetaKind::kSystemUser;
  const auto other_user = With(ValidFor(kDay * 60), [](Observation& o) { o.facts.user_id = "9"; });
  EXPECT_EQ(Judged(other_user, ValidFor(kDay), spec), "accepted");
  EXPECT_EQ(Judged(ValidFor(kDay * 60), ValidFor(kDay), spec), "wrong_identity");
}

TEST(Candidate, IsRefusedWhenItLacksARequiredScopeOrAsset) {
  const auto scopeless = With(ValidFor(kDay * 60), [](Observation& o) { o.facts.scopes = {}; });
  EXPECT_EQ(Judged(scopeless, std::nullopt), "misses_scope");
  EXPECT_EQ(Judged(Seen(Verdict::kUnderScoped, Reason::kAssetUnreachable), ValidFor(kDay)),
            "misses_scope");
  const auto reported =
      With(ValidFor(kDay * 60), [](Observation& o) { o.missing_scopes = {"messaging"}; });
  EXPECT_EQ(Judged(reported, std::nullopt), "misses_scope");
}

TEST(Candidate, IsNotBlamedForScopesThatNobodyCouldList) {
  const auto unlisted = With(ValidFor(kDay * 60), [](Observation& o) {
    o.reason = Reason::kSelfReported;
    o.facts.scopes = {};
  });
  EXPECT_EQ(Judged(unlisted, ValidFor(kDay)), "accepted");
}

TEST(Candidate, MayLackWhatTheLivingCurrentOneLacksToo) {
  const auto lacking = [](Seconds left) {
    Observation seen = ValidFor(left);
    seen.verdict = Verdict::kUnderScoped;
    seen.reason = Reason::kScopeMissing;
    seen.facts.scopes = {"management"};
    return seen;
  };
  EXPECT_EQ(Judged(lacking(kDay * 60), lacking(kDay)), "accepted");
  const auto lacking_more = With(lacking(kDay * 60), [](Observation& o) { o.facts.scopes = {}; });
  CredentialSpec spec = Spec();
  spec.meta.required_scopes = {"messaging", "management"};
  EXPECT_EQ(Judged(lacking_more, lacking(kDay), spec), "misses_scope");
}

TEST(Candidate, OfARestrictedAccountIsAcceptedOnlyWhenTheCurrentOneIsNoBetter) {
  const Observation restricted = Seen(Verdict::kRestricted, Reason::kAccountBlocked);
  EXPECT_EQ(Judged(restricted, ValidFor(kDay)), "restricted");
  EXPECT_EQ(Judged(restricted, restricted), "accepted");
  EXPECT_EQ(Judged(restricted, std::nullopt), "accepted");
}

TEST(Candidate, MayEndUpToAMinuteBeforeTheCurrentOneButNotMore) {
  const Observation current = ValidFor(kDay * 30);
  EXPECT_EQ(Judged(ValidFor(kDay * 30), current), "accepted");
  EXPECT_EQ(Judged(ValidFor(kDay * 30 - Seconds{60}), current), "accepted");
  EXPECT_EQ(Judged(ValidFor(kDay * 30 - Seconds{61}), current), "shorter_life");
}

TEST(Candidate, MustNotTurnANeverExpiringTokenIntoOneThatEnds) {
  EXPECT_EQ(Judged(ValidFor(kDay * 60), ValidForever()), "loses_never");
}

TEST(Candidate, MustNotDropAScopeEvenOneThatIsNotRequired) {
  const auto narrower =
      With(ValidFor(kDay * 60), [](Observation& o) { o.facts.scopes = {"messaging"}; });
  EXPECT_EQ(Judged(narrower, ValidFor(kDay)), "drops_scope");
  EXPECT_EQ(Judged(narrower, std::nullopt), "accepted");
}

TEST(Candidate, HasNothingToBeWorseThanWhenTheCurrentOneIsDeadOrForeign) {
  const auto narrower = With(ValidFor(kDay), [](Observation& o) {
    o.facts.scopes = {"messaging"};
    o.facts.user_id = "another";
  });
  const auto dead = With(ValidForever(), [](Observation& o) { o.verdict = Verdict::kRevoked; });
  const auto foreign =
      With(ValidForever(), [](Observation& o) { o.verdict = Verdict::kWrongIdentity; });
  EXPECT_EQ(Judged(narrower, dead), "accepted");
  EXPECT_EQ(Judged(narrower, foreign), "accepted");
  EXPECT_EQ(Judged(narrower, ValidFor(Seconds{0}, kDay)), "accepted")
      << "the current one just ended";
  EXPECT_EQ(Judged(narrower, ValidFor(Seconds{1}, kDay)), "wrong_identity");
}

TEST(Candidate, IsRefusedForTheMostFundamentalReasonFirst) {
  // Each step mends the first fault that was named.
  Observation bad = ValidFor(kDay);
  bad.verdict = Verdict::kIndeterminate;
  bad.facts.app_id = "999";
  bad.facts.scopes = {};
  const Observation current = ValidFor(kDay * 30);
  EXPECT_EQ(Judged(bad, current), "not_proven");
  bad.verdict = Verdict::kRestricted;
  bad.facts.expires_at = kNow;
  EXPECT_EQ(Judged(bad, current), "dead");
  bad.facts.expires_at = kNow + kDay;
  EXPECT_EQ(Judged(bad, current), "wrong_identity");
  bad.facts.app_id = "100";
  EXPECT_EQ(Judged(bad, current), "misses_scope");
  bad.facts.scopes = {"messaging"};
  EXPECT_EQ(Judged(bad, current), "restricted");
  bad.verdict = Verdict::kValid;
  EXPECT_EQ(Judged(bad, current), "shorter_life");
  bad.facts.expires_at = kNow + kDay * 31;
  EXPECT_EQ(Judged(bad, current), "drops_scope");
  bad.facts.scopes = current.facts.scopes;
  EXPECT_EQ(Judged(bad, current), "accepted");
}

TEST(Candidate, IsKnownDeadWhenItIsTheDeadCurrentValueItself) {
  CredentialState state;
  state.name = "whatsapp";
  state.fingerprint.text = "hmac:a";
  state.conclusive = Seen(Verdict::kRevoked, Reason::kPasswordChanged);
  const auto refused = JudgeFingerprint(state, Fingerprint{"hmac:a"});
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->refusal, Refusal::kKnownDead);
  EXPECT_EQ(refused->sentence,
            "the new value for whatsapp is the old one, which is revoked. Issue another one; this "
            "one will never work");
  EXPECT_FALSE(JudgeFingerprint(state, Fingerprint{"hmac:b"}).has_value());
  EXPECT_FALSE(JudgeFingerprint(state, Fingerprint{}).has_value());
  state.conclusive = Valid();
  EXPECT_FALSE(JudgeFingerprint(state, Fingerprint{"hmac:a"}).has_value());
}

TEST(Candidate, IsRefusedInWordsThatSayWhatToDo) {
  const auto sentence = [](const Observation& candidate, const Observation& current) {
    return JudgeCandidate(Spec(), candidate, current, kNow)->sentence;
  };
  EXPECT_EQ(
      sentence(ValidFor(kDay * 10), ValidFor(kDay * 30)),
      "the new value for whatsapp ends at 2026-11-30T10:00:00Z, 20 days earlier than the "
      "current one (2026-12-20T10:00:00Z). The current value stays in use; accept the new one "
      "with a reason if that is meant");
  EXPECT_EQ(sentence(ValidFor(kDay * 60), ValidForever()),
            "the new value for whatsapp ends at 2027-01-19T10:00:00Z, but the current one never "
            "expires. The current value stays in use; accept the new one with a reason if that is "
            "meant");
  Observation dead = Seen(Verdict::kRevoked, Reason::kPasswordChanged);
  dead.message = "the user changed the password.";
  dead.action = "log in again";
  EXPECT_EQ(sentence(dead, ValidFor(kDay)),
            "the new value for whatsapp is revoked (password_changed): the user changed the "
            "password. log in again");
}

}  // namespace
}  // namespace tokenwarden

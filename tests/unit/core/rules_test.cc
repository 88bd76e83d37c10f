// One fact per behaviour of the policy, then the order of the chain.
#include <gtest/gtest.h>

#include "agent/core/refresh_policy.h"
#include "tests/unit/core/build_cases.h"

namespace tokenwarden {
namespace {

std::string Said(const Decision& decision) {
  return std::string(ToString(decision.action)) + " " + decision.reason;
}

Credential Dead(Verdict verdict = Verdict::kRevoked, Reason reason = Reason::kPasswordChanged) {
  Credential credential;
  credential.See(Seen(verdict, reason));
  return credential;
}

Credential NearTheEnd() {
  Credential credential;
  credential.See(ValidFor(kDay * 5));
  return credential;
}

void Record(Credential& credential, const Decision& decision) {
  credential.state.operator_need = OperatorNeed{decision.reason, decision.sentence, kNow};
}

// ---- in good order ----

TEST(Policy, HoldsUntilTheNextInspectionWhenAllIsWell) {
  Credential credential;
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "hold hold");
  ASSERT_TRUE(decision.until.has_value());
  EXPECT_LE(*decision.until, kNow + kMinute * 15);
  EXPECT_GT(*decision.until, kNow + kMinute * 15 - Seconds{90});
  EXPECT_EQ(Said(credential.DecideAt(*decision.until - Seconds{1})), "hold hold");
  EXPECT_EQ(Said(credential.DecideAt(*decision.until)), "inspect stale");
}

TEST(Policy, SaysWhatItWaitsFor) {
  Credential credential;
  credential.spec.inspect_every = Seconds{9};
  EXPECT_EQ(credential.DecideNow().sentence,
            "whatsapp is valid; next look in 9 seconds, at 2026-11-20T10:00:09Z");
}

// ---- asked ----

TEST(Asked, InspectsAndRefreshesAtOnce) {
  Credential credential;
  credential.asked_inspect = true;
  EXPECT_EQ(Said(credential.DecideNow()), "inspect asked");
  credential.asked_refresh = true;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh asked");
}

TEST(Asked, OverridesBackoffAndNeedsButNotTheIssuersOwnWait) {
  Credential credential;
  credential.asked_refresh = true;
  credential.state.renew.last_at = kNow - Seconds{1};
  credential.state.renew.consecutive_failures = 9;
  credential.state.operator_need = OperatorNeed{"shorter_life", "x", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "refresh asked");
  credential.state.renew.not_before = kNow + Seconds{1};
  EXPECT_NE(credential.DecideNow().action, Action::kRefresh);
  EXPECT_EQ(Said(credential.DecideAt(kNow + Seconds{1})), "refresh asked");
}

TEST(Asked, NeverRefreshesWhatWasNeverInspected) {
  Credential credential;
  credential.state.conclusive.reset();
  credential.asked_refresh = true;
  EXPECT_EQ(Said(credential.DecideNow()), "inspect asked");
}

TEST(Asked, FinishesAnUnfinishedRenewalInsteadOfStartingAnother) {
  Credential credential;
  credential.asked_refresh = true;
  credential.state.rotation = RotationState::kCandidate;
  EXPECT_EQ(Said(credential.DecideNow()), "inspect asked");
}

TEST(Asked, SaysWhyARefreshIsImpossible) {
  Credential credential;
  credential.See(ValidForever());
  credential.asked_refresh = true;
  credential.can_refresh = false;
  credential.cannot_refresh_why = "a never-expiring token must not be exchanged";
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "needs_operator cannot_renew");
  EXPECT_EQ(
      decision.sentence,
      "whatsapp is due for a renewal and cannot be renewed from here: a never-expiring token "
      "must not be exchanged. Issue a new token and give it to `tokenwarden submit whatsapp`");
}

// ---- no value ----

TEST(NoValue, IsReadFromTheSource) {
  Credential credential;
  credential.state = CredentialState{};
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "inspect no_value");
  EXPECT_EQ(decision.sentence, "whatsapp has no proven value yet: read it from .env#TOKEN");
}

TEST(NoValue, IsTriedAgainWithBackoffWhenItCouldNotBeProven) {
  Credential credential;
  credential.state = CredentialState{};
  credential.state.inspect.last_at = kNow;
  credential.state.inspect.consecutive_failures = 1;
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "hold no_value");
  EXPECT_EQ(decision.until, kNow + Seconds{30});
}

TEST(NoValue, NeedsAnOperatorOnceWhenThereIsNoSource) {
  Credential credential;
  credential.state = CredentialState{};
  credential.spec.source.reset();
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "needs_operator no_value");
  Record(credential, decision);
  const Decision then = credential.DecideNow();
  EXPECT_EQ(Said(then), "hold waiting_for_operator");
  EXPECT_EQ(then.until, Instant::max());
}

TEST(NoValue, DoesNotSpinOnASourceThatCannotBeRead) {
  Credential credential;
  credential.state = CredentialState{};
  credential.state.operator_need = OperatorNeed{"no_value", ".env does not exist", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "hold waiting_for_operator");
}

// ---- spec changed ----

TEST(SpecChanged, IsInspectedAtOnceWhateverTheBackoffOrAnOperatorsNeed) {
  Credential credential;
  credential.spec_digest = "another";
  credential.state.inspect.consecutive_failures = 7;
  credential.state.operator_need = OperatorNeed{"app_secret", "x", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "inspect spec_changed");
  credential.state.inspect.not_before = kNow + kMinute;
  EXPECT_NE(Said(credential.DecideNow()), "inspect spec_changed");
}

TEST(SpecChanged, IsSilentWhenThereWasNoAttemptYet) {
  Credential credential;
  credential.state.spec_digest.clear();
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
}

// ---- publish ----

TEST(Publishing, IsDueForSinksThatAreBehindMissingOrDrifted) {
  Credential credential;
  credential.state.generation = 2;
  credential.AddSink(DotenvSink("behind"), 1);
  credential.AddSink(DotenvSink("current"), 2);
  credential.AddSink(DotenvSink("drifted"), 2);
  credential.state.sinks.back().drifted = true;
  credential.spec.sinks.push_back(DotenvSink("unknown"));
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "publish publish_due");
  EXPECT_EQ(decision.targets,
            (std::vector<std::string>{"behind#TOKEN", "drifted#TOKEN", "unknown#TOKEN"}));
  EXPECT_EQ(decision.sentence,
            "generation 2 of whatsapp is not in place: write behind#TOKEN, drifted#TOKEN, "
            "unknown#TOKEN");
}

TEST(Publishing, LeavesADriftedSinkAloneUnderAlarmAlsoWithANewGeneration) {
  Credential credential;
  credential.state.generation = 2;
  credential.AddSink(DotenvSink(".env", Drift::kAlarm), 1);
  EXPECT_EQ(Said(credential.DecideNow()), "publish publish_due");
  credential.state.sinks[0].drifted = true;
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
}

TEST(Publishing, BacksOffPerSinkSoThatOneBrokenSinkDelaysNobody) {
  Credential credential;
  credential.state.generation = 2;
  credential.AddSink(DotenvSink("broken"), 1);
  credential.AddSink(DotenvSink("fine"), 1);
  credential.state.sinks[0].consecutive_failures = 3;
  credential.state.sinks[0].last_attempt_at = kNow;
  EXPECT_EQ(credential.DecideNow().targets, std::vector<std::string>{"fine#TOKEN"});
  credential.state.sinks[1].generation = 2;
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "hold hold");
  EXPECT_EQ(decision.until, kNow + Seconds{20});
  EXPECT_EQ(Said(credential.DecideAt(kNow + Seconds{20})), "publish publish_due");
}

TEST(Publishing, NeverSpreadsAValueKnownToBeDead) {
  Credential credential = Dead();
  credential.AddSink(DotenvSink(), 0);
  EXPECT_EQ(Said(credential.DecideNow()), "needs_operator revoked");
}

TEST(Publishing, GoesOnWhileAnOperatorIsAwaited) {
  Credential credential;
  credential.state.operator_need = OperatorNeed{"shorter_life", "x", kNow};
  credential.AddSink(DotenvSink(), 0);
  EXPECT_EQ(Said(credential.DecideNow()), "publish publish_due");
}

// ---- never observed, stale ----

TEST(Inspection, IsDueWhenTheIssuerNeverSpoke) {
  Credential credential;
  credential.state.conclusive.reset();
  credential.state.inspect = Attempts{};
  EXPECT_EQ(Said(credential.DecideNow()), "inspect never_observed");
}

TEST(Inspection, BacksOffAfterFailuresAndNeverBeyondTheSchedule) {
  Credential credential;
  credential.See(ValidForever());
  credential.state.inspect.consecutive_failures = 2;
  EXPECT_EQ(credential.DecideNow().until, kNow + kMinute);
  credential.state.inspect.consecutive_failures = 30;
  EXPECT_EQ(credential.DecideNow().until, kNow + kMinute * 15);
}

TEST(Inspection, WaitsAsLongAsTheIssuerSaid) {
  Credential credential;
  credential.state.inspect.consecutive_failures = 1;
  credential.state.inspect.not_before = kNow + kHour;
  EXPECT_EQ(credential.DecideNow().until, kNow + kHour);
  credential.state.inspect.not_before = kNow + kDay * 4000;
  EXPECT_EQ(credential.DecideNow().until, kNow + kDay * 2) << "no issuer silences us for years";
}

TEST(Inspection, HappensAgainWhenTheClockJumpedBack) {
  Credential credential;
  EXPECT_EQ(Said(credential.DecideAt(kNow - Seconds{60})), "hold hold") << "a clock being set";
  const Decision decision = credential.DecideAt(kNow - Seconds{61});
  EXPECT_EQ(Said(decision), "inspect stale");
  EXPECT_NE(decision.sentence.find("the clock jumped back"), std::string::npos);
}

TEST(Inspection, OfEvidenceFromTheFutureBacksOffLikeAnyOther) {
  Credential credential;
  credential.state.conclusive->evidence.observed_at = kNow + kDay;
  credential.state.inspect.last_at = kNow;
  EXPECT_EQ(credential.DecideNow().until, kNow + Seconds{30});
}

TEST(Inspection, IsDueTheMomentAClockOfTheTokenEnds) {
  Credential credential;
  credential.spec.inspect_every = kDay;
  credential.can_refresh = false;
  credential.cannot_refresh_why = "x";
  credential.See(ValidForever());
  credential.state.conclusive->facts.other_clocks = {
      {DeadlineReason::kDataAccessExpiry, kNow + kHour}};
  EXPECT_EQ(credential.DecideNow().until, kNow + kHour);
  EXPECT_EQ(Said(credential.DecideAt(kNow + kHour)), "inspect stale");
}

// ---- dead ----

TEST(DeadToken, NeedsAnOperatorAndIsNeverRefreshed) {
  for (Verdict verdict : {Verdict::kExpired, Verdict::kRevoked, Verdict::kMalformed}) {
    Credential credential = Dead(verdict);
    EXPECT_EQ(Said(credential.DecideNow()), "needs_operator " + std::string(ToString(verdict)));
    credential.asked_refresh = true;
    EXPECT_EQ(credential.DecideNow().action, Action::kNeedsOperator);
  }
}

TEST(DeadToken, IsReportedInWordsThatSayWhatToDo) {
  Credential credential = Dead();
  credential.state.conclusive->message = "the user changed the password.";
  EXPECT_EQ(credential.DecideNow().sentence,
            "whatsapp is revoked (password_changed): the user changed the password. No renewal can "
            "bring it back. Issue a new token and give it to `tokenwarden submit whatsapp`");
  credential.state.conclusive->action = "Log in again as the business owner.";
  EXPECT_EQ(credential.DecideNow().sentence,
            "whatsapp is revoked (password_changed): the user changed the password. No renewal can "
            "bring it back. Log in again as the business owner");
}

TEST(DeadToken, IsReportedOnceAndStillInspectedOnSchedule) {
  Credential credential = Dead();
  Record(credential, credential.DecideNow());
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "hold waiting_for_operator");
  ASSERT_TRUE(decision.until.has_value());
  EXPECT_EQ(Said(credential.DecideAt(*decision.until)), "inspect stale");
}

TEST(DeadToken, IsNewsAlsoWhenARenewalIsAlreadyWaitingForAnOperator) {
  Credential credential = Dead();
  credential.state.operator_need = OperatorNeed{"app_secret_refused", "x", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "needs_operator revoked");
}

TEST(DeadToken, DoesNotTalkOverTheRefusalOfItsSuccessor) {
  Credential credential = Dead();
  credential.state.operator_need = OperatorNeed{"wrong_identity", "x", kNow};
  credential.state.refused_fingerprint.text = "hmac:b";
  EXPECT_EQ(Said(credential.DecideNow()), "hold waiting_for_operator");
}

TEST(DeadToken, IsReplacedWhenASuccessorCanBeMadeWithoutIt) {
  Credential credential = Dead();
  credential.can_replace_dead = true;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh dead");
  credential.state.renew.last_at = kNow;
  credential.state.renew.consecutive_failures = 1;
  EXPECT_EQ(credential.DecideNow().until, kNow + kMinute);
}

// ---- near expiry ----

TEST(NearExpiry, RefreshesExactlyWhenRenewalIsDue) {
  Credential credential;
  credential.spec.inspect_every = kDay * 1000;
  const Instant due = *RenewalDueAt(credential.spec, credential.state);
  const Decision hold = credential.DecideAt(due - Seconds{1});
  EXPECT_EQ(Said(hold), "hold hold");
  EXPECT_EQ(hold.until, due);
  EXPECT_EQ(Said(credential.DecideAt(due)), "refresh near_expiry");
}

TEST(NearExpiry, SaysHowMuchIsLeft) {
  EXPECT_EQ(NearTheEnd().DecideNow().sentence,
            "whatsapp ends in 5 days (2026-11-25T10:00:00Z): renew it");
}

TEST(NearExpiry, BacksOffAfterFailuresAndTriesMoreOftenTowardsTheEnd) {
  Credential credential = NearTheEnd();
  credential.spec.inspect_every = kDay * 1000;
  credential.state.renew.last_at = kNow;
  credential.state.renew.consecutive_failures = 20;
  EXPECT_EQ(credential.DecideNow().until, kNow + kHour * 6);
  credential.state.conclusive->facts.expires_at = kNow + kHour * 3;
  EXPECT_EQ(credential.DecideNow().until, kNow + kMinute * 30);
  EXPECT_EQ(Said(credential.DecideAt(kNow + kMinute * 30)), "refresh near_expiry");
}

TEST(NearExpiry, WaitsAsLongAsTheIssuerSaid) {
  Credential credential = NearTheEnd();
  credential.spec.inspect_every = kDay * 1000;
  credential.state.renew.last_at = kNow;
  credential.state.renew.not_before = kNow + kDay;
  EXPECT_EQ(credential.DecideNow().until, kNow + kDay);
}

TEST(NearExpiry, IsNotHeldUpByAnIssuerThatCannotBeInspected) {
  Credential credential = NearTheEnd();
  credential.state.inspect.consecutive_failures = 9;
  credential.state.inspect.not_before = kNow + kHour;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
}

TEST(NearExpiry, InspectsInsteadOfRefreshingOnceTheEndHasPassed) {
  Credential credential;
  credential.See(ValidFor(Seconds{60}));
  EXPECT_EQ(Said(credential.DecideAt(kNow + Seconds{59})), "refresh near_expiry");
  EXPECT_EQ(Said(credential.DecideAt(kNow + Seconds{60})), "inspect stale");
  EXPECT_EQ(Said(credential.DecideAt(kNow + Seconds{61})), "inspect stale");
}

TEST(NearExpiry, StillRefreshesWhatTheIssuerCallsAliveAfterItsEnd) {
  Credential credential;
  credential.See(ValidFor(Seconds{-10}));
  EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
}

TEST(NearExpiry, DoesNotStartASecondRenewalBesideAnUnfinishedOne) {
  for (RotationState state :
       {RotationState::kIntent, RotationState::kRequested, RotationState::kReceived,
        RotationState::kCandidate, RotationState::kProven, RotationState::kAmbiguous}) {
    Credential credential = NearTheEnd();
    credential.state.rotation = state;
    EXPECT_EQ(Said(credential.DecideNow()), "hold hold") << ToString(state);
  }
  Credential credential = NearTheEnd();
  credential.state.rotation = RotationState::kPublished;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
}

TEST(NearExpiry, WaitsForAnOperatorWhoMustActFirst) {
  Credential credential = NearTheEnd();
  credential.state.operator_need = OperatorNeed{"shorter_life", "look at it", kNow};
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "hold waiting_for_operator");
  EXPECT_EQ(decision.sentence, "look at it");
}

TEST(NearExpiry, NeedsAnOperatorOnlyWhenARenewalIsDueAndImpossible) {
  Credential credential;
  credential.can_refresh = false;
  credential.cannot_refresh_why = "no app secret is configured";
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
  credential.See(ValidFor(kDay * 5));
  const Decision decision = credential.DecideNow();
  EXPECT_EQ(Said(decision), "needs_operator cannot_renew");
  EXPECT_EQ(
      decision.sentence,
      "whatsapp ends in 5 days (2026-11-25T10:00:00Z) and cannot be renewed from here: no app "
      "secret is configured. Issue a new token and give it to `tokenwarden submit whatsapp`");
  Record(credential, decision);
  EXPECT_EQ(Said(credential.DecideNow()), "hold waiting_for_operator");
}

TEST(NearExpiry, GoesOnByItselfWhenARenewalBecomesPossible) {
  Credential credential = NearTheEnd();
  credential.state.operator_need = OperatorNeed{"cannot_renew", "x", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
}

TEST(NearExpiry, RenewsWhatIsUnderScopedOrRestrictedButNotWhatIsForeign) {
  for (Verdict verdict : {Verdict::kUnderScoped, Verdict::kRestricted}) {
    Credential credential = NearTheEnd();
    credential.state.conclusive->verdict = verdict;
    EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
    credential.state.operator_need =
        OperatorNeed{std::string(ToString(verdict)), "told already", kNow};
    EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
  }
  Credential credential = NearTheEnd();
  credential.state.conclusive->verdict = Verdict::kWrongIdentity;
  EXPECT_EQ(Said(credential.DecideNow()), "needs_operator wrong_identity");
}

// ---- too old ----

TEST(MaxAge, RefreshesAlsoANeverExpiringTokenWhenARenewalIsPossible) {
  Credential credential;
  credential.See(ValidForever());
  credential.spec.renew.max_age = kDay * 10;
  credential.spec.inspect_every = kDay * 1000;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh too_old");
  EXPECT_EQ(Said(credential.DecideAt(kNow - Seconds{1})), "hold hold");
}

TEST(MaxAge, CountsFromTheBirthTheIssuerTells) {
  Credential credential;
  credential.spec.renew.max_age = kDay * 10;
  credential.See(ValidFor(kDay * 50 + Seconds{1}));
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
  credential.See(ValidFor(kDay * 50));
  EXPECT_EQ(Said(credential.DecideNow()), "refresh too_old");
}

TEST(MaxAge, DoesNotAskAgainRightAfterARenewalThatKeptTheBirthDate) {
  Credential credential;
  credential.spec.renew.max_age = kDay;
  credential.spec.inspect_every = kDay * 1000;
  credential.state.renew.last_success_at = kNow;
  EXPECT_EQ(credential.DecideNow().until, kNow + kDay);
}

TEST(MaxAge, NeedsAnOperatorWhenItIsReachedAndNoRenewalIsPossible) {
  Credential credential;
  credential.See(ValidForever());
  credential.spec.renew.max_age = kDay * 10;
  credential.can_refresh = false;
  EXPECT_EQ(Said(credential.DecideNow()), "needs_operator cannot_renew");
  credential.spec.renew.max_age = kDay * 11;
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
}

// ---- alive, but something is wrong ----

TEST(Attention, IsAskedForOnceAndDoesNotStopInspections) {
  for (Verdict verdict : {Verdict::kWrongIdentity, Verdict::kUnderScoped, Verdict::kRestricted}) {
    Credential credential;
    credential.See(ValidFor(kDay * 50));
    credential.state.conclusive->verdict = verdict;
    const Decision decision = credential.DecideNow();
    EXPECT_EQ(Said(decision), "needs_operator " + std::string(ToString(verdict)));
    EXPECT_EQ(decision.sentence.find("No renewal"), std::string::npos);
    Record(credential, decision);
    EXPECT_EQ(Said(credential.DecideNow()), "hold waiting_for_operator");
    EXPECT_EQ(Said(credential.DecideAt(kNow + kMinute * 15)), "inspect stale");
  }
}

// ---- the chain ----

TEST(Chain, HasTheseRulesInThisOrder) {
  std::vector<std::string> names;
  for (const NamedRule& rule : StandardChain()) names.emplace_back(rule.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"asked", "no_value", "spec_changed", "publish_due",
                                      "never_observed", "dead", "near_expiry", "too_old",
                                      "needs_attention", "stale", "waiting_for_operator", "hold"}));
}

TEST(Chain, AnswersByTheFirstRuleAsEachHigherReasonIsTakenAway) {
  Credential credential;
  credential.state.generation = 2;
  credential.See(ValidFor(kDay * 5));
  credential.state.conclusive->verdict = Verdict::kRestricted;
  credential.spec.renew.max_age = kDay;
  credential.state.inspect.last_at = kNow - kDay;
  credential.AddSink(DotenvSink(), 1);
  credential.spec_digest = "another";
  credential.asked_inspect = true;
  EXPECT_EQ(Said(credential.DecideNow()), "inspect asked");
  credential.asked_inspect = false;
  EXPECT_EQ(Said(credential.DecideNow()), "inspect spec_changed");
  credential.spec_digest = "digest";
  EXPECT_EQ(Said(credential.DecideNow()), "publish publish_due");
  credential.state.sinks[0].generation = 2;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh near_expiry");
  credential.state.conclusive->facts.expires_at = kNow + kDay * 50;
  EXPECT_EQ(Said(credential.DecideNow()), "refresh too_old");
  credential.spec.renew.max_age.reset();
  EXPECT_EQ(Said(credential.DecideNow()), "needs_operator restricted");
  credential.state.operator_need = OperatorNeed{"restricted", "x", kNow};
  EXPECT_EQ(Said(credential.DecideNow()), "inspect stale");
  credential.state.inspect.last_at = kNow;
  EXPECT_EQ(Said(credential.DecideNow()), "hold waiting_for_operator");
  credential.state.operator_need.reset();
  credential.state.conclusive->verdict = Verdict::kValid;
  EXPECT_EQ(Said(credential.DecideNow()), "hold hold");
}

TEST(Chain, IsExplainedRuleByRuleWithTheDecisionAsTheFirstAnswer) {
  Credential credential = NearTheEnd();
  const std::vector<RuleAnswer> answers = Explain(credential.snapshot(), kNow);
  ASSERT_EQ(answers.size(), StandardChain().size());
  std::optional<Decision> first;
  for (const RuleAnswer& answer : answers) {
    if (!first) first = answer.decision;
  }
  EXPECT_EQ(first, credential.DecideNow());
  EXPECT_TRUE(answers.back().decision.has_value()) << "the last rule always answers";
}

}  // namespace
}  // namespace tokenwarden

// What every StateStore promises. A test program includes this once per implementation and
// instantiates StateStoreContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StateStoreContract, testing::Values(MakeMemoryHarness));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/state_store.h"

namespace tokenwarden {

// An empty store, and the same store after a restart of the program.
class StateStoreHarness {
 public:
  virtual ~StateStoreHarness() = default;
  virtual StateStore& store() = 0;
  virtual void Reopen() = 0;
};
using MakeStateStoreHarness = std::function<std::unique_ptr<StateStoreHarness>()>;

class StateStoreContract : public testing::TestWithParam<MakeStateStoreHarness> {
 protected:
  static constexpr Instant kNow{Seconds{1'790'000'000}};

  StateStoreContract() : harness_(GetParam()()) {}
  StateStore& store() { return harness_->store(); }
  void Reopen() { harness_->Reopen(); }

  static Fingerprint PrintOf(const std::string& value) { return {"hmac:of-" + value}; }

  static RotationStep To(RotationState state, const std::string& note = "") {
    RotationStep step;
    step.to = state;
    step.note = note;
    return step;
  }
  static RotationStep Received(const std::string& reply) {
    RotationStep step = To(RotationState::kReceived);
    step.reply = Secret(reply);
    return step;
  }
  static RotationStep Candidate(const std::string& value) {
    RotationStep step = To(RotationState::kCandidate);
    step.candidate = Secret(value);
    step.candidate_fingerprint = PrintOf(value);
    return step;
  }

  RotationId Begin(const std::string& name, Generation from = 0) {
    Result<Rotation> rotation = store().Begin(name, Origin::kRefresh, from, 0, kNow, 4096);
    EXPECT_TRUE(rotation) << rotation.error().message;
    return rotation ? rotation->id : 0;
  }
  void Step(RotationId id, RotationStep step) {
    Result<Rotation> rotation = store().Advance(id, std::move(step), kNow);
    ASSERT_TRUE(rotation) << rotation.error().message;
  }
  static CredentialState StateOf(const std::string& name, Generation generation,
                                 const std::string& value) {
    CredentialState state;
    state.name = name;
    state.generation = generation;
    state.fingerprint = PrintOf(value);
    state.generation_since = kNow;
    state.origin = Origin::kRefresh;
    return state;
  }
  // From nothing to current; leaves the rotation unfinished, at `current`.
  RotationId MakeCurrent(const std::string& name, Generation generation, const std::string& value) {
    const RotationId id = Begin(name, generation - 1);
    Step(id, Candidate(value));
    Step(id, To(RotationState::kProven));
    Result<Rotation> current = store().Promote(id, StateOf(name, generation, value), kNow);
    EXPECT_TRUE(current) << current.error().message;
    return id;
  }
  // The same, and finished.
  void MakeGeneration(const std::string& name, Generation generation, const std::string& value) {
    Step(MakeCurrent(name, generation, value), To(RotationState::kRetired));
  }

  CredentialState Loaded(const std::string& name) {
    Result<std::vector<CredentialState>> states = store().LoadStates();
    EXPECT_TRUE(states) << states.error().message;
    for (CredentialState& state : *states) {
      if (state.name == name) return std::move(state);
    }
    ADD_FAILURE() << name << " was not loaded";
    return {};
  }

  // Every field of an observation set to something that is not its default.
  static Observation FullObservation() {
    Observation seen;
    seen.verdict = Verdict::kUnderScoped;
    seen.reason = Reason::kScopeMissing;
    seen.message = "a \"message\" with ünïcode,\nlines and \\";
    seen.action = "do this";
    seen.facts.kind = "system_user";
    seen.facts.app_id = "100000000000001";
    seen.facts.user_id = "200000000000002";
    seen.facts.profile_id = "300000000000003";
    seen.facts.lifetime = Lifetime::kFinite;
    seen.facts.expires_at = kNow + kDay;
    seen.facts.issued_at = kNow - kDay;
    seen.facts.scopes = {"one", "two"};
    seen.facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, kNow + kDay * 90},
                               {DeadlineReason::kVersionSunset, kNow + kDay * 300}};
    seen.missing_scopes = {"three"};
    seen.findings = {{"quality_red", Severity::kWarn, "red", "look"}};
    seen.unproven = {"the owner"};
    seen.evidence = {"debug_token", 200, 190, 463, "trace", kNow};
    seen.retry_after = Seconds{30};
    seen.clock_skew = Seconds{-5};
    return seen;
  }
  static CredentialState FullState(const std::string& name) {
    CredentialState state;
    state.name = name;
    state.conclusive = FullObservation();
    state.silence = Observation{};
    state.silence->message = "no answer";
    state.inspect = {kNow, kNow - kHour, 3, kNow + kHour, "timed out", "timeout"};
    state.renew = {kNow - kDay, std::nullopt, 1, std::nullopt, "refused", "no_rights"};
    state.reply_lost_at = kNow - kMinute;
    state.operator_need = OperatorNeed{"lost_reply", "somebody must look", kNow};
    state.refused_fingerprint = PrintOf("refused");
    state.spec_digest = "digest";
    return state;
  }

 private:
  std::unique_ptr<StateStoreHarness> harness_;
};

// ---- states ----

TEST_P(StateStoreContract, IsEmptyAtFirst) {
  EXPECT_TRUE(store().LoadStates()->empty());
  EXPECT_TRUE(store().LoadUnfinished()->empty());
  EXPECT_FALSE(store().LoadLatestRotation("a")->has_value());
  EXPECT_TRUE(store().LoadGenerations("a")->empty());
}

TEST_P(StateStoreContract, GivesBackEveryFieldOfAStateAfterARestart) {
  const CredentialState state = FullState("whatsapp");
  ASSERT_TRUE(store().SaveState(state));
  Reopen();
  EXPECT_EQ(Loaded("whatsapp"), state);
}

TEST_P(StateStoreContract, GivesBackTheFieldsThatAreAbsentAsAbsent) {
  CredentialState state;
  state.name = "bare";
  state.conclusive = Observation{};
  ASSERT_TRUE(store().SaveState(FullState("bare")));
  ASSERT_TRUE(store().SaveState(state));
  Reopen();
  EXPECT_EQ(Loaded("bare"), state);
}

TEST_P(StateStoreContract, DoesNotLetASavedStateChangeTheGeneration) {
  MakeGeneration("a", 1, "value-1");
  CredentialState state = Loaded("a");
  state.generation = 7;
  state.fingerprint = PrintOf("other");
  state.spec_digest = "new";
  ASSERT_TRUE(store().SaveState(state));
  EXPECT_EQ(Loaded("a").generation, 1u);
  EXPECT_EQ(Loaded("a").fingerprint, PrintOf("value-1"));
  EXPECT_EQ(Loaded("a").spec_digest, "new");
}

TEST_P(StateStoreContract, LoadsStatesInTheOrderOfTheirNames) {
  for (const char* name : {"b", "c", "a"}) ASSERT_TRUE(store().SaveState(FullState(name)));
  std::string order;
  const Result<std::vector<CredentialState>> states = store().LoadStates();
  for (const CredentialState& state : *states) order += state.name;
  ASSERT_TRUE(store().VisitStates([&](CredentialState state) { order += state.name; }));
  EXPECT_EQ(order, "abcabc");
}

TEST_P(StateStoreContract, LoadsOneStateAsItLoadsAll) {
  const SinkState sink{".env#A", 3, kNow, true, 2, kNow - kHour, "disk full", "disk_full"};
  for (const char* name : {"b", "c", "a"}) {
    ASSERT_TRUE(store().SaveState(FullState(name)));
    ASSERT_TRUE(store().SaveSink(name, sink));
  }
  const Result<std::vector<CredentialState>> states = store().LoadStates();
  for (const CredentialState& state : *states) EXPECT_EQ(**store().LoadState(state.name), state);
  EXPECT_EQ(states->at(1).sinks.size(), 1u);
  EXPECT_EQ(*store().LoadState("nobody"), std::nullopt);
  EXPECT_EQ(**store().TakeUp("a", 7), **store().LoadState("a"));
  EXPECT_EQ(*store().TakeUp("nobody", 7), std::nullopt);
}

TEST_P(StateStoreContract, KeepsEachSinkApart) {
  SinkState first{".env#A", 3, kNow, true, 2, kNow - kHour, "disk full", "disk_full"};
  SinkState second{"/run/token", 0, std::nullopt, false, 0, std::nullopt, "", ""};
  ASSERT_TRUE(store().SaveState(FullState("a")));
  ASSERT_TRUE(store().SaveSink("c", second));
  ASSERT_TRUE(store().SaveState(FullState("b")));
  ASSERT_TRUE(store().SaveSink("a", second));
  ASSERT_TRUE(store().SaveSink("a", first));
  first.generation = 4;
  ASSERT_TRUE(store().SaveSink("a", first));
  ASSERT_TRUE(store().SaveState(FullState("a")));
  Reopen();
  EXPECT_EQ(Loaded("a").sinks, (std::vector<SinkState>{first, second}));
  EXPECT_TRUE(Loaded("b").sinks.empty());
  EXPECT_EQ(Loaded("c").sinks, (std::vector<SinkState>{second}));
}

TEST_P(StateStoreContract, ForgetsASinkThatLeftTheConfiguration) {
  const SinkState stays{".env#A", 1, kNow, false, 0, kNow, "", ""};
  const SinkState leaves{"/run/token", 1, kNow, false, 0, kNow, "", ""};
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(store().SaveSink(name, stays));
    ASSERT_TRUE(store().SaveSink(name, leaves));
  }
  ASSERT_TRUE(store().ForgetSink("a", "/run/token"));
  ASSERT_TRUE(store().ForgetSink("a", "never known"));
  ASSERT_TRUE(store().ForgetSink("nobody", "/run/token"));
  Reopen();
  EXPECT_EQ(Loaded("a").sinks, (std::vector<SinkState>{stays}));
  EXPECT_EQ(Loaded("b").sinks, (std::vector<SinkState>{stays, leaves}));
  EXPECT_EQ(store().LoadStates()->size(), 2u);
}

// ---- absence ----

TEST_P(StateStoreContract, ForgetsACredentialOnlyAfterItWasAbsentForLong) {
  MakeGeneration("gone", 1, "value");
  ASSERT_TRUE(store().SaveState(FullState("here")));
  ASSERT_TRUE(store().MarkAbsent({"here"}, kNow));
  ASSERT_TRUE(store().MarkAbsent({"here"}, kNow + kDay * 30));
  EXPECT_EQ(store().LoadValue("gone", 1)->Reveal(), "value");
  ASSERT_TRUE(store().MarkAbsent({"here"}, kNow + kDay * 30 + Seconds{1}));
  EXPECT_FALSE(store().LoadValue("gone", 1));
  EXPECT_FALSE(store().LoadLatestRotation("gone")->has_value());
  EXPECT_EQ(Loaded("here").spec_digest, "digest");
}

TEST_P(StateStoreContract, StartsCountingAnewWhenACredentialCameBack) {
  MakeGeneration("back", 1, "value");
  ASSERT_TRUE(store().MarkAbsent({}, kNow));
  ASSERT_TRUE(store().MarkAbsent({"back"}, kNow + kDay * 29));
  ASSERT_TRUE(store().MarkAbsent({}, kNow + kDay * 40));
  ASSERT_TRUE(store().MarkAbsent({}, kNow + kDay * 60));
  EXPECT_EQ(store().LoadValue("back", 1)->Reveal(), "value");
}

// ---- rotations ----

TEST_P(StateStoreContract, KeepsEveryStepOfARenewalAcrossRestarts) {
  MakeGeneration("a", 1, "value-1");
  Result<Rotation> begun = store().Begin("a", Origin::kRefresh, 1, 0, kNow, 65536);
  ASSERT_TRUE(begun);
  const RotationId id = begun->id;
  struct Next {
    RotationStep step;
    bool has_reply;
    bool has_candidate;
  };
  const std::string reply("HTTP/1.1 200 OK\r\n\r\n\0body", 24);  // bytes, not text
  std::vector<Next> steps;
  steps.push_back({To(RotationState::kRequested, "sent"), false, false});
  steps.push_back({Received(reply), true, false});
  steps.push_back({Candidate("value-2"), true, true});
  steps.push_back({To(RotationState::kProven, "inspected"), true, true});
  for (Next& next : steps) {
    const RotationState to = next.step.to;
    const std::string note = next.step.note;
    Step(id, std::move(next.step));
    Reopen();
    Result<std::vector<Rotation>> unfinished = store().LoadUnfinished();
    ASSERT_EQ(unfinished->size(), 1u);
    EXPECT_EQ(unfinished->front().id, id);
    EXPECT_EQ(unfinished->front().state, to);
    EXPECT_EQ(unfinished->front().note, note);
    EXPECT_EQ(unfinished->front().has_reply, next.has_reply);
    EXPECT_EQ(unfinished->front().has_candidate, next.has_candidate);
    EXPECT_EQ(Loaded("a").rotation, to);
    EXPECT_EQ(Loaded("a").generation, 1u);
  }
  EXPECT_EQ(store().LoadReply(id)->Reveal(), reply);
  EXPECT_EQ(store().LoadCandidate(id)->Reveal(), "value-2");
  Result<Rotation> current = store().Promote(id, StateOf("a", 2, "value-2"), kNow + kHour);
  ASSERT_TRUE(current) << current.error().message;
  EXPECT_EQ(current->to_generation, 2u);
  Reopen();
  EXPECT_EQ(store().LoadValue("a", 2)->Reveal(), "value-2");
  EXPECT_EQ(store().LoadValue("a", 1)->Reveal(), "value-1");
  const CredentialState state = Loaded("a");
  EXPECT_EQ(state.generation, 2u);
  EXPECT_EQ(state.fingerprint, PrintOf("value-2"));
  EXPECT_EQ(state.generation_since, kNow);
  EXPECT_EQ(state.rotation, RotationState::kCurrent);
  EXPECT_EQ((*store().LoadLatestRotation("a"))->changed_at, kNow + kHour);
}

TEST_P(StateStoreContract, RemembersWhenAndWhyEveryStepWasTaken) {
  const RotationId id = Begin("a");
  ASSERT_TRUE(store().Advance(id, To(RotationState::kRequested), kNow + Seconds{1}));
  ASSERT_TRUE(store().Advance(id, To(RotationState::kAmbiguous, "timed out"), kNow + Seconds{9}));
  Reopen();
  ASSERT_TRUE(store().Advance(id, Candidate("value-1"), kNow + Seconds{20}));
  ASSERT_TRUE(store().Advance(id, To(RotationState::kProven), kNow + Seconds{21}));
  Result<Rotation> current = store().Promote(id, StateOf("a", 1, "value-1"), kNow + Seconds{22});
  ASSERT_TRUE(current);
  const std::vector<PassedStep> steps = {
      {RotationState::kIntent, kNow, ""},
      {RotationState::kRequested, kNow + Seconds{1}, ""},
      {RotationState::kAmbiguous, kNow + Seconds{9}, "timed out"},
      {RotationState::kCandidate, kNow + Seconds{20}, ""},
      {RotationState::kProven, kNow + Seconds{21}, ""},
      {RotationState::kCurrent, kNow + Seconds{22}, ""},
  };
  EXPECT_EQ(current->steps, steps);
  Reopen();
  EXPECT_EQ((*store().LoadLatestRotation("a"))->steps, steps);
  EXPECT_EQ(store().LoadUnfinished()->front().steps, steps);
}

TEST_P(StateStoreContract, KeepsTheFirstAndTheNewestOfVeryManySteps) {
  const RotationId id = Begin("a");
  for (int round = 0; round < 30; ++round) {
    ASSERT_TRUE(store().Advance(id, To(RotationState::kAmbiguous), kNow));
    ASSERT_TRUE(store().Advance(id, To(RotationState::kRequested), kNow + Seconds{round}));
  }
  Reopen();
  const std::vector<PassedStep> steps = (*store().LoadLatestRotation("a"))->steps;
  ASSERT_EQ(steps.size(), kMostSteps);
  EXPECT_EQ(steps.front().state, RotationState::kIntent);
  EXPECT_EQ(steps.back(), (PassedStep{RotationState::kRequested, kNow + Seconds{29}, ""}));
}

TEST_P(StateStoreContract, SaysHowARotationBegan) {
  ASSERT_TRUE(store().Begin("a", Origin::kSubmit, 0, 5, kNow, 10));
  Reopen();
  const std::optional<Rotation> latest = *store().LoadLatestRotation("a");
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->credential, "a");
  EXPECT_EQ(latest->origin, Origin::kSubmit);
  EXPECT_EQ(latest->state, RotationState::kIntent);
  EXPECT_EQ(latest->epoch, 5u);
  EXPECT_EQ(latest->started_at, kNow);
  EXPECT_EQ(Loaded("a").rotation, RotationState::kIntent);
}

TEST_P(StateStoreContract, AllowsOneUnfinishedRotationPerCredential) {
  const RotationId id = Begin("a");
  Result<Rotation> second = store().Begin("a", Origin::kSubmit, 0, 0, kNow, 10);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kAborted);
  EXPECT_EQ(second.error().reason, "in_flight");
  EXPECT_TRUE(store().Begin("b", Origin::kSubmit, 0, 0, kNow, 10));
  Step(id, To(RotationState::kFailed, "no"));
  EXPECT_EQ(Loaded("a").rotation, std::nullopt);
  EXPECT_TRUE(store().Begin("a", Origin::kSubmit, 0, 0, kNow, 10));
}

TEST_P(StateStoreContract, RefusesToBeginFromAnotherGenerationOrAnOlderEpoch) {
  MakeGeneration("a", 1, "value-1");
  for (Generation from : {0u, 2u}) {
    Result<Rotation> begun = store().Begin("a", Origin::kRefresh, from, 0, kNow, 10);
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().reason, "stale");
  }
  Result<Rotation> newer = store().Begin("a", Origin::kRefresh, 1, 9, kNow, 10);
  ASSERT_TRUE(newer);
  Step(newer->id, To(RotationState::kFailed));
  EXPECT_EQ(store().Begin("a", Origin::kRefresh, 1, 8, kNow, 10).error().reason, "stale");
  EXPECT_TRUE(store().Begin("a", Origin::kRefresh, 1, 9, kNow, 10));
}

TEST_P(StateStoreContract, RefusesEveryStepThatDoesNotFollowAndChangesNothing) {
  const RotationId id = Begin("a");
  for (RotationState to : {RotationState::kIntent, RotationState::kReceived, RotationState::kProven,
                           RotationState::kCurrent, RotationState::kPublished,
                           RotationState::kSettled, RotationState::kRetired}) {
    RotationStep step = To(to);
    step.reply = Secret("reply");
    step.candidate = Secret("value");
    Result<Rotation> moved = store().Advance(id, std::move(step), kNow + kHour);
    ASSERT_FALSE(moved) << ToString(to);
    EXPECT_EQ(moved.error().reason, "stale") << ToString(to);
  }
  const std::optional<Rotation> latest = *store().LoadLatestRotation("a");
  EXPECT_EQ(latest->state, RotationState::kIntent);
  EXPECT_EQ(latest->changed_at, kNow);
  EXPECT_FALSE(latest->has_reply);
}

TEST_P(StateStoreContract, RefusesAStepWithoutWhatItIsAbout) {
  const RotationId id = Begin("a");
  EXPECT_EQ(store().Advance(id, To(RotationState::kCandidate), kNow).error().reason,
            "incomplete_step");
  Step(id, To(RotationState::kRequested));
  EXPECT_EQ(store().Advance(id, To(RotationState::kReceived), kNow).error().reason,
            "incomplete_step");
}

TEST_P(StateStoreContract, KnowsWhenThereIsNoSuchRotation) {
  EXPECT_EQ(store().Advance(99, To(RotationState::kFailed), kNow).error().kind,
            ErrorKind::kNotFound);
  EXPECT_EQ(store().Promote(99, StateOf("a", 1, "v"), kNow).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store().LoadReply(99).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store().LoadCandidate(99).error().kind, ErrorKind::kNotFound);
}

TEST_P(StateStoreContract, PromotesOnlyWhatIsProvenAndOnlyToTheNextGeneration) {
  const RotationId id = Begin("a");
  Step(id, Candidate("value-1"));
  EXPECT_EQ(store().Promote(id, StateOf("a", 1, "value-1"), kNow).error().reason, "stale");
  Step(id, To(RotationState::kProven));
  EXPECT_EQ(store().Promote(id, StateOf("a", 2, "value-1"), kNow).error().reason, "stale");
  EXPECT_EQ(store().Promote(id, StateOf("b", 1, "value-1"), kNow).error().reason, "stale");
  EXPECT_EQ(store().Advance(id, To(RotationState::kCurrent), kNow).error().reason,
            "incomplete_step");
  EXPECT_TRUE(store().Promote(id, StateOf("a", 1, "value-1"), kNow));
  EXPECT_EQ(store().Promote(id, StateOf("a", 2, "value-1"), kNow).error().reason, "stale");
}

TEST_P(StateStoreContract, SavesTheWholeStateWithThePromotion) {
  const RotationId id = Begin("a");
  Step(id, Candidate("value-1"));
  Step(id, To(RotationState::kProven));
  CredentialState state = FullState("a");
  state.generation = 1;
  state.fingerprint = PrintOf("value-1");
  state.generation_since = kNow;
  state.origin = Origin::kSubmit;
  ASSERT_TRUE(store().Promote(id, state, kNow));
  Reopen();
  state.rotation = RotationState::kCurrent;
  EXPECT_EQ(Loaded("a"), state);
}

TEST_P(StateStoreContract, KeepsAReplyThatCouldNotBeReadUntilANewerValueIsProven) {
  const RotationId unread = Begin("a");
  Step(unread, To(RotationState::kRequested));
  Step(unread, Received("the only copy"));
  Step(unread, To(RotationState::kFailed, "could not be parsed"));
  Reopen();
  EXPECT_EQ(store().LoadReply(unread)->Reveal(), "the only copy");
  MakeCurrent("a", 1, "value-1");
  EXPECT_EQ(store().LoadReply(unread).error().kind, ErrorKind::kNotFound);
}

TEST_P(StateStoreContract, KeepsARefusedCandidateForTheOperatorToAccept) {
  const RotationId id = Begin("a");
  Step(id, Candidate("worse"));
  Step(id, To(RotationState::kRefused, "lives shorter"));
  Reopen();
  EXPECT_EQ(store().LoadCandidate(id)->Reveal(), "worse");
  const RotationId other = Begin("a");
  EXPECT_EQ(store().Advance(id, To(RotationState::kProven), kNow).error().reason, "in_flight");
  EXPECT_EQ((*store().LoadLatestRotation("a"))->id, other);
  Step(other, To(RotationState::kFailed));
  Step(id, To(RotationState::kProven, "accepted by an operator"));
  EXPECT_EQ((*store().LoadLatestRotation("a"))->id, id);
  EXPECT_TRUE(store().Promote(id, StateOf("a", 1, "worse"), kNow));
  EXPECT_EQ(store().LoadValue("a", 1)->Reveal(), "worse");
}

TEST_P(StateStoreContract, FindsRefusedCandidatesBehindLaterRotationsTheNewestFirst) {
  EXPECT_TRUE(store().LoadRefused("a")->empty());
  const RotationId older = Begin("a");
  Step(older, Candidate("worse"));
  Step(older, To(RotationState::kRefused, "lives shorter"));
  const RotationId newer = Begin("a");
  Step(newer, Candidate("worse still"));
  Step(newer, To(RotationState::kRefused, "drops a scope"));
  Step(Begin("a"), To(RotationState::kFailed, "no answer"));
  Begin("a");
  Reopen();
  Result<std::vector<Rotation>> refused = store().LoadRefused("a");
  ASSERT_TRUE(refused);
  ASSERT_EQ(refused->size(), 2u);
  EXPECT_EQ((*refused)[0].id, newer);
  EXPECT_EQ((*refused)[0].note, "drops a scope");
  EXPECT_EQ((*refused)[1].id, older);
  EXPECT_TRUE(store().LoadRefused("b")->empty());
}

TEST_P(StateStoreContract, HasNoRefusedCandidateOnceANewerValueIsCurrent) {
  const RotationId refused = Begin("a");
  Step(refused, Candidate("worse"));
  Step(refused, To(RotationState::kRefused));
  MakeCurrent("a", 1, "value-1");
  Reopen();
  EXPECT_TRUE(store().LoadRefused("a")->empty());
}

TEST_P(StateStoreContract, CanGiveUpAProvenCandidate) {
  const RotationId id = Begin("a");
  Step(id, Candidate("value-1"));
  Step(id, To(RotationState::kProven));
  Step(id, To(RotationState::kFailed, "what was stored of it does not open"));
  EXPECT_EQ(Loaded("a").rotation, std::nullopt);
}

TEST_P(StateStoreContract, HasNoFingerprintKeyOfItsOwnAtFirst) {
  Result<std::optional<Secret>> key = store().LoadFingerprintKey();
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->has_value());
}

// ---- generations ----

TEST_P(StateStoreContract, ListsGenerationsUpwards) {
  MakeGeneration("a", 1, "value-1");
  MakeGeneration("a", 2, "value-2");
  Reopen();
  Result<std::vector<StoredGeneration>> stored = store().LoadGenerations("a");
  ASSERT_EQ(stored->size(), 2u);
  EXPECT_EQ((*stored)[0].generation, 1u);
  EXPECT_EQ((*stored)[1].generation, 2u);
  EXPECT_EQ((*stored)[1].fingerprint, PrintOf("value-2"));
  EXPECT_EQ((*stored)[1].origin, Origin::kRefresh);
  EXPECT_EQ((*stored)[1].created_at, kNow);
  EXPECT_FALSE((*stored)[1].retired);
}

TEST_P(StateStoreContract, RetiresOldValuesButRemembersThatTheyWere) {
  for (Generation number : {1u, 2u, 3u}) {
    MakeGeneration("a", number, "value-" + std::to_string(number));
  }
  ASSERT_TRUE(store().Retire("a", 3, kNow));
  Reopen();
  EXPECT_EQ(store().LoadValue("a", 1).error().reason, "retired");
  EXPECT_EQ(store().LoadValue("a", 2).error().reason, "retired");
  EXPECT_EQ(store().LoadValue("a", 3)->Reveal(), "value-3");
  EXPECT_TRUE((*store().LoadGenerations("a"))[0].retired);
  EXPECT_EQ((*store().LoadGenerations("a"))[0].fingerprint, PrintOf("value-1"));
}

TEST_P(StateStoreContract, NeverRetiresTheCurrentValue) {
  MakeGeneration("a", 1, "value-1");
  EXPECT_EQ(store().Retire("a", 2, kNow).error().reason, "would_lose_current");
  EXPECT_EQ(store().LoadValue("a", 1)->Reveal(), "value-1");
}

TEST_P(StateStoreContract, KnowsWhenThereIsNoSuchValue) {
  EXPECT_EQ(store().LoadValue("nobody", 1).error().reason, "no_value");
}

// ---- notifications and audit ----

TEST_P(StateStoreContract, ClaimsANotificationOnceAlsoAcrossRestarts) {
  ASSERT_TRUE(store().SaveState(FullState("a")));
  EXPECT_EQ(store().ClaimNotification("a", "exec x", 1, kNow), true);
  EXPECT_EQ(store().ClaimNotification("a", "exec x", 1, kNow), false);
  Reopen();
  EXPECT_EQ(store().ClaimNotification("a", "exec x", 1, kNow), false);
  EXPECT_EQ(store().ClaimNotification("a", "exec x", 2, kNow), true);
  EXPECT_EQ(store().ClaimNotification("a", "exec y", 1, kNow), true);
  EXPECT_EQ(store().ClaimNotification("b", "exec x", 1, kNow), true);
}

TEST_P(StateStoreContract, GivesTheNewestAuditEntriesFirst) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store().Audit(
        {kNow + Seconds{i}, i % 2 == 0 ? "a" : "b", "promoted", "number " + std::to_string(i)}));
  }
  Reopen();
  Result<std::vector<AuditEntry>> entries = store().LoadAudit("a", 2);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].sentence, "number 4");
  EXPECT_EQ((*entries)[1].sentence, "number 2");
  EXPECT_EQ((*entries)[1].event, "promoted");
  EXPECT_EQ((*entries)[1].at, kNow + Seconds{2});
  EXPECT_EQ(store().LoadAudit("", 100)->size(), 5u);
}

}  // namespace tokenwarden

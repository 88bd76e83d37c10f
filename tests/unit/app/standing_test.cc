// Where a rotation stands, for people: every step has its sentence.
#include "agent/app/standing.h"

#include <gtest/gtest.h>

#include "agent/app/agent.h"
#include "agent/app/rotation.h"
#include "tests/unit/app/world.h"

namespace tokenwarden {
namespace {

constexpr RotationState kStates[] = {
    RotationState::kIntent,    RotationState::kRequested, RotationState::kReceived,
    RotationState::kCandidate, RotationState::kProven,    RotationState::kCurrent,
    RotationState::kPublished, RotationState::kSettled,   RotationState::kRetired,
    RotationState::kAmbiguous, RotationState::kRefused,   RotationState::kFailed,
};

struct StandingWorld : World {
  StandingWorld() {
    spec.renew.before = 14 * kDay;
    issuer.Mint("first", Living(2 * kDay, 58 * kDay));
    places.Put(".env#TOKEN", "first");
    issuer.NextRenewal("second", Living(60 * kDay, Seconds{0}));
  }
  // As the API gives it, after one pass.
  Explanation Explained() {
    Config config;
    config.credentials = {spec};
    Agent agent(deps(), config, AgentOptions{});
    EXPECT_TRUE(agent.RunOnce());
    Result<Explanation> explanation = agent.Explain("whatsapp");
    EXPECT_TRUE(explanation.has_value());
    return *explanation;
  }
};

bool Says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Standing, HasASentenceForEveryStep) {
  StandingWorld world;
  world.Pass();
  const Deps deps = world.deps();
  Work work(deps, *world.keeper, WorkLimits{});
  for (const RotationState state : kStates) {
    Rotation rotation;
    rotation.state = state;
    rotation.has_candidate = true;
    EXPECT_FALSE(WhatHappensNext(work, rotation, Decision{}).empty()) << ToString(state);
  }
}

TEST(Standing, TellsOfARenewalThatWaitsToSettle) {
  StandingWorld world;
  world.spec.settle = kDay;
  const Explanation seen = world.Explained();
  ASSERT_TRUE(seen.rotation.has_value());
  EXPECT_EQ(seen.rotation->state, RotationState::kPublished);
  EXPECT_TRUE(Says(seen.rotation_next, FormatUtc(kNoon + kDay))) << seen.rotation_next;
  EXPECT_TRUE(Says(seen.rotation_next, "tokenwarden rollback whatsapp")) << seen.rotation_next;
  std::vector<RotationState> steps;
  for (const PassedStep& step : seen.rotation->steps) steps.push_back(step.state);
  EXPECT_EQ(steps, (std::vector<RotationState>{RotationState::kIntent, RotationState::kRequested,
                                               RotationState::kReceived, RotationState::kCandidate,
                                               RotationState::kProven, RotationState::kCurrent,
                                               RotationState::kPublished}));
}

TEST(Standing, NamesTheSinkThatIsWaitedForAndWhenItIsTriedNext) {
  StandingWorld world;
  SinkSpec broken;
  broken.kind = SinkKind::kFile;
  broken.path = "/run/token";
  SinkSpec alarmed = broken;
  alarmed.path = "/run/other";
  alarmed.drift = Drift::kAlarm;
  world.spec.sinks.push_back(broken);
  world.places.Break("/run/token", true);
  const Explanation seen = world.Explained();
  ASSERT_EQ(seen.rotation->state, RotationState::kCurrent);
  EXPECT_TRUE(Says(seen.rotation_next, "/run/token (in 5 seconds")) << seen.rotation_next;
  EXPECT_FALSE(Says(seen.rotation_next, ".env#TOKEN")) << seen.rotation_next;
}

TEST(Standing, TellsWhatACandidateWaitsFor) {
  StandingWorld world;
  world.issuer.SilentAfterExchange(Reason::kOutage);
  const Explanation seen = world.Explained();
  ASSERT_EQ(seen.rotation->state, RotationState::kCandidate);
  EXPECT_EQ(seen.rotation->candidate_fingerprint.text, "hmac:second");
  EXPECT_TRUE(Says(seen.rotation_next, "the issuer did not answer")) << seen.rotation_next;
}

TEST(Standing, TellsWhyAPersonMustComeAfterALostReply) {
  StandingWorld world;
  world.issuer.set_rotation_model(RotationModel::kStrict);
  world.issuer.FailSend(Error{ErrorKind::kDeadlineExceeded, "timeout", "no reply in time", ""},
                        /*commit_first=*/true);
  const Explanation seen = world.Explained();
  ASSERT_EQ(seen.rotation->state, RotationState::kAmbiguous);
  EXPECT_EQ(seen.rotation->note, "no reply in time");
  EXPECT_TRUE(Says(seen.rotation_next, "once only")) << seen.rotation_next;
  EXPECT_TRUE(Says(seen.rotation_next, "tokenwarden submit whatsapp")) << seen.rotation_next;
}

TEST(Standing, TellsHowToTakeAValueThatWasKeptAside) {
  StandingWorld world;
  world.issuer.NextRenewal("shorter", world.Living(kDay, Seconds{0}));
  const Explanation seen = world.Explained();
  ASSERT_EQ(seen.rotation->state, RotationState::kRefused);
  EXPECT_TRUE(Says(seen.rotation_next, "--kept-aside --accept-worse")) << seen.rotation_next;
}

TEST(Standing, TellsThatTheOldValueIsStillToBeRevoked) {
  StandingWorld world;
  world.spec.renew.revoke_old = true;
  world.spec.settle = Seconds{0};
  world.issuer.AnswerRevocations(Error{ErrorKind::kUnavailable, "outage", "no answer", ""});
  const Explanation seen = world.Explained();
  ASSERT_EQ(seen.rotation->state, RotationState::kSettled);
  EXPECT_TRUE(Says(seen.rotation_next, "could not be revoked yet")) << seen.rotation_next;
}

}  // namespace
}  // namespace tokenwarden

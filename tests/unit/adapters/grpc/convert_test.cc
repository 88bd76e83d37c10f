#include "agent/adapters/grpc/convert.h"

#include <gtest/gtest.h>

#include "agent/adapters/grpc/convert_enums.h"
#include "agent/adapters/grpc/error_mapping.h"
#include "tests/fakes/fake_agent_api.h"

namespace tokenwarden::grpc_adapter {
namespace {

const Instant kNow = FromUnix(1795168800);

void ExpectSame(const TokenView& a, const TokenView& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.tenant, b.tenant);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.deadline, b.deadline);
  EXPECT_EQ(a.renewal_due_at, b.renewal_due_at);
  EXPECT_EQ(a.next_look_at, b.next_look_at);
  EXPECT_EQ(a.sinks, b.sinks);
}

TokenView ThereAndBack(const TokenView& view) {
  v1::Token message;
  ToProto(view, &message);
  v1::Token received;
  EXPECT_TRUE(received.ParseFromString(message.SerializeAsString()));
  return FromProto(received);
}

TEST(Convert, BringsEveryFieldOfAViewThereAndBack) {
  const TokenView view = FullTokenView("whatsapp", kNow);
  ExpectSame(ThereAndBack(view), view);
}

TEST(Convert, KeepsAbsentFactsAbsent) {
  TokenView bare;
  bare.name = bare.state.name = "bare";
  bare.state.conclusive = Observation();
  const TokenView back = ThereAndBack(bare);
  ExpectSame(back, bare);
  EXPECT_FALSE(back.state.silence);
  EXPECT_FALSE(back.state.conclusive->evidence.http_status);
}

TEST(Convert, BringsAnExplanationThereAndBack) {
  Explanation explanation;
  explanation.token = FullTokenView("whatsapp", kNow);
  explanation.decision = {Action::kHold, "nothing_due", "all is well", kNow + kHour, {"a", "b"}};
  explanation.chain = {{"asked", "silent"}, {"hold", "hold: all is well"}};
  Rotation rotation;
  rotation.id = 7;
  rotation.credential = "whatsapp";
  rotation.origin = Origin::kSubmit;
  rotation.state = RotationState::kRefused;
  rotation.from_generation = 2;
  rotation.to_generation = 3;
  rotation.epoch = 4;
  rotation.started_at = kNow - kHour;
  rotation.changed_at = kNow;
  rotation.has_reply = rotation.has_candidate = true;
  rotation.candidate_fingerprint.text = "hmac:00";
  rotation.note = "worse";
  rotation.steps = {{RotationState::kIntent, kNow - kHour, ""},
                    {RotationState::kRefused, kNow, "worse"}};
  explanation.rotation = rotation;
  explanation.rotation_next = "it waits for a person";

  v1::ExplainTokenResponse message;
  ToProto(explanation, &message);
  const Explanation back = FromProto(message);
  ExpectSame(back.token, explanation.token);
  EXPECT_EQ(back.decision, explanation.decision);
  ASSERT_EQ(back.chain.size(), 2u);
  EXPECT_EQ(back.chain[1].answer, "hold: all is well");
  ASSERT_TRUE(back.rotation);
  EXPECT_EQ(back.rotation->credential, "whatsapp");
  EXPECT_EQ(back.rotation->state, RotationState::kRefused);
  EXPECT_EQ(back.rotation->to_generation, 3u);
  EXPECT_EQ(back.rotation->epoch, 4u);
  EXPECT_EQ(back.rotation->changed_at, kNow);
  EXPECT_TRUE(back.rotation->has_reply);
  EXPECT_EQ(back.rotation->note, "worse");
  EXPECT_EQ(back.rotation->steps, rotation.steps);
  EXPECT_EQ(back.rotation_next, "it waits for a person");
}

// `VERDICT_UNDER_SCOPED` is `under_scoped` everywhere else.
template <typename Core, typename Wire, std::size_t N>
void ExpectSameWords(const std::pair<Core, Wire> (&rows)[N], const std::string& prefix,
                     std::string (*name_of)(Wire)) {
  for (const auto& row : rows) {
    std::string word = prefix + "_" + std::string(ToString(row.first));
    for (char& c : word) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(name_of(row.second), word);
    EXPECT_EQ(FromWire(rows, ToWire(rows, row.first)), row.first);
  }
}

TEST(Convert, SpellsEnumeratorsAsTheCoreDoes) {
  using N = std::string;
  ExpectSameWords(
      kVerdicts, "verdict", +[](v1::Verdict v) { return N(v1::Verdict_Name(v)); });
  ExpectSameWords(
      kLifetimes, "lifetime", +[](v1::Lifetime v) { return N(v1::Lifetime_Name(v)); });
  ExpectSameWords(
      kDeadlineReasons, "deadline_reason",
      +[](v1::DeadlineReason v) { return N(v1::DeadlineReason_Name(v)); });
  ExpectSameWords(
      kSeverities, "severity", +[](v1::Severity v) { return N(v1::Severity_Name(v)); });
  ExpectSameWords(
      kOrigins, "origin", +[](v1::Origin v) { return N(v1::Origin_Name(v)); });
  ExpectSameWords(
      kRotationStates, "rotation_state",
      +[](v1::RotationState v) { return N(v1::RotationState_Name(v)); });
  ExpectSameWords(
      kSinkKinds, "sink_kind", +[](v1::SinkKind v) { return N(v1::SinkKind_Name(v)); });
  ExpectSameWords(
      kDrifts, "drift", +[](v1::Drift v) { return N(v1::Drift_Name(v)); });
  ExpectSameWords(
      kActions, "action", +[](v1::Action v) { return N(v1::Action_Name(v)); });
}

TEST(Convert, ReadsAnUnknownVerdictAsIndeterminate) {
  v1::Token message;
  message.mutable_conclusive()->set_verdict(static_cast<v1::Verdict>(99));
  EXPECT_EQ(FromProto(message).state.conclusive->verdict, Verdict::kIndeterminate);
}

TEST(ErrorMapping, BringsEveryKindWithReasonAndActionThereAndBack) {
  const std::pair<ErrorKind, grpc::StatusCode> rows[] = {
      {ErrorKind::kUnavailable, grpc::StatusCode::UNAVAILABLE},
      {ErrorKind::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
      {ErrorKind::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
      {ErrorKind::kAborted, grpc::StatusCode::ABORTED},
      {ErrorKind::kNotFound, grpc::StatusCode::NOT_FOUND},
      {ErrorKind::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
      {ErrorKind::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
      {ErrorKind::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
      {ErrorKind::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
      {ErrorKind::kDataLoss, grpc::StatusCode::DATA_LOSS},
      {ErrorKind::kInternal, grpc::StatusCode::INTERNAL},
  };
  for (const auto& row : rows) {
    const Error error{row.first, "some_reason", "what was seen", "what to do"};
    const grpc::Status status = ToGrpcStatus(error);
    EXPECT_EQ(status.error_code(), row.second);
    const Error back = FromGrpcStatus(status);
    EXPECT_EQ(back.kind, error.kind);
    EXPECT_EQ(back.reason, error.reason);
    EXPECT_EQ(back.message, error.message);
    EXPECT_EQ(back.action, error.action);
  }
}

}  // namespace
}  // namespace tokenwarden::grpc_adapter

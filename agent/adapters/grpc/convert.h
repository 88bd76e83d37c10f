// Views to messages and back. What a message does not carry (the digest of the specification) comes
// back empty; an enumerator that this version does not know comes back as the most careful one.
#pragma once

#include "agent/ports/agent_api.h"
#include "tokenwarden/v1/agent_service.pb.h"
#include "tokenwarden/v1/token.pb.h"
#include "tokenwarden/v1/token_service.pb.h"

namespace tokenwarden::grpc_adapter {

void ToProto(const TokenView& view, v1::Token* out);
TokenView FromProto(const v1::Token& in);

void ToProto(const Explanation& explanation, v1::ExplainTokenResponse* out);
Explanation FromProto(const v1::ExplainTokenResponse& in);

void ToProto(const HealthProblem& problem, v1::HealthProblem* out);
HealthProblem FromProto(const v1::HealthProblem& in);

void TimeToProto(Instant at, google::protobuf::Timestamp* out);
Instant TimeFromProto(const google::protobuf::Timestamp& in);

}  // namespace tokenwarden::grpc_adapter

// Errors on the wire: one mapping to gRPC codes, with google.rpc.ErrorInfo as the detail.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "agent/core/result.h"

namespace tokenwarden::grpc_adapter {

inline constexpr char kErrorDomain[] = "tokenwarden.dev";

grpc::StatusCode CodeOf(ErrorKind kind);
// The code's usual spelling: `NOT_FOUND`.
std::string NameOf(grpc::StatusCode code);

grpc::Status ToGrpcStatus(const Error& error);
// The agent's own error, restored from the detail; without one (a failure of the transport) the
// kind and reason that the code suggests.
Error FromGrpcStatus(const grpc::Status& status);

}  // namespace tokenwarden::grpc_adapter

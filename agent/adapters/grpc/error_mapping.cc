#include "agent/adapters/grpc/error_mapping.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tokenwarden::grpc_adapter {
namespace {

struct Row {
  ErrorKind kind;
  grpc::StatusCode code;
};

// In both directions; the first row of a code or kind wins.
constexpr Row kRows[] = {
    {ErrorKind::kUnavailable, grpc::StatusCode::UNAVAILABLE},
    {ErrorKind::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
    {ErrorKind::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
    {ErrorKind::kAborted, grpc::StatusCode::ABORTED},
    {ErrorKind::kAborted, grpc::StatusCode::CANCELLED},
    {ErrorKind::kNotFound, grpc::StatusCode::NOT_FOUND},
    {ErrorKind::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
    {ErrorKind::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
    {ErrorKind::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
    {ErrorKind::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
    {ErrorKind::kInvalidArgument, grpc::StatusCode::OUT_OF_RANGE},
    {ErrorKind::kFailedPrecondition, grpc::StatusCode::UNIMPLEMENTED},
    {ErrorKind::kDataLoss, grpc::StatusCode::DATA_LOSS},
    {ErrorKind::kInternal, grpc::StatusCode::INTERNAL},
};

constexpr const char* kNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

ErrorKind KindOf(grpc::StatusCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row.kind;
  }
  return ErrorKind::kInternal;
}

ErrorKind KindNamed(const std::string& word, ErrorKind otherwise) {
  for (const Row& row : kRows) {
    if (ToString(row.kind) == word) return row.kind;
  }
  return otherwise;
}

}  // namespace

grpc::StatusCode CodeOf(ErrorKind kind) {
  for (const Row& row : kRows) {
    if (row.kind == kind) return row.code;
  }
  return grpc::StatusCode::INTERNAL;
}

std::string NameOf(grpc::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

grpc::Status ToGrpcStatus(const Error& error) {
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain(kErrorDomain);
  (*info.mutable_metadata())["kind"] = std::string(ToString(error.kind));
  if (!error.action.empty()) (*info.mutable_metadata())["action"] = error.action;
  google::rpc::Status status;
  status.set_code(CodeOf(error.kind));
  status.set_message(error.message);
  status.add_details()->PackFrom(info);
  return grpc::Status(CodeOf(error.kind), error.message, status.SerializeAsString());
}

Error FromGrpcStatus(const grpc::Status& status) {
  Error error;
  error.kind = KindOf(status.error_code());
  error.reason = std::string(ToString(error.kind));
  error.message = status.error_message();
  google::rpc::Status detailed;
  if (!detailed.ParseFromString(status.error_details())) return error;
  for (const google::protobuf::Any& detail : detailed.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info) || info.domain() != kErrorDomain) continue;
    error.reason = info.reason();
    const auto& metadata = info.metadata();
    if (const auto kind = metadata.find("kind"); kind != metadata.end()) {
      error.kind = KindNamed(kind->second, error.kind);
    }
    if (const auto action = metadata.find("action"); action != metadata.end()) {
      error.action = action->second;
    }
  }
  return error;
}

}  // namespace tokenwarden::grpc_adapter

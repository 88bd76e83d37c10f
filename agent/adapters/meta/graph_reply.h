// Reading one reply of the Graph API: a body, an error, or nothing that says anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/adapters/meta/error_table.h"
#include "agent/adapters/meta/json.h"
#include "agent/adapters/meta/rate_limit.h"
#include "agent/core/observation.h"
#include "agent/core/result.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::meta {

// The issuer's own words stay in `message`, for matching only: they can hold the token.
struct GraphError {
  std::int64_t code = 0;
  std::optional<std::int64_t> subcode;
  std::string message;
  bool is_transient = false;
  std::string trace_id;
};

// What an error, or the lack of an answer, means for the token that was used. Our own words.
struct Meaning {
  // Absent: it says nothing against the token.
  std::optional<Reason> reason;
  std::string message;
  std::string action;
};
Meaning MeaningOf(const GraphError& error, int http_status);

// Exactly one of `body`, `error` and `silence` is set.
struct Reading {
  std::optional<Json> body;  // JSON without an error in it
  std::optional<GraphError> error;
  std::optional<Meaning> silence;  // always with an `indeterminate` reason
  Evidence evidence;               // endpoint, status, code, subcode, trace id
  Usage usage;
  std::optional<Instant> date;  // the issuer's clock
  std::string served_version;   // `v25.0`; empty when the reply does not say
};
Reading ReadReply(const HttpReply& reply, const std::string& endpoint, Instant now);
Reading ReadFailure(const Error& error, const std::string& endpoint, Instant now);

// The error in any of the shapes that exist: `{error: {…}}`, bare,
// `error_code`/`error_description`.
std::optional<GraphError> FindGraphError(const Json& document);
// One error object; `subcode` and `error_subcode` are the same thing.
std::optional<GraphError> ReadErrorObject(const Json& object);

}  // namespace tokenwarden::meta

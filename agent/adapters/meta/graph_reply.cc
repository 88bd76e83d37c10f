#include "agent/adapters/meta/graph_reply.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/meta/http_date.h"

namespace tokenwarden::meta {
namespace {

constexpr std::size_t kMaxTraceId = 48;

// Trace ids are shown to people, so only their own alphabet passes.
std::string SafeTraceId(std::string_view text) {
  const bool is_safe =
      text.size() <= kMaxTraceId && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '_' || c == '-' || c == '/' || c == '+' || c == '=';
      });
  return is_safe ? std::string(text) : "";
}

std::string HeaderText(const HttpReply& reply, std::string_view name) {
  const std::string* text = reply.FindHeader(name);
  return text == nullptr ? "" : *text;
}

std::string ServedVersion(const HttpReply& reply) {
  const std::string text = HeaderText(reply, "facebook-api-version");
  const bool is_version = text.size() >= 2 && text.size() <= 8 && text[0] == 'v' &&
                          std::all_of(text.begin() + 1, text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return is_version ? text : "";
}

Meaning Said(const ReplyRow& row) {
  return Meaning{row.reason, std::string(row.meaning), std::string(row.action)};
}

struct FailureRow {
  std::string_view reason;  // of the HTTP client
  Reason meaning;
};
constexpr FailureRow kFailures[] = {
    {"tls", Reason::kBlocked},
    {"proxy", Reason::kBlocked},
    {"body_too_large", Reason::kBadReply},
    {"plain_http", Reason::kNotConfigured},
    {"bad_url", Reason::kNotConfigured},
};

// A certificate that is out of its time means, nearly always, that our clock is wrong.
bool SpeaksOfTime(const std::string& message) {
  return message.find("not yet valid") != std::string::npos ||
         message.find("has expired") != std::string::npos;
}

}  // namespace

std::optional<GraphError> ReadErrorObject(const Json& object) {
  auto code = IntegerAt(object, "code");
  if (!code) code = IntegerAt(object, "error_code");
  if (!code) return std::nullopt;
  GraphError error;
  error.code = *code;
  error.subcode = IntegerAt(object, "error_subcode");
  if (!error.subcode) error.subcode = IntegerAt(object, "subcode");
  for (const char* key : {"message", "error_message", "error_description"}) {
    if (error.message.empty()) error.message = TextAt(object, key);
  }
  error.is_transient = FlagAt(object, "is_transient").value_or(false);
  error.trace_id = SafeTraceId(TextAt(object, "fbtrace_id"));
  return error;
}

std::optional<GraphError> FindGraphError(const Json& document) {
  if (const Json* wrapped = FindObject(document, "error")) return ReadErrorObject(*wrapped);
  if (Find(document, "error_code") != nullptr) return ReadErrorObject(document);
  // The bare form; a body of data can have a `code` of its own, but not with a message beside it.
  if (Find(document, "code") != nullptr && Find(document, "message") != nullptr) {
    return ReadErrorObject(document);
  }
  return std::nullopt;
}

Meaning MeaningOf(const GraphError& error, int http_status) {
  if (const ErrorRow* row = FindError(error.code, error.subcode, error.message)) {
    return Meaning{row->reason, std::string(row->meaning), std::string(row->action)};
  }
  if (http_status == 429 || http_status >= 500) {
    return Said(FindReply(http_status, BodyKind::kJson));
  }
  if (error.is_transient) return Said(FindReply(503, BodyKind::kJson));
  return Meaning{Reason::kBadReply, "Meta answered with an error code that is not known here.",
                 "Look the code up in Meta's documentation; it is tried again later."};
}

Reading ReadReply(const HttpReply& reply, const std::string& endpoint, Instant now) {
  Reading reading;
  reading.evidence.endpoint = endpoint;
  reading.evidence.http_status = reply.status;
  reading.evidence.observed_at = now;
  reading.usage = ReadUsage(reply, now);
  reading.date = ParseHttpDate(HeaderText(reply, "date"));
  reading.served_version = ServedVersion(reply);
  for (const char* header : {"x-fb-trace-id", "x-fb-request-id"}) {
    if (reading.evidence.trace_id.empty()) {
      reading.evidence.trace_id = SafeTraceId(HeaderText(reply, header));
    }
  }
  std::optional<Json> document = ParseJson(reply.body);
  reading.error = document ? FindGraphError(*document) : std::nullopt;
  if (reading.error) {
    reading.evidence.code = reading.error->code;
    reading.evidence.subcode = reading.error->subcode;
    if (!reading.error->trace_id.empty()) reading.evidence.trace_id = reading.error->trace_id;
  } else if (document && document->is_object() && reply.status >= 200 && reply.status < 300 &&
             Find(*document, "error") == nullptr) {
    reading.body = std::move(document);
  } else {
    reading.silence = Said(FindReply(reply.status, KindOfBody(reply.body)));
  }
  return reading;
}

Reading ReadFailure(const Error& error, const std::string& endpoint, Instant now) {
  Reading reading;
  reading.evidence.endpoint = endpoint;
  reading.evidence.observed_at = now;
  Reason reason = Reason::kOutage;
  for (const FailureRow& row : kFailures) {
    if (row.reason == error.reason) reason = row.meaning;
  }
  reading.silence = Meaning{reason, error.message, error.action};
  if (error.reason == "tls" && SpeaksOfTime(error.message)) {
    reading.silence->reason = Reason::kClock;
    reading.silence->action = "Check the date of this machine first: " + error.action;
  }
  return reading;
}

}  // namespace tokenwarden::meta

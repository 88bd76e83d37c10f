// The error table of the Graph API: what each code says about the credential it answers to, and
// what a person should do. Data; docs/errors.md and `explain CODE` are printed from it.
//
// Sources: Meta's "Error Codes" pages of the Graph API and of the WhatsApp Business Platform, and
// replies observed in public bug reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/core/verdict.h"

namespace tokenwarden::meta {

enum class ErrorClass {
  kTransient,  // passes by itself
  kPermanent,  // the same request fails again
  kOperator,   // somebody must change a setting
};
std::string_view ToString(ErrorClass error_class);

struct ErrorRow {
  std::int64_t first;  // codes from `first` to `last`
  std::int64_t last;
  std::optional<std::int64_t> subcode;  // absent: any
  std::string_view text;  // lower-case part of the message that must be there; empty: any
  // What the answer says about the token that made the request; absent: nothing, the token is fine.
  std::optional<Reason> reason;
  ErrorClass error_class;
  bool refresh_helps;     // would exchanging the token help
  std::string_view http;  // HTTP statuses it was seen with; for people
  std::string_view meaning;
  std::string_view action;  // what the operator does now; empty: nothing
};

// The first row that fits. Code first, subcode second, text only where nothing else tells cases
// apart; the HTTP status never decides. Nullptr for a code that the table does not know.
const ErrorRow* FindError(std::int64_t code, std::optional<std::int64_t> subcode,
                          std::string_view message);

// In the order in which they are tried.
const std::vector<ErrorRow>& ErrorRows();

// ---- replies without a Graph error in them: proxies, portals, outages ----

enum class BodyKind { kAny, kEmpty, kHtml, kUnavailableText, kJson, kOther };
std::string_view ToString(BodyKind kind);
BodyKind KindOfBody(std::string_view body);  // tells JSON by its first character

struct ReplyRow {
  int first_status;
  int last_status;
  BodyKind body;
  Reason reason;  // always an `indeterminate` one
  std::string_view meaning;
  std::string_view action;
};
// Always finds one: such a reply says nothing about the credential, whatever it is.
const ReplyRow& FindReply(int status, BodyKind body);
const std::vector<ReplyRow>& ReplyRows();

}  // namespace tokenwarden::meta

#include "cli/commands/explain_code.h"

#include <charconv>
#include <vector>

#include "agent/adapters/meta/error_table.h"
#include "cli/render/json_writer.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || text.front() == '-' || error != std::errc{} || stopped != end) {
    return std::nullopt;
  }
  return number;
}

// With a subcode: its own rows, else those for any subcode. Without one: every row of the code.
std::vector<const meta::ErrorRow*> RowsFor(const ErrorCode& code) {
  std::vector<const meta::ErrorRow*> exact;
  std::vector<const meta::ErrorRow*> general;
  for (const meta::ErrorRow& row : meta::ErrorRows()) {
    if (code.code < row.first || code.code > row.last) continue;
    if (row.subcode && code.subcode && row.subcode != code.subcode) continue;
    const bool is_exact = code.subcode && row.subcode == code.subcode;
    (is_exact ? exact : general).push_back(&row);
  }
  return exact.empty() ? general : exact;
}

std::string CodeOf(const meta::ErrorRow& row) {
  std::string text = std::to_string(row.first);
  if (row.last != row.first) text += "-" + std::to_string(row.last);
  if (row.subcode) text += "/" + std::to_string(*row.subcode);
  return text;
}

// A row without a reason says nothing against the token.
std::string VerdictOf(const meta::ErrorRow& row) {
  if (!row.reason) return "says nothing about the token";
  return std::string(ToString(tokenwarden::VerdictOf(*row.reason))) + "/" +
         std::string(ToString(*row.reason));
}

std::string Text(const std::vector<const meta::ErrorRow*>& rows) {
  std::string text;
  for (const meta::ErrorRow* row : rows) {
    text += "meta " + CodeOf(*row);
    if (!row->text.empty()) text += " with \"" + std::string(row->text) + "\" in its message";
    text += "  " + VerdictOf(*row) + " (" + std::string(ToString(row->error_class)) + ", HTTP " +
            std::string(row->http) + ")\n      " + std::string(row->meaning) + "\n";
    text +=
        std::string("      a refresh ") + (row->refresh_helps ? "helps" : "does not help") + "\n";
    if (!row->action.empty()) text += "      do now: " + std::string(row->action) + "\n";
  }
  return text;
}

std::string Json(const std::vector<const meta::ErrorRow*>& rows) {
  JsonWriter json;
  json.BeginObject().String("schema", "tokenwarden.explain-code/v1").Number("exit_code", 0);
  json.BeginArray("rows");
  for (const meta::ErrorRow* row : rows) {
    json.BeginObject()
        .String("provider", "meta")
        .Number("code", row->first)
        .Number("last_code", row->last)
        .NumberOrNull("subcode", row->subcode)
        .StringOrNull("message_contains", row->text)
        .StringOrNull("verdict", row->reason ? ToString(tokenwarden::VerdictOf(*row->reason)) : "")
        .StringOrNull("reason", row->reason ? ToString(*row->reason) : "")
        .String("class", ToString(row->error_class))
        .Bool("refresh_helps", row->refresh_helps)
        .String("http", row->http)
        .String("meaning", row->meaning)
        .StringOrNull("action", row->action)
        .EndObject();
  }
  return json.EndArray().EndObject().Take();
}

}  // namespace

std::optional<ErrorCode> ParseErrorCode(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto code = ParseNumber(text.substr(0, slash));
  if (!code) return std::nullopt;
  if (slash == text.npos) return ErrorCode{*code, std::nullopt};
  const auto subcode = ParseNumber(text.substr(slash + 1));
  if (!subcode) return std::nullopt;
  return ErrorCode{*code, subcode};
}

Outcome ExplainCode(const Context& context, const ErrorCode& code) {
  const std::vector<const meta::ErrorRow*> rows = RowsFor(code);
  if (!rows.empty()) return Answer(context, Text(rows), Json(rows));
  return Failed(Error{ErrorKind::kNotFound, "unknown_code",
                      "the error table has no code " + std::to_string(code.code),
                      "such a reply is treated as indeterminate; write CODE or CODE/SUBCODE as the "
                      "issuer sent them, for example 190/463"},
                context.json);
}

}  // namespace tokenwarden::cli

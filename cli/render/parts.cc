#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

std::string Stopped(std::string_view sentence) {
  std::string text(sentence);
  if (!text.empty() && text.back() != '.' && text.back() != '!' && text.back() != '?') text += '.';
  return text;
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return line;
}

std::string Sentences(std::string_view first, std::string_view second) {
  if (second.empty()) return std::string(first);
  if (first.empty()) return std::string(second);
  const bool goes_on = second.front() >= 'a' && second.front() <= 'z';
  if (!goes_on) return Stopped(first) + " " + Stopped(second);
  if (first.back() == '.') first.remove_suffix(1);
  return std::string(first) + "; " + std::string(second);
}

std::string Relative(Instant at, Instant now) {
  const std::string distance = FormatDuration(at - now);
  const std::string phrase = at >= now ? "in " + distance : distance + " ago";
  return phrase + " (" + FormatUtc(at) + ")";
}

std::string RenderErrorText(const Error& error) {
  std::string text = "error: " + OneLine(error.message) + "\n";
  if (!error.action.empty()) text += "do now: " + OneLine(error.action) + "\n";
  return text;
}

void WriteError(JsonWriter& json, const Error& error) {
  json.BeginObject("error")
      .String("kind", ToString(error.kind))
      .String("reason", error.reason)
      .String("message", error.message)
      .StringOrNull("action", error.action)
      .EndObject();
}

std::string RenderErrorJson(const Error& error, int exit_code) {
  JsonWriter json;
  json.BeginObject().String("schema", "tokenwarden.error/v1").Number("exit_code", exit_code);
  WriteError(json, error);
  return json.EndObject().Take();
}

std::string Counted(std::size_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

}  // namespace tokenwarden::cli

#include "agent/adapters/metrics/text_format.h"

#include <charconv>

#include "agent/core/utf8.h"

namespace tokenwarden::metrics {
namespace {

bool NeedsCare(std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"' || c == '\n' || static_cast<unsigned char>(c) >= 0x80) return true;
  }
  return false;
}

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : CleanUtf8(text)) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out.push_back('\\');
    out.push_back(c);
  }
}

}  // namespace

void AppendHeader(std::string& out, const MetricRow& row) {
  out.append("# HELP ").append(row.name).append(" ").append(row.help).append("\n");
  out.append("# TYPE ").append(row.name).append(" ").append(ToString(row.type)).append("\n");
}

void AppendLabel(std::string& labels, std::string_view name, std::string_view value) {
  if (!labels.empty()) labels.push_back(',');
  labels.append(name).append("=\"");
  if (NeedsCare(value)) {
    AppendEscaped(labels, value);
  } else {
    labels += value;
  }
  labels.push_back('"');
}

void AppendSample(std::string& out, std::string_view metric, std::string_view labels,
                  std::string_view more, std::int64_t value) {
  out += metric;
  if (!labels.empty() || !more.empty()) {
    out.push_back('{');
    out += labels;
    if (!labels.empty() && !more.empty()) out.push_back(',');
    out += more;
    out.push_back('}');
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(" ").append(digits, end).append("\n");
}

void AppendSample(std::string& out, std::string_view metric, double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(metric).append(" ").append(digits, end).append("\n");
}

}  // namespace tokenwarden::metrics

// Prints docs/errors.md from the error table: tokenwarden-errors-doc > docs/errors.md
#include <iostream>
#include <string>

#include "agent/adapters/meta/error_table.h"

namespace {

using tokenwarden::meta::ErrorRow;
using tokenwarden::meta::ReplyRow;

std::string CodeOf(const ErrorRow& row) {
  std::string text = std::to_string(row.first);
  if (row.last != row.first) text += "-" + std::to_string(row.last);
  if (row.subcode) text += " / " + std::to_string(*row.subcode);
  if (!row.text.empty()) text += " \"" + std::string(row.text) + "\"";
  return text;
}

std::string VerdictWords(tokenwarden::Reason reason) {
  return "`" + std::string(ToString(VerdictOf(reason))) + "` / `" + std::string(ToString(reason)) +
         "`";
}

std::string StatusOf(const ReplyRow& row) {
  if (row.first_status == row.last_status) return std::to_string(row.first_status);
  const bool any = row.first_status <= 100 && row.last_status >= 599;
  return any ? "any" : std::to_string(row.first_status) + "-" + std::to_string(row.last_status);
}

void PrintErrors() {
  std::cout
      << "## Codes of the Graph API\n\n"
         "`code / subcode \"part of the message\"`. The first row that fits counts: the code "
         "first, the subcode\n"
         "second, the message only where nothing else tells two cases apart. The verdict is that "
         "of the token that\n"
         "made the request; `-` means that the answer says nothing against it. When Meta refuses "
         "*our* app\n"
         "token, the verdict on the inspected token is `indeterminate` / `inspector`, whatever the "
         "code.\n\n"
         "| code | HTTP | meaning | verdict / reason | class | does a refresh help | what to do |\n"
         "|---|---|---|---|---|---|---|\n";
  for (const ErrorRow& row : tokenwarden::meta::ErrorRows()) {
    std::cout << "| " << CodeOf(row) << " | " << row.http << " | " << row.meaning << " | "
              << (row.reason ? VerdictWords(*row.reason) : "-") << " | "
              << ToString(row.error_class) << " | " << (row.refresh_helps ? "yes" : "no") << " | "
              << (row.action.empty() ? "Nothing." : row.action) << " |\n";
  }
}

void PrintReplies() {
  std::cout
      << "\n## Replies without a Graph error\n\n"
         "They come from proxies, portals and outages, and never say anything about a token.\n\n"
         "| HTTP | body | meaning | verdict / reason | what to do |\n|---|---|---|---|---|\n";
  for (const ReplyRow& row : tokenwarden::meta::ReplyRows()) {
    std::cout << "| " << StatusOf(row) << " | " << ToString(row.body) << " | " << row.meaning
              << " | " << VerdictWords(row.reason) << " | " << row.action << " |\n";
  }
}

}  // namespace

int main() {
  std::cout << "# Errors of the Meta Graph API\n\n"
               "Printed from the error table by `tokenwarden-errors-doc`; do not edit. "
               "`tokenwarden explain CODE` shows\n"
               "one row.\n\n";
  PrintErrors();
  PrintReplies();
  return std::cout.good() ? 0 : 1;
}

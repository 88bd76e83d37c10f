#include "agent/adapters/kubernetes/error_table.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "agent/adapters/kubernetes/json.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kMaxShown = 128;
constexpr Seconds kLongestWait = kHour;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._:/@[]").find(c) != std::string_view::npos;
}

// What another program wrote is shown only when it can be nothing but a name.
std::string PlainName(std::string_view text) {
  const bool plain = !text.empty() && text.size() <= kMaxShown &&
                     std::all_of(text.begin(), text.end(), IsNameCharacter);
  return plain ? std::string(text) : "";
}

// What stands between the two, as a plain name.
std::string NameBetween(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return "";
  text.remove_prefix(start + before.size());
  return PlainName(text.substr(0, text.find(after)));
}

std::optional<Seconds> ReadRetryAfter(const HttpReply& reply) {
  const std::string* text = reply.FindHeader("retry-after");
  long seconds = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (problem != std::errc() || end != text->data() + text->size() || seconds < 0) {
    return std::nullopt;
  }
  return std::min(kLongestWait, Seconds(seconds));
}

void ReadCauses(const Json& status, Refusal& refusal) {
  const Json* causes = At(status, {"details", "causes"});
  if (causes == nullptr || !causes->is_array()) return;
  for (const Json& cause : *causes) {
    const std::string field = TextAt(cause, {"field"});
    const std::string message = TextAt(cause, {"message"});
    if (refusal.field.empty()) refusal.field = PlainName(field);
    if (refusal.manager.empty()) refusal.manager = NameBetween(message, "conflict with \"", "\"");
    refusal.text += '\n' + TextAt(cause, {"reason"}) + ' ' + field + ' ' + message;
  }
}

std::string OrElse(const std::string& name, const char* otherwise) {
  return name.empty() ? otherwise : name;
}

std::string GroupedPlural(const Resource& resource) {
  std::string plural(resource.plural);
  if (!resource.group.empty()) plural += "." + std::string(resource.group);
  return plural;
}

std::string Expanded(std::string_view text, const Operation& operation, const Refusal& refusal) {
  const std::string verb = OrElse(refusal.denied_verb, std::string(operation.verb).c_str());
  const std::pair<std::string_view, std::string> names[] = {
      {"{webhook}", OrElse(refusal.webhook, "of the cluster")},
      {"{quota}", OrElse(refusal.quota, "of something")},
      {"{user}", OrElse(refusal.user, "our user")},
      {"{field}", OrElse(refusal.field, "unknown")},
      {"{manager}", OrElse(refusal.manager, "another program")},
      {"{verb}", verb},
      {"{plural}", GroupedPlural(operation.resource)},
      {"{kind}", std::string(operation.resource.kind)},
      {"{namespace}", OrElse(operation.object.name_space, "NAMESPACE")},
      {"{for_name}",
       operation.object.name.empty() ? "" : " --resource-name=" + operation.object.name},
      {"{name}", OrElse(operation.object.name, "NAME")},
      {"{code}", std::to_string(refusal.code)},
      {"{wait}", refusal.retry_after ? FormatDuration(*refusal.retry_after) : "a little"},
  };
  std::string expanded(text);
  for (const auto& [name, value] : names) {
    std::size_t at = 0;
    while ((at = expanded.find(name, at)) != std::string::npos) {
      expanded.replace(at, name.size(), value);
      at += value.size();
    }
  }
  return expanded;
}

}  // namespace

Refusal ReadRefusal(const HttpReply& reply) {
  Refusal refusal;
  refusal.code = reply.status;
  refusal.retry_after = ReadRetryAfter(reply);
  const std::optional<Json> status = ParseJson(reply.body);
  if (!status) {
    refusal.text = reply.body;  // what a server says while it stops is plain text
    return refusal;
  }
  refusal.reason = TextAt(*status, {"reason"});
  refusal.text = TextAt(*status, {"message"});
  refusal.kind = TextAt(*status, {"details", "kind"});
  refusal.user = NameBetween(refusal.text, "User \"", "\"");
  refusal.denied_verb = NameBetween(refusal.text, " cannot ", " ");
  refusal.quota = NameBetween(refusal.text, "exceeded quota: ", ",");
  refusal.webhook = NameBetween(refusal.text, "webhook \"", "\"");
  ReadCauses(*status, refusal);
  return refusal;
}

const ErrorRow& FindRow(const Refusal& refusal) {
  const std::vector<ErrorRow>& rows = ErrorRows();
  for (const ErrorRow& row : rows) {
    if (refusal.code < row.first_code || refusal.code > row.last_code) continue;
    if (!row.reason.empty() && row.reason != refusal.reason) continue;
    if (refusal.text.find(row.text) != std::string::npos) return row;
  }
  return rows.back();
}

Error Explain(const Operation& operation, const Refusal& refusal) {
  const ErrorRow& row = FindRow(refusal);
  return Error{row.kind, Expanded(row.word, operation, refusal),
               "cannot " + Describe(operation) + ": " + Expanded(row.seen, operation, refusal),
               Expanded(row.action, operation, refusal)};
}

}  // namespace tokenwarden::kubernetes

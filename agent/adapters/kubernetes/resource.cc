#include "agent/adapters/kubernetes/resource.h"

#include <algorithm>
#include <cstddef>

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kMaxName = 253;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// RFC 1123 subdomain, as apimachinery checks it.
bool IsDnsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && IsLowerOrDigit(name.front()) &&
         IsLowerOrDigit(name.back()) && std::all_of(name.begin(), name.end(), [](char c) {
           return IsLowerOrDigit(c) || c == '-' || c == '.';
         });
}

bool IsKeyCharacter(char c) {
  return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
}

}  // namespace

std::string ToString(const ObjectName& object) {
  if (object.name_space.empty()) return object.name;
  if (object.name.empty()) return "in namespace " + object.name_space;
  return object.name_space + "/" + object.name;
}

std::string Describe(const Operation& operation) {
  std::string text(operation.verb);
  text += ' ';
  text += operation.resource.kind;
  const std::string object = ToString(operation.object);
  return object.empty() ? text : text + " " + object;
}

std::string PathOf(const Operation& operation) {
  std::string path(operation.resource.api);
  if (!operation.object.name_space.empty()) path += "/namespaces/" + operation.object.name_space;
  path += '/';
  path += operation.resource.plural;
  // Watches and creations go to the collection, whatever they name.
  const bool one = operation.verb != "watch" && operation.verb != "create";
  if (one && !operation.object.name.empty()) path += "/" + operation.object.name;
  return path;
}

Result<ObjectName> ParseObjectName(const std::string& place, const std::string& default_namespace) {
  const std::size_t slash = place.find('/');
  ObjectName object{default_namespace, place};
  if (slash != std::string::npos) {
    if (slash > 0) object.name_space = place.substr(0, slash);
    object.name = place.substr(slash + 1);
  }
  if (object.name.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "no_path",
                     "the place `" + place + "` has no name",
                     "Write it as NAMESPACE/NAME, or NAME in the default namespace.");
  }
  if (!IsDnsName(object.name_space) || !IsDnsName(object.name)) {
    return MakeError(ErrorKind::kInvalidArgument, "bad_name",
                     "`" + place + "` is no name that Kubernetes allows",
                     "Write it as NAMESPACE/NAME with lower-case letters, digits, `-` and `.`.");
  }
  return object;
}

Status CheckKey(const std::string& key) {
  if (key.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "no_key", "no key of the Secret is named",
                     "Add `key:` to the configuration.");
  }
  const bool fits = key.size() <= kMaxName && key.substr(0, 2) != ".." && key != "." &&
                    std::all_of(key.begin(), key.end(), IsKeyCharacter);
  if (fits) return {};
  return MakeError(ErrorKind::kInvalidArgument, "bad_key",
                   "`" + key + "` is no key that a Secret can have",
                   "Use letters, digits, `-`, `_` and `.`, not beginning with `..`.");
}

}  // namespace tokenwarden::kubernetes

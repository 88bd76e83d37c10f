#include "cli/check/env_file.h"

#include <algorithm>
#include <utility>

namespace tokenwarden::cli {
namespace {

struct Present {
  std::string_view name;
  Use use;
  std::size_t line;
  Secret value;
};

std::size_t LineOf(const files::DotenvDocument& document, std::string_view key) {
  for (const files::DotenvEntry& entry : document.entries()) {
    if (entry.key == key) return entry.line;
  }
  return 0;
}

Result<std::optional<Secret>> LookUp(const files::DotenvDocument& document, std::string_view name) {
  Result<Secret> value = document.Read(name);
  if (value) return std::optional<Secret>(std::move(*value));
  if (value.error().kind == ErrorKind::kNotFound) return std::optional<Secret>();
  return tl::unexpected<Error>(std::move(value.error()));
}

bool ComesBefore(const Present& a, const Present& b) {
  const auto group = [](const Present& present) { return present.use == Use::kGraphToken ? 0 : 1; };
  return std::make_pair(group(a), a.line) < std::make_pair(group(b), b.line);
}

Result<std::vector<Present>> FindPresent(const files::DotenvDocument& document) {
  std::vector<Present> found;
  for (const KnownName& known : KnownNames()) {
    if (known.role != Role::kToken && known.role != Role::kSharedSecret) continue;
    Result<std::optional<Secret>> value = LookUp(document, known.name);
    if (!value) return tl::unexpected<Error>(std::move(value.error()));
    if (!*value) continue;
    const Use use = known.role == Role::kToken ? Use::kGraphToken : Use::kSharedSecret;
    found.push_back({known.name, use, LineOf(document, known.name), std::move(**value)});
  }
  std::sort(found.begin(), found.end(), ComesBefore);
  return found;
}

}  // namespace

Result<std::vector<Target>> TargetsOfEnvFile(const files::DotenvDocument& document,
                                             const std::string& prefix, const Identifiers& given) {
  Result<std::vector<Present>> found = FindPresent(document);
  if (!found) return tl::unexpected<Error>(std::move(found.error()));
  const Lookup lookup = [&](std::string_view name) { return LookUp(document, name); };
  const Result<Identifiers> identifiers = FindIdentifiers(lookup, given);
  if (!identifiers) return tl::unexpected<Error>(identifiers.error());
  std::vector<Target> targets;
  for (Present& present : *found) {
    targets.push_back(MakeTarget(prefix + std::string(present.name), present.use,
                                 std::move(present.value), *identifiers));
  }
  return targets;
}

}  // namespace tokenwarden::cli

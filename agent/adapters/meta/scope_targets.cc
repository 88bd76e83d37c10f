// granular_scopes: for which assets a permission was granted. It is known to lose entries that
// still hold, so it only raises a doubt: where an asset is configured, reading it decides
// (assets.cc).
#include <algorithm>

#include "agent/adapters/meta/inspection.h"

namespace tokenwarden::meta {
namespace {

constexpr std::size_t kMaxTargets = 2000;

// An empty list stays empty; a list of what is not an identifier is as good as none.
std::optional<std::set<std::string>> ReadTargets(const Json& entry) {
  const Json* list = FindArray(entry, "target_ids");
  if (list == nullptr || list->size() > kMaxTargets) return std::nullopt;
  std::set<std::string> targets;
  for (const Json& item : *list) targets.insert(IdOf(item));
  if (targets.count("") != 0) return std::nullopt;
  return targets;
}

}  // namespace

void Inspection::ReadScopeTargets(const Json& data) {
  const Json* list = FindArray(data, "granular_scopes");
  if (list == nullptr) return;
  const auto& required = meta().required_scopes;
  for (const Json& entry : *list) {
    const std::string scope = WordAt(entry, "scope");
    if (std::find(required.begin(), required.end(), scope) == required.end()) continue;
    if (auto targets = ReadTargets(entry)) scope_targets_[scope].merge(*targets);
  }
}

// With nothing configured there is nothing to read; that it was granted for nothing at all is worth
// a word.
void Inspection::NoteScopesWithoutAsset() {
  if (!meta().phone_number_id.empty() || !meta().business_account_id.empty()) return;
  for (const auto& [scope, targets] : scope_targets_) {
    if (!targets.empty()) continue;
    AddFinding("scope_without_asset", Severity::kWarn,
               "Meta grants " + scope + " to the token for no asset at all.",
               "Assign the account to the system user and generate the token again, or configure "
               "phone_number_id to have it proven.");
  }
}

// More for the message of a refused account; empty when the permissions name it or say nothing.
std::string Inspection::WhyAccountIsRefused() const {
  for (const auto& [scope, targets] : scope_targets_) {
    if (targets.empty() || targets.count(meta().business_account_id) != 0) continue;
    return " Meta grants " + scope + " for other accounts only: " + std::to_string(targets.size()) +
           ", among them " + *targets.begin() + ".";
  }
  return "";
}

}  // namespace tokenwarden::meta

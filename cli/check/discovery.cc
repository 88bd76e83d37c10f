#include "cli/check/discovery.h"

#include <algorithm>
#include <utility>

#include "agent/core/paste_check.h"

namespace tokenwarden::cli {
namespace {

constexpr KnownName kKnownNames[] = {
    {"WHATSAPP_ACCESS_TOKEN", Role::kToken},
    {"WHATSAPP_API_TOKEN", Role::kToken},
    {"WHATSAPP_TOKEN", Role::kToken},
    {"VERIFY_TOKEN", Role::kSharedSecret},
    {"FACEBOOK_APP_ID", Role::kAppId},
    {"WHATSAPP_APP_ID", Role::kAppId},
    {"FACEBOOK_APP_SECRET", Role::kAppSecret},
    {"WHATSAPP_APP_SECRET", Role::kAppSecret},
    {"WHATSAPP_PHONE_NUMBER_ID", Role::kPhoneNumberId},
    {"PHONE_NUMBER_ID", Role::kPhoneNumberId},
    {"WHATSAPP_BUSINESS_ACCOUNT_ID", Role::kBusinessAccountId},
};

bool IsNumber(std::string_view text) {
  constexpr std::size_t kLongestId = 32;
  return !text.empty() && text.size() <= kLongestId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The first present name of a role, with its value.
struct Found {
  std::string_view name;
  Secret value;
};

Result<std::optional<Found>> FindFirst(const Lookup& lookup, Role role,
                                       std::vector<std::string>& notes) {
  std::optional<Found> first;
  for (const KnownName& known : KnownNames()) {
    if (known.role != role) continue;
    Result<std::optional<Secret>> value = lookup(known.name);
    if (!value) return tl::unexpected<Error>(std::move(value.error()));
    if (!*value || (*value)->empty()) continue;
    if (!first) {
      first = Found{known.name, std::move(**value)};
    } else if (!first->value.EqualsInConstantTime(**value)) {
      notes.push_back(std::string(first->name) + " and " + std::string(known.name) + " differ; " +
                      std::string(first->name) + " was used");
    }
  }
  return first;
}

Status TakeId(const Lookup& lookup, Role role, const std::string& given, std::string& id,
              std::vector<std::string>& notes) {
  if (!given.empty()) {
    id = given;
    return {};
  }
  Result<std::optional<Found>> found = FindFirst(lookup, role, notes);
  if (!found) return tl::unexpected<Error>(std::move(found.error()));
  if (!*found) return {};
  if (IsNumber((*found)->value.Reveal())) {
    id = std::string((*found)->value.Reveal());
  } else {
    notes.push_back(std::string((*found)->name) +
                    " is not a number, so it was not used: copy the id from the app's dashboard");
  }
  return {};
}

Status TakeAppSecret(const Lookup& lookup, std::optional<Secret>& secret,
                     std::vector<std::string>& notes) {
  Result<std::optional<Found>> found = FindFirst(lookup, Role::kAppSecret, notes);
  if (!found) return tl::unexpected<Error>(std::move(found.error()));
  if (!*found) return {};
  if (const auto problem = CheckPaste((*found)->value)) {
    notes.push_back(std::string((*found)->name) + " was not used: " + problem->message);
  } else {
    secret = std::move((*found)->value);
  }
  return {};
}

}  // namespace

std::span<const KnownName> KnownNames() { return kKnownNames; }

std::string NamesOf(Role role) {
  std::string names;
  for (const KnownName& known : kKnownNames) {
    if (known.role != role) continue;
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

Result<Identifiers> FindIdentifiers(const Lookup& lookup, const Identifiers& given) {
  Identifiers found;
  Status status = TakeId(lookup, Role::kAppId, given.app_id, found.app_id, found.notes);
  if (status) {
    status = TakeId(lookup, Role::kPhoneNumberId, given.phone_number_id, found.phone_number_id,
                    found.notes);
  }
  if (status) {
    status = TakeId(lookup, Role::kBusinessAccountId, given.business_account_id,
                    found.business_account_id, found.notes);
  }
  if (status) status = TakeAppSecret(lookup, found.app_secret, found.notes);
  if (!status) return tl::unexpected<Error>(std::move(status.error()));
  return found;
}

Target MakeTarget(std::string name, Use use, Secret value, const Identifiers& identifiers) {
  Target target;
  target.spec.name = std::move(name);
  target.use = use;
  target.value = std::move(value);
  if (use == Use::kSharedSecret) return target;
  target.spec.meta.app_id = identifiers.app_id;
  target.spec.meta.phone_number_id = identifiers.phone_number_id;
  target.spec.meta.business_account_id = identifiers.business_account_id;
  if (identifiers.app_secret) target.app_secret = identifiers.app_secret->Clone();
  target.notes = identifiers.notes;
  return target;
}

}  // namespace tokenwarden::cli

// Discovery: the names that people give these values in `.env` files and environments.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "cli/check/target.h"

namespace tokenwarden::cli {

enum class Role {
  kToken,
  kSharedSecret,
  kAppId,
  kAppSecret,
  kPhoneNumberId,
  kBusinessAccountId,
};

struct KnownName {
  std::string_view name;
  Role role;
};

// For identifiers and secrets the first name that is present wins. Names outside this table are
// never read.
std::span<const KnownName> KnownNames();
// `A, B, C`: for messages.
std::string NamesOf(Role role);

// The value under a name; nullopt when absent. An error stops the whole discovery.
using Lookup = std::function<Result<std::optional<Secret>>(std::string_view name)>;

// What a scope (one file, or the environment) says beside its tokens.
struct Identifiers {
  std::string app_id;
  std::optional<Secret> app_secret;
  std::string phone_number_id;
  std::string business_account_id;
  std::vector<std::string> notes;  // what was found but cannot be used, and what is missing
};

// `given` (from flags) wins over what the scope says.
Result<Identifiers> FindIdentifiers(const Lookup& lookup, const Identifiers& given);

// A target that uses these identifiers.
Target MakeTarget(std::string name, Use use, Secret value, const Identifiers& identifiers);

}  // namespace tokenwarden::cli

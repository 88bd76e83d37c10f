// What a scalar may be: one function per form. Pure. A message says what is wrong, never the value
// where it could be a secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/adapters/yaml/keys.h"
#include "agent/adapters/yaml/tree.h"

namespace tokenwarden::yaml {

struct Wrong {
  std::string message;
  std::string suggestion;
};

// Nullopt: fits the form of the key.
std::optional<Wrong> CheckScalar(const Key& key, const Node& scalar);

// A token, an app secret, a key: by its look, whoever made it.
bool LooksLikeSecret(std::string_view text);

// The text as it may stand in a message: quoted and bounded; nothing when it looks like a secret.
std::string Shown(std::string_view text);

// `unix:///run/x.sock` → true. Only for addresses that passed CheckScalar.
inline bool IsOff(std::string_view listen) { return listen.empty() || listen == "off"; }

}  // namespace tokenwarden::yaml

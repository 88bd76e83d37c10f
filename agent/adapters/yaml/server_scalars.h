// What a scalar that names something in Vault or Kubernetes may be. Pure; as scalars.h.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "agent/adapters/yaml/scalars.h"

namespace tokenwarden::yaml {

std::optional<Wrong> CheckVaultPath(const Key&, const Node& scalar);
std::optional<Wrong> CheckVaultPlace(const Key&, const Node& scalar);
std::optional<Wrong> CheckVaultMount(const Key&, const Node& scalar);
std::optional<Wrong> CheckObjectName(const Key&, const Node& scalar);
std::optional<Wrong> CheckNamespace(const Key&, const Node& scalar);
std::optional<Wrong> CheckSecretKey(const Key&, const Node& scalar);
std::optional<Wrong> CheckSecretPlace(const Key&, const Node& scalar);

// `PATH#KEY` in its two parts; the key is empty when there is none.
std::pair<std::string_view, std::string_view> SplitPlace(std::string_view place);

}  // namespace tokenwarden::yaml

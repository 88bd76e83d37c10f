// The parts of a credential's state as JSON. Readers throw json::exception for what writers did not
// write.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/core/state.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::documents {

// All but the sinks.
nlohmann::json JsonOf(const CredentialState& from);
CredentialState StateFrom(const nlohmann::json& from);

nlohmann::json JsonOf(const SinkState& from);
SinkState SinkFrom(const nlohmann::json& from);

// What may be shown of a rotation.
nlohmann::json JsonOf(const Rotation& from);
Rotation RotationFrom(const nlohmann::json& from);

nlohmann::json JsonOf(const AuditEntry& from);
AuditEntry AuditFrom(const nlohmann::json& from);

}  // namespace tokenwarden::documents

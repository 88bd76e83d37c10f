// Packed: a specification or a state as one string of bytes. As structures they take some 5 KB of
// memory, most of it for what is absent; packed a tenth of that, and an agent holds ten thousand of
// each.
//
// Only ever read by the process that wrote it: no version, no check. Holds no secret, as its origin
// holds none.
#pragma once

#include <string>
#include <string_view>

#include "agent/core/spec.h"
#include "agent/core/state.h"

namespace tokenwarden {

// Exactly as long as needed, with no spare capacity.
std::string Pack(const CredentialSpec& spec);
std::string Pack(const CredentialState& state);

// What was packed. Bytes that Pack() did not make are a defect of the caller.
CredentialSpec UnpackSpec(std::string_view bytes);
CredentialState UnpackState(std::string_view bytes);

}  // namespace tokenwarden

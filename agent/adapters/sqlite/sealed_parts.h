// Where each sealed blob belongs. The context binds a blob to its place: moved to another row it
// does not open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/core/state.h"

namespace tokenwarden::sqlite {

// What a sealed blob adds at most to its value.
inline constexpr std::size_t kSealRoom = 64;

inline constexpr char kKeyCheckContext[] = "meta/key_check";
inline constexpr char kFingerprintKeyContext[] = "meta/fingerprint_key";

inline std::string GenerationContext(const std::string& credential, Generation generation) {
  return "generation/" + std::to_string(generation) + "/" + credential;
}
// `part`: reply or candidate.
inline std::string RotationContext(const char* part, std::int64_t id,
                                   const std::string& credential) {
  return "rotation/" + std::to_string(id) + "/" + part + "/" + credential;
}

}  // namespace tokenwarden::sqlite

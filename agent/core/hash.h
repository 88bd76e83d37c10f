// A small stable hash: the same number for the same text on every run and machine.
// For spreading and telling apart only; it hides nothing and proves nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tokenwarden {

// FNV-1a, 64 bits. Source of the constants: RFC 9923 (The FNV Non-Cryptographic Hash Algorithm).
constexpr std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  return hash;
}

// Eight lower-case hex digits.
inline std::string HexOf(std::uint32_t number) {
  std::string text(8, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
    *digit = "0123456789abcdef"[number & 0xF];
    number >>= 4;
  }
  return text;
}

}  // namespace tokenwarden

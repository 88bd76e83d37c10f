#include "agent/adapters/crypto/state_key.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "agent/adapters/crypto/random_bytes.h"
#include "agent/adapters/crypto/text_codec.h"
#include "agent/core/base64.h"

namespace tokenwarden::crypto {
namespace {

constexpr std::string_view kForms =
    "use 32 random bytes raw, as 64 hex digits or as base64; `tokenwarden keygen FILE` makes such "
    "a file";

tl::unexpected<Error> BadKey(const std::string& what) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_state_key", "the state key " + what,
                   std::string(kForms));
}

std::string_view WithoutNewline(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

std::optional<Secret> Decode(std::string_view content) {
  const std::string_view text = WithoutNewline(content);
  if (text.size() == 2 * kStateKeyBytes) return FromHex(text);
  const bool base64_length = text.size() == 43 || text.size() == 44;
  return base64_length ? FromBase64(text) : std::nullopt;
}

// Half a key written as text has the length of a whole one.
bool LooksLikeHalfAKey(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

}  // namespace

Result<StateKey> ParseStateKey(const Secret& content) {
  if (content.empty()) return BadKey("is empty");
  std::optional<Secret> bytes =
      content.size() == kStateKeyBytes ? std::optional(content.Clone()) : Decode(content.Reveal());
  if (!bytes || bytes->size() != kStateKeyBytes) {
    return BadKey("has " + std::to_string(content.size()) +
                  " bytes that are none of the known forms");
  }
  const std::string_view key = bytes->Reveal();
  if (LooksLikeHalfAKey(key)) return BadKey("is 32 hex digits, which is half of what is needed");
  if (key.find_first_not_of(key.front()) == std::string_view::npos) {
    return BadKey("is one byte repeated, not a random key");
  }
  return StateKey(std::move(*bytes));
}

StateKey RandomKey() {
  std::string bytes(kStateKeyBytes, '\0');
  FillRandom(bytes.data(), bytes.size());
  return StateKey(Secret::TakeFrom(bytes));
}

}  // namespace tokenwarden::crypto

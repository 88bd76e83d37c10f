#define OPENSSL_SUPPRESS_DEPRECATED  // SHA256_*: why is said in the header
#include "agent/adapters/crypto/hmac.h"

#include <openssl/sha.h>

#include <algorithm>
#include <string>

namespace tokenwarden::crypto {
namespace {

constexpr std::size_t kBlockBytes = 64;
using Block = std::array<unsigned char, kBlockBytes>;

Digest HashOf(std::string_view first, std::string_view second) {
  SHA256_CTX context;
  Digest digest;
  SHA256_Init(&context);
  SHA256_Update(&context, first.data(), first.size());
  SHA256_Update(&context, second.data(), second.size());
  SHA256_Final(digest.data(), &context);
  WipeBytes(&context, sizeof context);
  return digest;
}

std::string_view Bytes(const Block& block) {
  return {reinterpret_cast<const char*>(block.data()), block.size()};
}

}  // namespace

Digest Sha256(std::string_view message) { return HashOf(message, {}); }

Digest HmacSha256(std::string_view key, std::string_view message) {
  Block padded{};
  if (key.size() > kBlockBytes) {
    const Digest shortened = Sha256(key);
    std::copy(shortened.begin(), shortened.end(), padded.begin());
  } else {
    std::copy(key.begin(), key.end(), padded.begin());
  }
  for (unsigned char& byte : padded) byte ^= 0x36;
  const Digest inner = HashOf(Bytes(padded), message);
  for (unsigned char& byte : padded) byte ^= 0x36 ^ 0x5c;
  const Digest outer = HashOf(Bytes(padded), Bytes(inner));
  WipeBytes(padded.data(), padded.size());
  return outer;
}

Secret DeriveKey(const Secret& input_key, std::string_view purpose) {
  const std::string no_salt(kSha256Bytes, '\0');
  Digest extracted = HmacSha256(no_salt, input_key.Reveal());
  Digest expanded = HmacSha256(Bytes(extracted), std::string(purpose) + '\x01');
  Secret key{Bytes(expanded)};
  WipeBytes(extracted.data(), extracted.size());
  WipeBytes(expanded.data(), expanded.size());
  return key;
}

}  // namespace tokenwarden::crypto

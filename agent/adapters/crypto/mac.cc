#include "agent/adapters/crypto/mac.h"

#include <string>
#include <utility>

#include "agent/adapters/crypto/hmac.h"
#include "agent/adapters/crypto/text_codec.h"

namespace tokenwarden::crypto {
namespace {

constexpr std::string_view kFingerprintPurpose = "tokenwarden fingerprint v1";
constexpr std::size_t kFingerprintBytes = 8;

class OpenSslMac final : public Mac {
 public:
  std::string HmacSha256Hex(std::string_view key, std::string_view message) const override {
    return ToHex(Bytes(HmacSha256(key, message)));
  }
};

class HmacFingerprinter final : public Fingerprinter {
 public:
  explicit HmacFingerprinter(Secret key) : key_(std::move(key)) {}

  Fingerprint Of(const Secret& value) const override {
    const Digest digest = HmacSha256(key_.Reveal(), value.Reveal());
    return {"hmac:" + ToHex(Bytes(digest).substr(0, kFingerprintBytes))};
  }

 private:
  const Secret key_;
};

}  // namespace

std::unique_ptr<Mac> MakeMac() { return std::make_unique<OpenSslMac>(); }

std::unique_ptr<Fingerprinter> MakeFingerprinter(const StateKey& key) {
  return MakeFingerprinter(FingerprintKeyOf(key));
}

std::unique_ptr<Fingerprinter> MakeFingerprinter(Secret fingerprint_key) {
  return std::make_unique<HmacFingerprinter>(std::move(fingerprint_key));
}

Secret FingerprintKeyOf(const StateKey& key) { return DeriveKey(key.bytes(), kFingerprintPurpose); }

}  // namespace tokenwarden::crypto

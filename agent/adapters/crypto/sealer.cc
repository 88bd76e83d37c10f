#include "agent/adapters/crypto/sealer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <limits>
#include <string>
#include <utility>

#include "agent/adapters/crypto/hmac.h"
#include "agent/adapters/crypto/random_bytes.h"

namespace tokenwarden::crypto {
namespace {

constexpr std::string_view kSealPurpose = "tokenwarden seal v1";
constexpr std::string_view kKeyIdPurpose = "tokenwarden seal key id v1";
constexpr char kVersion = 1;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHeaderBytes = 1 + kKeyIdBytes;
constexpr std::size_t kLargestValue =
    64 * 1024 * 1024;  // far above any reply; keeps sizes in an int

static_assert(kSealOverhead == kHeaderBytes + kNonceBytes + kTagBytes);
static_assert(kLargestValue < std::numeric_limits<int>::max());

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* In(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Out(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

tl::unexpected<Error> Defect(const std::string& what) {
  return MakeError(ErrorKind::kInternal, "seal_failed", "OpenSSL could not " + what + " a value");
}

class AesGcmSealer final : public Sealer {
 public:
  explicit AesGcmSealer(const StateKey& key)
      : key_(DeriveKey(key.bytes(), kSealPurpose)),
        header_(std::string(1, kVersion) + KeyIdOf(key_)),
        cipher_(FetchCipher()) {}

  Result<std::string> Seal(const Secret& value, std::string_view context) override {
    if (value.size() > kLargestValue) {
      return MakeError(ErrorKind::kInvalidArgument, "too_large", "the value is too large to seal");
    }
    std::string blob = header_;
    blob.resize(kHeaderBytes + kNonceBytes + value.size() + kTagBytes);
    char* nonce = blob.data() + kHeaderBytes;
    char* text = nonce + kNonceBytes;
    FillRandom(nonce, kNonceBytes);
    const Context state(EVP_CIPHER_CTX_new());
    int size = 0;
    const bool sealed =
        state && Begin(state.get(), nonce, context, 1) &&
        EVP_EncryptUpdate(state.get(), Out(text), &size, In(value.Reveal()),
                          static_cast<int>(value.size())) == 1 &&
        EVP_EncryptFinal_ex(state.get(), Out(text) + value.size(), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + value.size()) == 1;
    if (!sealed) return Defect("seal");
    return blob;
  }

  Result<Secret> Open(std::string_view blob, std::string_view context) override {
    if (blob.size() < kSealOverhead || blob.size() > kLargestValue + kSealOverhead) {
      return Damaged("it has an impossible length");
    }
    if (blob.front() != kVersion) return Damaged("its format version is not known");
    if (blob.substr(0, kHeaderBytes) != header_) return WrongKey();
    std::string tag(blob.substr(blob.size() - kTagBytes));
    std::string_view text = blob.substr(kHeaderBytes + kNonceBytes);
    text.remove_suffix(kTagBytes);
    std::string plain(text.size(), '\0');
    const Context state(EVP_CIPHER_CTX_new());
    int size = 0;
    const bool opened =
        state && Begin(state.get(), blob.data() + kHeaderBytes, context, 0) &&
        EVP_DecryptUpdate(state.get(), Out(plain.data()), &size, In(text),
                          static_cast<int>(text.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(state.get(), Out(plain.data()) + plain.size(), &size) == 1;
    if (!opened) {
      WipeString(plain);  // it may already hold the value of another place
      return Damaged("it was changed, or belongs to another place");
    }
    return Secret::TakeFrom(plain);
  }

 private:
  static std::string KeyIdOf(const Secret& key) {
    return std::string(Bytes(HmacSha256(key.Reveal(), kKeyIdPurpose)).substr(0, kKeyIdBytes));
  }

  static EVP_CIPHER* FetchCipher() {
    // Nothing of ours is configured by the system's openssl.cnf, and reading it costs every start.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    return EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  }

  static tl::unexpected<Error> WrongKey() {
    return MakeError(ErrorKind::kDataLoss, "wrong_key",
                     "a stored value was sealed with another state key",
                     "give the key that this state was made with; nothing was changed");
  }
  static tl::unexpected<Error> Damaged(const std::string& what) {
    return MakeError(ErrorKind::kDataLoss, "damaged", "a stored value does not open: " + what,
                     "restore the state file from a backup, or submit the value again");
  }

  // Everything but the value itself.
  bool Begin(EVP_CIPHER_CTX* state, const char* nonce, std::string_view context,
             int encrypting) const {
    int size = 0;
    return cipher_ != nullptr &&
           EVP_CipherInit_ex2(state, cipher_.get(), In(key_.Reveal()), In({nonce, kNonceBytes}),
                              encrypting, nullptr) == 1 &&
           EVP_CipherUpdate(state, nullptr, &size, In(header_), kHeaderBytes) == 1 &&
           EVP_CipherUpdate(state, nullptr, &size, In(context), static_cast<int>(context.size())) ==
               1;
  }

  const Secret key_;
  const std::string header_;
  const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher_;
};

}  // namespace

std::unique_ptr<Sealer> MakeSealer(const StateKey& key) {
  return std::make_unique<AesGcmSealer>(key);
}

}  // namespace tokenwarden::crypto

#include <cstdint>
#include <string_view>

#include "agent/app/keeper.h"
#include "agent/core/hash.h"

namespace tokenwarden {
namespace {

// Not a secret and not a defence, only "is it still the same text".
class Digest {
 public:
  Digest& Add(std::string_view text) {
    text_.append(text) += '\x1f';  // so that ("ab", "c") differs from ("a", "bc")
    return *this;
  }
  Digest& Add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) Add(text);
    return Add("|");
  }
  Digest& Add(const std::optional<SecretRef>& ref) { return Add(ref ? Describe(*ref) : ""); }
  Digest& Add(Seconds duration) { return Add(std::to_string(duration.count())); }
  Digest& Add(const std::optional<Seconds>& duration) {
    return Add(duration ? std::to_string(duration->count()) : "-");
  }

  std::string Hex() const {
    const std::uint64_t hash = Fnv1a(text_);
    return HexOf(static_cast<std::uint32_t>(hash >> 32)) + HexOf(static_cast<std::uint32_t>(hash));
  }

 private:
  std::string text_;
};

}  // namespace

std::string DigestOf(const CredentialSpec& spec) {
  const MetaSpec& meta = spec.meta;
  Digest digest;
  digest.Add(spec.provider()).Add(meta.app_id).Add(meta.app_secret).Add(ToString(meta.kind));
  digest.Add(meta.endpoint).Add(meta.api_version).Add(meta.required_scopes).Add(meta.user_id);
  digest.Add(meta.phone_number_id).Add(meta.business_account_id);
  if (!meta.canary.empty()) digest.Add("canary").Add(meta.canary);
  digest.Add(meta.generate_system_user_id).Add(meta.generate_token).Add(meta.generate_scopes);
  digest.Add(meta.page_id).Add(meta.parent_token).Add(meta.ca_file);
  digest.Add(spec.source ? Describe(*spec.source) : "");
  digest.Add(spec.renew.enabled ? "on" : "off").Add(spec.renew.before).Add(spec.renew.max_age);
  digest.Add(spec.inspect_every).Add(spec.settle);
  return digest.Hex();
}

}  // namespace tokenwarden

#include "agent/adapters/meta/meta_provider.h"

#include <utility>

#include "agent/adapters/meta/inspection.h"
#include "agent/adapters/meta/renewal.h"
#include "agent/adapters/meta/revocation.h"

namespace tokenwarden::meta {
namespace {

class MetaProvider : public Provider {
 public:
  MetaProvider(const Mac& mac, Options options) : mac_(mac), options_(std::move(options)) {}

  std::string_view Name() const override { return "meta"; }

  Capabilities CapabilitiesOf(const ProviderContext& context,
                              const Observation* conclusive) const override {
    Capabilities capabilities;
    const Result<RenewalWay> way = ChooseWay(context, conclusive);
    capabilities.can_refresh = way.has_value();
    if (!way) {
      capabilities.cannot_refresh_why = way.error().message + " " + way.error().action;
    } else {
      // Only an exchange needs the old value. An exchange or generation repeated makes yet another
      // token; the others give the same one again.
      capabilities.can_replace_dead = *way != RenewalWay::kExchange;
      const bool forks = *way == RenewalWay::kExchange || *way == RenewalWay::kGenerate;
      capabilities.rotation_model = forks ? RotationModel::kGraceFork : RotationModel::kGraceSame;
      // A renewal never shortens the life of the old token. Source: Meta's "Long-Lived Access
      // Tokens".
      capabilities.grace = kWhileItLives;
    }
    const Status revocable = CheckRevocable(context);
    capabilities.can_revoke = revocable.has_value();
    if (!revocable) {
      capabilities.cannot_revoke_why = revocable.error().message + " " + revocable.error().action;
    }
    return capabilities;
  }

  Observation Inspect(const ProviderContext& context, const Secret& value,
                      HttpClient& http) const override {
    return Inspection(context, value, http, mac_, Address(context.spec)).Run();
  }

  Observation Prove(const ProviderContext& context, const Secret& value,
                    HttpClient& http) const override {
    return Inspection(context, value, http, mac_, Address(context.spec)).RunWithCanary();
  }

  Status Revoke(const ProviderContext& context, const Secret& old, const Secret& current,
                HttpClient& http) const override {
    if (Status can = CheckRevocable(context); !can) return can;
    const Observation seen = Inspect(context, old, http);
    if (IsDead(seen.verdict)) return {};  // gone already
    if (!IsConclusive(seen.verdict)) {
      return MakeError(ErrorKind::kUnavailable, std::string(ToString(seen.reason)),
                       "Whether the old token lives could not be found out: " + seen.message,
                       seen.action);
    }
    return RevokeLiving(context, Address(context.spec), mac_, old, current, http);
  }

  Result<Renewal> BuildRenewal(const ProviderContext& context, const Secret& value,
                               const Observation& conclusive) const override {
    return meta::BuildRenewal(context, Address(context.spec), mac_, value, conclusive);
  }

  Result<RenewedValue> ParseRenewal(const HttpReply& reply) const override {
    return ParseRenewalReply(reply);
  }

  // Quotas belong to the app; without one, tenants are kept apart.
  std::string LaneOf(const CredentialSpec& spec) const override {
    const std::string& owner = spec.meta.app_id.empty() ? spec.tenant : spec.meta.app_id;
    return "meta|" + Address(spec).base + "|" + owner;
  }

 private:
  GraphAddress Address(const CredentialSpec& spec) const {
    return AddressOf(spec, options_.endpoint_override);
  }

  const Mac& mac_;
  const Options options_;
};

}  // namespace

std::unique_ptr<Provider> MakeProvider(const Mac& mac, Options options) {
  return std::make_unique<MetaProvider>(mac, std::move(options));
}

}  // namespace tokenwarden::meta

#include "agent/adapters/meta/renewal.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tokenwarden::meta {
namespace {

tl::unexpected<Error> Cannot(std::string reason, std::string message, std::string action) {
  return MakeError(ErrorKind::kFailedPrecondition, std::move(reason), std::move(message),
                   std::move(action));
}

// The configured kind, else what the issuer said.
MetaKind KindOf(const ProviderContext& context, const Observation* conclusive) {
  if (context.spec.meta.kind != MetaKind::kAny) return context.spec.meta.kind;
  if (conclusive == nullptr) return MetaKind::kAny;
  return ParseMetaKind(conclusive->facts.kind).value_or(MetaKind::kAny);
}

Lifetime LifetimeOf(const Observation* conclusive) {
  return conclusive == nullptr ? Lifetime::kUnknown : conclusive->facts.lifetime;
}

bool CanGenerate(const ProviderContext& context) {
  return !context.spec.meta.generate_system_user_id.empty() && context.generate_token &&
         !context.generate_token->empty();
}

tl::unexpected<Error> IsTooLate() {
  return Cannot("dead", "A dead token cannot be exchanged for a new one.",
                "Log in again or generate a new token, then: tokenwarden submit NAME < file.");
}

Result<RenewalWay> CheckExchange(const ProviderContext& context, const Observation* conclusive) {
  if (!HasAppCredentials(context)) {
    return Cannot("no_app_secret", "Exchanging the token needs the app id and the app secret.",
                  "Configure meta.app_id and meta.app_secret.");
  }
  if (conclusive == nullptr) return RenewalWay::kExchange;  // it is inspected before it is tried
  if (IsDead(conclusive->verdict)) return IsTooLate();
  if (conclusive->facts.lifetime == Lifetime::kNever) {
    return Cannot("never_expires",
                  "The token never expires; exchanging it could turn it into one of sixty days.",
                  "Nothing to do; it is inspected all the same.");
  }
  if (conclusive->facts.lifetime == Lifetime::kUnknown) {
    return Cannot("unknown_expiry",
                  "When the token expires is not known, so it is not exchanged blindly.",
                  "Configure meta.app_id and meta.app_secret, then check again.");
  }
  return RenewalWay::kExchange;
}

Result<RenewalWay> CheckSystemUser(const ProviderContext& context, const Observation* conclusive) {
  if (CanGenerate(context) && !context.spec.meta.app_id.empty()) return RenewalWay::kGenerate;
  return CheckExchange(context, conclusive);
}

Result<RenewalWay> CheckPage(const ProviderContext& context, const Observation* conclusive) {
  if (!context.parent_token || context.parent_token->empty()) {
    return Cannot("no_parent_token",
                  "A page token is derived from its user's or system user's token.",
                  "Configure meta.parent_token.");
  }
  const bool known = conclusive != nullptr && !conclusive->facts.profile_id.empty();
  if (context.spec.meta.page_id.empty() && conclusive != nullptr && !known) {
    return Cannot("no_page_id", "Which page the token belongs to is not known.",
                  "Configure meta.page_id.");
  }
  return RenewalWay::kDerive;
}

Result<RenewalWay> CheckApp(const ProviderContext& context) {
  if (!HasAppCredentials(context)) {
    return Cannot("no_app_secret", "An app token is made of the app id and the app secret.",
                  "Configure meta.app_id and meta.app_secret.");
  }
  return RenewalWay::kRebuild;
}

HttpRequest BuildExchange(const ProviderContext& context, const GraphAddress& address,
                          const Secret& value, bool sixty_days) {
  HttpRequest request = NewRequest(context, address, "/oauth/access_token", "exchange");
  request.method = HttpRequest::Method::kPost;
  AddForm(request, "grant_type", "fb_exchange_token");
  AddForm(request, "client_id", context.spec.meta.app_id);
  AddForm(request, "client_secret", context.app_secret->Reveal());
  AddForm(request, "fb_exchange_token", value.Reveal());
  if (sixty_days) AddForm(request, "set_token_expires_in_60_days", "true");
  return request;
}

// The configured ones, else those the old token had: a new token must not be worse.
std::string ScopeList(const ProviderContext& context, const Observation& conclusive) {
  const MetaSpec& meta = context.spec.meta;
  std::vector<std::string> scopes = meta.generate_scopes;
  if (scopes.empty()) scopes = conclusive.facts.scopes;
  if (scopes.empty()) scopes = meta.required_scopes;
  std::string list;
  for (const std::string& scope : scopes) list += (list.empty() ? "" : ",") + scope;
  return list;
}

HttpRequest BuildGeneration(const ProviderContext& context, const GraphAddress& address,
                            const Mac& mac, const Observation& conclusive) {
  const MetaSpec& meta = context.spec.meta;
  HttpRequest request =
      NewTokenRequest(context, address, mac, "/" + meta.generate_system_user_id + "/access_tokens",
                      "generate", *context.generate_token);
  request.method = HttpRequest::Method::kPost;
  AddForm(request, "business_app", meta.app_id);
  AddForm(request, "scope", ScopeList(context, conclusive));
  // A never-expiring token is followed by a never-expiring one.
  if (conclusive.facts.lifetime != Lifetime::kNever) {
    AddForm(request, "set_token_expires_in_60_days", "true");
  }
  return request;
}

HttpRequest BuildDerivation(const ProviderContext& context, const GraphAddress& address,
                            const Mac& mac, const Observation& conclusive) {
  const std::string& configured = context.spec.meta.page_id;
  const std::string& page = configured.empty() ? conclusive.facts.profile_id : configured;
  HttpRequest request =
      NewTokenRequest(context, address, mac, "/" + page, "page_token", *context.parent_token);
  AddQuery(request, "fields", "access_token");
  return request;
}

}  // namespace

Result<RenewalWay> ChooseWay(const ProviderContext& context, const Observation* conclusive) {
  switch (KindOf(context, conclusive)) {
    case MetaKind::kApp:
      return CheckApp(context);
    case MetaKind::kPage:
      return CheckPage(context, conclusive);
    case MetaKind::kSystemUser:
      return CheckSystemUser(context, conclusive);
    case MetaKind::kUser:
      return CheckExchange(context, conclusive);
    case MetaKind::kAny:
      break;
  }
  // What needs no old value is configured for one kind of token only, and so tells the kind.
  if (CanGenerate(context)) return CheckSystemUser(context, conclusive);
  if (!context.spec.meta.page_id.empty() && context.parent_token) {
    return CheckPage(context, conclusive);
  }
  if (LifetimeOf(conclusive) == Lifetime::kNever) return CheckExchange(context, conclusive);
  if (conclusive != nullptr && IsDead(conclusive->verdict)) return IsTooLate();
  return Cannot(
      "unknown_kind", "What kind of token this is is not known, so it is not renewed.",
      "Configure meta.kind, or meta.app_id and meta.app_secret so that it can be found out.");
}

Result<Renewal> BuildRenewal(const ProviderContext& context, const GraphAddress& address,
                             const Mac& mac, const Secret& value, const Observation& conclusive) {
  const Result<RenewalWay> way = ChooseWay(context, &conclusive);
  if (!way) return tl::unexpected<Error>(way.error());
  HttpRequest request;
  switch (*way) {
    case RenewalWay::kRebuild:
      return Renewal(AppToken(context));
    case RenewalWay::kExchange: {
      const bool sixty_days = KindOf(context, &conclusive) == MetaKind::kSystemUser;
      request = BuildExchange(context, address, value, sixty_days);
      break;
    }
    case RenewalWay::kGenerate:
      request = BuildGeneration(context, address, mac, conclusive);
      break;
    case RenewalWay::kDerive:
      request = BuildDerivation(context, address, mac, conclusive);
      break;
  }
  request.exactly_once = true;
  return Renewal(std::move(request));
}

}  // namespace tokenwarden::meta

#include "agent/adapters/meta/graph_request.h"

#include <utility>

#include "agent/adapters/meta/versions.h"

namespace tokenwarden::meta {

GraphAddress AddressOf(const CredentialSpec& spec, const std::string& endpoint_override) {
  GraphAddress address;
  address.base = endpoint_override.empty() ? spec.meta.endpoint : endpoint_override;
  if (address.base.empty()) address.base = kPublicEndpoint;
  while (!address.base.empty() && address.base.back() == '/') address.base.pop_back();
  address.version = spec.meta.api_version.empty() ? kDefaultVersion : spec.meta.api_version;
  return address;
}

HttpRequest NewRequest(const ProviderContext& context, const GraphAddress& address,
                       const std::string& path, std::string endpoint) {
  HttpRequest request;
  request.url = address.base + "/" + address.version + path;
  request.endpoint_name = std::move(endpoint);
  request.timeout = context.request_timeout;
  request.ca_file = context.spec.meta.ca_file;
  return request;
}

HttpRequest NewTokenRequest(const ProviderContext& context, const GraphAddress& address,
                            const Mac& mac, const std::string& path, std::string endpoint,
                            const Secret& token) {
  HttpRequest request = NewRequest(context, address, path, std::move(endpoint));
  request.bearer = token.Clone();
  AddProof(request, context, mac, token);
  return request;
}

void AddProof(HttpRequest& request, const ProviderContext& context, const Mac& mac,
              const Secret& token) {
  if (!context.app_secret || context.app_secret->empty()) return;
  std::string message(token.Reveal());
  if (context.spec.meta.send_appsecret_time) {
    const std::string time = std::to_string(ToUnix(context.now));
    message += "|" + time;
    AddQuery(request, "appsecret_time", time);
  }
  std::string proof = mac.HmacSha256Hex(context.app_secret->Reveal(), message);
  WipeString(message);
  request.query.emplace_back("appsecret_proof", Secret::TakeFrom(proof));
}

void AddQuery(HttpRequest& request, std::string name, std::string_view value) {
  request.query.emplace_back(std::move(name), Secret(value));
}

void AddForm(HttpRequest& request, std::string name, std::string_view value) {
  request.form.emplace_back(std::move(name), Secret(value));
}

bool HasAppCredentials(const ProviderContext& context) {
  return !context.spec.meta.app_id.empty() && context.app_secret && !context.app_secret->empty();
}

Secret AppToken(const ProviderContext& context) {
  std::string token;
  token.reserve(context.spec.meta.app_id.size() + 1 + context.app_secret->size());
  token += context.spec.meta.app_id;
  token += '|';
  token += context.app_secret->Reveal();
  return Secret::TakeFrom(token);
}

}  // namespace tokenwarden::meta

// Building requests to the Graph API.
#pragma once

#include <string>

#include "agent/core/secret.h"
#include "agent/ports/crypto.h"
#include "agent/ports/http_client.h"
#include "agent/ports/provider.h"

namespace tokenwarden::meta {

inline constexpr std::string_view kPublicEndpoint = "https://graph.facebook.com";

struct GraphAddress {
  std::string base;     // without a trailing slash
  std::string version;  // `v25.0`
};
// The override of the environment, else what the file says, else the public endpoint.
GraphAddress AddressOf(const CredentialSpec& spec, const std::string& endpoint_override);

// `path` starts with a slash and holds no secret. The endpoint's name goes to evidence and metrics.
HttpRequest NewRequest(const ProviderContext& context, const GraphAddress& address,
                       const std::string& path, std::string endpoint);
// The token as Bearer, and its proof in the query where the app secret is known.
HttpRequest NewTokenRequest(const ProviderContext& context, const GraphAddress& address,
                            const Mac& mac, const std::string& path, std::string endpoint,
                            const Secret& token);
// appsecret_proof: one per token; time-stamped when the credential says so. Source: Meta's "Login
// Security", "Verify Graph API Calls with appsecret_proof".
void AddProof(HttpRequest& request, const ProviderContext& context, const Mac& mac,
              const Secret& token);

void AddQuery(HttpRequest& request, std::string name, std::string_view value);
void AddForm(HttpRequest& request, std::string name, std::string_view value);

// True when we hold what the app's own token is made of.
bool HasAppCredentials(const ProviderContext& context);
// `APP_ID|APP_SECRET`; only with app credentials.
Secret AppToken(const ProviderContext& context);

}  // namespace tokenwarden::meta

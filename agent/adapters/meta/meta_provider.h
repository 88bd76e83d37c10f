// The Meta Graph API as an issuer: user, system-user, page and app tokens.
//
// Facts: Meta's "Access Tokens", "Debug Token", "Long-Lived Access Tokens", "System Users" and
// WhatsApp Business Platform pages, and replies observed in public bug reports.
#pragma once

#include <memory>
#include <string>

#include "agent/ports/crypto.h"
#include "agent/ports/provider.h"

namespace tokenwarden::meta {

struct Options {
  // Base URL for every credential, whatever its `meta.endpoint` says: the environment goes before
  // the file. Empty: `meta.endpoint`, else https://graph.facebook.com.
  std::string endpoint_override;
};

// Thread-safe. `mac` must outlive the provider. Makes no request by itself; secrets travel as
// Bearer headers and form fields, only `input_token` and the proofs in the query.
std::unique_ptr<Provider> MakeProvider(const Mac& mac, Options options);

}  // namespace tokenwarden::meta

// Renewal: which request makes a new value of which kind of token, and what its reply says.
#pragma once

#include <optional>
#include <string>

#include "agent/adapters/meta/graph_request.h"
#include "agent/core/observation.h"
#include "agent/core/result.h"
#include "agent/ports/provider.h"

namespace tokenwarden::meta {

enum class RenewalWay {
  kExchange,  // fb_exchange_token: user tokens, and system-user tokens of sixty days
  kGenerate,  // a new system-user token, made with another token
  kDerive,    // a page token, read from the page with its parent's token
  kRebuild,   // an app token, put together here
};

// How this credential would be renewed, or why it cannot be: kFailedPrecondition with a fixed
// reason
// (`never_expires`, `unknown_expiry`, `dead`, `no_app_secret`, `no_parent_token`, `unknown_kind`,
// …).
Result<RenewalWay> ChooseWay(const ProviderContext& context, const Observation* conclusive);

Result<Renewal> BuildRenewal(const ProviderContext& context, const GraphAddress& address,
                             const Mac& mac, const Secret& value, const Observation& conclusive);

Result<RenewedValue> ParseRenewalReply(const HttpReply& reply);

}  // namespace tokenwarden::meta

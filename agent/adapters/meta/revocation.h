// Revocation: ending one old token without touching any other.
//
// Only system-user tokens can be revoked one by one (GET /oauth/revoke, Meta's "Install apps,
// generate, refresh, and revoke access tokens"). What exists for a user, DELETE /me/permissions,
// takes the permissions away from the app and so kills every token of that user: it is never called
// here.
#pragma once

#include "agent/adapters/meta/graph_request.h"
#include "agent/core/result.h"
#include "agent/ports/provider.h"

namespace tokenwarden::meta {

// Why tokens of this credential cannot be revoked one by one; success when they can.
Status CheckRevocable(const ProviderContext& context);

// Asks for the end of `old` in the name of `current`. The caller knows that `old` lives. In a form
// first; in the documented form, with everything in the URL, only where that is refused.
// kFailedPrecondition is a clear no; kUnavailable and kResourceExhausted may be tried again.
Status RevokeLiving(const ProviderContext& context, const GraphAddress& address, const Mac& mac,
                    const Secret& old, const Secret& current, HttpClient& http);

}  // namespace tokenwarden::meta

// The endpoints of the simulated service. Each gets a call whose caller was already checked as its
// route asks.
#pragma once

#include "tests/simulators/graph/call.h"

namespace tokenwarden::graph_simulator {

Reply DebugToken(Call& call);
Reply AccessToken(Call& call);  // oauth/access_token: exchange, client credentials, login code
Reply RevokeToken(Call& call);  // oauth/revoke

Reply Me(Call& call);
Reply MyAccounts(Call& call);
Reply MyPermissions(Call& call);
Reply ThisApp(Call& call);

Reply SystemUserTokens(Call& call);    // /{system-user}/access_tokens: generate, or kill all
Reply BusinessTokens(Call& call);      // /{business}/system_user_access_tokens
Reply InstallApplication(Call& call);  // /{system-user}/applications

Reply Node(Call& call);  // /{id}: phone number, account, page, user, app
Reply PhoneNumbers(Call& call);
Reply SubscribedApps(Call& call);
Reply Messages(Call& call);

}  // namespace tokenwarden::graph_simulator

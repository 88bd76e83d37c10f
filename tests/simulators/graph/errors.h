// The service's error answers as data: code, subcode, type, wording and HTTP status.
//
// Wordings and codes follow recorded answers of the real service; where none is public the wording
// is ours.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/graph/http_message.h"
#include "tests/simulators/graph/knobs.h"
#include "tests/simulators/graph/token_mint.h"

namespace tokenwarden::graph_simulator {

enum class Failure {
  kExpired,
  kPasswordChanged,
  kLoggedOut,
  kDeauthorized,
  kRevoked,
  kDataAccessLapsed,
  kCheckpoint,
  kUnconfirmed,
  kBlockingCheckpoint,
  kRoleLost,
  kSessionMismatch,
  kCannotParse,
  kCannotDecrypt,
  kBadSignature,
  kDebugOnlyToken,
  kUnknownAppOfToken,
  kAppDisabled,
  kUnknownApp,
  kMissingClientId,
  kWrongSecret,
  kForeignToken,
  kMissingExchangeToken,
  kUnsupportedGrant,
  kCodeUsed,
  kUnknownCode,
  kSixtyDaysMandatory,
  kProofMissing,
  kProofWrong,
  kNotAnInspector,
  kInspectorOfOtherApp,
  kMissingParameter,
  kBadParameter,
  kUnsupportedRequest,
  kNoActiveUser,
  kTokenRequired,
  kUnknownPath,
  kUnknownField,
  kCursorExpired,
  kPermissionMissing,
  kMessagingDenied,
  kAppNotInstalled,
  kBadPermissionName,
  kNoBaseWebhook,
  kAppThrottled,
};

struct GraphError {
  int code = 1;
  int subcode = 0;  // 0 = not sent
  std::string type = "OAuthException";
  std::string message;
  bool transient = false;  // sent only when true
  int http_status = 0;     // 0 = by the code and the status mode
  Json error_data;         // null = not sent
};

// `{0}`, `{1}` in the row's wording are replaced by the arguments.
GraphError MakeError(Failure failure, std::initializer_list<std::string> arguments = {});

// How a token can be dead: the word used by the control endpoint, and what its use is answered
// with.
struct SessionState {
  std::string_view word;
  Failure failure;
};
const std::vector<SessionState>& SessionStates();

// 131030 and its like, for sends. Unknown codes get a general wording.
GraphError MessagingError(int code);

int HttpStatusOf(const GraphError& error, const Knobs& knobs);
Reply ErrorReply(const GraphError& error, const Knobs& knobs, TokenMint& mint);

}  // namespace tokenwarden::graph_simulator

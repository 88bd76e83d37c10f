#include "tests/simulators/graph/errors.h"

#include <algorithm>
#include <array>

#include "tests/simulators/graph/replies.h"

namespace tokenwarden::graph_simulator {
namespace {

struct Row {
  Failure failure;
  int code;
  int subcode;
  std::string_view message;
};

constexpr std::string_view kUnsupported =
    "Unsupported {0} request. Object with ID '{1}' does not exist, cannot be loaded due to missing "
    "permissions, or does not support this operation. Please read the Graph API documentation at "
    "https://developers.facebook.com/docs/graph-api";

constexpr std::array kRows = {
    Row{Failure::kExpired, 190, 463,
        "Error validating access token: Session has expired on {0}. The current time is {1}."},
    Row{Failure::kPasswordChanged, 190, 460,
        "Error validating access token: The session has been invalidated because the user changed "
        "their password or Facebook has changed the session for security reasons."},
    Row{Failure::kLoggedOut, 190, 467,
        "Error validating access token: The session is invalid because the user logged out."},
    Row{Failure::kDeauthorized, 190, 458,
        "Error validating access token: The user has not authorized application {2}."},
    Row{Failure::kRevoked, 190, 466,
        "Error validating access token: The session was invalidated explicitly using an API call."},
    Row{Failure::kDataAccessLapsed, 190, 493,
        "The access token is invalid since the user hasn't engaged the app in longer than 90 "
        "days."},
    Row{Failure::kCheckpoint, 190, 459,
        "Error validating access token: You cannot access the app till you log in to "
        "www.facebook.com and follow the instructions given."},
    Row{Failure::kUnconfirmed, 190, 464,
        "Error validating access token: Sessions for the user are not allowed because the user is "
        "not a confirmed user."},
    Row{Failure::kBlockingCheckpoint, 190, 490,
        "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint"},
    Row{Failure::kRoleLost, 190, 492,
        "Error validating access token: Session is invalid: the user no longer has a role on the "
        "page."},
    Row{Failure::kSessionMismatch, 452, 0,
        "Error validating access token: Session does not match current stored session. This may be "
        "because the user changed the password since the time the session was created."},
    Row{Failure::kCannotParse, 190, 0, "Invalid OAuth access token - Cannot parse access token"},
    Row{Failure::kCannotDecrypt, 190, 0, "The access token could not be decrypted"},
    Row{Failure::kBadSignature, 190, 0, "Invalid OAuth access token signature."},
    Row{Failure::kDebugOnlyToken, 190, 0, "Invalid OAuth access token - Debug only access token"},
    Row{Failure::kUnknownAppOfToken, 190, 0,
        "Error validating application. Cannot get application info due to a system error."},
    Row{Failure::kAppDisabled, 190, 0,
        "Error validating application. Application has been disabled."},
    Row{Failure::kUnknownApp, 101, 0,
        "Error validating application. Cannot get application info due to a system error."},
    Row{Failure::kMissingClientId, 101, 0, "Missing client_id parameter."},
    Row{Failure::kWrongSecret, 1, 0, "Error validating client secret."},
    Row{Failure::kForeignToken, 190, 0, "The access token does not belong to application {0}"},
    Row{Failure::kMissingExchangeToken, 1, 0, "fb_exchange_token parameter not specified"},
    Row{Failure::kUnsupportedGrant, 100, 0, "(#100) Invalid grant_type: {0}"},
    Row{Failure::kCodeUsed, 100, 36009, "This authorization code has been used."},
    Row{Failure::kUnknownCode, 100, 36009, "Invalid verification code format."},
    Row{Failure::kSixtyDaysMandatory, 100, 0,
        "(#100) The parameter set_token_expires_in_60_days is required"},
    Row{Failure::kProofMissing, 100, 0,
        "API calls from the server require an appsecret_proof argument"},
    Row{Failure::kProofWrong, 100, 0, "Invalid appsecret_proof provided in the API argument"},
    Row{Failure::kNotAnInspector, 100, 0,
        "(#100) You must provide an app access token, or a user access token that is an owner or "
        "developer of the app"},
    Row{Failure::kInspectorOfOtherApp, 100, 0,
        "(#100) The App_id in the input_token did not match the Viewing App"},
    Row{Failure::kMissingParameter, 100, 0, "(#100) The parameter {0} is required"},
    Row{Failure::kBadParameter, 100, 0, "(#100) Param {0} is not valid"},
    Row{Failure::kUnsupportedRequest, 100, 33, kUnsupported},
    Row{Failure::kNoActiveUser, 2500, 0,
        "An active access token must be used to query information about the current user."},
    Row{Failure::kTokenRequired, 104, 0, "An access token is required to request this resource."},
    Row{Failure::kUnknownPath, 2500, 0, "Unknown path components: {0}"},
    Row{Failure::kUnknownField, 100, 0,
        "(#100) Tried accessing nonexisting field ({0}) on node type ({1})"},
    Row{Failure::kCursorExpired, 100, 0, "(#100) The cursor given in `after` has expired"},
    Row{Failure::kPermissionMissing, 200, 0,
        "(#200) You do not have the necessary permissions required to perform this action: {0}"},
    Row{Failure::kMessagingDenied, 10, 0,
        "(#10) Application does not have permission for this action"},
    Row{Failure::kAppNotInstalled, 200, 0, "(#200) The app is not installed on this system user"},
    Row{Failure::kBadPermissionName, 3962, 0, "(#3962) Invalid permission name: {0}"},
    Row{Failure::kNoBaseWebhook, 100, 0,
        "(#100) Before override the current callback uri, your app must be subscribed to receive "
        "messages for WhatsApp Business Account"},
    Row{Failure::kAppThrottled, 4, 0, "(#4) Application request limit reached"},
};

struct MessagingRow {
  int code;
  std::string_view message;
  std::string_view details;
};

constexpr std::array kMessagingRows = {
    MessagingRow{130429, "Rate limit hit",
                 "Message failed to send because there were too many messages sent."},
    MessagingRow{131005, "Access denied", "Permission is either not granted or has been removed."},
    MessagingRow{131030, "Recipient phone number not in allowed list",
                 "Recipient phone number not in allowed list: Add recipient phone number to "
                 "recipient list."},
    MessagingRow{131031, "Business Account locked",
                 "Business account has been locked or restricted."},
    MessagingRow{131042, "Business eligibility payment issue",
                 "Message failed to send because there is an issue with the payment method."},
    MessagingRow{131056, "(Business Account, Consumer Account) pair rate limit hit",
                 "Too many messages sent to the same recipient in a short time."},
    MessagingRow{132001, "Template name does not exist in the translation",
                 "template name (hello_world) does not exist in en_US"},
    MessagingRow{133010, "Account not registered",
                 "Account does not exist in Cloud API, please use the register endpoint first."},
};

// Which HTTP status a code comes with: in the classic API, and as the WhatsApp pages document it.
struct StatusRow {
  int from;
  int to;
  int graph;
  int whatsapp;
  bool throttle;
};

constexpr std::array kStatusRows = {
    StatusRow{0, 0, 400, 401, false},           StatusRow{2, 2, 500, 503, false},
    StatusRow{3, 3, 400, 500, false},           StatusRow{4, 4, 403, 429, true},
    StatusRow{10, 10, 400, 403, false},         StatusRow{17, 17, 400, 429, true},
    StatusRow{32, 32, 400, 429, true},          StatusRow{190, 190, 400, 401, false},
    StatusRow{200, 299, 400, 403, false},       StatusRow{368, 368, 400, 403, false},
    StatusRow{341, 341, 400, 429, true},        StatusRow{613, 613, 400, 429, true},
    StatusRow{80000, 80014, 400, 429, true},    StatusRow{130429, 130429, 400, 429, true},
    StatusRow{131000, 131000, 500, 500, false}, StatusRow{131005, 131005, 403, 403, false},
    StatusRow{131016, 131016, 500, 503, false}, StatusRow{131031, 131031, 403, 403, false},
    StatusRow{131056, 131056, 400, 429, true},  StatusRow{133004, 133004, 503, 503, false},
};

const StatusRow* FindStatus(int code) {
  auto row = std::find_if(kStatusRows.begin(), kStatusRows.end(), [&](const StatusRow& candidate) {
    return code >= candidate.from && code <= candidate.to;
  });
  return row == kStatusRows.end() ? nullptr : &*row;
}

std::string Fill(std::string_view wording, std::initializer_list<std::string> arguments) {
  std::string text(wording);
  char digit = '0';
  for (const std::string& argument : arguments) {
    const std::string mark = {'{', digit++, '}'};
    const std::size_t at = text.find(mark);
    if (at != std::string::npos) text.replace(at, mark.size(), argument);
  }
  return text;
}

bool IsGraphMethodException(const Row& row) {
  return row.subcode == 33 || row.failure == Failure::kProofMissing ||
         row.failure == Failure::kProofWrong;
}

// The service's own grammar, which no RFC describes.
std::string WwwAuthenticate(const GraphError& error) {
  const bool token = error.code == 190 || error.code == 102 || error.code == 452;
  std::string message = error.message;
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return std::string("OAuth \"Facebook Platform\" \"") +
         (token ? "invalid_token" : "invalid_request") + "\" \"" + message + "\"";
}

}  // namespace

GraphError MakeError(Failure failure, std::initializer_list<std::string> arguments) {
  auto row = std::find_if(kRows.begin(), kRows.end(),
                          [&](const Row& candidate) { return candidate.failure == failure; });
  GraphError error;
  error.code = row->code;
  error.subcode = row->subcode;
  error.message = Fill(row->message, arguments);
  error.transient = failure == Failure::kAppThrottled;
  if (IsGraphMethodException(*row)) error.type = "GraphMethodException";
  return error;
}

const std::vector<SessionState>& SessionStates() {
  static const std::vector<SessionState> states = {
      {"expired", Failure::kExpired},
      {"revoked", Failure::kRevoked},
      {"password_changed", Failure::kPasswordChanged},
      {"logged_out", Failure::kLoggedOut},
      {"deauthorized", Failure::kDeauthorized},
      {"role_lost", Failure::kRoleLost},
      {"checkpoint", Failure::kCheckpoint},
      {"unconfirmed", Failure::kUnconfirmed},
      {"blocking_checkpoint", Failure::kBlockingCheckpoint},
      {"data_access_lapsed", Failure::kDataAccessLapsed},
      {"session_mismatch", Failure::kSessionMismatch},
      {"bad_signature", Failure::kBadSignature},
  };
  return states;
}

GraphError MessagingError(int code) {
  GraphError error;
  error.code = code;
  const std::string prefix = "(#" + std::to_string(code) + ") ";
  auto row = std::find_if(kMessagingRows.begin(), kMessagingRows.end(),
                          [&](const MessagingRow& candidate) { return candidate.code == code; });
  const bool known = row != kMessagingRows.end();
  error.message = prefix + std::string(known ? row->message : "Message failed to send");
  error.error_data = Json{{"messaging_product", "whatsapp"},
                          {"details", known ? row->details : "Message failed to send"}};
  return error;
}

int HttpStatusOf(const GraphError& error, const Knobs& knobs) {
  if (error.http_status != 0) return error.http_status;
  const StatusRow* row = FindStatus(error.code);
  if (row == nullptr) return 400;
  if (row->throttle && knobs.throttle_status != 0) return knobs.throttle_status;
  return knobs.status_mode == "whatsapp" ? row->whatsapp : row->graph;
}

Reply ErrorReply(const GraphError& error, const Knobs& knobs, TokenMint& mint) {
  Json body = {{"message", error.message}, {"type", error.type}, {"code", error.code}};
  if (error.subcode != 0) body["error_subcode"] = error.subcode;
  if (error.transient) body["is_transient"] = true;
  if (!error.error_data.is_null()) body["error_data"] = error.error_data;
  body["fbtrace_id"] = mint.TraceId();
  Reply reply = JsonReply(Json{{"error", body}});
  reply.status = HttpStatusOf(error, knobs);
  reply.error_code = error.code;
  reply.error_subcode = error.subcode;
  const bool says_why = reply.status == 400 || reply.status == 401 || reply.status == 403;
  if (says_why && knobs.www_authenticate) {
    reply.headers.emplace_back("WWW-Authenticate", WwwAuthenticate(error));
  }
  return reply;
}

}  // namespace tokenwarden::graph_simulator

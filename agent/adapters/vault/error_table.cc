#include "agent/adapters/vault/error_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tokenwarden::vault {
namespace {

constexpr std::string_view kWait = "nothing to do: it is tried again by itself";
constexpr std::string_view kUnseal = "unseal it; it is tried again by itself";
constexpr std::string_view kLogin =
    "check the role, the mount and what is logged in with (vault.auth)";
constexpr std::string_view kPolicy =
    "grant it in the policy of the agent's role; `vault token capabilities PATH` shows what it has";
constexpr std::string_view kConfigure = "correct the path or the mount in the configuration";

using enum ErrorKind;

constexpr ErrorRow kRows[] = {
    {400, "check-and-set parameter did not match", kAborted, "conflict",
     "somebody else wrote it at the same time", kWait},
    {400, "check-and-set parameter required", kInternal, "cas_required",
     "it wants check-and-set and got none", "report this as a defect"},
    {400, "invalid role or secret id", kUnauthenticated, "login_refused",
     "the role id or secret id is wrong, used up or expired", kLogin},
    {400, "invalid role name", kUnauthenticated, "no_such_role", "there is no such role", kLogin},
    {400, "role \"", kUnauthenticated, "no_such_role", "there is no such role", kLogin},
    {400, "invalid username or password", kUnauthenticated, "login_refused",
     "the login was refused", kLogin},
    {400, "error validating", kUnauthenticated, "login_refused",
     "the JWT was refused (signature, audience, issuer or time)", kLogin},
    {400, "audience claim found", kUnauthenticated, "login_refused",
     "the role has no bound audiences, but the JWT has one", kLogin},
    {400, "missing jwt", kUnauthenticated, "login_refused", "the login carried no JWT", kLogin},
    {400, "client certificate", kUnauthenticated, "login_refused",
     "it saw no client certificate of ours", kLogin},
    {400, "login certificate", kUnauthenticated, "login_refused",
     "the client certificate matches no role", kLogin},
    {400, "wrapping token is not valid", kUnauthenticated, "wrapping_token_used",
     "the wrapping token was used before or has expired; if nobody of yours used it, somebody else "
     "may have",
     "have a new one issued, and find out who used it"},
    {500, "decrementing wrapping token", kUnauthenticated, "wrapping_token_used",
     "the wrapping token was used before", "have a new one issued, and find out who used it"},
    {400, "cannot be renewed", kUnauthenticated, "not_renewable", "the token cannot be renewed",
     kWait},
    {400, "lease is not renewable", kUnauthenticated, "not_renewable",
     "the token cannot be renewed", kWait},
    {400, "lease expired", kUnauthenticated, "dead_token", "the token has expired", kWait},
    {400, "upgrading from non-versioned", kUnavailable, "upgrading",
     "the mount is being upgraded to version 2", kWait},
    {400, "custom_metadata", kInvalidArgument, "bad_metadata", "the markers were refused",
     "report this as a defect"},
    {400, "encryption key not found", kFailedPrecondition, "no_transit_key",
     "there is no such transit key", "create it, or correct state.key.transit"},
    {400, "message authentication failed", kDataLoss, "wrong_key_or_damaged",
     "the wrapped key does not open under that transit key",
     "restore the file, or name the transit key it was made with"},
    {400, "invalid ciphertext", kDataLoss, "wrong_key_or_damaged",
     "the wrapped key is not what transit made", "restore the file from a backup"},
    {400, "ciphertext or signature version is disallowed", kFailedPrecondition, "key_too_old",
     "the wrapped key was made under a version of the transit key that is not allowed any more",
     "lower min_decryption_version of the transit key for one start"},
    {400, "", kInvalidArgument, "bad_request", "it refused the request", kConfigure},
    {401, "", kUnauthenticated, "login_refused", "it refused who we are", kLogin},
    {403, "invalid token", kUnauthenticated, "dead_token",
     "our token is not valid any more (expired or revoked)",
     "give the agent a new token, or a way to log in (vault.auth)"},
    {403, "service account name not authorized", kUnauthenticated, "login_refused",
     "the role does not allow this service account", kLogin},
    {403, "namespace not authorized", kUnauthenticated, "login_refused",
     "the role does not allow this namespace", kLogin},
    {403, "audience", kUnauthenticated, "login_refused", "the JWT is for another audience", kLogin},
    {403, "token is expired", kUnauthenticated, "login_refused", "the JWT has expired", kLogin},
    {403, "preflight capability check", kPermissionDenied, "no_mount_or_no_access",
     "there is no such mount, or our policy grants nothing in it", kPolicy},
    {403, "", kPermissionDenied, "permission_denied", "our policy does not allow it", kPolicy},
    {404, "no handler for route", kNotFound, "no_mount", "nothing is mounted there", kConfigure},
    {404, "", kNotFound, "no_such_path", "there is nothing at that path", kConfigure},
    {405, "", kFailedPrecondition, "unsupported", "this server does not know the operation",
     "it is too old for this"},
    {412, "", kUnavailable, "behind", "the node that answered is behind", kWait},
    {413, "", kResourceExhausted, "too_large", "it refused the size of the request",
     "keep less in one secret"},
    {429, "", kResourceExhausted, "rate_limited", "it throttles us", kWait},
    {500, "local node not active", kUnavailable, "no_leader", "no node is active now", kWait},
    {500, "value being too large", kResourceExhausted, "too_large",
     "its storage refused the size of the value", "keep less in one secret"},
    {500, "exceeds allowed", kResourceExhausted, "too_large",
     "it refused the size or depth of the request", "keep less in one secret"},
    {500, "invalid character", kInternal, "bad_request", "it could not read our request",
     "report this as a defect"},
    {500, "plugin", kFailedPrecondition, "plugin_failed", "one of its plugins failed",
     "look at the server's log"},
    {503, "is sealed", kUnavailable, "sealed", "it is sealed", kUnseal},
    {503, "locked by an administrator", kPermissionDenied, "namespace_locked",
     "its namespace is locked", "have the namespace unlocked"},
    {503, "", kUnavailable, "unavailable", "it cannot serve requests now", kWait},
    {501, "", kUnavailable, "not_initialised", "it is not initialised", "initialise it"},
    {472, "", kUnavailable, "standby", "a standby answered that does not forward", kWait},
    {473, "", kUnavailable, "standby", "a standby answered that does not forward", kWait},
    {0, "", kUnavailable, "unexpected_status", "it gave an answer that was not expected", kWait},
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// The errors of the envelope as one text, lower case; for matching only.
std::string ErrorsOf(const HttpReply& reply) {
  const auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (!body.is_object() || !body.contains("errors") || !body["errors"].is_array()) return "";
  std::string all;
  for (const auto& error : body["errors"]) {
    if (error.is_string()) all += error.get_ref<const std::string&>() + "\n";
  }
  return Lower(all);
}

const ErrorRow& RowFor(int status, const std::string& errors) {
  for (const ErrorRow& row : kRows) {
    const bool fits = row.status == status || row.status == 0;
    if (fits && errors.find(row.text) != std::string::npos) return row;
  }
  return kRows[std::size(kRows) - 1];
}

bool IsRedirect(int status) { return status >= 300 && status < 400; }

}  // namespace

std::span<const ErrorRow> ErrorRows() { return kRows; }

Error ExplainReply(const HttpReply& reply, const std::string& attempted) {
  const std::string start = "Asked Vault to " + attempted + ": ";
  if (IsRedirect(reply.status)) {
    return {kUnavailable, "no_leader", start + "a standby sent us to another node.",
            "Name the address of the active node or of a load balancer (vault.address)."};
  }
  const ErrorRow& row = RowFor(reply.status, ErrorsOf(reply));
  return {row.kind, std::string(row.reason),
          start + std::string(row.seen) + " (HTTP " + std::to_string(reply.status) + ").",
          std::string(row.action)};
}

bool IsDeadToken(const HttpReply& reply) {
  return reply.status == 403 && ErrorsOf(reply).find("invalid token") != std::string::npos;
}

bool IsConflict(const HttpReply& reply) {
  return reply.status == 400 &&
         ErrorsOf(reply).find("check-and-set parameter did not match") != std::string::npos;
}

}  // namespace tokenwarden::vault

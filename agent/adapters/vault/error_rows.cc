#include "agent/adapters/vault/error_table.h"

namespace tokenwarden::vault {
namespace {

constexpr std::string_view kWait = "nothing to do: it is tried again by itself";
constexpr std::string_view kUnseal = "unseal it; it is tried again by itself";
constexpr std::string_view kLogin =
    "check the role, the mount and what is logged in with (vault.auth)";
constexpr std::string_view kPolicy =
    "grant it in the policy of the agent's role; `vault token capabilities PATH` shows what it has";
constexpr std::string_view kConfigure = "correct the path or the mount in the configuration";
constexpr std::string_view kSmaller = "keep less in one secret";
constexpr std::string_view kDefect = "report this as a defect";
constexpr std::string_view kRewrap = "have a new one issued, and find out who used it";
constexpr std::string_view kOtherNode =
    "name the address of the active node or of a load balancer (vault.address)";

using enum ErrorKind;

constexpr ErrorRow kRows[] = {
    // A standby that cannot forward. The redirect is not followed: it would take our token to
    // whichever host the answer names.
    {301, "", kUnavailable, "redirected", "it sent us to another address", kOtherNode},
    {302, "", kUnavailable, "redirected", "it sent us to another address", kOtherNode},
    {307, "", kUnavailable, "standby", "a standby sent us to another node", kOtherNode},
    {308, "", kUnavailable, "standby", "a standby sent us to another node", kOtherNode},

    {400, "check-and-set parameter did not match", kAborted, "conflict",
     "somebody else wrote it at the same time", kWait},
    {400, "check-and-set parameter required", kInternal, "cas_required",
     "it wants check-and-set and got none", kDefect},
    {400, "check-and-set", kInternal, "bad_cas", "it did not understand our check-and-set",
     kDefect},
    {400, "upgrading from non-versioned", kUnavailable, "upgrading",
     "the mount is being upgraded to version 2", kWait},
    {400, "waiting for the primary", kUnavailable, "upgrading",
     "the mount is being upgraded to version 2", kWait},
    {400, "custom_metadata", kInvalidArgument, "bad_metadata", "the markers were refused", kDefect},
    {400, "refused json input", kResourceExhausted, "too_large",
     "it refused the number of keys or the size of the request", kSmaller},

    {400, "invalid role or secret id", kUnauthenticated, "login_refused",
     "the role id or secret id is wrong, used up or expired", kLogin},
    {400, "invalid role id", kUnauthenticated, "login_refused", "the role id is wrong", kLogin},
    {400, "invalid role name", kUnauthenticated, "no_such_role", "there is no such role", kLogin},
    {400, "role \"", kUnauthenticated, "no_such_role", "there is no such role", kLogin},
    {400, "missing role", kUnauthenticated, "login_refused", "the login names no role", kLogin},
    {400, "missing secret_id", kUnauthenticated, "login_refused",
     "the role wants a secret id, and the login carried none", kLogin},
    {400, "cidr", kUnauthenticated, "login_refused",
     "the role does not allow the address that we come from", kLogin},
    {400, "error validating", kUnauthenticated, "login_refused",
     "the JWT was refused (signature, audience, issuer or time)", kLogin},
    {400, "audience claim found", kUnauthenticated, "login_refused",
     "the role has no bound audiences, but the JWT has one", kLogin},
    {400, "missing jwt", kUnauthenticated, "login_refused", "the login carried no JWT", kLogin},
    {400, "missing token", kUnauthenticated, "login_refused", "the login carried no JWT", kLogin},
    {400, "client certificate", kUnauthenticated, "login_refused",
     "it saw no client certificate of ours", kLogin},
    {400, "login certificate", kUnauthenticated, "login_refused",
     "the client certificate matches no role", kLogin},
    {400, "invalid certificate", kUnauthenticated, "login_refused",
     "it refused the client certificate", kLogin},
    {400, "wrapping token is not valid", kUnauthenticated, "wrapping_token_used",
     "the wrapping token was used before or has expired; unless this agent used it before a "
     "restart, somebody else has what was in it",
     kRewrap},
    {500, "wrapping token", kUnauthenticated, "wrapping_token_used",
     "the wrapping token was used before; unless this agent used it before a restart, somebody "
     "else has what was in it",
     kRewrap},

    {400, "cannot be renewed", kUnauthenticated, "not_renewable", "the token cannot be renewed",
     kWait},
    {400, "lease is not renewable", kUnauthenticated, "not_renewable",
     "the token cannot be renewed", kWait},
    {400, "lease expired", kUnauthenticated, "dead_token", "the token has expired", kWait},
    {400, "token not found", kUnauthenticated, "dead_token", "the token has expired", kWait},
    {400, "missing client token", kUnauthenticated, "dead_token", "it saw no token of ours",
     kLogin},

    {400, "encryption key not found", kFailedPrecondition, "no_transit_key",
     "there is no such transit key", "create it, or correct state.key.transit"},
    {400, "message authentication failed", kDataLoss, "wrong_key_or_damaged",
     "the wrapped key does not open under that transit key",
     "restore the wrapped key, or name the transit key it was made with"},
    {400, "invalid ciphertext", kDataLoss, "wrong_key_or_damaged",
     "the wrapped key is not what transit made", "restore the wrapped key from a backup"},
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
    {403, "not yet valid", kUnauthenticated, "login_refused",
     "the JWT is not valid yet: the clocks differ", "set the clocks right"},
    {403, "preflight capability check", kPermissionDenied, "no_mount_or_no_access",
     "there is no such mount, or our policy grants nothing in it", kPolicy},
    {403, "", kPermissionDenied, "permission_denied", "our policy does not allow it", kPolicy},

    {404, "no handler for route", kNotFound, "no_mount", "nothing is mounted there", kConfigure},
    {404, "enterprise-only", kFailedPrecondition, "unsupported",
     "this server does not know the operation", kConfigure},
    {404, "", kNotFound, "no_such_path", "there is nothing at that path", kConfigure},
    {405, "", kFailedPrecondition, "unsupported", "this server does not know the operation",
     "use Vault 1.9 or later"},
    {412, "", kUnavailable, "behind", "the node that answered is behind the others", kWait},
    {413, "", kResourceExhausted, "too_large", "it refused the size of the request", kSmaller},
    {415, "", kInternal, "bad_request", "it could not read our request", kDefect},
    {429, "", kResourceExhausted, "rate_limited", "it throttles us",
     "nothing to do: it is tried again by itself; raise the quota if this is often"},
    {431, "", kInvalidArgument, "token_too_long", "it refused the length of our token",
     "use a shorter token, or raise max_token_header_size"},

    // Some refusals that will never change come as 500.
    {500, "local node not active", kUnavailable, "no_leader", "no node is active now", kWait},
    {500, "value being too large", kResourceExhausted, "too_large",
     "its storage refused the size of the value", kSmaller},
    {500, "exceeds allowed", kResourceExhausted, "too_large",
     "it refused the size or depth of the request", kSmaller},
    {500, "invalid character", kInternal, "bad_request", "it could not read our request", kDefect},
    {500, "could not load backend configuration", kFailedPrecondition, "login_not_configured",
     "the login method is not configured", "configure it: vault write auth/MOUNT/config"},
    {500, "", kUnavailable, "server_error",
     "it failed inside; a write may or may not have happened", kWait},
    {501, "", kUnavailable, "not_initialised", "it is not initialised", "initialise it"},
    {502, "", kUnavailable, "bad_gateway", "what stands before it could not reach it", kWait},
    {503, "namespace is sealed", kUnavailable, "sealed", "its namespace is sealed", kUnseal},
    {503, "is sealed", kUnavailable, "sealed", "it is sealed", kUnseal},
    {503, "locked by an administrator", kPermissionDenied, "namespace_locked",
     "its namespace is locked", "have the namespace unlocked"},
    {503, "", kUnavailable, "unavailable", "it cannot serve requests now", kWait},
    {504, "", kUnavailable, "bad_gateway", "what stands before it waited in vain", kWait},

    {472, "", kUnavailable, "standby", "a secondary answered that does not serve this", kOtherNode},
    {473, "", kUnavailable, "standby", "a standby answered that does not forward", kOtherNode},
    {474, "", kUnavailable, "no_leader", "a standby answered that cannot reach the active node",
     kWait},
    {530, "", kUnavailable, "standby", "a node answered that was removed from the cluster",
     kOtherNode},
    {0, "", kUnavailable, "unexpected_status", "it gave an answer that was not expected", kWait},
};

}  // namespace

std::span<const ErrorRow> ErrorRows() { return kRows; }

}  // namespace tokenwarden::vault

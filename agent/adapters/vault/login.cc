#include "agent/adapters/vault/login.h"

#include <utility>

#include "agent/adapters/vault/error_table.h"
#include "agent/adapters/vault/json.h"

namespace tokenwarden::vault {
namespace {

using Kind = VaultAuthSpec::Kind;
using Method = HttpRequest::Method;

std::string Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

tl::unexpected<Error> NotUnderstood(const std::string& attempted) {
  return MakeError(ErrorKind::kUnavailable, "bad_reply",
                   "Asked Vault to " + attempted + ": its answer could not be understood.",
                   "Check vault.address; it is tried again by itself.");
}

// {auth: {client_token, lease_duration, renewable}}
Result<Lease> LeaseOf(const HttpReply& reply, const std::string& attempted) {
  const Json body = ParseObject(reply.body);
  std::string token = TextAt(Below(body, "auth"), "client_token");
  if (token.empty()) return NotUnderstood(attempted);
  Lease lease;
  lease.token = Secret::TakeFrom(token);
  const Json& ttl = Below(body, "auth", "lease_duration");
  if (ttl.is_number_integer()) lease.ttl = Seconds(ttl.get<std::int64_t>());
  lease.renewable = Below(body, "auth", "renewable") == Json(true);
  return lease;
}

// A secret in JSON; the copies inside Json are freed, not wiped: they live for one request.
Secret Body(std::initializer_list<std::pair<const char*, std::string_view>> fields) {
  Json json = Json::object();
  for (const auto& [name, value] : fields) {
    if (!value.empty()) json[name] = std::string(value);
  }
  return ToSecret(json);
}

}  // namespace

Login::Login(const Connection& connection, VaultAuthSpec auth, SecretResolver& secrets,
             const Options& options)
    : connection_(connection), auth_(std::move(auth)), secrets_(secrets), options_(options) {}

bool Login::CanRepeat() const { return auth_.kind != Kind::kToken && auth_.kind != Kind::kDefault; }

std::string Login::Key() const {
  const auto of = [](const std::optional<SecretRef>& ref) { return ref ? Describe(*ref) : ""; };
  return std::string(ToString(auth_.kind)) + "|" + auth_.mount + "|" + of(auth_.token) + "|" +
         auth_.token_file + "|" + of(auth_.role_id) + "|" + of(auth_.secret_id) + "|" + auth_.role +
         "|" + auth_.jwt_file + "|" + of(auth_.jwt) + "|" + auth_.name + "|" + auth_.cert_file;
}

Result<Secret> Login::Given(const std::optional<SecretRef>& ref, const std::string& what) const {
  if (ref) return secrets_.Resolve(*ref);
  return MakeError(ErrorKind::kInvalidArgument, "no_" + what,
                   "Cannot log in to Vault: vault.auth has no " + what + ".", "Add it.");
}

Result<Secret> Login::ReadFile(const std::string& path, const std::string& what) const {
  Result<Secret> content = secrets_.Resolve({SecretRef::Kind::kFile, path, ""});
  if (!content) {
    return MakeError(content.error().kind, content.error().reason,
                     "Cannot log in to Vault with the " + what + ": " + content.error().message,
                     content.error().action);
  }
  return Secret(Trimmed(content->Reveal()));
}

Result<Secret> Login::TokenFromEnvironment() const {
  const char* token = options_.environment("VAULT_TOKEN");
  if (token != nullptr && *token != '\0') return Secret(token);
  return MakeError(
      ErrorKind::kFailedPrecondition, "no_vault_login",
      "Cannot log in to Vault: vault.auth is not configured and VAULT_TOKEN is not set.",
      "Name a way to log in, for example vault: {auth: {kubernetes: {role: ROLE}}}.");
}

Result<Secret> Login::Unwrap(const Secret& wrapping, bool is_token) const {
  Call call;
  call.method = Method::kPost;
  call.path = "sys/wrapping/unwrap";
  call.attempted = "unwrap what it is logged in with";
  Result<HttpReply> reply = connection_.Send(call, &wrapping);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status != 200) return tl::unexpected<Error>(ExplainReply(*reply, call.attempted));
  const Json body = ParseObject(reply->body);
  WipeString(reply->body);
  std::string value = is_token ? TextAt(Below(body, "auth"), "client_token")
                               : TextAt(Below(body, "data"), "secret_id");
  if (value.empty() && is_token) value = TextAt(Below(body, "data"), "token");
  if (value.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "wrong_wrapping",
                     "Asked Vault to unwrap what it is logged in with: something else was in it.",
                     std::string("Wrap a ") + (is_token ? "token." : "secret_id."));
  }
  return Secret::TakeFrom(value);
}

Result<Secret> Login::Material(Result<Secret> given, bool is_token) {
  if (!given || !auth_.wrapped) return given;
  if (!unwrapped_) {
    Result<Secret> value = Unwrap(*given, is_token);
    if (!value) return value;
    unwrapped_ = std::move(*value);
  }
  return unwrapped_->Clone();
}

Result<Lease> Login::TakeToken(Result<Secret> token) const {
  if (!token) return tl::unexpected<Error>(token.error());
  Call call;
  call.path = "auth/token/lookup-self";
  call.attempted = "look at our own token";
  Result<HttpReply> reply = connection_.Send(call, &*token);
  if (!reply) return tl::unexpected<Error>(reply.error());
  Lease lease;
  lease.token = std::move(*token);
  // A token without the default policy may not look at itself, and works all the same.
  if (reply->status == 403 && !IsDeadToken(*reply)) return lease;
  if (reply->status != 200) return tl::unexpected<Error>(ExplainReply(*reply, call.attempted));
  const Json body = ParseObject(reply->body);
  WipeString(reply->body);
  const Json& ttl = Below(body, "data", "ttl");
  if (ttl.is_number_integer()) lease.ttl = Seconds(ttl.get<std::int64_t>());
  lease.renewable = Below(body, "data", "renewable") == Json(true);
  return lease;
}

Result<Lease> Login::Post(const std::string& mount, const std::string& method,
                          const Secret& body) const {
  Call call;
  call.method = Method::kPost;
  call.path = "auth/" + EncodePath(mount.empty() ? method : mount) + "/login";
  call.attempted = "log in by " + method + (auth_.role.empty() ? "" : " as role " + auth_.role);
  call.body = body.Clone();
  Result<std::optional<ClientIdentity>> identity = Identity();
  if (!identity) return tl::unexpected<Error>(identity.error());
  call.identity = std::move(*identity);
  Result<HttpReply> reply = connection_.Send(call, nullptr);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status != 200) {
    Error error = ExplainReply(*reply, call.attempted);
    // At a login this text also hides a cluster whose API server is down.
    if (error.reason == "permission_denied") {
      error.kind = ErrorKind::kUnauthenticated;
      error.reason = "login_refused";
      error.action = std::string(
          "check the role; if it is right, check that Vault reaches the cluster's API server");
    }
    return tl::unexpected<Error>(error);
  }
  Result<Lease> lease = LeaseOf(*reply, call.attempted);
  WipeString(reply->body);
  return lease;
}

Result<Lease> Login::ByAppRole() {
  Result<Secret> role = Given(auth_.role_id, "role_id");
  if (!role) return tl::unexpected<Error>(role.error());
  Result<Secret> secret = Material(Given(auth_.secret_id, "secret_id"), false);
  if (!secret) return tl::unexpected<Error>(secret.error());
  return Post(auth_.mount, "approle",
              Body({{"role_id", role->Reveal()}, {"secret_id", secret->Reveal()}}));
}

Result<Lease> Login::ByJwt(const std::string& method, Result<Secret> jwt) const {
  if (!jwt) return tl::unexpected<Error>(jwt.error());
  return Post(auth_.mount, method, Body({{"role", auth_.role}, {"jwt", jwt->Reveal()}}));
}

Result<std::optional<ClientIdentity>> Login::Identity() const {
  if (auth_.kind != Kind::kCert) return std::optional<ClientIdentity>();
  Result<Secret> certificate = ReadFile(auth_.cert_file, "client certificate");
  if (!certificate) return tl::unexpected<Error>(certificate.error());
  Result<Secret> key = ReadFile(auth_.key_file, "key of the client certificate");
  if (!key) return tl::unexpected<Error>(key.error());
  return ClientIdentity{std::string(certificate->Reveal()) + "\n", std::move(*key)};
}

Result<Lease> Login::ByCertificate() const {
  return Post(auth_.mount, "cert", Body({{"name", auth_.name}}));
}

Result<Lease> Login::Attempt() {
  switch (auth_.kind) {
    case Kind::kDefault:
      return TakeToken(TokenFromEnvironment());
    case Kind::kToken:
      return TakeToken(Material(Given(auth_.token, "token"), true));
    case Kind::kTokenFile:
      return TakeToken(ReadFile(auth_.token_file, "token file"));
    case Kind::kAppRole:
      return ByAppRole();
    case Kind::kKubernetes:
      return ByJwt("kubernetes",
                   ReadFile(auth_.jwt_file.empty() ? options_.jwt_file : auth_.jwt_file,
                            "service account token"));
    case Kind::kJwt:
      return ByJwt("jwt", Given(auth_.jwt, "jwt"));
    case Kind::kCert:
      return ByCertificate();
  }
  return MakeError(ErrorKind::kInternal, "unknown_login", "unknown way to log in to Vault");
}

}  // namespace tokenwarden::vault

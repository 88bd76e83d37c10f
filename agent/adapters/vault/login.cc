#include "agent/adapters/vault/login.h"

#include <utility>

#include "agent/adapters/vault/error_table.h"

namespace tokenwarden::vault {
namespace {

using Kind = VaultAuthSpec::Kind;
using Method = HttpRequest::Method;

// Whom a pod logs in as when nothing says so.
constexpr char kDefaultRole[] = "tokenwarden";

std::string Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

tl::unexpected<Error> NotFinished(const Call& call, std::string reason, const std::string& seen,
                                  std::string action) {
  return MakeError(ErrorKind::kFailedPrecondition, std::move(reason),
                   "Asked Vault to " + call.attempted + ": " + seen, std::move(action));
}

// {auth: {client_token, lease_duration, renewable}}
Result<Lease> LeaseOf(const Answer& answer, const Call& call) {
  const Json& auth = Below(answer.body.json, "auth");
  if (!Below(auth, "mfa_requirement").is_null()) {
    return NotFinished(call, "mfa_required", "it wants a second factor, which an agent has not.",
                       "exempt the agent's role from multi-factor authentication");
  }
  if (!Below(answer.body.json, "wrap_info").is_null()) {
    return NotFinished(call, "login_wrapped", "it wraps the answer, because a policy says so.",
                       "remove min_wrapping_ttl for the login path from the policy");
  }
  std::string token = TextAt(auth, "client_token");
  if (token.empty()) {
    return MakeError(ErrorKind::kUnavailable, "bad_reply",
                     "Asked Vault to " + call.attempted + ": its answer holds no token.",
                     "Check vault.address; it is tried again by itself.");
  }
  Lease lease;
  lease.token = Secret::TakeFrom(token);
  lease.ttl = Seconds(IntegerAt(auth, "lease_duration").value_or(0));
  lease.renewable = Below(auth, "renewable") == Json(true);
  return lease;
}

Error Named(const std::string& what, Error error) {
  error.message = "Cannot log in to Vault with the " + what + ": " + error.message;
  return error;
}

}  // namespace

VaultAuthSpec Complete(VaultAuthSpec auth, SecretResolver& secrets, const Options& options) {
  if (auth.kind != Kind::kDefault) return auth;
  const char* token = options.environment("VAULT_TOKEN");
  if (token != nullptr && *token != '\0') return auth;
  if (!secrets.Resolve({SecretRef::Kind::kFile, options.jwt_file, ""})) return auth;
  auth.kind = Kind::kKubernetes;
  auth.role = kDefaultRole;
  return auth;
}

Login::Login(Connection& connection, VaultAuthSpec auth, SecretResolver& secrets,
             const Options& options)
    : connection_(connection),
      auth_(std::move(auth)),
      secrets_(secrets),
      options_(options),
      unwrapper_(connection, auth_.kind == Kind::kAppRole ? Wrapped::kSecretId : Wrapped::kToken,
                 MountOr("approle")) {}

bool Login::MakesTokens() const {
  return auth_.kind == Kind::kAppRole || auth_.kind == Kind::kKubernetes ||
         auth_.kind == Kind::kJwt || auth_.kind == Kind::kCert;
}

std::string Login::MountOr(const char* usual) const {
  return auth_.mount.empty() ? usual : auth_.mount;
}

std::string KeyOf(const VaultAuthSpec& auth) {
  const auto of = [](const std::optional<SecretRef>& ref) { return ref ? Describe(*ref) : ""; };
  std::string key(ToString(auth.kind));
  for (const std::string& part :
       {auth.mount, of(auth.token), auth.token_file, of(auth.role_id), of(auth.secret_id),
        auth.role, auth.jwt_file, of(auth.jwt), auth.name, auth.cert_file, auth.key_file,
        std::string(auth.wrapped ? "wrapped" : "")}) {
    key += "|" + part;
  }
  return key;
}

Result<Secret> Login::Given(const std::optional<SecretRef>& ref, const std::string& what) const {
  if (!ref) {
    return MakeError(ErrorKind::kInvalidArgument, "no_" + what,
                     "Cannot log in to Vault: vault.auth has no " + what + ".", "Add it.");
  }
  Result<Secret> given = secrets_.Resolve(*ref);
  if (!given) return tl::unexpected<Error>(Named(what, given.error()));
  return Secret(Trimmed(given->Reveal()));
}

Result<Secret> Login::ReadFile(const std::string& path, const std::string& what) const {
  Result<Secret> content = secrets_.Resolve({SecretRef::Kind::kFile, path, ""});
  if (!content) return tl::unexpected<Error>(Named(what, content.error()));
  Secret trimmed{Trimmed(content->Reveal())};
  if (!trimmed.empty()) return trimmed;
  return MakeError(ErrorKind::kNotFound, "empty",
                   "Cannot log in to Vault with the " + what + ": " + path + " is empty.",
                   "nothing to do if it is just being replaced; otherwise write it");
}

Result<Secret> Login::TokenFromEnvironment() const {
  const char* token = options_.environment("VAULT_TOKEN");
  if (token != nullptr && *token != '\0') return Secret(token);
  return MakeError(
      ErrorKind::kFailedPrecondition, "no_vault_login",
      "Cannot log in to Vault: vault.auth is not configured, VAULT_TOKEN is not set, and " +
          options_.jwt_file + " is not there.",
      "Name a way to log in, for example vault: {auth: {kubernetes: {role: ROLE}}}.");
}

Result<Login::Material> Login::Gather() const {
  Material material;
  const auto add = [&material](Result<Secret> part) -> Status {
    if (!part) return tl::unexpected<Error>(part.error());
    material.push_back(std::move(*part));
    return {};
  };
  Status added;
  switch (auth_.kind) {
    case Kind::kDefault:
      added = add(TokenFromEnvironment());
      break;
    case Kind::kToken:
      added = add(Given(auth_.token, "token"));
      break;
    case Kind::kTokenFile:
      added = add(ReadFile(auth_.token_file, "token file"));
      break;
    case Kind::kAppRole:
      added = add(Given(auth_.role_id, "role_id"));
      if (added && auth_.secret_id) added = add(Given(auth_.secret_id, "secret_id"));
      break;
    case Kind::kKubernetes:
      added = add(ReadFile(auth_.jwt_file.empty() ? options_.jwt_file : auth_.jwt_file,
                           "service account token"));
      break;
    case Kind::kJwt:
      added = add(Given(auth_.jwt, "jwt"));
      break;
    case Kind::kCert:
      added = add(ReadFile(auth_.cert_file, "client certificate"));
      if (added) added = add(ReadFile(auth_.key_file, "key of the client certificate"));
      break;
  }
  if (!added) return tl::unexpected<Error>(added.error());
  return material;
}

bool Login::HasNewMaterial() const {
  Result<Material> now = Gather();
  if (!now) return false;
  if (!used_ || now->size() != used_->size()) return true;
  for (std::size_t i = 0; i < now->size(); ++i) {
    if (!(*now)[i].EqualsInConstantTime((*used_)[i])) return true;
  }
  return false;
}

Result<std::optional<ClientIdentity>> Login::Identity() const {
  if (auth_.kind != Kind::kCert) return std::optional<ClientIdentity>();
  Result<Material> material = Gather();
  if (!material) return tl::unexpected<Error>(material.error());
  return ClientIdentity{std::string((*material)[0].Reveal()) + "\n", std::move((*material)[1])};
}

Result<Lease> Login::Attempt() {
  Result<Material> material = Gather();
  if (!material) return tl::unexpected<Error>(material.error());
  used_ = std::move(*material);
  switch (auth_.kind) {
    case Kind::kDefault:
    case Kind::kTokenFile:
      return TakeToken(used_->front());
    case Kind::kToken: {
      if (!auth_.wrapped) return TakeToken(used_->front());
      Result<Secret> token = unwrapper_.Open(used_->front());
      return token ? TakeToken(*token) : Result<Lease>(tl::unexpected<Error>(token.error()));
    }
    case Kind::kAppRole:
      return ByAppRole(*used_);
    case Kind::kKubernetes:
      return ByJwt("kubernetes", used_->front());
    case Kind::kJwt:
      return ByJwt("jwt", used_->front());
    case Kind::kCert:
      return ByCertificate();
  }
  return MakeError(ErrorKind::kInternal, "unknown_login", "unknown way to log in to Vault");
}

Result<Lease> Login::TakeToken(const Secret& token) {
  Call call;
  call.path = "auth/token/lookup-self";
  call.attempted = "look at our own token";
  Result<Answer> answer = connection_.Send(call, &token, std::nullopt);
  if (!answer) return tl::unexpected<Error>(answer.error());
  Lease lease;
  lease.token = token.Clone();
  // A token without the default policy may not look at itself, and works all the same.
  if (answer->status == 403 && !IsDeadToken(*answer)) return lease;
  if (!answer->IsSuccess()) return tl::unexpected<Error>(Explain(call, *answer));
  const Json& data = Below(answer->body.json, "data");
  lease.ttl = Seconds(IntegerAt(data, "ttl").value_or(0));
  lease.renewable = Below(data, "renewable") == Json(true);
  return lease;
}

Result<Lease> Login::ByAppRole(const Material& material) {
  WipedJson body(Json{{"role_id", std::string(material[0].Reveal())}});
  if (material.size() > 1) {
    Result<Secret> secret_id =
        auth_.wrapped ? unwrapper_.Open(material[1]) : Result<Secret>(material[1].Clone());
    if (!secret_id) return tl::unexpected<Error>(secret_id.error());
    body.json["secret_id"] = std::string(secret_id->Reveal());
  }
  return Post("approle", std::move(body.json));
}

Result<Lease> Login::ByJwt(const char* method, const Secret& jwt) {
  Json body{{"jwt", std::string(jwt.Reveal())}};
  if (!auth_.role.empty()) body["role"] = auth_.role;
  return Post(method, std::move(body));
}

Result<Lease> Login::ByCertificate() {
  return Post("cert", auth_.name.empty() ? Json::object() : Json{{"name", auth_.name}});
}

Result<Lease> Login::Post(const char* method, Json fields) {
  WipedJson body(std::move(fields));
  Call call;
  call.method = Method::kPost;
  call.path = "auth/" + MountOr(method) + "/login";
  call.attempted = std::string("log in by ") + method;
  if (!auth_.role.empty()) call.attempted += " as role " + auth_.role;
  call.body = ToSecret(body.json);
  Result<std::optional<ClientIdentity>> identity = Identity();
  if (!identity) return tl::unexpected<Error>(identity.error());
  Result<Answer> answer = connection_.Send(call, nullptr, *identity);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (answer->IsSuccess()) return LeaseOf(*answer, call);
  Error error = Explain(call, *answer);
  // No token of ours was in it, so it is no policy. The same text hides a cluster whose API server
  // is down, and a lockout after too many attempts.
  if (error.reason == "permission_denied") {
    error.kind = ErrorKind::kUnauthenticated;
    error.reason = "login_refused";
    error.message = "Asked Vault to " + call.attempted + " (POST " + call.path +
                    "): it refused without a reason (HTTP 403).";
    error.action =
        auth_.kind == Kind::kKubernetes
            ? "check the role; if it is right, check that Vault reaches the cluster's API server"
            : "check what is logged in with; after five failures Vault refuses everything for a "
              "quarter of an hour";
  } else if (error.kind == ErrorKind::kNotFound) {
    error.reason = "no_login_method";
    error.action = "enable the method, or name its mount in vault.auth";
  }
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace tokenwarden::vault

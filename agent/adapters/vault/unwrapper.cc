#include "agent/adapters/vault/unwrapper.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/adapters/vault/error_table.h"

namespace tokenwarden::vault {
namespace {

using Method = HttpRequest::Method;

// Failures of HttpClient before anything was sent.
constexpr std::array<std::string_view, 5> kNotSent = {"dns", "connect", "tls", "proxy",
                                                      "plain_http"};
// Answers before anything was done.
constexpr std::array<int, 3> kNotDone = {412, 429, 503};

template <typename Values, typename Value>
bool Contains(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Error Lost() {
  return {
      ErrorKind::kUnauthenticated, "unwrap_lost",
      "Asked Vault to unwrap what it is logged in with: the answer was lost on the way, and the "
      "wrapping token may be used up.",
      "Have a new wrapping token issued."};
}

bool ForGood(const Error& error) {
  return error.kind == ErrorKind::kUnauthenticated || error.kind == ErrorKind::kInvalidArgument;
}

}  // namespace

Unwrapper::Unwrapper(Connection& connection, Wrapped kind, std::string mount)
    : connection_(connection), kind_(kind), mount_(std::move(mount)) {}

Result<Secret> Unwrapper::Open(const Secret& wrapping) {
  const bool known = wrapping_ && wrapping_->EqualsInConstantTime(wrapping);
  if (!known) {
    Status origin = CheckOrigin(wrapping);
    Result<Secret> outcome =
        origin ? Unwrap(wrapping) : Result<Secret>(tl::unexpected<Error>(origin.error()));
    if (!outcome && !ForGood(outcome.error())) return outcome;
    wrapping_ = wrapping.Clone();
    outcome_ = std::move(outcome);
  }
  if (!*outcome_) return tl::unexpected<Error>(outcome_->error());
  return (**outcome_).Clone();
}

// `auth/approle/role/ROLE/secret-id`; in a namespace its path may stand before it.
bool Unwrapper::IsOurs(const std::string& creation_path) const {
  if (kind_ == Wrapped::kToken) return creation_path.find("auth/") != std::string::npos;
  const bool of_role = creation_path.find("auth/" + mount_ + "/role/") != std::string::npos;
  return of_role &&
         (EndsWith(creation_path, "/secret-id") || EndsWith(creation_path, "/custom-secret-id"));
}

Status Unwrapper::CheckOrigin(const Secret& wrapping) {
  Call call;
  call.method = Method::kPost;
  call.path = "sys/wrapping/lookup";
  call.attempted = "look at the wrapping token";
  WipedJson body(Json{{"token", std::string(wrapping.Reveal())}});
  call.body = ToSecret(body.json);
  Result<Answer> answer = connection_.Send(call, nullptr, std::nullopt);
  if (!answer) return tl::unexpected<Error>(answer.error());
  if (!answer->IsSuccess()) return tl::unexpected<Error>(Explain(call, *answer));
  if (IsOurs(TextAt(Below(answer->body.json, "data"), "creation_path"))) return {};
  return MakeError(ErrorKind::kUnauthenticated, "wrapping_token_foreign",
                   "Looked at the wrapping token before using it: what is in it was not made by " +
                       (kind_ == Wrapped::kToken ? std::string("a login or auth/token/create")
                                                 : "auth/" + mount_ + "/role/ROLE/secret-id") +
                       ", so somebody may have put their own in its place.",
                   "Have a new one issued, and find out where this one comes from.");
}

Result<Secret> Unwrapper::Unwrap(const Secret& wrapping) {
  Call call;
  call.method = Method::kPost;
  call.path = "sys/wrapping/unwrap";
  call.attempted = "unwrap what it is logged in with";
  call.exactly_once = true;
  Result<Answer> answer = connection_.Send(call, &wrapping, std::nullopt);
  if (!answer) {
    if (Contains(kNotSent, answer.error().reason)) return tl::unexpected<Error>(answer.error());
    return tl::unexpected<Error>(Lost());
  }
  if (!answer->IsSuccess()) {
    Error error = Explain(call, *answer);
    const bool maybe_done = answer->status >= 500 && !ForGood(error);
    if (maybe_done && !Contains(kNotDone, answer->status)) error = Lost();
    return tl::unexpected<Error>(std::move(error));
  }
  const Json& data = Below(answer->body.json, "data");
  std::string value = kind_ == Wrapped::kToken
                          ? TextAt(Below(answer->body.json, "auth"), "client_token")
                          : TextAt(data, "secret_id");
  if (value.empty() && kind_ == Wrapped::kToken) value = TextAt(data, "token");
  if (!value.empty()) return Secret::TakeFrom(value);
  return MakeError(ErrorKind::kInvalidArgument, "wrong_wrapping",
                   "Asked Vault to " + call.attempted + ": something else was in it.",
                   kind_ == Wrapped::kToken ? "Wrap a token." : "Wrap a secret id.");
}

}  // namespace tokenwarden::vault

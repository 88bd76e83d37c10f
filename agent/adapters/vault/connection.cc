#include "agent/adapters/vault/connection.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tokenwarden::vault {
namespace {

using Method = HttpRequest::Method;

// A secret may hold 1 MiB, and JSON escapes it.
constexpr std::size_t kMaxBody = std::size_t{4} * 1024 * 1024;
// How long a call waits for a server that asks for it; a longer wait is an error at once.
constexpr Seconds kPatience{2};
// A node that is behind, or a throttle that lets us through again, is asked this often.
constexpr int kTries = 4;

bool IsJson(const HttpReply& reply) {
  const std::string* type = reply.FindHeader("content-type");
  return type != nullptr && type->find("json") != std::string::npos;
}

// The pages of proxies and captive portals have these statuses too. What is believed decides
// whether a secret is missing or a token dead, so it must be Vault's own.
bool MustBeJson(int status) {
  return (status / 100 == 2 && status != 204) || (status / 100 == 4 && status != 429);
}

std::optional<Seconds> RetryAfter(const HttpReply& reply) {
  const std::string* text = reply.FindHeader("retry-after");
  if (text == nullptr) return std::nullopt;
  int seconds = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, problem] = std::from_chars(text->data(), end, seconds);
  if (problem != std::errc() || stopped != end || seconds < 0) return std::nullopt;
  return Seconds(seconds);
}

tl::unexpected<Error> NotVaults(const Call& call, int status) {
  return MakeError(ErrorKind::kUnavailable, "bad_reply",
                   "Asked Vault to " + call.attempted + ": the answer (HTTP " +
                       std::to_string(status) + ") was cut off, or is not Vault's.",
                   "It is tried again by itself; check vault.address and what stands between.");
}

tl::unexpected<Error> StillThrottled(const Call& call, Seconds left) {
  return MakeError(ErrorKind::kResourceExhausted, "rate_limited",
                   "Did not ask Vault to " + call.attempted + ": it wants to be left alone for " +
                       FormatDuration(left) + ".",
                   "nothing to do: it is tried again by itself; raise the quota if this is often");
}

}  // namespace

Connection::Connection(HttpClient& http, Clock& clock, Target target)
    : http_(http), clock_(clock), target_(std::move(target)) {}

HttpRequest Connection::Build(const Call& call, const Secret* token,
                              const std::optional<ClientIdentity>& identity) const {
  HttpRequest request;
  request.method = call.method;
  request.url = target_.address + "/v1/" + EncodePath(call.path);
  request.endpoint_name = call.attempted;
  request.timeout = call.timeout;
  request.exactly_once = call.exactly_once;
  request.ca_file = target_.ca_file;
  request.max_body = kMaxBody;
  request.headers.emplace_back("X-Vault-Request", "true");
  if (!target_.vault_namespace.empty()) {
    request.headers.emplace_back("X-Vault-Namespace", target_.vault_namespace);
  }
  // A server that hands out indexes (Enterprise) answers 412 where a node is behind them. The
  // headers that forward instead are refused by servers that are not set up for them, so they are
  // never sent.
  std::string index = Index();
  if (!index.empty() && call.method == Method::kGet) {
    request.headers.emplace_back("X-Vault-Index", std::move(index));
  }
  if (token != nullptr) request.secret_headers.emplace_back("X-Vault-Token", token->Clone());
  if (call.body) {
    request.secret_body = call.body->Clone();
    request.content_type = call.content_type;
  }
  if (identity) {
    request.identity = ClientIdentity{identity->certificate_pem, identity->private_key_pem.Clone()};
  }
  return request;
}

Result<Answer> Connection::SendOnce(const HttpRequest& request, const Call& call) {
  Result<HttpReply> reply = http_.Send(request);
  if (!reply) return tl::unexpected<Error>(reply.error());
  RememberIndex(*reply);
  Answer answer;
  answer.status = reply->status;
  answer.retry_after = RetryAfter(*reply);
  const bool is_json = IsJson(*reply);
  const bool was_empty = reply->body.empty();
  std::optional<WipedJson> body = ParseObject(reply->body);
  // A PATCH of what is not there is answered by a 404 that says JSON and has no body.
  const bool believed = is_json && (body || (was_empty && answer.status == 404));
  if (MustBeJson(answer.status) && !believed) return NotVaults(call, answer.status);
  if (body && is_json) answer.body = std::move(*body);
  return answer;
}

Result<Answer> Connection::Send(const Call& call, const Secret* token,
                                const std::optional<ClientIdentity>& identity) {
  const HttpRequest request = Build(call, token, identity);
  for (int tries = 1;; ++tries) {
    for (Seconds left = LeftToWait(); left > Seconds(0); left = LeftToWait()) {
      if (left > kPatience) return StillThrottled(call, left);
      Pause();
    }
    Result<Answer> answer = SendOnce(request, call);
    if (!answer || tries == kTries || call.exactly_once) return answer;
    // Nothing was done in these cases, so that everything may be sent again.
    const bool throttled = answer->status == 429 || answer->status == 503;
    if (throttled && answer->retry_after) {
      AskedToWait(*answer->retry_after);
      if (LeftToWait() > kPatience) return answer;
    } else if (answer->status == 412) {
      Pause();
    } else {
      return answer;
    }
  }
}

void Connection::Pause() {
  std::unique_lock<std::mutex> lock(mutex_);
  clock_.WaitUntil(lock, never_, clock_.Now() + Seconds(1), [] { return false; });
}

void Connection::RememberIndex(const HttpReply& reply) {
  const std::string* index = reply.FindHeader("x-vault-index");
  if (index == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  index_ = *index;
}

std::string Connection::Index() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return index_;
}

Seconds Connection::LeftToWait() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::max(std::chrono::ceil<Seconds>(not_before_ - clock_.SteadyNow()), Seconds(0));
}

void Connection::AskedToWait(Seconds wait) {
  const std::lock_guard<std::mutex> lock(mutex_);
  not_before_ = std::max(not_before_, clock_.SteadyNow() + wait);
}

std::string EncodePath(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == '/';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

std::string NameOf(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kDelete:
      return "DELETE";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
  }
  return "";
}

}  // namespace tokenwarden::vault

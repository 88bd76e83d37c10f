#include "agent/adapters/kubernetes/client.h"

#include "agent/adapters/kubernetes/error_table.h"
#include "agent/core/version.h"

namespace tokenwarden::kubernetes {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "other";
#endif

constexpr int kTries = 3;

// As client-go spells it: audit logs and flow control are searched for it.
std::string UserAgent() {
  return "tokenwarden/" + std::string(kVersion) + " (linux/" + std::string(kArchitecture) + ")";
}

bool IsSuccess(const Result<HttpReply>& reply) {
  return reply && reply->status >= 200 && reply->status < 300;
}

Error Named(const Operation& operation, Error error) {
  error.message = "cannot " + Describe(operation) + ": " + error.message;
  return error;
}

}  // namespace

Client::Client(Connection connection, HttpClient& http, Clock& clock)
    : connection_(std::move(connection)), http_(http), clock_(clock) {}

HttpRequest Client::Build(const ApiRequest& request, Presented presented) const {
  HttpRequest http;
  http.method = request.method;
  http.url = connection_.server + PathOf(request.operation);
  for (const auto& [name, value] : request.query) http.query.emplace_back(name, Secret(value));
  http.headers = {{"Accept", std::string(request.accept)}, {"User-Agent", UserAgent()}};
  http.bearer = std::move(presented.token);
  http.identity = std::move(presented.certificate);
  if (request.body) {
    http.secret_body = request.body->Clone();
    http.content_type = std::string(request.content_type);
  }
  http.endpoint_name =
      std::string(request.operation.verb) + " " + std::string(request.operation.resource.plural);
  http.timeout = request.timeout;
  http.ca_file = connection_.ca_file;
  http.ca_pem = connection_.ca_pem;
  http.max_body = std::size_t{4} * 1024 * 1024;  // base64 of 1 MiB, and who manages which field
  return http;
}

// A token may have been rotated between reading and using it: what is new is tried once.
Result<HttpReply> Client::Try(const ApiRequest& request, const Send& send) {
  Result<Presented> presented = connection_.identity->Present();
  if (!presented) return tl::unexpected<Error>(presented.error());
  HttpRequest first = Build(request, std::move(*presented));
  Result<HttpReply> reply = send(first);
  if (!reply || reply->status != 401) return reply;
  connection_.identity->Forget();
  Result<Presented> again = connection_.identity->Present();
  const Presented shown{std::move(first.bearer), std::move(first.identity)};
  if (!again || again->SameAs(shown)) return reply;
  return send(Build(request, std::move(*again)));
}

Result<HttpReply> Client::Patiently(const ApiRequest& request, const Send& send) {
  Result<HttpReply> reply;
  for (int tries = 0; tries < kTries; ++tries) {
    if (!WaitForServer(request.patience)) break;
    reply = Try(request, send);
    if (!reply && reply.error().reason == "connection_lost") continue;
    if (!reply || (reply->status != 429 && reply->status < 500)) return reply;
    const std::optional<Seconds> wait = ReadRefusal(*reply).retry_after;
    if (wait) ServerAsksToWait(*wait);
    if (!wait || !request.patience) return reply;
  }
  if (!reply || reply->status != 0) return reply;
  HttpReply busy;  // nothing was sent: the server's last word still holds
  busy.status = 429;
  busy.headers.emplace_back("retry-after",
                            std::to_string(LeftToWait().value_or(Seconds(0)).count()));
  return busy;
}

Result<WipedJson> Client::Ask(const ApiRequest& request) {
  Result<HttpReply> reply =
      Patiently(request, [this](const HttpRequest& http) { return http_.Send(http); });
  if (!reply) return tl::unexpected<Error>(Named(request.operation, reply.error()));
  if (!IsSuccess(reply)) {
    return tl::unexpected<Error>(Explain(request.operation, ReadRefusal(*reply)));
  }
  std::optional<Json> object = ParseJson(reply->body);
  WipeString(reply->body);
  if (object && object->is_object()) return WipedJson(std::move(*object));
  return MakeError(
      ErrorKind::kUnavailable, "bad_reply",
      "cannot " + Describe(request.operation) + ": the reply is cut off, or not the API server's",
      "It is tried again; check any proxy in between.");
}

Status Client::Stream(const ApiRequest& request,
                      const std::function<bool(std::string_view)>& on_bytes) {
  Result<HttpReply> reply =
      Try(request, [&](const HttpRequest& http) { return http_.Stream(http, on_bytes); });
  if (!reply) return tl::unexpected<Error>(Named(request.operation, reply.error()));
  if (IsSuccess(reply)) return {};
  return tl::unexpected<Error>(Explain(request.operation, ReadRefusal(*reply)));
}

std::optional<Seconds> Client::LeftToWait() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto left = std::chrono::ceil<Seconds>(not_before_ - clock_.SteadyNow());
  return left.count() > 0 ? std::optional(left) : std::nullopt;
}

bool Client::WaitForServer(std::optional<Seconds> patience) {
  if (!patience) return true;
  std::optional<Seconds> left = LeftToWait();
  if (left && *left > *patience) return false;
  for (; left; left = LeftToWait()) {
    std::unique_lock<std::mutex> lock(mutex_);
    clock_.WaitUntil(lock, never_, clock_.Now() + Seconds(1), [] { return false; });
  }
  return true;
}

void Client::ServerAsksToWait(Seconds wait) {
  const std::lock_guard<std::mutex> lock(mutex_);
  not_before_ = std::max(not_before_, clock_.SteadyNow() + wait);
}

}  // namespace tokenwarden::kubernetes

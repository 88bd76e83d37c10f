// HttpClient: one request, one reply.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden {

// What we show a server that asks who we are. PEM; the key may be encrypted by nothing.
struct ClientIdentity {
  std::string certificate_pem;
  Secret private_key_pem;
};

struct HttpRequest {
  enum class Method { kGet, kPost, kDelete, kPut, kPatch };
  Method method = Method::kGet;
  std::string url;  // scheme, host, path; never a secret
  // Parameters are kept apart from the URL so that errors and logs can name it safely. The client
  // percent-encodes them. `query` is for what must be in the URL, `form` makes a POST body.
  std::vector<std::pair<std::string, Secret>> query;
  std::vector<std::pair<std::string, Secret>> form;
  std::optional<Secret> bearer;  // Authorization: Bearer …
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, Secret>> secret_headers;  // `X-Vault-Token`
  std::string body;                                            // used when `form` is empty
  std::optional<Secret> secret_body;  // in place of `body` when it holds a value
  std::string content_type;           // of `body` or `secret_body`

  std::string endpoint_name;                 // for evidence, errors and metrics: `debug_token`
  std::chrono::milliseconds timeout{10000};  // the whole exchange
  // True for a request that must never be sent twice: a fresh connection, no reuse, no replay.
  bool exactly_once = false;
  std::string ca_file;  // private CA; empty = the system's
  std::string ca_pem;   // the same as text; wins over `ca_file`
  std::optional<ClientIdentity> identity;
  std::size_t max_body = std::size_t{1024} * 1024;  // bytes of the reply
};

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::string body;
  std::chrono::microseconds duration{0};

  // The first header of that (lower-case) name, or nullptr.
  const std::string* FindHeader(std::string_view name) const {
    for (const auto& header : headers) {
      if (header.first == name) return &header.second;
    }
    return nullptr;
  }
};

// Thread-safe; Send blocks the caller. No retry, no redirect followed, TLS verified, body bounded
// to `max_body`, plain http only to loopback (else kInvalidArgument, reason `plain_http`). Errors
// (nothing conclusive about a credential): kUnavailable with reason `dns`, `connect`,
// `connection_lost`, `tls`, `proxy`; kDeadlineExceeded `timeout`; kResourceExhausted
// `body_too_large`; kAborted `stopping`. `connection_lost` and `timeout` may mean that the request
// was acted on.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpReply> Send(const HttpRequest& request) = 0;
  // Hands the body of a 2xx reply over as it arrives, without bound, until the server ends it,
  // `timeout` passes (kDeadlineExceeded), the client is stopped (kAborted), or `on_bytes` answers
  // false (the reply so far). It is also asked with no bytes, at least once a second, so that it
  // can end a silent stream. Any other status is returned whole, as Send does. Silence is no
  // failure here.
  virtual Result<HttpReply> Stream(const HttpRequest& request,
                                   const std::function<bool(std::string_view)>& on_bytes) {
    (void)on_bytes;
    return MakeError(ErrorKind::kFailedPrecondition, "no_stream",
                     "Asked " + request.endpoint_name + ": this client cannot stream.");
  }
};

}  // namespace tokenwarden

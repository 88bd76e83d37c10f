// Connection: one request to Vault's API, without a login. Obeys Retry-After, waits for a node that
// is behind, and takes for an answer only what can be Vault's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/vault/json.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/clock.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::vault {

struct Call {
  HttpRequest::Method method = HttpRequest::Method::kGet;
  std::string path;            // below /v1/, not encoded: `secret/data/whatsapp`
  std::string attempted;       // for messages: `write secret/whatsapp`
  std::optional<Secret> body;  // JSON
  std::string content_type = "application/json";
  std::chrono::milliseconds timeout{5000};
  bool exactly_once = false;  // must not be sent twice, also not by a connection that broke
};

struct Answer {
  int status = 0;
  WipedJson body;  // an object, or null when there was none
  std::optional<Seconds> retry_after;

  bool IsSuccess() const { return status / 100 == 2; }
};

// Thread-safe.
class Connection {
 public:
  struct Target {
    std::string address;  // without a slash at the end
    std::string ca_file;
    std::string vault_namespace;
  };
  Connection(HttpClient& http, Clock& clock, Target target);

  // The answer whatever its status. Errors: those of HttpClient; kUnavailable `bad_reply` for one
  // that was cut off or is not Vault's, after which a write may have happened; kResourceExhausted
  // `rate_limited` without sending while the server wants us to wait for long.
  Result<Answer> Send(const Call& call, const Secret* token,
                      const std::optional<ClientIdentity>& identity);
  // Lets one second pass.
  void Pause();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  HttpRequest Build(const Call& call, const Secret* token,
                    const std::optional<ClientIdentity>& identity) const;
  Result<Answer> SendOnce(const HttpRequest& request, const Call& call);
  void RememberIndex(const HttpReply& reply);
  std::string Index() const;
  Seconds LeftToWait() const;
  void AskedToWait(Seconds wait);

  HttpClient& http_;
  Clock& clock_;
  const Target target_;
  mutable std::mutex mutex_;
  std::condition_variable never_;
  TimePoint not_before_{};  // what Retry-After asked for
  std::string index_;       // X-Vault-Index of the newest write; see Send
};

// Each segment percent-encoded; slashes stay.
std::string EncodePath(const std::string& path);
// `GET`, `POST`, …
std::string NameOf(HttpRequest::Method method);

}  // namespace tokenwarden::vault

// Client: requests to the API server, as us. Adds who we are, reads a refused token anew once,
// repeats what is safe to repeat, obeys Retry-After and explains refusals (error_table.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/adapters/kubernetes/connection.h"
#include "agent/adapters/kubernetes/json.h"
#include "agent/adapters/kubernetes/resource.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/clock.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::kubernetes {

inline constexpr std::string_view kFieldManager = "tokenwarden";

// Answers without the object's content, so that no value travels that nobody reads. Source:
// Kubernetes API concepts, "Alternate representations of resources".
inline constexpr std::string_view kMetadataOnly =
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

struct ApiRequest {
  Operation operation;
  HttpRequest::Method method = HttpRequest::Method::kGet;
  std::vector<std::pair<std::string, std::string>> query;
  std::optional<Secret> body;
  std::string_view content_type = "application/json";
  std::string_view accept = "application/json";
  std::chrono::milliseconds timeout{10000};
  // How long to wait when the server asks for it; longer waits are an error. Absent: try anyway.
  std::optional<Seconds> patience = Seconds(2);
};

// Thread-safe. Every request may be repeated: those that change something name the version that
// they change, so a second one finds that out.
class Client {
 public:
  // All must outlive it.
  Client(Connection connection, HttpClient& http, Clock& clock);

  const std::string& default_namespace() const { return connection_.default_namespace; }
  Clock& clock() { return clock_; }

  // The answer's object. Errors: those of the table, of HttpClient and of Identity, and
  // kUnavailable `bad_reply`.
  Result<WipedJson> Ask(const ApiRequest& request);
  // As HttpClient::Stream.
  Status Stream(const ApiRequest& request, const std::function<bool(std::string_view)>& on_bytes);

 private:
  using Send = std::function<Result<HttpReply>(const HttpRequest&)>;

  Result<HttpReply> Try(const ApiRequest& request, const Send& send);
  Result<HttpReply> Patiently(const ApiRequest& request, const Send& send);
  HttpRequest Build(const ApiRequest& request, Presented presented) const;
  // False: the server asked for a longer wait than that.
  bool WaitForServer(std::optional<Seconds> patience);
  void ServerAsksToWait(Seconds wait);
  std::optional<Seconds> LeftToWait();

  const Connection connection_;
  HttpClient& http_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable never_;
  std::chrono::steady_clock::time_point not_before_{};  // guarded by mutex_
};

}  // namespace tokenwarden::kubernetes

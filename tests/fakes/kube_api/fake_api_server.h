// FakeApiServer: the part of a Kubernetes API server that the agent uses, in memory, behind the
// HttpClient port: Secrets (server-side apply, merge and JSON patches, watches), Leases, Events,
// access reviews and workloads. It answers as a kube-apiserver 1.35 was seen to; the tests that run
// against both keep it honest.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/http_client.h"

namespace tokenwarden {

// Thread-safe.
class FakeApiServer : public HttpClient {
 public:
  using Json = nlohmann::json;

  struct Sent {
    std::string method;
    std::string path;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;
    std::string bearer;
    std::string content_type;
    std::string body;
  };

  FakeApiServer();

  Result<HttpReply> Send(const HttpRequest& request) override;
  Result<HttpReply> Stream(const HttpRequest& request,
                           const std::function<bool(std::string_view)>& on_bytes) override;

  // ---- what others do ----
  void MakeNamespace(const std::string& name);
  // As `kubectl edit` would: the field manager `kubectl-edit` owns what changes. Makes the Secret
  // when it is missing; `value` nullopt removes the key.
  void EditSecret(const std::string& place, const std::string& key,
                  const std::optional<std::string>& value);
  void EditObject(const std::string& path, const std::function<void(Json&)>& edit);
  void DeleteObject(const std::string& path);
  void MakeWorkload(const std::string& path);
  std::optional<Json> Object(const std::string& path) const;
  std::optional<std::string> ValueOf(const std::string& place, const std::string& key) const;
  std::string AnnotationOf(const std::string& path, const std::string& name) const;
  std::vector<Json> events() const;

  // ---- what goes wrong ----
  // Answers the next `times` requests of that method whose path ends so with this, instead of doing
  // what they ask.
  void Refuse(const std::string& method, const std::string& path_end, HttpReply reply,
              int times = 1);
  static HttpReply Status(int code, const std::string& reason, const std::string& message);
  // The connection breaks after the request was carried out.
  void LoseReply(const std::string& method, const std::string& path_end);
  // Runs once, before the next request of that method is carried out.
  void Before(const std::string& method, std::function<void()> action);
  void Accept(std::set<std::string> tokens);  // empty: everybody
  void SetReachable(bool reachable);
  void LetWatchAll(bool may);  // what access reviews answer
  void CutWatches();           // every open stream ends
  void ForgetHistory();        // a watch from any version so far is answered with 410
  int open_watches() const;

  std::vector<Sent> sent() const;
  int CountSent(const std::string& method, const std::string& path_end = "") const;
  void ClearSent();

 private:
  struct Owner {
    std::string manager;
    std::string operation;
    std::set<std::string> fields;  // `data/KEY`, `annotations/NAME`, `type`
    bool operator==(const Owner&) const = default;
  };
  struct Stored {
    Json object;
    std::vector<Owner> owners;
  };
  struct Change {
    std::uint64_t version;
    std::string type;
    std::string path;
    Json object;
  };
  struct Fault {
    std::string method;
    std::string path_end;
    std::optional<HttpReply> reply;  // absent: the reply is lost
    int times;
  };

  HttpReply Dispatch(const Sent& request);
  HttpReply Get(const Sent& request);
  HttpReply Apply(const Sent& request);
  HttpReply Patch(const Sent& request);
  HttpReply Put(const Sent& request);
  HttpReply Post(const Sent& request);
  // Stores what changed and tells watches; the same content keeps its version.
  HttpReply Commit(const Sent& request, const std::string& path, Stored next);
  HttpReply Reply(const Sent& request, int status, const Stored& stored) const;
  void TakeOwnership(Stored& next, const Json& before, const std::string& manager);
  HttpReply Missing(const std::string& path) const;
  bool NamespaceExists(const std::string& path) const;
  Json EventOf(const std::string& type, const Json& object) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> namespaces_;
  std::map<std::string, Stored> objects_;  // by path
  std::vector<Change> history_;
  std::vector<Json> events_;
  std::vector<Sent> sent_;
  std::deque<Fault> faults_;
  std::vector<std::pair<std::string, std::function<void()>>> before_;
  std::set<std::string> tokens_;
  std::uint64_t version_ = 100;
  std::uint64_t oldest_ = 0;
  int uids_ = 0;
  int generation_ = 0;  // of open watches
  int open_watches_ = 0;
  bool reachable_ = true;
  bool may_watch_all_ = false;
};

}  // namespace tokenwarden

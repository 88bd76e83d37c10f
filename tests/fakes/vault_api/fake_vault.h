// FakeVault: the part of a Vault server that the agent uses, in memory, behind the HttpClient port:
// KV versions 1 and 2, AppRole and JWT logins, tokens that live and die by a clock, wrapping,
// transit, and what goes wrong with all of them. It answers as a Vault 1.21 was seen to; the tests
// that run against both keep it honest.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/http_client.h"
#include "tests/fakes/vault_api/fake_kv.h"

namespace tokenwarden {

// Thread-safe, but for kv().
class FakeVault : public HttpClient {
 public:
  using Json = nlohmann::json;

  struct Sent {
    std::string method;
    std::string path;  // below /v1/
    std::string token;
    std::map<std::string, std::string> headers;
    Json body;
    bool exactly_once = false;
  };

  // With KV version 2 at `secret/`, and the token `root` that lives for ever.
  explicit FakeVault(Clock& clock);

  Result<HttpReply> Send(const HttpRequest& request) override;

  // ---- what others do ----
  FakeKv& kv(const std::string& mount = "secret/") { return mounts_.at(mount); }
  void Mount(const std::string& mount, int version);
  void Unmount(const std::string& mount);
  struct Life {
    Seconds ttl{0};      // 0: for ever
    Seconds max_ttl{0};  // 0: as long as it is renewed
    bool renewable = true;
  };
  void AddToken(const std::string& token, Life life);
  void Revoke(const std::string& token);
  void RevokeAll();  // but `root`
  bool Lives(const std::string& token) const;
  // A login by AppRole or as a JWT's role: what it must carry, and what it gets.
  void AllowLogin(const std::string& path, Json body, Life life);
  std::string Wrap(const std::string& creation_path, Json answer);  // the wrapping token

  // ---- what goes wrong ----
  void Seal(bool sealed) { sealed_ = sealed; }
  void SetReachable(bool reachable) { reachable_ = reachable; }
  // Says no more about a dead token than about a narrow policy, as OpenBao does.
  void SayLess(bool less) { says_less_ = less; }
  // From now on: 403 for that method on paths that begin so.
  void Deny(const std::string& method, const std::string& prefix);
  void AllowAll();
  // Answers the next `times` requests of that method whose path ends so with this.
  void Refuse(const std::string& method, const std::string& path_end, HttpReply reply,
              int times = 1);
  static HttpReply Reply(int status, const std::string& error);
  // The connection breaks before, or after, the request is carried out.
  void LoseRequest(const std::string& method, const std::string& path_end);
  void LoseReply(const std::string& method, const std::string& path_end);
  // The request is carried out twice, as when a client repeats it on a new connection.
  void CarryOutTwice(const std::string& method, const std::string& path_end);
  // Runs once, right before a request of that method whose path ends so is carried out.
  void Before(const std::string& method, const std::string& path_end, std::function<void()> action);
  // Every request fails from the so-many-th from now on, which is carried out or not: a crash.
  void CrashAfter(int requests, bool carried_out);
  void CrashNever();
  // Replies carry an index; reads that know it are answered 412 so often.
  void HandOutIndexes(int behind) { behind_ = behind; }

  std::vector<Sent> sent() const;
  int CountSent(const std::string& method, const std::string& path_end = "") const;
  void ClearSent();

 private:
  struct Token {
    std::chrono::steady_clock::time_point ends_at{};
    std::chrono::steady_clock::time_point latest{};
    Life life;
  };
  struct Fault {
    enum class Kind { kRefuse, kLoseRequest, kLoseReply, kTwice, kBefore };
    Kind kind;
    std::string method;
    std::string path_end;
    HttpReply reply;
    std::function<void()> action;
    int times;
  };

  std::optional<Fault> TakeFault(const Sent& request);
  HttpReply Dispatch(const Sent& request);
  FakeAnswer Route(const Sent& request);
  std::optional<FakeAnswer> RouteOpen(const Sent& request);
  FakeAnswer OwnToken(const Sent& request);
  FakeAnswer Transit(const Sent& request);
  FakeAnswer DetectMount(const std::string& path) const;
  FakeAnswer DeadToken() const;
  FakeAnswer Issue(Life life);
  FakeAnswer Unwrap(const std::string& token);
  bool LivesNow(const std::string& token) const;
  std::string MountOf(const std::string& path) const;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, FakeKv> mounts_;
  std::map<std::string, Token> tokens_;
  struct Allowed {
    std::string path;
    Json body;
    Life life;
  };
  std::vector<Allowed> allowed_;
  std::map<std::string, std::pair<std::string, Json>> wrapped_;
  std::vector<std::pair<std::string, std::string>> denied_;
  std::deque<Fault> faults_;
  std::vector<Sent> sent_;
  int issued_ = 0;
  int crash_after_ = -1;
  bool crash_carries_out_ = false;
  std::optional<int> behind_;
  bool sealed_ = false;
  bool reachable_ = true;
  bool says_less_ = false;
};

}  // namespace tokenwarden

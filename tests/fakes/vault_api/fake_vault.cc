#include "tests/fakes/vault_api/fake_vault.h"

#include <algorithm>
#include <utility>

namespace tokenwarden {
namespace {

using Json = nlohmann::json;

std::string NameOf(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::kGet:
      return "GET";
    case HttpRequest::Method::kPost:
      return "POST";
    case HttpRequest::Method::kDelete:
      return "DELETE";
    case HttpRequest::Method::kPut:
      return "PUT";
    case HttpRequest::Method::kPatch:
      return "PATCH";
  }
  return "";
}

bool StartsWith(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}
bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

FakeVault::Sent Parse(const HttpRequest& request) {
  FakeVault::Sent sent;
  sent.method = NameOf(request.method);
  sent.path = request.url.substr(request.url.find("/v1/") + 4);
  sent.exactly_once = request.exactly_once;
  for (const auto& [name, value] : request.headers) sent.headers[name] = value;
  for (const auto& [name, value] : request.secret_headers) {
    if (name == "X-Vault-Token") sent.token = std::string(value.Reveal());
  }
  if (request.secret_body) sent.body = Json::parse(request.secret_body->Reveal(), nullptr, false);
  if (!sent.body.is_object()) sent.body = Json::object();
  return sent;
}

Result<HttpReply> Lost() {
  return MakeError(ErrorKind::kUnavailable, "connection_lost", "the connection broke");
}

HttpReply ToReply(const FakeAnswer& answer) {
  HttpReply reply;
  reply.status = answer.status;
  if (answer.status != 204) reply.headers.emplace_back("content-type", "application/json");
  if (!answer.body.is_null()) reply.body = answer.body.dump();
  return reply;
}

}  // namespace

FakeVault::FakeVault(Clock& clock) : clock_(clock) {
  Mount("secret/", 2);
  AddToken("root", {});
}

void FakeVault::Mount(const std::string& mount, int version) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_.erase(mount);
  mounts_.emplace(mount, FakeKv(version));
}
void FakeVault::Unmount(const std::string& mount) {
  const std::lock_guard<std::mutex> lock(mutex_);
  mounts_.erase(mount);
}

void FakeVault::AddToken(const std::string& token, Life life) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = clock_.SteadyNow();
  tokens_[token] = {now + life.ttl, now + life.max_ttl, life};
}
void FakeVault::Revoke(const std::string& token) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_.erase(token);
}
void FakeVault::RevokeAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(tokens_, [](const auto& each) { return each.first != "root"; });
}
bool FakeVault::Lives(const std::string& token) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return LivesNow(token);
}
bool FakeVault::LivesNow(const std::string& token) const {
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return false;
  return found->second.life.ttl == Seconds(0) || clock_.SteadyNow() < found->second.ends_at;
}

void FakeVault::AllowLogin(const std::string& path, Json body, Life life) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(allowed_, [&](const Allowed& each) { return each.path == path; });
  allowed_.push_back({path, std::move(body), life});
}

std::string FakeVault::Wrap(const std::string& creation_path, Json answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string token = "wrapping-" + std::to_string(++issued_);
  wrapped_[token] = {creation_path, std::move(answer)};
  return token;
}

void FakeVault::Deny(const std::string& method, const std::string& prefix) {
  const std::lock_guard<std::mutex> lock(mutex_);
  denied_.emplace_back(method, prefix);
}
void FakeVault::AllowAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  denied_.clear();
}
void FakeVault::Refuse(const std::string& method, const std::string& path_end, HttpReply reply,
                       int times) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({Fault::Kind::kRefuse, method, path_end, std::move(reply), {}, times});
}
void FakeVault::LoseRequest(const std::string& method, const std::string& path_end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({Fault::Kind::kLoseRequest, method, path_end, {}, {}, 1});
}
void FakeVault::LoseReply(const std::string& method, const std::string& path_end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({Fault::Kind::kLoseReply, method, path_end, {}, {}, 1});
}
void FakeVault::CarryOutTwice(const std::string& method, const std::string& path_end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({Fault::Kind::kTwice, method, path_end, {}, {}, 1});
}
void FakeVault::Before(const std::string& method, const std::string& path_end,
                       std::function<void()> action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({Fault::Kind::kBefore, method, path_end, {}, std::move(action), 1});
}
void FakeVault::CrashAfter(int requests, bool carried_out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  crash_after_ = requests;
  crash_carries_out_ = carried_out;
}
void FakeVault::CrashNever() { CrashAfter(-1, false); }

HttpReply FakeVault::Reply(int status, const std::string& error) {
  return ToReply(FakeErrors(status, {error}));
}

std::vector<FakeVault::Sent> FakeVault::sent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sent_;
}
int FakeVault::CountSent(const std::string& method, const std::string& path_end) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(std::count_if(sent_.begin(), sent_.end(), [&](const Sent& each) {
    return (method.empty() || each.method == method) && EndsWith(each.path, path_end);
  }));
}
void FakeVault::ClearSent() {
  const std::lock_guard<std::mutex> lock(mutex_);
  sent_.clear();
}

std::optional<FakeVault::Fault> FakeVault::TakeFault(const Sent& request) {
  const auto found = std::find_if(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.method == request.method && EndsWith(request.path, fault.path_end);
  });
  if (found == faults_.end()) return std::nullopt;
  Fault fault = *found;
  if (--found->times == 0) faults_.erase(found);
  return fault;
}

Result<HttpReply> FakeVault::Send(const HttpRequest& request) {
  const Sent sent = Parse(request);
  std::unique_lock<std::mutex> lock(mutex_);
  if (!reachable_) return MakeError(ErrorKind::kUnavailable, "connect", "nobody is there");
  sent_.push_back(sent);
  if (crash_after_ == 0) return Lost();
  if (crash_after_ > 0 && --crash_after_ == 0) {
    if (crash_carries_out_) Dispatch(sent);
    return Lost();
  }
  const std::optional<Fault> fault = TakeFault(sent);
  if (!fault) return Dispatch(sent);
  switch (fault->kind) {
    case Fault::Kind::kRefuse:
      return fault->reply;
    case Fault::Kind::kLoseRequest:
      return Lost();
    case Fault::Kind::kLoseReply:
      Dispatch(sent);
      return Lost();
    case Fault::Kind::kTwice:
      Dispatch(sent);
      return Dispatch(sent);
    case Fault::Kind::kBefore:
      lock.unlock();
      fault->action();
      lock.lock();
      return Dispatch(sent);
  }
  return Lost();
}

HttpReply FakeVault::Dispatch(const Sent& request) {
  if (behind_ && *behind_ > 0 && request.headers.count("X-Vault-Index") != 0) {
    --*behind_;
    return Reply(412, "required index state not present");
  }
  HttpReply reply = ToReply(Route(request));
  if (behind_ && request.method != "GET") reply.headers.emplace_back("x-vault-index", "index");
  return reply;
}

FakeAnswer FakeVault::Route(const Sent& request) {
  if (request.headers.count("X-Vault-Request") == 0) {
    return FakeErrors(412, {"missing X-Vault-Request"});
  }
  if (sealed_) return FakeErrors(503, {"Vault is sealed"});
  if (std::optional<FakeAnswer> open = RouteOpen(request)) return *open;
  if (!LivesNow(request.token)) return DeadToken();
  for (const auto& [method, prefix] : denied_) {
    if (request.method == method && StartsWith(request.path, prefix)) {
      return FakeErrors(403, {"1 error occurred:\n\t* permission denied\n\n"});
    }
  }
  if (StartsWith(request.path, "auth/token/")) return OwnToken(request);
  if (StartsWith(request.path, "transit/")) return Transit(request);
  const std::string detect = "sys/internal/ui/mounts/";
  if (StartsWith(request.path, detect)) return DetectMount(request.path.substr(detect.size()));
  const std::string mount = MountOf(request.path);
  if (mount.empty()) {
    return FakeErrors(404,
                      {"no handler for route \"" + request.path + "\". route entry not found."});
  }
  return mounts_.at(mount).Handle(
      {request.method, request.path.substr(mount.size()), request.body});
}

FakeAnswer FakeVault::DeadToken() const {
  if (says_less_) return FakeErrors(403, {"permission denied"});
  return FakeErrors(403, {"2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"});
}

// What needs no token.
std::optional<FakeAnswer> FakeVault::RouteOpen(const Sent& request) {
  if (EndsWith(request.path, "/login")) {
    for (const Allowed& each : allowed_) {
      if (each.path != request.path) continue;
      if (each.body == request.body) return Issue(each.life);
      return FakeErrors(400, {"invalid role or secret ID"});
    }
    return FakeErrors(403, {"permission denied"});
  }
  if (request.path == "sys/wrapping/lookup") {
    const auto found = wrapped_.find(request.body.value("token", ""));
    if (found == wrapped_.end()) {
      return FakeErrors(400, {"wrapping token is not valid or does not exist"});
    }
    return FakeData({{"creation_path", found->second.first}});
  }
  if (request.path == "sys/wrapping/unwrap") return Unwrap(request.token);
  return std::nullopt;
}

FakeAnswer FakeVault::Unwrap(const std::string& token) {
  const auto found = wrapped_.find(token);
  if (found == wrapped_.end()) {
    return FakeErrors(400, {"wrapping token is not valid or does not exist"});
  }
  FakeAnswer answer{200, found->second.second};
  wrapped_.erase(found);
  return answer;
}

FakeAnswer FakeVault::Issue(Life life) {
  const std::string token = "issued-" + std::to_string(++issued_);
  const auto now = clock_.SteadyNow();
  tokens_[token] = {now + life.ttl, now + life.max_ttl, life};
  FakeAnswer answer = FakeData(nullptr);
  answer.body["auth"] = {{"client_token", token},
                         {"lease_duration", life.ttl.count()},
                         {"renewable", life.renewable},
                         {"mfa_requirement", nullptr}};
  return answer;
}

FakeAnswer FakeVault::OwnToken(const Sent& request) {
  Token& token = tokens_.at(request.token);
  const auto now = clock_.SteadyNow();
  if (EndsWith(request.path, "revoke-self")) {
    tokens_.erase(request.token);
    return {};
  }
  if (EndsWith(request.path, "lookup-self")) {
    const auto left = std::chrono::ceil<Seconds>(token.ends_at - now);
    const bool ends = token.life.ttl != Seconds(0);
    return FakeData(
        {{"ttl", ends ? left.count() : 0}, {"renewable", token.life.renewable && ends}});
  }
  if (!token.life.renewable) return FakeErrors(400, {"lease is not renewable"});
  token.ends_at = now + token.life.ttl;
  if (token.life.max_ttl != Seconds(0)) token.ends_at = std::min(token.ends_at, token.latest);
  FakeAnswer answer = FakeData(nullptr);
  answer.body["auth"] = {
      {"client_token", request.token},
      {"lease_duration", std::chrono::ceil<Seconds>(token.ends_at - now).count()},
      {"renewable", true}};
  return answer;
}

// A ciphertext names its key and its plaintext.
FakeAnswer FakeVault::Transit(const Sent& request) {
  const std::string key = request.path.substr(request.path.rfind('/') + 1);
  const std::string start = "vault:v1:" + key + ":";
  if (StartsWith(request.path, "transit/datakey/")) {
    // 32 bytes that differ from call to call.
    const std::string number = std::to_string(100 + ++issued_);
    return FakeData({{"ciphertext", start + number + std::string(40, 'A') + "="}});
  }
  const std::string ciphertext = request.body.value("ciphertext", "");
  if (!StartsWith(ciphertext, "vault:v1:"))
    return FakeErrors(400, {"invalid ciphertext: no prefix"});
  if (!StartsWith(ciphertext, start)) {
    return FakeErrors(400, {"cipher: message authentication failed"});
  }
  return FakeData({{"plaintext", ciphertext.substr(start.size())}});
}

std::string FakeVault::MountOf(const std::string& path) const {
  for (const auto& [mount, kv] : mounts_) {
    if (StartsWith(path + "/", mount)) return mount;
  }
  return "";
}

FakeAnswer FakeVault::DetectMount(const std::string& path) const {
  const std::string mount = MountOf(path);
  if (mount.empty()) {
    return FakeErrors(403, {"preflight capability check returned 403, please ensure client's "
                            "policies grant access to path \"" +
                            path + "/\""});
  }
  const int version = mounts_.at(mount).version();
  Json options;
  if (version == 2) options = {{"version", "2"}};
  return FakeData({{"path", mount}, {"type", "kv"}, {"options", options}});
}

}  // namespace tokenwarden

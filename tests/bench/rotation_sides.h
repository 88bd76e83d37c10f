// The two sides of the rotation rows: the product's own parts without its processes, and what
// cannot be done without: the same requests by bare libcurl, the same writes and flushes.
#pragma once

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/crypto/state_key.h"
#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/place_factory.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/adapters/sqlite/sqlite_state_store.h"
#include "agent/adapters/system/system_clock.h"
#include "agent/app/reconcile.h"
#include "tests/bench/row.h"
#include "tests/bench/side.h"

namespace tokenwarden::bench {

inline constexpr const char* kAppId = "100000000000001";
inline constexpr int kRecorded =
    20;  // rotations whose writes are recorded, moving the log included

// One write of a commit by its size, or a flush (0).
inline std::vector<std::size_t>* recording = nullptr;
inline void Record(std::size_t bytes) {
  if (recording != nullptr) recording->push_back(bytes);
}

struct Setting {
  std::string endpoint;
  std::string token;
  std::string app_secret;
  std::string directory;
  bool publishes = false;
  std::vector<SinkSpec> more_sinks;  // beside the `.env`
  std::function<PlaceFactory&(Clock&, PlaceFactory&, SecretResolver&, Notifier&)> router{};

  std::string File(const std::string& name) const { return directory + "/" + name; }
};

inline void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  chmod(path.c_str(), 0600);
}

inline std::string Env(const std::string& token) {
  return "# settings\nBOT_NAME=\"Acme Bot\"\nTOKEN='" + token + "'\nVERIFY=yes\n";
}

// ---- ours ----

class TimedHttp final : public HttpClient {
 public:
  explicit TimedHttp(HttpClient& inner) : inner_(inner) {}
  Result<HttpReply> Send(const HttpRequest& request) override {
    const auto started = std::chrono::steady_clock::now();
    Result<HttpReply> reply = inner_.Send(request);
    spent_us +=
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - started)
            .count();
    return reply;
  }
  double spent_us = 0;

 private:
  HttpClient& inner_;
};

// Says nothing, and notes when values became current.
struct Silent final : EventListener, Notifier {
  void On(const Event& event) noexcept override {
    const bool current = event.kind == Event::Kind::kRenewalSucceeded;
    if (current) current_at = std::chrono::steady_clock::now();
    if (event.kind == Event::Kind::kPublishFailed) ++failed_publishes;
  }
  std::chrono::steady_clock::time_point current_at{};
  int failed_publishes = 0;
  Status Notify(const NotifySpec&, const Notice&) override { return {}; }
};

class Rotations {
 public:
  explicit Rotations(const Setting& setting)
      : setting_(setting),
        key_(crypto::RandomKey()),
        sealer_(crypto::MakeSealer(key_)),
        fingerprinter_(crypto::MakeFingerprinter(key_)),
        mac_(crypto::MakeMac()),
        http_client_(curl::MakeHttpClient({})),
        http_(*http_client_),
        provider_(meta::MakeProvider(*mac_, {setting.endpoint})),
        places_(files::MakePlaceFactory(setting.directory)),
        secrets_(files::MakeSecretResolver(setting.directory)) {
    WriteFile(setting.File(".env"), Env(setting.token));
    WriteFile(setting.File("secret"), setting.app_secret);
    auto store = sqlite::OpenStateStore(setting.File("state.db"), *sealer_,
                                        {kDay * 30, "", "a measurement"});
    if (!store) throw std::runtime_error(store.error().message);
    store_ = std::move(*store);
    CredentialSpec spec;
    spec.name = "bench";
    spec.meta.app_id = kAppId;
    SecretRef secret;
    secret.kind = SecretRef::Kind::kFile;
    secret.locator = "secret";
    spec.meta.app_secret = secret;
    spec.settle = Seconds{0};
    spec.source = SourceSpec{SourceKind::kDotenv, ".env", "TOKEN"};
    SinkSpec sink;
    sink.kind = SinkKind::kDotenv;
    sink.path = ".env";
    sink.key = "TOKEN";
    if (setting.publishes) spec.sinks.push_back(sink);
    for (const SinkSpec& more : setting.more_sinks) spec.sinks.push_back(more);
    if (setting.router) router_ = &setting.router(clock_, *places_, *secrets_, silent_);
    CredentialState state;
    state.name = spec.name;
    keeper_ = std::make_unique<Keeper>(spec, state);
    Pass();
  }

  void Rotate() {
    const Generation before = keeper_->state()->generation;
    keeper_->asked_refresh = true;
    Pass();
    if (keeper_->state()->generation != before + 1) {
      throw std::runtime_error("a rotation failed: " + keeper_->state()->renew.last_error);
    }
  }
  // From a proven value to its last read-back, of the last rotation.
  double PublishingMs() const {
    if (silent_.failed_publishes != 0) throw std::runtime_error("a publish failed");
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - silent_.current_at;
    return spent.count();
  }
  // The time that requests took since the last call.
  double TakeRequestTime() { return std::exchange(http_.spent_us, 0); }

 private:
  void Pass() {
    const Deps deps{clock_,    http_,           *provider_, *store_,      *router_,
                    *secrets_, *fingerprinter_, silent_,    coordinator_, silent_};
    Reconcile(deps, *keeper_, WorkLimits{});
  }

  const Setting setting_;
  const crypto::StateKey key_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<Fingerprinter> fingerprinter_;
  std::unique_ptr<Mac> mac_;
  std::unique_ptr<curl::CurlHttpClient> http_client_;
  TimedHttp http_;
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<PlaceFactory> places_;
  PlaceFactory* router_ = places_.get();
  std::unique_ptr<SecretResolver> secrets_;
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<Keeper> keeper_;
  sys::SystemClock clock_;
  SoleHolder coordinator_;
  Silent silent_;
};

// ---- the floor ----

// The recorded writes and flushes, in a file that has its blocks already.
class Replay {
 public:
  explicit Replay(const Setting& setting) {
    std::ifstream file(setting.File("recorded"));
    for (std::size_t bytes = 0; file >> bytes;) operations_.push_back(bytes);
    if (operations_.empty()) throw std::runtime_error("nothing was recorded");
    file_ = open(setting.File("replay").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const std::string room(kRoom, 'x');
    if (file_ < 0 || pwrite(file_, room.data(), kRoom, 0) != static_cast<ssize_t>(kRoom) ||
        fsync(file_) != 0) {
      throw std::runtime_error("the file of the floor could not be written");
    }
  }
  ~Replay() { close(file_); }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // One of the recorded rotations, in turn.
  void Rotate() {
    const std::size_t begin = operations_.size() * next_ / kRecorded;
    next_ = next_ % kRecorded + 1;
    const std::size_t end = operations_.size() * next_ / kRecorded;
    if (next_ == kRecorded) next_ = 0;
    for (std::size_t i = begin; i < end; ++i) Do(operations_[i]);
  }

 private:
  static constexpr std::size_t kRoom = 1 << 20;

  void Do(std::size_t bytes) {
    if (bytes == 0) {
      if (fdatasync(file_) != 0) throw std::runtime_error("a flush of the floor failed");
      return;
    }
    if (at_ + bytes > kRoom) at_ = 0;
    const std::string content(bytes, 'y');
    if (pwrite(file_, content.data(), bytes, static_cast<off_t>(at_)) !=
        static_cast<ssize_t>(bytes)) {
      throw std::runtime_error("a write of the floor failed");
    }
    at_ += bytes;
  }

  std::vector<std::size_t> operations_;
  std::size_t next_ = 0;
  std::size_t at_ = 0;
  int file_ = -1;
};

inline std::size_t Collect(char* bytes, std::size_t, std::size_t size, void* body) {
  static_cast<std::string*>(body)->append(bytes, size);
  return size;
}

// The requests of a rotation, as a script with libcurl would make them.
class BareRequests {
 public:
  explicit BareRequests(const Setting& setting) : setting_(setting) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::string bearer =
        std::string("Authorization: Bearer ") + kAppId + "|" + setting.app_secret;
    headers_ = curl_slist_append(nullptr, bearer.c_str());
    handle_ = curl_easy_init();
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, Collect);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &body_);
  }
  ~BareRequests() {
    curl_easy_cleanup(handle_);
    curl_slist_free_all(headers_);
  }
  BareRequests(const BareRequests&) = delete;
  BareRequests& operator=(const BareRequests&) = delete;

  // A new token, which the issuer was asked about.
  std::string Renew() {
    curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(handle_, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, nullptr);
    Ask("/oauth/access_token?grant_type=fb_exchange_token&set_token_expires_in_60_days=true"
        "&client_id=" +
        std::string(kAppId) + "&client_secret=" + setting_.app_secret +
        "&fb_exchange_token=" + setting_.token);
    const std::string mark = "\"access_token\":\"";
    const std::size_t at = body_.find(mark) + mark.size();
    const std::string token = body_.substr(at, body_.find('"', at) - at);
    curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 0L);
    curl_easy_setopt(handle_, CURLOPT_FORBID_REUSE, 0L);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
    Ask("/debug_token?input_token=" + token);
    if (body_.find("\"is_valid\":true") == std::string::npos) {
      throw std::runtime_error("the floor's new token is not valid");
    }
    return token;
  }

 private:
  void Ask(const std::string& path) {
    body_.clear();
    curl_easy_setopt(handle_, CURLOPT_URL, (setting_.endpoint + "/v25.0" + path).c_str());
    long status = 0;
    const bool done = curl_easy_perform(handle_) == CURLE_OK;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (!done || status != 200) throw std::runtime_error("a request of the floor failed");
  }

  const Setting setting_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::string body_;
};

inline void ReplaceSafely(const Setting& setting, const std::string& token) {
  const std::string part = setting.File("bare.env.part");
  const std::string content = Env(token);
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int directory = open(setting.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done =
      write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(file) == 0 && rename(part.c_str(), setting.File("bare.env").c_str()) == 0 &&
      fsync(directory) == 0;
  close(file);
  close(directory);
  if (!done) throw std::runtime_error("the floor could not replace its file");
}

// The writes and flushes of a rotation go through here.
extern "C" {
int __real_fdatasync(int file);
ssize_t __real_pwrite64(int file, const void* bytes, std::size_t size, off64_t at);
ssize_t __real_pwrite(int file, const void* bytes, std::size_t size, off_t at);
int __wrap_fdatasync(int file) {
  Record(0);
  return __real_fdatasync(file);
}
ssize_t __wrap_pwrite64(int file, const void* bytes, std::size_t size, off64_t at) {
  Record(size);
  return __real_pwrite64(file, bytes, size, at);
}
ssize_t __wrap_pwrite(int file, const void* bytes, std::size_t size, off_t at) {
  Record(size);
  return __real_pwrite(file, bytes, size, at);
}
}

// `PROGRAM DIRECTORY ROUNDS PER_ROUND`; 1 with the reason when something could not be measured.
inline int RunBench(const char* name, int argc, char** argv, int (*measure)(char**)) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s DIRECTORY ROUNDS PER_ROUND\n", name);
    return 2;
  }
  try {
    return measure(argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", name, problem.what());
    return 1;
  }
}

}  // namespace tokenwarden::bench

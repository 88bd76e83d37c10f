// What an inspection costs beside the HTTP exchange it needs: the product's provider and HTTP
// client on worker threads, against a bare libcurl-multi loop that makes the same requests and
// reads the bodies but not what is in them. Same parallelism, keep-alive, interleaved rounds.
//
//   BENCH_ENDPOINT=URL BENCH_TOKEN=… BENCH_APP_SECRET=… inspect_bench LIMIT ROUNDS PER_ROUND
#include <curl/curl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/meta/meta_provider.h"
#include "tests/bench/row.h"
#include "tests/bench/side.h"

namespace tokenwarden::bench {
namespace {

constexpr int kParallel = 8;  // the agent's default per issuer and app
constexpr const char* kAppId = "100000000000001";

struct Setting {
  std::string endpoint;
  std::string token;
  std::string app_secret;
};

// ---- ours ----

// Workers that stay from round to round, as those of a lane stay while it has work.
class Crew {
 public:
  Crew(int workers, std::function<void()> job) : job_(std::move(job)) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~Crew() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Every worker runs the job until `times` runs have been made.
  void Run(int times) {
    std::unique_lock<std::mutex> lock(mutex_);
    left_ = times;
    busy_ = threads_.size();
    ++round_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void Work() {
    int seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
      lock.unlock();
      while (left_.fetch_sub(1) > 0) job_();
      lock.lock();
      if (--busy_ == 0) changed_.notify_all();
    }
  }

  const std::function<void()> job_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<int> left_{0};
  std::size_t busy_ = 0;
  int round_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

Round MakeOurs(const Setting& setting) {
  struct Parts {
    explicit Parts(const Setting& setting)
        : mac(crypto::MakeMac()),
          provider(meta::MakeProvider(*mac, {setting.endpoint})),
          http(curl::MakeHttpClient({})),
          value(setting.token),
          app_secret(Secret(setting.app_secret)) {
      spec.name = "bench";
      spec.meta.app_id = kAppId;
    }
    void Inspect() {
      const ProviderContext context{spec, app_secret, none, none, FromUnix(std::time(nullptr))};
      if (provider->Inspect(context, value, *http).verdict != Verdict::kValid) ++failed;
    }
    std::unique_ptr<Mac> mac;
    std::unique_ptr<Provider> provider;
    std::unique_ptr<curl::CurlHttpClient> http;
    CredentialSpec spec;
    Secret value;
    std::optional<Secret> app_secret;
    std::optional<Secret> none;
    std::atomic<int> failed{0};
    Crew crew{kParallel, [this] { Inspect(); }};
  };
  return [parts = std::make_shared<Parts>(setting)](int requests) {
    parts->crew.Run(requests);
    if (parts->failed != 0) throw std::runtime_error("inspections did not find the token valid");
    return 0.0;
  };
}

// ---- the floor ----

std::size_t Collect(char* bytes, std::size_t, std::size_t size, void* body) {
  static_cast<std::string*>(body)->append(bytes, size);
  return size;
}

class BareLoop {
 public:
  explicit BareLoop(const Setting& setting) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
    const std::string url = setting.endpoint + "/v25.0/debug_token?input_token=" + setting.token;
    const std::string bearer =
        std::string("Authorization: Bearer ") + kAppId + "|" + setting.app_secret;
    headers_ = curl_slist_append(nullptr, bearer.c_str());
    for (std::string& body : bodies_) {
      CURL* handle = curl_easy_init();
      curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
      curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_);
      curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
      curl_easy_setopt(handle, CURLOPT_USERAGENT, "tokenwarden");
      curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Collect);
      curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
      curl_easy_setopt(handle, CURLOPT_PRIVATE, &body);
      idle_.push_back(handle);
    }
  }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  void Run(int requests) {
    int to_start = requests;
    int running = 0;
    while (to_start > 0 || idle_.size() < bodies_.size()) {
      for (; to_start > 0 && !idle_.empty(); --to_start) {
        curl_multi_add_handle(multi_, idle_.back());
        idle_.pop_back();
      }
      curl_multi_perform(multi_, &running);
      const bool finished = TakeFinished();
      if (!finished) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
  }

 private:
  bool TakeFinished() {
    bool any = false;
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
      CURL* handle = message->easy_handle;
      long status = 0;
      std::string* body = nullptr;
      curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &body);
      if (message->data.result != CURLE_OK || status != 200 || body->empty()) {
        throw std::runtime_error("a request of the bare loop failed");
      }
      body->clear();
      curl_multi_remove_handle(multi_, handle);
      idle_.push_back(handle);
      any = true;
    }
    return any;
  }

  CURLM* multi_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<std::string, kParallel> bodies_;
  std::vector<CURL*> idle_;
};

Round MakeBare(const Setting& setting) {
  return [loop = std::make_shared<BareLoop>(setting)](int requests) {
    loop->Run(requests);
    return 0.0;
  };
}

int Main(char** argv) {
  const int rounds = Count(argv[2]);
  const int per_round = Count(argv[3]);
  const Setting setting{Required("BENCH_ENDPOINT"), Required("BENCH_TOKEN"),
                        Required("BENCH_APP_SECRET")};
  Side bare([&] { return MakeBare(setting); });
  Side ours([&] { return MakeOurs(setting); });
  std::signal(SIGPIPE, SIG_IGN);  // a side that died is told of by Run
  Series wall;
  Series cpu;
  constexpr int kWarmUp = 100;
  ours.Run(kWarmUp);
  bare.Run(kWarmUp);
  for (int round = 0; round < rounds; ++round) {
    const Cost our_cost = ours.Run(per_round);
    const Cost bare_cost = bare.Run(per_round);
    wall.ours.push_back(our_cost.wall_us);
    wall.peer.push_back(bare_cost.wall_us);
    cpu.ours.push_back(our_cost.cpu_us);
    cpu.peer.push_back(bare_cost.cpu_us);
  }
  const std::string name = "inspections_" + std::to_string(rounds * per_round);
  PrintRow(name, "us each", "bare libcurl-multi loop", argv[1], wall);
  PrintRow(name + "_client_cpu", "us each", "bare libcurl-multi loop", "", cpu);
  return 0;
}

}  // namespace
}  // namespace tokenwarden::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: inspect_bench LIMIT ROUNDS PER_ROUND\n");
    return 2;
  }
  try {
    return tokenwarden::bench::Main(argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "inspect_bench: %s\n", problem.what());
    return 1;
  }
}

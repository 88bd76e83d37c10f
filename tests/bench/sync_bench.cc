// What it costs to have a renewed token in three places: a `.env`, a Vault and a Secret.
//
//   BENCH_ENDPOINT=URL BENCH_TOKEN=… BENCH_APP_SECRET=… VAULT_ADDR=URL BENCH_VAULT_TOKEN_FILE=PATH
//   KUBECONFIG=PATH BENCH_CLUSTER=URL BENCH_CA_FILE=PATH BENCH_CLUSTER_TOKEN=…
//   sync_bench DIRECTORY ROUNDS PER_ROUND
//
// sync_p95: from the moment a new value is current until all three have been read back.
// sync_N: whole rotations into the three, against bare keep-alive clients that send the same
// requests one after the other, the same writes and flushes, and replace the same file as safely.
#include "agent/core/base64.h"
#include "agent/wiring/servers.h"
#include "tests/bench/rotation_sides.h"

namespace tokenwarden::bench {
namespace {

SinkSpec ServerSink(SinkKind kind, const std::string& path) {
  SinkSpec sink;
  sink.kind = kind;
  sink.path = path;
  sink.key = "token";
  return sink;
}

Config ConfigOf() {
  Config config;
  config.vault.address = Required("VAULT_ADDR");
  config.vault.auth.kind = VaultAuthSpec::Kind::kTokenFile;
  config.vault.auth.token_file = Required("BENCH_VAULT_TOKEN_FILE");
  config.kubernetes.kubeconfig = Required("KUBECONFIG");
  config.kubernetes.default_namespace = "default";
  return config;
}

Round MakeOurs(const Setting& setting, const std::string& latencies) {
  struct Parts {
    std::unique_ptr<Servers> servers;
    std::unique_ptr<Rotations> rotations;
    std::ofstream latencies;
    bool recorded = false;
  };
  auto parts = std::make_shared<Parts>();
  Setting routed = setting;
  routed.router = [parts](Clock& clock, PlaceFactory& places, SecretResolver& secrets,
                          Notifier& notifier) -> PlaceFactory& {
    Config config = ConfigOf();
    auto made = Servers::Make(config, {clock, places, secrets, notifier, "bench", nullptr, true});
    if (!made) throw std::runtime_error(made.error().message);
    parts->servers = std::move(*made);
    return parts->servers->router();
  };
  parts->rotations = std::make_unique<Rotations>(routed);
  parts->latencies.open(latencies);
  return [parts, setting](int count) {
    std::vector<std::size_t> writes;
    if (!parts->recorded) recording = &writes;
    for (int i = 0; i < count; ++i) {
      parts->rotations->Rotate();
      parts->latencies << parts->rotations->PublishingMs() << std::endl;
    }
    recording = nullptr;
    if (!parts->recorded) {
      std::ofstream file(setting.File("recorded"));
      for (const std::size_t bytes : writes) file << bytes << '\n';
    }
    parts->recorded = true;
    return 0.0;
  };
}

// ---- the floor ----

// One keep-alive connection to a server.
class Bare {
 public:
  explicit Bare(const std::vector<std::string>& headers, const std::string& ca_file = "") {
    for (const std::string& header : headers)
      headers_ = curl_slist_append(headers_, header.c_str());
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, Collect);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &body_);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
    if (!ca_file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, ca_file.c_str());
  }
  ~Bare() {
    curl_easy_cleanup(handle_);
    curl_slist_free_all(headers_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  const std::string& Get(const std::string& url) { return Send("GET", url, nullptr); }
  const std::string& Send(const char* method, const std::string& url, const std::string* content) {
    body_.clear();
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, content == nullptr ? nullptr : content->c_str());
    if (content == nullptr) curl_easy_setopt(handle_, CURLOPT_HTTPGET, 1L);
    long status = 0;
    const bool done = curl_easy_perform(handle_) == CURLE_OK;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (!done || status / 100 != 2) {
      throw std::runtime_error(std::string("a request of the floor failed: ") + method + " " + url +
                               ": " + std::to_string(status) + " " + body_);
    }
    return body_;
  }

 private:
  CURL* handle_ = curl_easy_init();
  curl_slist* headers_ = nullptr;
  std::string body_;
};

std::string After(const std::string& body, const std::string& mark, char end) {
  const std::size_t at = body.find(mark);
  if (at == std::string::npos) throw std::runtime_error("the floor misses " + mark);
  return body.substr(at + mark.size(), body.find(end, at + mark.size()) - at - mark.size());
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::string content;
  std::getline(file, content);
  return content;
}

// Read, claim, write with check-and-set, read back.
class BareVault {
 public:
  BareVault()
      : plain_({Token(), "Content-Type: application/json"}),
        merge_({Token(), "Content-Type: application/merge-patch+json"}) {}
  void Publish(const std::string& token, int generation) {
    const std::string version = After(plain_.Get(Url("data")), "\"version\":", '}');
    const std::string number = std::to_string(generation);
    const std::string claim =
        "{\"custom_metadata\":{\"tokenwarden_generation\":\"" + number +
        "\",\"tokenwarden_epoch\":\"0\",\"tokenwarden_fingerprint\":\"hmac:" + number + "\"}}";
    merge_.Send("PATCH", Url("metadata"), &claim);
    const std::string data =
        "{\"options\":{\"cas\":" + version + "},\"data\":{\"token\":\"" + token + "\"}}";
    plain_.Send("POST", Url("data"), &data);
    if (plain_.Get(Url("data")).find(token) == std::string::npos) {
      throw std::runtime_error("the floor reads something else back from Vault");
    }
  }

 private:
  static std::string Token() {
    return "X-Vault-Token: " + ReadAll(Required("BENCH_VAULT_TOKEN_FILE"));
  }
  static std::string Url(const std::string& part) {
    return Required("VAULT_ADDR") + "/v1/secret/" + part + "/bare";
  }

  Bare plain_;
  Bare merge_;
};

// Apply, read back.
class BareSecret {
 public:
  BareSecret()
      : http_({"Authorization: Bearer " + Required("BENCH_CLUSTER_TOKEN"),
               "Content-Type: application/apply-patch+yaml", "Accept: application/json"},
              Required("BENCH_CA_FILE")) {}
  void Publish(const std::string& token, int generation) {
    const std::string encoded = ToBase64(token);
    const std::string number = std::to_string(generation);
    const std::string apply =
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"bare\","
        "\"annotations\":"
        "{\"tokenwarden.dev/generation\":\"" +
        number +
        "\",\"tokenwarden.dev/epoch\":\"0\",\"tokenwarden.dev/fingerprint\":\"hmac:" + number +
        "\"}},\"data\":{\"token\":\"" + encoded + "\"}}";
    const std::string url = Required("BENCH_CLUSTER") + "/api/v1/namespaces/default/secrets/bare";
    http_.Send("PATCH", url + "?fieldManager=bare&force=true", &apply);
    if (http_.Get(url).find(encoded) == std::string::npos) {
      throw std::runtime_error("the floor reads something else back from the API server");
    }
  }

 private:
  Bare http_;
};

Round MakeBare(const Setting& setting) {
  struct Parts {
    explicit Parts(const Setting& setting) : replay(setting), requests(setting) {}
    Replay replay;
    BareRequests requests;
    BareVault vault;
    BareSecret secret;
    int generation = 0;
  };
  return [setting, parts = std::shared_ptr<Parts>()](int count) mutable {
    if (!parts) parts = std::make_shared<Parts>(setting);
    for (int i = 0; i < count; ++i) {
      const std::string token = parts->requests.Renew();
      parts->replay.Rotate();
      ReplaceSafely(setting, token);
      parts->vault.Publish(token, ++parts->generation);
      parts->secret.Publish(token, parts->generation);
    }
    return 0.0;
  };
}

// ---- rows ----

double NinetyFifth(const std::string& path) {
  std::ifstream file(path);
  std::vector<double> values;
  for (double value = 0; file >> value;) values.push_back(value);
  if (values.size() < 20) throw std::runtime_error("too few rotations for a 95th percentile");
  std::sort(values.begin(), values.end());
  return values[values.size() * 95 / 100];
}

int Main(char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a side that died is told of by Run
  const int rounds = Count(argv[2]);
  const int per_round = Count(argv[3]);
  Setting setting{Required("BENCH_ENDPOINT"),
                  Required("BENCH_TOKEN"),
                  Required("BENCH_APP_SECRET"),
                  std::string(argv[1]) + "/sync",
                  true,
                  {ServerSink(SinkKind::kVault, "secret/bench"),
                   ServerSink(SinkKind::kKubernetes, "default/bench")}};
  mkdir(setting.directory.c_str(), 0700);
  const std::string latencies = setting.File("latencies");
  Side bare([&] { return MakeBare(setting); });
  Side ours([&] { return MakeOurs(setting, latencies); });
  Series wall;
  ours.Run(kRecorded);
  bare.Run(kRecorded);
  for (int round = 0; round < rounds; ++round) {
    wall.ours.push_back(ours.Run(per_round).wall_us / 1000);
    wall.peer.push_back(bare.Run(per_round).wall_us / 1000);
  }
  std::printf("sync_p95\t%.3f\tms\t\t\t250\t%d\n", NinetyFifth(latencies), rounds * per_round);
  PrintRow("sync_" + std::to_string(rounds * per_round), "ms each",
           "bare keep-alive libcurl, the same flushes", "1.5", wall);
  return 0;
}

}  // namespace

}  // namespace tokenwarden::bench

int main(int argc, char** argv) {
  return tokenwarden::bench::RunBench("sync_bench", argc, argv, tokenwarden::bench::Main);
}

// The world of a test: an issuer that answers as told, an environment, standard input, files in
// memory.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/services.h"

namespace tokenwarden::cli {

inline constexpr Instant kNow{Seconds{1'795'168'800}};  // 2026-11-20T10:00:00Z

// Looks like a token to every rule of ours; made here so that no source file holds such a text.
inline std::string FakeToken(char filler = 'q') {
  std::string token = "EA";
  token += 'A';
  for (int i = 0; i < 60; ++i) token += i % 2 == 0 ? filler : '7';
  return token;
}

inline std::string FakeAppSecret() {
  std::string secret;
  for (int i = 0; i < 16; ++i) secret += "a5";
  return secret;
}

class FakeIssuer : public Provider {
 public:
  // What Inspect answers; may look at the whole context.
  std::function<Observation(const ProviderContext&, const Secret&)> answer;

  std::string_view Name() const override { return "meta"; }
  Capabilities CapabilitiesOf(const ProviderContext&, const Observation*) const override {
    return {};
  }
  Observation Inspect(const ProviderContext& context, const Secret& value,
                      HttpClient&) const override {
    ++asked;
    return answer(context, value);
  }
  Result<Renewal> BuildRenewal(const ProviderContext&, const Secret&,
                               const Observation&) const override {
    return MakeError(ErrorKind::kInternal, "not_here", "check never renews");
  }
  Result<RenewedValue> ParseRenewal(const HttpReply&) const override {
    return MakeError(ErrorKind::kInternal, "not_here", "check never renews");
  }
  std::string LaneOf(const CredentialSpec&) const override { return "lane"; }

  mutable std::atomic<int> asked{0};
};

class NoHttp : public HttpClient {
 public:
  Result<HttpReply> Send(const HttpRequest&) override {
    return MakeError(ErrorKind::kUnavailable, "connect", "no network in this test");
  }
};

// Digests that differ where values differ and show nothing of them.
class FakeFingerprinter : public Fingerprinter {
 public:
  explicit FakeFingerprinter(char first) : first_(first) {}
  Fingerprint Of(const Secret& value) const override {
    return {"hmac:" + std::string(1, first_) + "00000000000" +
            std::to_string(1000 + value.size() % 1000)};
  }

 private:
  char first_;
};

class FakeSource : public Source {
 public:
  explicit FakeSource(Result<std::string> value) : value_(std::move(value)) {}
  Result<Secret> Read() override {
    if (!value_) return tl::unexpected<Error>(value_.error());
    return Secret(*value_);
  }

 private:
  Result<std::string> value_;
};

class FakeWorldPlaces : public PlaceFactory {
 public:
  explicit FakeWorldPlaces(std::map<std::string, Result<std::string>> values)
      : values_(std::move(values)) {}
  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override {
    return std::make_unique<FakeSource>(values_.at(spec.path));
  }
  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec&) override {
    return MakeError(ErrorKind::kInternal, "not_here", "check never writes");
  }

 private:
  std::map<std::string, Result<std::string>> values_;
};

class FakeResolver : public SecretResolver {
 public:
  explicit FakeResolver(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  Result<Secret> Resolve(const SecretRef& ref) override {
    const auto found = values_.find(ref.locator);
    if (found != values_.end()) return Secret(found->second);
    return MakeError(ErrorKind::kNotFound, "no_such_variable",
                     "the environment has no variable " + ref.locator, "export it");
  }

 private:
  std::map<std::string, std::string> values_;
};

class FakeAgent : public AgentClient {
 public:
  std::vector<TokenView> tokens;
  Explanation explanation;
  std::optional<Error> refusal;

  Result<std::vector<TokenView>> List() override { return tokens; }
  Result<TokenView> Refresh(const std::string& name) override { return Change("refresh " + name); }
  Result<TokenView> Submit(SubmitRequest request) override {
    submitted = std::string(request.value.Reveal());
    if (request.kept_aside)
      return Change("kept " + request.name + " " + request.accept_worse_reason);
    return Change("submit " + request.name + " " + request.accept_worse_reason);
  }
  Result<TokenView> Rollback(const std::string& name) override {
    return Change("rollback " + name);
  }
  Result<TokenView> Sync(const std::string& name) override { return Change("sync " + name); }
  Result<Explanation> Explain(const std::string& name) override {
    calls.push_back("explain " + name);
    if (refusal) return tl::unexpected<Error>(*refusal);
    return explanation;
  }

  std::vector<std::string> calls;
  std::string submitted;

 private:
  Result<TokenView> Change(std::string call) {
    calls.push_back(std::move(call));
    if (refusal) return tl::unexpected<Error>(*refusal);
    return tokens.front();
  }
};

// Hands out one agent that the test keeps.
class BorrowedAgent : public AgentClient {
 public:
  explicit BorrowedAgent(FakeAgent& agent) : agent_(agent) {}
  Result<std::vector<TokenView>> List() override { return agent_.List(); }
  Result<TokenView> Refresh(const std::string& name) override { return agent_.Refresh(name); }
  Result<TokenView> Submit(SubmitRequest request) override {
    return agent_.Submit(std::move(request));
  }
  Result<TokenView> Rollback(const std::string& name) override { return agent_.Rollback(name); }
  Result<TokenView> Sync(const std::string& name) override { return agent_.Sync(name); }
  Result<Explanation> Explain(const std::string& name) override { return agent_.Explain(name); }

 private:
  FakeAgent& agent_;
};

class FakeServices : public Services {
 public:
  FakeServices() {
    issuer.answer = [](const ProviderContext& context, const Secret&) {
      Observation seen;
      seen.verdict = Verdict::kValid;
      seen.reason = Reason::kConfirmed;
      seen.message = "the issuer says that it works";
      seen.facts.kind = "system_user";
      seen.facts.lifetime = Lifetime::kNever;
      seen.facts.scopes = {"whatsapp_business_messaging"};
      seen.evidence.endpoint = "debug_token";
      seen.evidence.http_status = 200;
      seen.evidence.observed_at = context.now;
      return seen;
    };
  }

  std::map<std::string, std::string> environment;
  std::string input;
  bool terminal = false;
  int interrupt_fd = -1;
  FakeIssuer issuer;
  NoHttp http;
  std::atomic<int> stops{0};
  std::function<void()> on_stop;
  ConfigRead config;
  std::map<std::string, Result<std::string>> sources;  // by path
  std::map<std::string, std::string> secrets;          // by locator
  FakeAgent agent;
  std::unique_ptr<SecretResolver> reached_secrets;
  std::unique_ptr<PlaceFactory> reached_places;
  std::optional<Error> unreachable;
  std::string address;  // that was connected to
  Status key_written;
  Result<RekeyResult> rekeyed = RekeyResult{};
  std::string rekey_request;  // what Rekey was asked for

  Instant Now() override { return kNow; }
  std::optional<std::string> Environment(std::string_view name) override {
    const auto found = environment.find(std::string(name));
    if (found == environment.end()) return std::nullopt;
    return found->second;
  }
  bool OutputIsTerminal() override { return terminal; }
  Result<Secret> ReadInput(std::size_t limit, const std::string&) override {
    return Secret(std::string_view(input).substr(0, limit + 1));
  }
  int WatchInterrupts() override { return interrupt_fd; }
  const Provider& Issuer() override { return issuer; }
  HttpClient& Http() override { return http; }
  void StopHttp() override {
    ++stops;
    if (on_stop) on_stop();
  }
  ConfigRead LoadConfig(const std::string&) override { return config; }
  Result<Reached> Reach(Config&, const std::string&) override {
    reached_secrets = std::make_unique<FakeResolver>(secrets);
    reached_places = std::make_unique<FakeWorldPlaces>(sources);
    return Reached{*reached_secrets, *reached_places};
  }
  Result<std::unique_ptr<Fingerprinter>> FingerprintsUnder(const Secret&,
                                                           const std::string&) override {
    return std::make_unique<FakeFingerprinter>('a');
  }
  std::unique_ptr<Fingerprinter> FingerprintsOfThisRun() override {
    return std::make_unique<FakeFingerprinter>('b');
  }
  Status WriteNewKey(const std::string&) override { return key_written; }
  Result<RekeyResult> Rekey(const RekeyRequest& request) override {
    rekey_request =
        request.config.state_path + " in " + request.base_dir + " to " + request.new_key_file;
    for (const std::string& word : request.config.state_key_command) rekey_request += " " + word;
    return rekeyed;
  }
  Result<std::unique_ptr<AgentClient>> Connect(const std::string& where,
                                               std::chrono::milliseconds) override {
    address = where;
    if (unreachable) return tl::unexpected<Error>(*unreachable);
    return std::make_unique<BorrowedAgent>(agent);
  }
};

// A file of the test's own that is gone afterwards.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    path_ = std::string(P_tmpdir) + "/tokenwarden_cli_XXXXXX";
    const int fd = mkstemp(path_.data());
    [[maybe_unused]] const ssize_t written = write(fd, content.data(), content.size());
    close(fd);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tokenwarden::cli

// tokenwarden: the command line program. The one place of it that knows every adapter.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/crypto/configured_key.h"
#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/state_key.h"
#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/place_factory.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/grpc/client.h"
#include "agent/adapters/grpc/prepare_process.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/adapters/system/process.h"
#include "agent/adapters/system/program.h"
#include "agent/adapters/system/system_clock.h"
#include "agent/adapters/yaml/config_loader.h"
#include "agent/core/version.h"
#include "agent/wiring/servers.h"
#include "cli/commands/commands.h"
#include "cli/state/state_key_change.h"

namespace tokenwarden::cli {
namespace {

// ---- signals: the first Ctrl-C ends the program, after `check` has said what it knows ----

std::atomic<int> interrupt_fd{-1};
std::atomic<bool> echo_is_off{false};
termios terminal_before;

void OnInterrupt(int) {
  const int saved_errno = errno;
  if (echo_is_off) tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  const int fd = interrupt_fd;
  const std::uint64_t one = 1;
  if (fd < 0 || write(fd, &one, sizeof one) != sizeof one) {
    _exit(static_cast<int>(ExitCode::kInterrupted));
  }
  errno = saved_errno;
}

void HandleInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  // A pipe that nobody reads (`| head`) ends a write with an error and not the program without a
  // word.
  signal(SIGPIPE, SIG_IGN);
}

// ---- terminal ----

class WithoutEcho {
 public:
  WithoutEcho() {
    if (tcgetattr(STDIN_FILENO, &terminal_before) != 0) return;
    termios quiet = terminal_before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    echo_is_off = true;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~WithoutEcho() {
    if (!echo_is_off) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    echo_is_off = false;
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// One line from a terminal, everything from anything else. The buffer never grows, so that no copy
// of the value is left behind in freed memory.
Result<Secret> ReadDescriptor(int fd, std::size_t limit, bool one_line) {
  std::string buffer(limit + 1, '\0');
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = read(fd, buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      WipeBytes(buffer.data(), buffer.size());
      return MakeError(ErrorKind::kUnavailable, "io_error", "cannot read standard input",
                       "check what it is connected to");
    }
    size += static_cast<std::size_t>(got);
    if (got == 0 || (one_line && buffer[size - 1] == '\n')) break;
  }
  Secret value(std::string_view(buffer.data(), size));
  WipeBytes(buffer.data(), buffer.size());
  return value;
}

// ---- services ----

class GrpcAgent : public AgentClient {
 public:
  explicit GrpcAgent(std::unique_ptr<grpc_adapter::Client> client) : client_(std::move(client)) {}
  Result<std::vector<TokenView>> List() override { return client_->List({}); }
  Result<TokenView> Refresh(const std::string& name) override { return client_->Refresh(name); }
  Result<TokenView> Submit(SubmitRequest request) override {
    return client_->Submit(std::move(request));
  }
  Result<TokenView> Rollback(const std::string& name) override { return client_->Rollback(name); }
  Result<TokenView> Sync(const std::string& name) override { return client_->Sync(name); }
  Result<Explanation> Explain(const std::string& name) override { return client_->Explain(name); }

 private:
  std::unique_ptr<grpc_adapter::Client> client_;
};

class RealServices : public Services {
 public:
  Instant Now() override { return FromUnix(std::time(nullptr)); }

  std::optional<std::string> Environment(std::string_view name) override {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  bool OutputIsTerminal() override { return isatty(STDOUT_FILENO) == 1; }

  Result<Secret> ReadInput(std::size_t limit, const std::string& prompt) override {
    if (isatty(STDIN_FILENO) != 1) return ReadDescriptor(STDIN_FILENO, limit, false);
    WriteAll(STDERR_FILENO, prompt);
    const WithoutEcho hidden;
    Result<Secret> value = ReadDescriptor(STDIN_FILENO, limit, true);
    WriteAll(STDERR_FILENO, "\n");
    return value;
  }

  int WatchInterrupts() override {
    if (interrupt_fd < 0) interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return interrupt_fd;
  }

  const Provider& Issuer() override {
    std::call_once(issuer_once_, [this] {
      mac_ = crypto::MakeMac();
      meta::Options options;
      options.endpoint_override = Environment("TOKENWARDEN_META_ENDPOINT").value_or("");
      issuer_ = meta::MakeProvider(*mac_, std::move(options));
    });
    return *issuer_;
  }

  HttpClient& Http() override {
    std::call_once(http_once_, [this] {
      curl::Options options;
      options.user_agent = "tokenwarden/" + std::string(kVersion);
      http_ = curl::MakeHttpClient(std::move(options));
    });
    return *http_;
  }

  void StopHttp() override {
    Http();  // when nobody has used it yet, later requests must find it stopped
    http_->Stop(std::chrono::milliseconds{0});
  }

  ConfigRead LoadConfig(const std::string& path) override {
    ConfigRead read;
    yaml::LoadedConfig loaded = yaml::LoadConfig(path);
    read.config = std::move(loaded.config);
    for (const yaml::ConfigProblem& problem : loaded.problems) {
      read.problems.push_back(
          {problem.file, problem.line, problem.column, problem.message, problem.suggestion});
    }
    return read;
  }

  Result<Reached> Reach(Config& config, const std::string& base_dir) override {
    secrets_ = files::MakeSecretResolver(base_dir);
    places_ = files::MakePlaceFactory(base_dir);
    const std::string user_agent = "tokenwarden/" + std::string(kVersion);
    auto servers = Servers::Make(config, {clock_, *places_, *secrets_, nobody_, user_agent});
    if (!servers) return tl::unexpected<Error>(servers.error());
    servers_ = std::move(*servers);
    return Reached{servers_->router(), servers_->router()};
  }

  Result<std::unique_ptr<Fingerprinter>> FingerprintsUnder(const Secret& state_key,
                                                           const std::string& state_path) override {
    const Result<crypto::StateKey> key = crypto::ParseStateKey(state_key);
    if (!key) return tl::unexpected<Error>(key.error());
    return FingerprintsOf(*key, state_path);
  }

  Result<RekeyResult> Rekey(const RekeyRequest& request) override {
    Config config = request.config;
    Result<Reached> reached = Reach(config, request.base_dir);
    if (!reached) return tl::unexpected<Error>(reached.error());
    const auto run = [](const std::vector<std::string>& command) {
      sys::Program program;
      program.command = command;
      return sys::RunProgram(program);
    };
    Result<crypto::StateKey> key = crypto::LoadConfiguredKey(request.config, reached->secrets, run);
    if (!key) return tl::unexpected<Error>(key.error());
    return ChangeStateKey(request, *key, Now());
  }

  std::unique_ptr<Fingerprinter> FingerprintsOfThisRun() override {
    return crypto::MakeFingerprinter(crypto::RandomKey());
  }

  Status WriteNewKey(const std::string& path) override { return crypto::WriteNewKey(path); }

  Result<std::unique_ptr<AgentClient>> Connect(const std::string& address,
                                               std::chrono::milliseconds timeout) override {
    grpc_adapter::PrepareProcess();
    auto client = grpc_adapter::Client::Connect({address, timeout});
    if (!client) return tl::unexpected<Error>(std::move(client.error()));
    return std::make_unique<GrpcAgent>(std::move(*client));
  }

 private:
  // A command tells no consumers.
  class Nobody : public Notifier {
    Status Notify(const NotifySpec&, const Notice&) override { return {}; }
  };

  sys::SystemClock clock_;
  Nobody nobody_;
  std::unique_ptr<SecretResolver> secrets_;
  std::unique_ptr<PlaceFactory> places_;
  std::unique_ptr<Servers> servers_;
  std::once_flag issuer_once_;
  std::once_flag http_once_;
  std::unique_ptr<Mac> mac_;
  std::unique_ptr<Provider> issuer_;
  std::unique_ptr<curl::CurlHttpClient> http_;
};

int Main(const std::vector<std::string>& args) {
  HandleInterrupts();
  // What the system refuses (a sandbox may) only makes core files possible again; the answer stays
  // right.
  static_cast<void>(sys::HardenProcess());
  RealServices services;
  const Outcome outcome = Run(args, services);
  const bool told = WriteAll(STDERR_FILENO, outcome.err);
  const bool answered = WriteAll(STDOUT_FILENO, outcome.out);
  // An answer that did not arrive must not look like a pass.
  const bool lost = !answered || !told;
  if (lost && outcome.exit_code == ExitCode::kPass) {
    return static_cast<int>(ExitCode::kIndeterminate);
  }
  return static_cast<int>(outcome.exit_code);
}

}  // namespace
}  // namespace tokenwarden::cli

int main(int argc, char** argv) {
  return tokenwarden::cli::Main({argv + (argc > 0 ? 1 : 0), argv + argc});
}

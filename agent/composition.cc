#include "agent/composition.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/files/place_factory.h"
#include "agent/adapters/files/secret_resolver.h"
#include "agent/adapters/grpc/prepare_process.h"
#include "agent/adapters/grpc/server.h"
#include "agent/adapters/http/http_server.h"
#include "agent/adapters/log/log_listener.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/adapters/metrics/metrics_page.h"
#include "agent/adapters/notify/notifier.h"
#include "agent/adapters/system/file_watcher.h"
#include "agent/adapters/system/memory.h"
#include "agent/adapters/system/process.h"
#include "agent/adapters/system/signal_waiter.h"
#include "agent/adapters/system/system_clock.h"
#include "agent/adapters/yaml/config_loader.h"
#include "agent/app/agent.h"
#include "agent/app/event_fanout.h"
#include "agent/app/health_page.h"
#include "agent/core/version.h"
#include "agent/memory.h"
#include "agent/wiring/servers.h"

namespace tokenwarden {
namespace {

constexpr int kExitUsage = 2;
// SIGTERM to the end: running requests are cut after this, and the rest takes well under a second.
constexpr std::chrono::milliseconds kDrain{3500};

int Fail(const Error& error) {
  std::fprintf(stderr, "tokenwarden-agent: %s\n", error.message.c_str());
  if (!error.action.empty()) std::fprintf(stderr, "  what to do: %s\n", error.action.c_str());
  return kExitUsage;
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string TextOf(const yaml::ConfigProblem& problem) {
  std::string text = problem.file + ":" + std::to_string(problem.line) + ":" +
                     std::to_string(problem.column) + ": " + problem.message;
  if (!problem.suggestion.empty()) text += " (" + problem.suggestion + ")";
  return text;
}

Result<Config> Load(const std::string& path) {
  yaml::LoadedConfig loaded = yaml::LoadConfig(path);
  if (loaded.config && loaded.problems.empty()) return std::move(*loaded.config);
  std::string message = "the configuration is not usable";
  for (const yaml::ConfigProblem& problem : loaded.problems) message += "\n  " + TextOf(problem);
  return MakeError(ErrorKind::kInvalidArgument, "bad_configuration", message,
                   "mend it and check it with `tokenwarden validate " + path + "`");
}

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

log::Options LogOptions(const CommandLine& line, const Config& config) {
  log::Options options;
  options.format = config.log_format;
  if (line.log_format == "text") options.format = LogFormat::kText;
  if (line.log_format == "json") options.format = LogFormat::kJson;
  options.level = line.verbose ? LogLevel::kDebug : LogLevel::kInfo;
  return options;
}

http::Handler HealthHandler(std::function<std::vector<HealthProblem>()> problems) {
  return [problems = std::move(problems)] {
    HealthPage page = RenderHealth(problems());
    return http::Text(page.status, std::move(page.body));
  };
}

std::map<std::string, http::Handler> Pages(Agent& agent, metrics::MetricsPage& page) {
  std::map<std::string, http::Handler> pages;
  pages["/metrics"] = [&page] {
    http::Answer answer;
    answer.content_type = metrics::kContentType;
    answer.body = page.RenderGzip();
    answer.gzip = true;
    return answer;
  };
  pages["/livez"] = HealthHandler([&agent] { return agent.LivenessProblems(); });
  pages["/readyz"] = HealthHandler([&agent] { return agent.ReadinessProblems(); });
  pages["/startupz"] = HealthHandler([&agent] { return agent.StartupProblems(); });
  return pages;
}

// --once: the worst of all credentials, in the gate's words.
int ExitCodeOf(const Agent& agent) {
  int code = 0;
  agent.ForEach({}, [&code](const TokenView& view) {
    const bool proven = view.state.generation != 0 && view.state.conclusive &&
                        view.state.conclusive->verdict == Verdict::kValid;
    bool behind = false;
    for (const SinkState& sink : view.state.sinks) {
      behind = behind || sink.generation != view.state.generation;
    }
    if (proven && !behind) return;
    const bool unknown = !view.state.conclusive;
    if (code != 4) code = unknown ? 4 : 1;
  });
  return code;
}

void TellStart(EventListener& events, const std::string& message,
               std::vector<std::pair<std::string, std::string>> fields,
               LogLevel level = LogLevel::kInfo) {
  Event event;
  event.level = level;
  event.message = message;
  event.fields = std::move(fields);
  events.On(event);
}

}  // namespace

int RunAgent(const CommandLine& line) {
  sys::PreferLittleMemory();
  grpc_adapter::PrepareProcess();
  sys::HardenProcess();
  sys::ResolveHostsWithoutModules();
  sys::SignalWaiter signals;  // blocks the signals before any thread exists

  Result<Config> config = Load(line.config_path);
  if (!config) return Fail(config.error());
  if (line.once && config->lease) {
    return Fail({ErrorKind::kInvalidArgument, "once_and_replicas",
                 "--once does one pass and cannot share work with other replicas",
                 "use a configuration without `coordination` for it"});
  }
  const std::string base_dir = DirectoryOf(line.config_path);
  sys::SystemClock clock;
  log::LogListener log(clock, LogOptions(line, *config));
  metrics::MetricsPage page(clock, {std::string(kVersion), "", __VERSION__});
  EventFanout events;
  events.Add(log);
  events.Add(page);

  const std::string user_agent = "tokenwarden/" + std::string(kVersion);
  const auto http_client = curl::MakeHttpClient({user_agent, config->ca_file});
  const auto secrets = files::MakeSecretResolver(base_dir);
  const auto places = files::MakePlaceFactory(base_dir);
  const auto notifier = notify::MakeNotifier(*http_client, base_dir);
  auto servers = Servers::Make(
      *config, {clock, *places, *secrets, *notifier, user_agent, &events, !line.once});
  if (!servers) return Fail(servers.error());
  if (!line.key_command.empty()) config->state_key_command = line.key_command;
  Result<Memory> memory = OpenMemory(*config, base_dir, **servers, clock.Now());
  if (!memory) return Fail(memory.error());
  const auto mac = crypto::MakeMac();

  const auto provider = meta::MakeProvider(*mac, {FromEnvironment("TOKENWARDEN_META_ENDPOINT")});
  sys::InotifyFileWatcher watcher(base_dir);
  const auto place_watcher = line.once ? nullptr : (*servers)->MakeWatcher();
  const auto recorder = (*servers)->MakeEventRecorder();
  if (recorder) events.Add(*recorder);
  Agent* looking = nullptr;  // set before the first shard can be gained
  auto leases = (*servers)->MakeCoordinator(*config, [&looking] { looking->LookAtAll(); });
  if (!leases) return Fail(leases.error());
  SoleHolder alone;
  Coordinator& coordinator = *leases ? static_cast<Coordinator&>(**leases) : alone;

  PlaceRouter& router = (*servers)->router();
  const Deps deps{clock,  *http_client,           *provider, *memory->store, router,
                  router, *memory->fingerprinter, router,    coordinator,    events};
  for (const std::string& warning : memory->warnings) {
    TellStart(events, warning, {}, LogLevel::kWarn);
  }
  AgentOptions options;
  options.load_config = [path = line.config_path, &servers]() -> Result<Config> {
    Result<Config> fresh = Load(path);
    if (!fresh) return fresh;
    Status filled = (*servers)->FillIn(*fresh);
    if (!filled) return tl::unexpected<Error>(filled.error());
    return fresh;
  };
  options.watcher = line.once ? nullptr : &watcher;
  options.place_watcher = place_watcher.get();
  options.on_idle = sys::ReleaseUnusedMemory;
  const std::string http_listen = config->http_listen;
  const std::string grpc_listen = config->grpc_listen;
  const std::size_t credentials = config->credentials.size();
  Agent agent(deps, std::move(*config), std::move(options));
  page.SetApi(agent);
  looking = &agent;

  if (line.once) {
    Status done = agent.RunOnce();
    return done ? ExitCodeOf(agent) : Fail(done.error());
  }

  std::unique_ptr<http::HttpServer> http_server;
  if (!http_listen.empty()) {
    auto started = http::HttpServer::Start({http_listen}, Pages(agent, page));
    if (!started) return Fail(started.error());
    http_server = std::move(*started);
  }
  std::unique_ptr<grpc_adapter::Server> grpc_server;
  if (!grpc_listen.empty()) {
    grpc_adapter::ServerOptions server_options;
    server_options.listen = grpc_listen;
    server_options.version = std::string(kVersion);
    server_options.started_at = clock.Now();
    auto started = grpc_adapter::Server::Start(agent, &events, std::move(server_options));
    if (!started) return Fail(started.error());
    grpc_server = std::move(*started);
    events.Add(*grpc_server);
  }
  Status started = agent.Start();
  if (!started) return Fail(started.error());
  if (*leases) (*leases)->Start();
  watcher.Watch(line.config_path.substr(line.config_path.rfind('/') + 1),
                [&agent] { agent.Reload(); });
  TellStart(events, "agent started",
            {{"version", std::string(kVersion)},
             {"credentials", std::to_string(credentials)},
             {"http", http_server ? http_server->address() : "off"},
             {"grpc", grpc_server ? grpc_server->address() : "off"}});

  sys::ReleaseUnusedMemory();

  while (signals.Wait() == sys::Signal::kReload) agent.Reload();

  TellStart(events, "agent stopping", {});
  watcher.Stop();
  if (place_watcher) place_watcher->Stop();
  http_client->Stop(kDrain);
  (*servers)->StopPlaces(kDrain);
  agent.Stop();
  if (*leases) (*leases)->Stop();
  if (recorder) recorder->Stop();
  if (grpc_server) grpc_server->Shutdown();
  http_server.reset();
  TellStart(events, "agent stopped", {});
  return 0;
}

}  // namespace tokenwarden

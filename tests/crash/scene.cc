#include "tests/crash/scene.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "tests/crash/store_view.h"

namespace tokenwarden::crash {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

constexpr char kCredential[] = "whatsapp";
constexpr char kEnvBefore[] = "# settings of the bot\nexport WHATSAPP_ACCESS_TOKEN='";
constexpr char kEnvAfter[] = "'\nBOT_NAME=\"Acme Bot\"  # shown to users\n";
constexpr char kToldFile[] = "told";

// One system call each, so that a reader sees one file from its beginning to its end.
std::string ReadWhole(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::string content(8192, '\0');
  const ssize_t size = read(file, content.data(), content.size());
  close(file);
  content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return content;
}

bool Confirmed(const it::Json& entry, const std::string& value) {
  const std::string path = entry.value("path", "");
  return path.find("debug_token") != std::string::npos && entry.value("status", 0) == 200 &&
         entry["query"].value("input_token", "") == value;
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = {{"once", false, false, "10s"},
                                                {"service", true, true, "10s"}};
  return settings;
}

Scene::Scene(const it::Simulator& issuer, Setting setting)
    : issuer_(issuer), setting_(std::move(setting)) {
  first_ = issuer_.MintEnding(hours(48), hours(58 * 24));
  for (int i = 0; i < 64; ++i) key_ += "0123456789abcdef"[(i * 7 + 3) % 16];
  room_.Write("state.key", key_);
  room_.Write("app.secret", issuer_.app_secret());
  room_.Write(".env", kEnvBefore + first_ + kEnvAfter);
  fs::create_directory(room_.File("state"));
  fs::permissions(room_.File("state"), fs::perms::owner_all);
  WriteConfig("1d");
  const it::Finished born = Recover();
  if (born.exit_code != 0) {
    throw std::runtime_error("the agent could not take the first value:\n" + born.err);
  }
  WriteConfig("14d");
  for (const char* name : {".env", "token", "token.meta", "state/state.db"}) {
    original_[name] = room_.Read(name);
  }
}

void Scene::WriteConfig(const std::string& renew_before) const {
  const std::string listen = setting_.stays
                                 ? "http: {listen: \"127.0.0.1:0\"}\ngrpc: {listen: \"unix://" +
                                       room_.File("agent.sock") + "\"}\n"
                                 : "";
  const std::string notify = setting_.notifies
                                 ? "    notify: [{exec: {command: [/bin/sh, -c, 'echo told >> " +
                                       room_.File(kToldFile) + "'], timeout: 5s}}]\n"
                                 : "";
  room_.Write("tokenwarden.yaml",
              "version: 1\nstate: {path: " + room_.File("state/state.db") + ", key: {file: " +
                  room_.File("state.key") + "}, allow_ephemeral_state: a test}\n" + listen +
                  "log: {format: text}\nlimits: {request_timeout: " + setting_.request_timeout +
                  "}\ndefaults: {meta: {endpoint: \"" + issuer_.url() +
                  "\"}}\ncredentials:\n  - name: " + kCredential +
                  "\n    meta:\n      app_id: \"100000000000001\"\n      app_secret: {file: " +
                  room_.File("app.secret") +
                  "}\n      kind: system_user\n"
                  "    source: {dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}\n"
                  "    renew: {before: " +
                  renew_before +
                  "}\n    settle: 0s\n"
                  "    sinks: [{dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}, {file: {path: "
                  "token}}]\n" +
                  notify);
}

void Scene::Reset() {
  fs::remove_all(room_.File("state"));
  fs::create_directory(room_.File("state"));
  fs::permissions(room_.File("state"), fs::perms::owner_all);
  for (const fs::directory_entry& entry : fs::directory_iterator(room_.path())) {
    const std::string name = entry.path().filename();
    if (name.rfind(".tokenwarden-", 0) == 0 || name == kToldFile || name == "agent.log") {
      fs::remove(entry.path());
    }
  }
  for (const auto& [name, content] : original_) room_.Write(name, content);
  AskJournal();
  issued_.clear();
  sinks_ = {{".env", kEnvBefore, kEnvAfter, {}}, {"token", "", "", {}}};
  LookAtSinks();
}

TracedProgram Scene::Victim() const {
  TracedProgram program;
  program.argv = {std::string(TOKENWARDEN_BIN_DIR) + "/tokenwarden-agent", "--config",
                  room_.File("tokenwarden.yaml"), "--verbose"};
  if (!setting_.stays) program.argv.emplace_back("--once");
  program.directory = room_.path();
  program.output = room_.File("agent.log");
  return program;
}

it::Finished Scene::Recover() const {
  return it::RunProgram(
      {{"tokenwarden-agent", "--config", room_.File("tokenwarden.yaml"), "--verbose", "--once"},
       {},
       room_.path(),
       ""});
}

void Scene::LetAnHourPass() const {
  sqlite3* state = nullptr;
  const bool done = sqlite3_open(room_.File("state/state.db").c_str(), &state) == SQLITE_OK &&
                    sqlite3_exec(state,
                                 "UPDATE credentials SET inspect_last_at = inspect_last_at - 3600,"
                                 " inspect_last_success_at = inspect_last_success_at - 3600,"
                                 " renew_last_at = renew_last_at - 3600;"
                                 "UPDATE sinks SET last_attempt_at = last_attempt_at - 3600",
                                 nullptr, nullptr, nullptr) == SQLITE_OK;
  sqlite3_close(state);
  if (!done) throw std::runtime_error("the clock of the state could not be moved");
}

void Scene::LookAtSinks() {
  for (SinkSeen& sink : sinks_) {
    std::string content = ReadWhole(room_.File(sink.name));
    if (sink.contents.empty() || sink.contents.back() != content) {
      sink.contents.push_back(std::move(content));
    }
  }
}

void Scene::AskJournal() {
  const it::Json entries = it::Json::parse(
      it::Get(issuer_.url() + "/_control/journal?since=" + std::to_string(journal_at_)).body);
  for (const it::Json& entry : entries) {
    journal_at_ = entry["number"];
    const std::string issued = entry.value("issued", "");
    const bool known = std::any_of(issued_.begin(), issued_.end(),
                                   [&](const Issued& each) { return each.value == issued; });
    if (!issued.empty() && !known) issued_.push_back({issued, false});
    for (Issued& each : issued_) each.proven = each.proven || Confirmed(entry, each.value);
  }
}

StoreSeen Scene::Store() const {
  return LookIntoStore(room_.File("state"), key_, kCredential, scratch_.File("copy"));
}

Evidence Scene::Gather(bool reply_durable) {
  LookAtSinks();
  AskJournal();
  Evidence evidence;
  evidence.first = first_;
  evidence.issued = issued_;
  evidence.reply_durable = reply_durable;
  evidence.store = Store();
  evidence.sinks = sinks_;
  const std::string told = room_.Read(kToldFile);
  evidence.told = static_cast<int>(std::count(told.begin(), told.end(), '\n'));
  return evidence;
}

std::string Scene::Keep() const {
  std::string place = (fs::temp_directory_path() / "tokenwarden-kept-XXXXXX").string();
  if (mkdtemp(place.data()) == nullptr) throw std::runtime_error("no directory to keep a room in");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(room_.path())) {
    const fs::path to = place / fs::relative(entry.path(), room_.path());
    if (entry.is_directory()) fs::create_directory(to);
    if (entry.is_regular_file()) fs::copy_file(entry.path(), to);
  }
  return place;
}

Consumer::Consumer(std::string path) : path_(std::move(path)) {
  thread_ = std::thread([this] {
    while (!ends_) {
      seen_.insert(ReadWhole(path_));
      const timespec pause{0, 200'000};
      nanosleep(&pause, nullptr);
    }
  });
}

Consumer::~Consumer() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
}

std::set<std::string> Consumer::Seen() {
  ends_ = true;
  thread_.join();
  return seen_;
}

}  // namespace tokenwarden::crash

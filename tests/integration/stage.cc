#include "tests/integration/stage.h"

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <ctime>
#include <functional>
#include <stdexcept>
#include <thread>

namespace tokenwarden::it {
namespace {

std::size_t Collect(char* data, std::size_t, std::size_t size, void* into) {
  static_cast<std::string*>(into)->append(data, size);
  return size;
}

WebReply Fetch(const std::string& url, const std::string* body) {
  WebReply reply;
  CURL* handle = curl_easy_init();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
  if (body != nullptr) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, body->c_str());
  }
  if (curl_easy_perform(handle) == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
  }
  curl_easy_cleanup(handle);
  return reply;
}

std::string FirstLineWith(const std::string& text, const std::string& needle) {
  const std::size_t at = text.find(needle);
  if (at == std::string::npos) return "";
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

WebReply Get(const std::string& url) { return Fetch(url, nullptr); }
WebReply Post(const std::string& url, const std::string& body) { return Fetch(url, &body); }

bool Eventually(const std::function<bool()>& holds, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
    timespec pause{0, 20'000'000};
    nanosleep(&pause, nullptr);
  }
  return true;
}

Simulator::Simulator(std::vector<std::string> more_options) {
  std::vector<std::string> argv{"tokenwarden-graph-simulator", "--port-file",
                                directory_.File("port")};
  argv.insert(argv.end(), more_options.begin(), more_options.end());
  process_ = std::make_unique<Process>(Process::Options{argv, {}, "", ""});
  if (!process_->AwaitOutput("http")) {
    ADD_FAILURE() << "the simulator did not start: " << process_->err();
    return;
  }
  url_ = FirstLineWith(process_->out(), "http");
  const Json state = State();
  for (const Json& app : state["apps"]) PlantSecret(app["secret"]);
}

Json Simulator::State() const { return Json::parse(Get(url_ + "/_control/state").body); }

Json Simulator::Control(const std::string& path, const Json& body) const {
  const WebReply reply = Post(url_ + "/_control/" + path, body.dump());
  EXPECT_EQ(reply.status / 100, 2) << path << ": " << reply.body;
  return Json::parse(reply.body, nullptr, false);
}

std::string Simulator::Mint(const Json& options) const {
  const std::string token = Control("tokens", options)["token"];
  PlantSecret(token);
  return token;
}

std::string Simulator::MintEnding(std::chrono::seconds left, std::chrono::seconds age) const {
  return Mint({{"kind", "system_user"},
               {"expires_in", left.count()},
               {"issued_at", std::time(nullptr) - age.count()}});
}

std::string Simulator::app_secret() const { return State()["apps"][0]["secret"]; }

Json Simulator::Counts() const { return Json::parse(Get(url_ + "/_control/counts").body); }

int Simulator::Exchanges() const { return Counts()["exchanges"]["committed"]; }

Stage::Stage() = default;

std::vector<std::string> Stage::Environment() const {
  return {"TOKENWARDEN_META_ENDPOINT=" + issuer_.url(), "HOME=" + room_.path()};
}

void Stage::WriteEnv(const std::string& token) {
  room_.Write(".env",
              "# settings of the bot\nBOT_NAME=\"Acme Bot\"  # shown to users\n"
              "FACEBOOK_APP_ID=100000000000001\nFACEBOOK_APP_SECRET=" +
                  issuer_.app_secret() +
                  "\nWHATSAPP_PHONE_NUMBER_ID=400000000000001\n"
                  "export WHATSAPP_ACCESS_TOKEN='" +
                  token + "'\n");
}

std::string Stage::TokenInEnv() const {
  const std::string text = room_.Read(".env");
  const std::string start = "export WHATSAPP_ACCESS_TOKEN='";
  const std::size_t at = text.find(start);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + start.size();
  return text.substr(begin, text.find('\'', begin) - begin);
}

void Stage::WriteConfig(const std::string& renew, const std::string& more) {
  WriteConfigText(R"(
  - name: whatsapp
    meta:
      app_id: "100000000000001"
      app_secret: {dotenv: {path: .env, key: FACEBOOK_APP_SECRET}}
      kind: system_user
      require: {scopes: [whatsapp_business_messaging], phone_number_id: "400000000000001"}
    source: {dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}
    renew: )" + renew +
                  R"(
    sinks: [{dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}]
)" + more);
}

void Stage::WriteConfigText(const std::string& credentials) {
  std::string key;
  for (int i = 0; i < 32; ++i) key += std::to_string(i % 7) + "bcdef9a"[i % 7];
  PlantSecret(key);
  room_.Write("state.key", key + "\n");
  mkdir(room_.File("state").c_str(), 0700);
  room_.Write(
      "tokenwarden.yaml",
      "version: 1\nstate: {path: " + room_.File("state/state.db") +
          ", key: {file: " + room_.File("state.key") +
          "}, allow_ephemeral_state: a test}\nhttp: {listen: \"127.0.0.1:0\"}\ngrpc: {listen: \"" +
          Socket() + "\"}\nlog: {format: text}\ndefaults: {meta: {endpoint: \"" + issuer_.url() +
          "\"}}\ncredentials:" + credentials);
}

void Stage::StartAgent(std::vector<std::string> more) {
  std::vector<std::string> argv{"tokenwarden-agent", "--config", room_.File("tokenwarden.yaml")};
  argv.insert(argv.end(), more.begin(), more.end());
  agent_ = std::make_unique<Process>(Process::Options{argv, {}, room_.path(), ""});
  if (!agent_->AwaitOutput("agent started")) {
    throw std::runtime_error("the agent did not start:\n" + agent_->err());
  }
  const std::string line = FirstLineWith(agent_->err(), "agent started");
  const std::size_t at = line.find("http=");
  http_ = "http://" + line.substr(at + 5, line.find(' ', at) - at - 5);
}

Finished Stage::StopAgent() {
  agent_->Signal(SIGTERM);
  return agent_->Finish(std::chrono::seconds(10));
}

WebReply Stage::Page(const std::string& path) const {
  const WebReply reply = Get(http_ + path);
  ExpectNoSecret(reply.body, path);
  return reply;
}

bool Stage::AwaitOk(const std::string& path) const {
  const bool ok = Eventually([&] { return Page(path).status == 200; });
  EXPECT_TRUE(ok) << path << " says: " << Page(path).body << "\nand the agent:\n" << agent_->err();
  return ok;
}

bool Stage::AwaitPage(const std::string& path, const std::string& text) const {
  const bool seen = Eventually([&] { return Page(path).body.find(text) != std::string::npos; });
  EXPECT_TRUE(seen) << "never saw " << text << " on " << path << "; the agent says:\n"
                    << agent_->err();
  return seen;
}

Finished Stage::Cli(std::vector<std::string> arguments, const std::string& input) const {
  std::vector<std::string> argv{"tokenwarden"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> env = Environment();
  env.push_back("TOKENWARDEN_ADDRESS=" + Socket());
  return RunProgram({argv, env, room_.path(), input});
}

}  // namespace tokenwarden::it

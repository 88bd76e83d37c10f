// Stage: the simulated issuer as a program, a directory with a `.env`, and an agent on it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/process.h"

namespace tokenwarden::it {

using Json = nlohmann::json;

// Plain requests to loopback, outside the code under test.
struct WebReply {
  int status = 0;
  std::string body;
};
WebReply Get(const std::string& url);
WebReply Post(const std::string& url, const std::string& body);

class Simulator {
 public:
  explicit Simulator(std::vector<std::string> more_options = {});
  const std::string& url() const { return url_; }
  Json State() const;
  Json Control(const std::string& path, const Json& body = Json::object()) const;
  // A system-user token; the value is planted as a secret.
  std::string Mint(const Json& options) const;
  std::string MintEnding(std::chrono::seconds left, std::chrono::seconds age) const;
  std::string app_secret() const;
  Json Counts() const;
  // How many exchanges the issuer has carried out.
  int Exchanges() const;

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  std::string url_;
};

class Stage {
 public:
  Stage();
  Simulator& issuer() { return issuer_; }
  const TemporaryDirectory& room() const { return room_; }

  // A `.env` with the given token and everything a check wants.
  void WriteEnv(const std::string& token);
  std::string TokenInEnv() const;
  // The usual configuration; `renew` and `more` are YAML for the credential.
  void WriteConfig(const std::string& renew = "{before: 14d}", const std::string& more = "");
  void WriteConfigText(const std::string& credentials);
  void StartAgent(std::vector<std::string> more = {});
  Process& agent() { return *agent_; }
  Finished StopAgent();
  std::string Socket() const { return "unix://" + room_.File("agent.sock"); }
  // Where the agent serves HTTP: `127.0.0.1:PORT`.
  std::string HttpAddress() const { return http_.substr(7); }
  // GET of a page of the agent's.
  WebReply Page(const std::string& path) const;
  bool AwaitOk(const std::string& path) const;
  // Waits until a page holds the text.
  bool AwaitPage(const std::string& path, const std::string& text) const;
  Finished Cli(std::vector<std::string> arguments, const std::string& input = "") const;
  std::vector<std::string> Environment() const;

 private:
  Simulator issuer_;
  TemporaryDirectory room_;
  std::string http_;
  std::unique_ptr<Process> agent_;
};

// Tries again until it is true or the time runs out.
bool Eventually(const std::function<bool()>& holds,
                std::chrono::seconds patience = std::chrono::seconds(20));

}  // namespace tokenwarden::it

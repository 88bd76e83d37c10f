#include "tests/e2e/replicas/fleet.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace tokenwarden::replicas {
namespace {

constexpr int kMostGivenUp = 50;

std::string With(std::string text, const std::string& word, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size()) {
    text.replace(at, word.size(), value);
  }
  return text;
}

}  // namespace

Fleet::Agent& Fleet::Named(const std::string& name) {
  for (Agent& agent : agents_) {
    if (agent.name == name) return agent;
  }
  throw std::runtime_error("there is no agent " + name);
}

void Fleet::WriteConfig(const std::string& name) const {
  std::string text = "version: 1\nidentity: " + name + "\nhttp: {listen: \"127.0.0.1:0\"}\n" +
                     "grpc: {listen: \"unix://" + room_.File(name + ".sock") + "\"}\n" +
                     With(setting_.state, "AGENT", name) + setting_.shared + "credentials:\n";
  for (const std::string& credential : setting_.credentials) {
    text += "  - name: " + credential +
            "\n    meta: {kind: system_user}\n    source: {file: " + setting_.token_directory +
            "/" + credential + "}\n    renew: {max_age: " + age_ + "}\n    sinks:\n" +
            With(setting_.sinks, "NAME", credential);
  }
  // Renamed into place: an agent must never read half of it.
  room_.Write(name + ".part", text);
  std::rename(room_.File(name + ".part").c_str(), room_.File(name + ".yaml").c_str());
}

void Fleet::Start(const std::string& name, const std::string& issuer) {
  WriteConfig(name);
  it::Server::Options options;
  options.name = name;
  options.argv = {std::string(TOKENWARDEN_BIN_DIR) + "/tokenwarden-agent", "--config",
                  room_.File(name + ".yaml"), "--log-format", "text"};
  options.env = {"HOME=" + room_.path(), "TOKENWARDEN_META_ENDPOINT=http://" + issuer};
  options.directory = room_.path();
  Agent agent;
  agent.name = name;
  agent.process = std::make_unique<it::Server>(std::move(options));
  agents_.push_back(std::move(agent));
}

void Fleet::RenewAtAge(const std::string& age) {
  age_ = age;
  for (const Agent& agent : agents_) WriteConfig(agent.name);
}

std::vector<std::string> Fleet::Running() const {
  std::vector<std::string> names;
  for (const Agent& agent : agents_) {
    if (!agent.killed && !agent.paused) names.push_back(agent.name);
  }
  return names;
}

void Fleet::Note(Agent& agent, std::chrono::milliseconds away) {
  const Moment now = std::chrono::steady_clock::now();
  interruptions_.push_back({agent.name, now});
  agent.back_at = now + away;
}

void Fleet::Kill(const std::string& name, std::chrono::milliseconds away) {
  Agent& agent = Named(name);
  Note(agent, away);
  agent.process->Kill();
  agent.killed = true;
  ++kills_;
}

void Fleet::Pause(const std::string& name, std::chrono::milliseconds away) {
  Agent& agent = Named(name);
  Note(agent, away);
  agent.process->Pause();
  agent.paused = true;
  ++pauses_;
}

void Fleet::NoteRestartOfServer() {
  interruptions_.push_back({"", std::chrono::steady_clock::now()});
}

void Fleet::Revive(bool at_once) {
  const Moment now = std::chrono::steady_clock::now();
  for (Agent& agent : agents_) {
    if (!at_once && now < agent.back_at) continue;
    if (agent.paused) agent.process->Continue();
    if (agent.killed) agent.process->Restart();
    // One that cannot read the state at its start ends, and is started again by what started it.
    if (!agent.killed && !agent.process->IsRunning()) {
      if (++given_up_ > kMostGivenUp) {
        throw std::runtime_error(agent.name + " does not start:\n" + agent.process->Log());
      }
      interruptions_.push_back({agent.name, now});
      agent.process->Restart();
    }
    agent.paused = agent.killed = false;
  }
}

void Fleet::Stop() {
  for (Agent& agent : agents_) agent.process->Stop(std::chrono::seconds(10));
}

std::string Fleet::Logs() const {
  std::string logs;
  for (const Agent& agent : agents_) logs += agent.process->Log();
  return logs;
}

int Fleet::CountInLogs(const std::string& text) const {
  const std::string logs = Logs();
  int count = 0;
  for (std::size_t at = 0; (at = logs.find(text, at)) != std::string::npos; at += text.size()) {
    ++count;
  }
  return count;
}

}  // namespace tokenwarden::replicas

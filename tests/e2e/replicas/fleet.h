// Fleet: agents as processes that share the same credentials, and what may befall them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/replicas/evidence.h"
#include "tests/integration/process.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::replicas {

// What all agents of a fleet have in common, as YAML.
struct Setting {
  std::string shared;                    // of the configuration, but for what follows
  std::vector<std::string> credentials;  // their names
  std::string sinks;                     // of a credential; NAME stands for its name
  std::string state;                     // AGENT stands for the agent's name
  std::string token_directory;           // with a file per credential, for its first value
};

class Fleet {
 public:
  explicit Fleet(Setting setting) : setting_(std::move(setting)) {}

  // `issuer`: the address (HOST:PORT) at which this agent reaches the issuer.
  void Start(const std::string& name, const std::string& issuer);
  // Values get renewed at this age; running agents take it over.
  void RenewAtAge(const std::string& age);

  std::vector<std::string> Running() const;
  // Each notes the interruption and comes back by itself in Revive.
  void Kill(const std::string& name, std::chrono::milliseconds away);
  void Pause(const std::string& name, std::chrono::milliseconds away);
  void NoteRestartOfServer();
  // Starts and continues those whose time has come; all of them with `at_once`.
  void Revive(bool at_once = false);
  void Stop();

  const std::vector<Interruption>& interruptions() const { return interruptions_; }
  int kills() const { return kills_; }
  int pauses() const { return pauses_; }
  // How often a text stands in what the agents said.
  int CountInLogs(const std::string& text) const;
  std::string Logs() const;
  const it::TemporaryDirectory& room() const { return room_; }

 private:
  struct Agent {
    std::string name;
    std::unique_ptr<it::Server> process;
    bool killed = false;
    bool paused = false;
    Moment back_at{};
  };
  Agent& Named(const std::string& name);
  void WriteConfig(const std::string& name) const;
  void Note(Agent& agent, std::chrono::milliseconds away);

  const Setting setting_;
  it::TemporaryDirectory room_;
  std::string age_ = "1d";
  std::vector<Agent> agents_;
  std::vector<Interruption> interruptions_;
  int given_up_ = 0;
  int kills_ = 0;
  int pauses_ = 0;
};

}  // namespace tokenwarden::replicas

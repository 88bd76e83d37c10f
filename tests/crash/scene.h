// Scene: one renewal, ready to happen again and again: a simulated issuer, a room with a `.env`, a
// state that holds the first value, and an agent whose next pass renews it.
//
// Used by one thread at a time; each worker has its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/invariants.h"
#include "tests/crash/tracer.h"
#include "tests/integration/stage.h"

namespace tokenwarden::crash {

// How the agent runs.
struct Setting {
  std::string name;
  bool stays = false;     // as a service with its servers and watchers; else one pass
  bool notifies = false;  // a consumer is told by a command
  std::string request_timeout = "10s";
};
const std::vector<Setting>& Settings();

class Scene {
 public:
  // `issuer` belongs to this scene alone and outlives it.
  Scene(const it::Simulator& issuer, Setting setting);

  // Everything as it was before the renewal.
  void Reset();
  TracedProgram Victim() const;
  // Another run, undisturbed. Its exit code and what it said.
  it::Finished Recover() const;
  // Moves what the store remembers of its tries an hour back: pauses are over. Nobody may use it.
  void LetAnHourPass() const;

  // Notes what the sinks hold at this moment.
  void LookAtSinks();
  // All that was seen since Reset(), and what the store holds now.
  Evidence Gather(bool reply_durable);
  StoreSeen Store() const;

  const Setting& setting() const { return setting_; }
  const std::string& room() const { return room_.path(); }
  std::string Output() const { return room_.Read("agent.log"); }
  // Moves the room aside for a person to look at; returns where it is.
  std::string Keep() const;

 private:
  void WriteConfig(const std::string& renew_before) const;
  void AskJournal();

  const it::Simulator& issuer_;
  const Setting setting_;
  it::TemporaryDirectory room_;
  it::TemporaryDirectory scratch_;
  std::string first_;
  std::string key_;
  std::map<std::string, std::string> original_;  // file name → content
  std::uint64_t journal_at_ = 0;
  std::vector<Issued> issued_;
  std::vector<SinkSeen> sinks_;
};

// Reads a file in a loop, as an application does that looks for its token.
class Consumer {
 public:
  explicit Consumer(std::string path);
  ~Consumer();
  // Ends the loop; every content that was seen, in no order.
  std::set<std::string> Seen();

 private:
  const std::string path_;
  std::atomic<bool> ends_{false};
  std::set<std::string> seen_;
  std::thread thread_;
};

}  // namespace tokenwarden::crash

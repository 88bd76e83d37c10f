// Services: what the commands need of the world. main.cc implements it with the real adapters,
// tests with fakes. Everything is made when it is first asked for: a run that needs no network
// starts no library.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/fingerprint.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/ports/crypto.h"
#include "agent/ports/http_client.h"
#include "agent/ports/places.h"
#include "agent/ports/provider.h"
#include "cli/commands/agent_client.h"
#include "cli/render/config_problems.h"

namespace tokenwarden::cli {

struct Reached {
  SecretResolver& secrets;
  PlaceFactory& places;
};

// Sealing an agent's state file under another key.
struct RekeyRequest {
  const Config& config;
  std::string base_dir;
  std::string new_key_file;  // empty: a new key takes the place of the configured file
};
struct RekeyResult {
  bool was_done = false;  // the state was sealed under that key already
  std::size_t resealed = 0;
  std::vector<std::string> damaged;  // did not open before either
  std::string key_file;              // the key of the state from now on
  std::string old_key_file;          // where the old one is kept; empty: where it was
};

class Services {
 public:
  virtual ~Services() = default;

  virtual Instant Now() = 0;
  virtual std::optional<std::string> Environment(std::string_view name) = 0;
  virtual bool OutputIsTerminal() = 0;
  // Standard input to its end, at most `limit` + 1 bytes. On a terminal: asks, without showing what
  // is typed.
  virtual Result<Secret> ReadInput(std::size_t limit, const std::string& prompt) = 0;
  // Readable when the user wants out (SIGINT); -1 = nobody watches.
  virtual int WatchInterrupts() = 0;

  // Thread-safe, both.
  virtual const Provider& Issuer() = 0;
  virtual HttpClient& Http() = 0;
  // Running requests end soon and new ones fail.
  virtual void StopHttp() = 0;

  // An agent's configuration; problems instead of it when it is bad.
  virtual ConfigRead LoadConfig(const std::string& path) = 0;
  // The places and secrets of a configuration, on this machine and on the servers that it names;
  // what it leaves out is filled in. Relative paths start at `base_dir`. Valid as long as this.
  virtual Result<Reached> Reach(Config& config, const std::string& base_dir) = 0;
  // Under a state key, so that fingerprints equal the agent's; or under a key of this run alone.
  // `state_path`: a state file that may say so itself; empty = none.
  virtual Result<std::unique_ptr<Fingerprinter>> FingerprintsUnder(
      const Secret& state_key, const std::string& state_path) = 0;
  virtual std::unique_ptr<Fingerprinter> FingerprintsOfThisRun() = 0;
  virtual Status WriteNewKey(const std::string& path) = 0;
  virtual Result<RekeyResult> Rekey(const RekeyRequest& request) = 0;

  virtual Result<std::unique_ptr<AgentClient>> Connect(const std::string& address,
                                                       std::chrono::milliseconds timeout) = 0;
};

}  // namespace tokenwarden::cli

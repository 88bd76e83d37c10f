// Agent: all credentials under management, the scheduler that drives them, and what the outside may
// ask. Thread-safe after Start().
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/app/deps.h"
#include "agent/app/keeper.h"
#include "agent/app/rotation.h"
#include "agent/app/scheduler.h"
#include "agent/app/work.h"
#include "agent/ports/agent_api.h"

namespace tokenwarden {

struct AgentOptions {
  // Reads the configuration anew; the error holds all problems.
  std::function<Result<Config>()> load_config;
  // None: places are looked at by interval only.
  FileWatcher* watcher = nullptr;
  PlaceWatcher* place_watcher = nullptr;  // for places on a server
  std::function<void()>
      on_idle;  // all that was due is done; at most once a minute, or after much work
};

class Agent : public AgentApi {
 public:
  // What is watched: a path on this machine, or a place on a server of that kind.
  struct Place {
    std::optional<SinkKind> server;
    std::string path;
    auto operator<=>(const Place&) const = default;
  };

  Agent(const Deps& deps, Config config, AgentOptions options);
  ~Agent() override;

  // Loads the state and starts the work. Errors: the state cannot be read.
  Status Start();
  // Nothing new starts; what runs is waited for.
  void Stop();
  // One pass for every credential, then stop: for init containers and cron.
  Status RunOnce();

  std::vector<TokenView> List(const TokenSelector& selector) const override;
  void ForEach(const TokenSelector& selector,
               const std::function<void(const TokenView&)>& visit) const override;
  Result<TokenView> Get(const std::string& name) const override;
  Result<TokenView> Check(const std::string& name) override;
  Result<TokenView> Refresh(const std::string& name) override;
  Result<TokenView> Submit(SubmitRequest request) override;
  Result<TokenView> Rollback(const std::string& name) override;
  Result<TokenView> Sync(const std::string& name) override;
  Result<Explanation> Explain(const std::string& name) const override;
  // Looks at every credential now: another replica's work may have become ours.
  void LookAtAll();
  Status Reload() override;
  std::vector<HealthProblem> LivenessProblems() const override;
  std::vector<HealthProblem> ReadinessProblems() const override;
  std::vector<HealthProblem> StartupProblems() const override;
  AgentVitals Vitals() const override;
  std::uint64_t Revision() const override { return revision_.load(); }

 private:
  using KeeperPtr = std::shared_ptr<Keeper>;

  KeeperPtr Find(const std::string& name) const;
  Result<KeeperPtr> Need(const std::string& name) const;
  std::vector<KeeperPtr> All() const;
  TokenView ViewOf(const Keeper& keeper) const;
  JobResult RunJob(const std::string& name);
  // One pass after an action that somebody asked for; keeps the scheduler's time right.
  Result<TokenView> PassAndView(Work& work);
  Result<TokenView> AcceptKept(Keeper& keeper, const std::string& reason);
  // What an offered value came to, as an answer for the person who brought it.
  Result<TokenView> AnswerOffer(Work& work, RotationOutcome outcome, const std::string& what);
  Status Apply(Config config);
  // What the store knows, packed, by name.
  Result<std::map<std::string, std::string>> StoredStates() const;
  void Watch(const CredentialSpec& spec);
  Status WatchPlace(const Place& place);
  void LookAtUsersOf(const Place& place);

  const Deps deps_;
  AgentOptions options_;
  WorkLimits limits_;
  mutable std::mutex mutex_;
  Config config_;
  std::map<std::string, KeeperPtr> keepers_;
  std::set<Place> watched_;  // each once for all credentials that use it
  std::atomic<std::uint64_t> revision_{1};
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace tokenwarden

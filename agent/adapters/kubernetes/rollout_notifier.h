// The `kubernetes_rollout` notification; see rollout.h.
//
// A rollout that would come too soon after the last one is put off, not dropped, and several that
// are put off become one. What is put off is in memory only: an agent that is killed meanwhile does
// not make up for it, as with every notification (told at most once).
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "agent/adapters/kubernetes/rollout.h"

namespace tokenwarden::kubernetes {

// Thread-safe. One thread, started with the first rollout that is put off. Errors: those of
// ParseWorkload and of the API server; a rollout that was put off and fails is told to `events`.
class PatientRollouts : public RolloutNotifier {
 public:
  PatientRollouts(Client& client, EventListener* events);
  ~PatientRollouts() override;

  Status Notify(const NotifySpec& spec, const Notice& notice) override;
  void Stop() override;

 private:
  struct Later {
    RolloutOrder order;
    Instant due{};
    int failures = 0;
  };

  // What was put off for that workload becomes part of the order.
  void TakeOver(const std::string& workload, RolloutOrder& order);
  void PutOff(const std::string& workload, RolloutOrder order, Instant due);
  void Run();
  Instant NextDue() const;
  void DoDue(std::unique_lock<std::mutex>& lock);
  void TellFailure(const std::string& workload, const RolloutOrder& order, const Error& error);

  Client& client_;
  EventListener* const events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Later> later_;  // by workload; guarded by mutex_
  bool stopped_ = false;                // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenwarden::kubernetes

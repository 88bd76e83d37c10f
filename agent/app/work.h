// Work: one action on one credential. Holds a working copy of the state; Save() makes it durable
// and visible. Lives while the keeper's Acting() lock is held; used by one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/app/deps.h"
#include "agent/app/issuer_session.h"
#include "agent/app/keeper.h"

namespace tokenwarden {

struct WorkLimits {
  std::chrono::milliseconds request_timeout{10000};
};

// The need after a lost reply of a strict issuer. It outlives the rotation it came from and stops
// renewals until another value is current: nothing that is seen of the old value says whether it
// was used up.
inline constexpr std::string_view kLostReplyNeed = "lost_reply";
// The need after the stored value turned out not to open: damage, which nothing mends but a value.
inline constexpr std::string_view kUnreadableNeed = "value_unreadable";

inline bool ValueIsUnreadable(const CredentialState& state) {
  return state.operator_need && state.operator_need->reason == kUnreadableNeed;
}

class Work {
 public:
  Work(const Deps& deps, Keeper& keeper, WorkLimits limits);

  const Deps& deps() const { return deps_; }
  Keeper& keeper() const { return keeper_; }
  const CredentialSpec& spec() const { return *spec_; }
  CredentialState& state() { return state_; }
  Instant now() const { return deps_.clock.Now(); }

  // What the issuer needs to know; references are read at the call.
  IssuerSession Session() const;
  // The value in use. kNotFound before the first generation. Calls for a person when what is stored
  // of it is damaged (kDataLoss).
  Result<Secret> CurrentValue();
  // The newest conclusive observation while it does not say that the value is dead.
  std::optional<Observation> LivingObservation() const;
  // Asks the issuer with everything that is configured as proof of a new value.
  Observation Prove(const Secret& value) const;

  // We are the holder, and what is in memory is what is durable: everything that acts begins with
  // it. Reads the state anew under a new epoch and after a doubt. kAborted `not_holder`; the
  // store's error when it cannot be read.
  Status TakeHold();
  // The epoch under which this work may go on; nullopt once the hold was lost, even if it came back
  // since.
  std::optional<std::uint64_t> Epoch() const;

  // Durable, then visible. A failure is told as an event and returned; the working copy stays.
  Status Save();
  // After a failed call of the store: when another agent was first, what is in memory is not what
  // is durable.
  void DoubtAfter(const Error& error);
  // Visible only: after a call of the store that already wrote the state.
  void Show() { keeper_.ReplaceState(state_); }

  // An event that already names the credential.
  Event MakeEvent(Event::Kind kind, LogLevel level, std::string message) const;
  void Tell(const Event& event) const { deps_.events.On(event); }
  void TellError(Event::Kind kind, std::string message, const Error& error) const;
  // A line in the audit log; failing to write it is told, not returned.
  void Audit(const std::string& event, const std::string& sentence) const;

  // Records that a person must act, and how much time is left; announced only when it is news.
  void NeedOperator(std::string reason, std::string sentence);

 private:
  // `Time left: 2 days 3 hours, until …`
  std::string TimeLeft() const;

  const Deps& deps_;
  Keeper& keeper_;
  WorkLimits limits_;
  std::shared_ptr<const CredentialSpec> spec_;
  CredentialState state_;
};

}  // namespace tokenwarden

// Session: one login, kept alive. A token is renewed after two thirds of its life and replaced by a
// new login when it cannot be renewed any more or turns out dead. It never gives up for good, and
// never storms a server that refuses it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/vault/connection.h"
#include "agent/adapters/vault/login.h"
#include "agent/ports/clock.h"

namespace tokenwarden::vault {

// Thread-safe. One renewal or login at a time; whoever has a living token meanwhile goes on with
// it, everybody else waits.
class Session {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `name` spreads the pauses of replicas.
  Session(Connection& connection, Login login, Clock& clock, std::string name);

  // Sends with our token. A token that is refused as dead is replaced, and the call sent once more:
  // a server that refuses a token has done nothing else.
  Result<Answer> Send(const Call& call);
  // As Send, but anything but a 2xx is an error.
  Result<Answer> Ask(const Call& call);
  void Pause() { connection_.Pause(); }

  // When the token should be looked at next; nullopt: nothing to keep alive.
  std::optional<TimePoint> NextCare() const;
  // Renews or logs in again when it is time. Errors show in the next Send.
  void Care();
  // Called when NextCare has changed, on any thread. Set before the first Send.
  void OnCareChanged(std::function<void()> changed) { changed_ = std::move(changed); }
  // Has the server forget a token that was made for us. Does not wait long, and cannot fail.
  void GiveBack();

 private:
  enum class Renewal { kDone, kSilent, kEnded };

  Result<Secret> Token();
  Result<Answer> SendAs(const Secret& token, const Call& call);
  bool Lives(TimePoint now) const { return token_ && (!ends_at_ || now < *ends_at_); }
  bool NeedsCare(TimePoint now);
  void CareFor(std::unique_lock<std::mutex>& lock);
  Renewal Renew(const Secret& token, Lease& renewed);
  void Take(Lease lease, TimePoint now);
  void Refused(const Error& error, TimePoint now);
  bool IsDead(const Answer& answer, const Secret& token);
  // `refused` is no longer used, unless somebody replaced it already.
  void Drop(const Secret& refused);
  void TellOfCare() const;

  Connection& connection_;
  Login login_;  // used by whoever made us busy, and by nobody else
  Clock& clock_;
  const std::string name_;
  std::function<void()> changed_;

  mutable std::mutex mutex_;
  std::condition_variable settled_;  // not busy any more
  bool busy_ = false;
  std::optional<Secret> token_;
  bool renewable_ = false;
  TimePoint taken_at_{};
  std::optional<TimePoint> ends_at_;
  std::optional<TimePoint> care_at_;
  int failures_ = 0;              // to log in, in a row
  int young_deaths_ = 0;          // of tokens, in a row
  TimePoint not_before_{};        // of the next login after a failed one
  TimePoint look_at_files_{};     // whether there is something new to log in with
  TimePoint trusted_until_{};     // the token lives, whatever a 403 seems to say
  TimePoint not_judged_until_{};  // no token is replaced because of a 403 that says too little
  std::optional<Error> last_error_;
};

}  // namespace tokenwarden::vault

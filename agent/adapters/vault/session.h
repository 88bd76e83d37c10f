// Session: one login, kept alive. A token is renewed after two thirds of its life and replaced by a
// new login when it cannot be renewed any more or turns out dead: it never gives up for good, and
// never storms a server that refuses it.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/vault/connection.h"
#include "agent/adapters/vault/login.h"
#include "agent/ports/clock.h"

namespace tokenwarden::vault {

// Thread-safe; one login at a time, which everybody waits for.
class Session {
 public:
  Session(const Connection& connection, Login login, Clock& clock);

  // Sends with our token. A token that is refused as dead is replaced, and the call sent once more:
  // a server that refuses a token has done nothing else.
  Result<HttpReply> Send(const Call& call);
  // As Send, but anything but a 2xx is an error.
  Result<HttpReply> Ask(const Call& call);

  // When the token should be looked at next; nullopt: nothing to keep alive.
  std::optional<std::chrono::steady_clock::time_point> NextCare() const;
  // Renews or logs in again when it is time. Errors show in the next Send.
  void Care();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A token that lives, as far as we know.
  Result<Secret> Token();
  Status Ensure(TimePoint now);
  Status LogIn(TimePoint now);
  // True when the token lives longer now.
  bool Renew(TimePoint now);
  void Take(Lease lease, TimePoint now);
  // `refused` is no longer used, unless somebody replaced it already.
  void Drop(const Secret& refused);

  const Connection& connection_;
  Login login_;
  Clock& clock_;

  mutable std::mutex mutex_;
  std::optional<Secret> token_;
  bool renewable_ = false;
  std::optional<TimePoint> ends_at_;
  std::optional<TimePoint> care_at_;
  int failures_ = 0;
  TimePoint not_before_{};  // of the next login after a failed one
  std::optional<Error> last_error_;
};

}  // namespace tokenwarden::vault

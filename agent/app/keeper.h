// Keeper: one credential under management: its specification, its state, and the right to act on
// it.
//
// One action at a time: whoever acts holds `Acting()` (single flight). The state is an immutable
// value that is replaced as a whole, so readers never wait for an action that is talking to a slow
// issuer. Both are kept packed: an idle agent of ten thousand credentials is mostly these.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "agent/app/packed.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"

namespace tokenwarden {

// Changes whenever the specification changes in any way that could matter to an attempt.
std::string DigestOf(const CredentialSpec& spec);

class Keeper {
 public:
  Keeper(const CredentialSpec& spec, const CredentialState& state)
      : spec_(Pack(spec)), state_(Pack(state)) {}

  // Held for the length of one action.
  std::unique_lock<std::mutex> Acting() { return std::unique_lock<std::mutex>(acting_); }

  std::shared_ptr<const CredentialSpec> spec() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::make_shared<const CredentialSpec>(UnpackSpec(spec_));
  }
  std::string spec_digest() const { return DigestOf(*spec()); }
  std::shared_ptr<const CredentialState> state() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::make_shared<const CredentialState>(UnpackState(state_));
  }

  void ReplaceSpec(const CredentialSpec& spec) {
    std::string packed = Pack(spec);
    std::lock_guard<std::mutex> lock(mutex_);
    spec_ = std::move(packed);
  }
  // Only while Acting().
  void ReplaceState(const CredentialState& state) {
    std::string packed = Pack(state);
    std::lock_guard<std::mutex> lock(mutex_);
    state_ = std::move(packed);
  }

  // A reply that was received and could not be stored: the only copy of what may be the only new
  // value. It is stored before anything else happens; while it is here, nothing is asked of the
  // issuer. Only while Acting().
  struct UnsavedReply {
    std::int64_t rotation = 0;
    Secret reply;
    Generation from = 0;  // what was current when it was asked for
  };
  std::optional<UnsavedReply> unsaved_reply;

  // The epoch under which the state was read. Under another one somebody else may have acted in
  // between.
  std::uint64_t epoch = 0;
  // A call that changes the rotation failed: the store may be further than we know. Only while
  // Acting().
  bool in_doubt = false;

  // Tries to revoke old values at the issuer that got no answer. Only while Acting().
  std::uint32_t revoke_failures = 0;
  Instant revoke_not_before{};

  // Asked by somebody, answered by the next action.
  std::atomic<bool> asked_inspect{false};
  std::atomic<bool> asked_refresh{false};
  // A watched place may have changed: look at the source and the sinks at once.
  std::atomic<bool> asked_verify{true};

  std::atomic<Instant> last_verify{Instant{}};  // when the places were last looked at
  // When the next look is due, for people.
  std::atomic<Instant> next_look{Instant{}};

 private:
  std::mutex acting_;
  // One for all keepers: it is held for microseconds, and there is one keeper for each credential.
  static inline std::mutex mutex_;
  std::string spec_;
  std::string state_;
};

}  // namespace tokenwarden

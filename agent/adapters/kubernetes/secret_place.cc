#include "agent/adapters/kubernetes/secret_place.h"

#include <optional>
#include <utility>

namespace tokenwarden::kubernetes {
namespace {

// Each time somebody else wrote another part of the Secret in between.
constexpr int kTries = 5;

tl::unexpected<Error> ChangedInBetween(const SecretKey& place) {
  return MakeError(
      ErrorKind::kAborted, "conflict",
      "did not write " + ToString(place) + ": somebody else changed its value at the same time",
      "Nothing: it is looked at again.");
}

}  // namespace

SecretPlace::SecretPlace(Secrets& secrets, SecretKey place, Drift drift)
    : secrets_(secrets), place_(std::move(place)), drift_(drift) {}

Result<Secret> SecretPlace::Read() { return secrets_.Read(place_); }

Result<Secrets::Held> SecretPlace::LookAgain() {
  Result<Secrets::Held> held = secrets_.Get(place_);
  if (held || held.error().reason != "no_such_secret") return held;
  Result<Sighting> made = secrets_.Create(place_);
  if (!made) return tl::unexpected<Error>(made.error());
  return Secrets::Held{std::nullopt, std::move(*made)};
}

// A key that we wrote before and that another manager owns now was changed by hand.
Error SecretPlace::Judge(const Sighting& seen, Error error) const {
  if (error.reason != "owned_by_other" || !seen.marker) return error;
  return ChangedInBetween(place_).value();
}

Result<PublishReport> SecretPlace::Publish(const Secret& value, const PublishMarker& marker) {
  const Marker ours = MarkerOf(marker);
  std::optional<Sighting> seen = secrets_.LastSeen(place_);
  // With the same marker it may well hold the same value: that takes a look.
  bool look = !seen || seen->marker == ours;
  bool looked = false;
  for (int tries = 0; tries < kTries; ++tries) {
    if (look) {
      Result<Secrets::Held> held = LookAgain();
      if (!held) return tl::unexpected<Error>(held.error());
      const bool same = held->value && held->value->EqualsInConstantTime(value);
      if (same && held->seen.marker == ours) return PublishReport{PublishOutcome::kUnchanged, ""};
      const bool changed = looked && held->value && held->seen.value != seen->value;
      if (changed && !same) return ChangedInBetween(place_);
      seen = std::move(held->seen);
      looked = true;
    }
    Status allowed = CheckFence(place_, *seen, ours);
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    Result<Sighting> applied = secrets_.Apply(place_, *seen, value, ours, drift_ == Drift::kRepair);
    if (applied) return PublishReport{PublishOutcome::kWritten, ""};
    if (applied.error().reason != "conflict") {
      return tl::unexpected<Error>(Judge(*seen, applied.error()));
    }
    look = true;
  }
  return ChangedInBetween(place_);
}

}  // namespace tokenwarden::kubernetes

// Markers: what stands beside a value to say whose it is: `tokenwarden_generation`, `_fingerprint`,
// `_epoch` and `_credential`, in custom_metadata, or in the secret itself for KV version 1. Pure.
//
// A secret may hold the values of several sinks. The words above are those of the key that
// `tokenwarden_key` names, the first one that was published there; further keys have their own:
// `tokenwarden_generation.KEY`. Source of the bounds (64 words, 128 bytes each, values of 1 to 512
// bytes): Vault, "KV version 2, custom metadata".
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/vault/json.h"
#include "agent/core/result.h"
#include "agent/ports/places.h"

namespace tokenwarden::vault {

// The words of ours among the keys of a secret.
Texts MarkersIn(const Json& data);

// The end of the words for a key, given what is there: empty for the first key.
std::string SlotOf(const Texts& there, const std::string& key);

// What is to stand there for a key.
Texts MarkersFor(const PublishMarker& marker, const std::string& key, const std::string& slot);

// Whether everything wanted is there.
bool Holds(const Texts& there, const Texts& wanted);

// Refuses whoever was deposed: kAborted `newer_epoch`, `newer_generation`. What another credential
// left there, from before a renaming, does not count. `target` is for messages.
Status CheckFence(const Texts& there, const PublishMarker& marker, const std::string& key,
                  const std::string& target);

// Whether what is there is older than what we wrote: somebody who was deposed wrote it late.
bool WasDisplaced(const Texts& there, const PublishMarker& marker, const std::string& key);

// What this process has claimed, by place. Thread-safe.
class Claims {
 public:
  void Remember(const std::string& place, const PublishMarker& marker);
  std::optional<PublishMarker> Find(const std::string& place) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PublishMarker> claims_;
};

}  // namespace tokenwarden::vault

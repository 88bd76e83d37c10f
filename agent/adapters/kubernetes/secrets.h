// Secrets: reading and applying single keys of Secrets, and what was last seen of them.
//
// What was last seen saves a request: an apply names the version it is meant for, so it may rest on
// what an earlier read or write showed and is refused when that is out of date.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "agent/adapters/kubernetes/client.h"
#include "agent/adapters/kubernetes/own_writes.h"
#include "agent/adapters/kubernetes/sighting.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::kubernetes {

// A value of a Secret's `data`. Absent when the key is; kDataLoss when it is no base64.
Result<std::optional<Secret>> ValueIn(const Json& object, const std::string& key);

// The whole object, with everybody's values. kNotFound `no_such_secret`.
Result<WipedJson> GetSecret(Client& client, const ObjectName& secret);

// Makes an empty Secret of type Opaque, or leaves the one that is there as it is: its own field
// manager never owns a value. The answer is its metadata. By apply and not by POST, because only
// that carries the name that a Role can allow.
Result<WipedJson> EnsureSecret(Client& client, const ObjectName& secret);

// Thread-safe.
class Secrets {
 public:
  struct Held {
    std::optional<Secret> value;
    Sighting seen;
  };

  Secrets(Client& client, OwnWrites& own_writes);

  Client& client() { return client_; }
  Result<Held> Get(const SecretKey& place);
  // kNotFound `no_such_secret`, `no_such_key`.
  Result<Secret> Read(const SecretKey& place);
  // An empty one; never changes one that exists.
  Result<Sighting> Create(const SecretKey& place);
  // Writes our key and markers over exactly what `seen` showed, else kAborted `conflict`. `force`
  // takes over what another manager owns, else kFailedPrecondition `owned_by_other`.
  Result<Sighting> Apply(const SecretKey& place, const Sighting& seen, const Secret& value,
                         const Marker& marker, bool force);

  std::optional<Sighting> LastSeen(const SecretKey& place) const;
  std::uint64_t DigestOf(const Secret& value) const;

 private:
  Sighting Remember(const SecretKey& place, Sighting seen);

  Client& client_;
  OwnWrites& own_writes_;
  const std::string salt_;
  mutable std::mutex mutex_;
  std::map<SecretKey, Sighting> last_seen_;  // guarded by mutex_; as many as there are places
};

}  // namespace tokenwarden::kubernetes

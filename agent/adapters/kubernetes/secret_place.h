// SecretPlace: one key of a Secret, as source and sink.
//
// Requests: a read is one GET, answered from etcd and never from a cache. A publish is one apply
// (PATCH) when the Secret is as it was last seen here, which the server checks; else a GET before
// it; one more to create a missing Secret. None can be saved: the apply is the write, and who
// publishes reads back by itself. An unchanged value is one GET and no write.
#pragma once

#include <string>

#include "agent/adapters/kubernetes/secrets.h"
#include "agent/core/spec.h"
#include "agent/ports/places.h"

namespace tokenwarden::kubernetes {

// Thread-safe. Keeps the other keys, labels and annotations of the Secret. Errors of Publish beside
// those of places.h: kFailedPrecondition `owned_by_other` (another field manager writes our key,
// and drift is not `repair`), `immutable_secret`, `wrong_type`, `quota_exceeded`,
// `denied_by_webhook`; kPermissionDenied `forbidden`, `forbidden_create`; kNotFound
// `no_such_namespace`; kResourceExhausted `too_large`, `rate_limited`.
class SecretPlace : public Source, public Sink {
 public:
  SecretPlace(Secrets& secrets, SecretKey place, Drift drift);

  Result<Secret> Read() override;
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;

 private:
  // What is there now, made if it was missing.
  Result<Secrets::Held> LookAgain();
  Error Judge(const Sighting& seen, Error error) const;

  Secrets& secrets_;
  const SecretKey place_;
  const Drift drift_;
};

}  // namespace tokenwarden::kubernetes

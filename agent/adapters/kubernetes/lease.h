// Lease: one coordination.k8s.io/v1 Lease as read from the API server, and the changes we make to
// it. Times in it are never trusted: only that it changed counts. Source: client-go
// tools/leaderelection; kubernetes pkg/registry/coordination/lease.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/adapters/kubernetes/json.h"
#include "agent/adapters/kubernetes/resource.h"
#include "agent/core/time.h"

namespace tokenwarden::kubernetes {

// Somebody who holds fewer shards asks the holder for this one.
struct Wish {
  std::string identity;
  int held = 0;  // how many it holds itself

  bool operator==(const Wish&) const = default;
};

class Lease {
 public:
  // One that does not exist yet.
  explicit Lease(const ObjectName& name);
  // As read; anything may be missing.
  explicit Lease(Json object) : object_(std::move(object)) {}

  std::string holder() const;
  std::chrono::seconds duration() const;  // zero when it is missing or senseless
  std::int64_t transitions() const;       // the epoch
  int shards() const;  // by how many its holder shares; zero when it does not say
  std::optional<Wish> wish() const;
  // Changes with every renewal and change of holder, and with nothing else.
  std::string record() const;
  // False before it was ever written.
  bool exists() const { return At(object_, {"metadata", "resourceVersion"}) != nullptr; }

  // What to send; everything that we do not know of stays as it was read. An update names the
  // object and version it is meant for, so it fails when somebody else came first.
  Json Taken(const std::string& by, std::chrono::seconds duration, int shards, std::int64_t epoch,
             const std::string& now) const;
  Json Renewed(const std::string& now) const;  // a wish that was heard goes
  Json Released(const std::string& now) const;
  Json Wished(const Wish& wish) const;

 private:
  Json object_;
};

// The epoch of a new holder: above every epoch that this Lease had, and not below the time (in
// seconds since 2024), so that it is also above those of a Lease that was deleted, or of the shard
// that a credential belonged to when there were more or fewer of them.
std::int64_t EpochAfter(const Lease& lease, Instant now);

// `2026-11-20T10:00:00.000001Z`: MicroTime wants exactly six digits.
std::string MicroTime(Instant now, std::int64_t micros);

}  // namespace tokenwarden::kubernetes

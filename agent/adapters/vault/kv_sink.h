// KvSink: one key of one secret of Vault as a place.
//
// Writing, version 2: read (1), claim (2), write with check-and-set (3). The claim is our markers
// in custom_metadata, which check-and-set does not guard, so the order is what protects them:
//
// - The claim goes first. After a crash behind it the secret holds the old value under the new
//   claim: the next pass sees the old value and completes it, while a holder that was deposed is
//   refused from the claim on. The other order would leave a new value under an old claim, which a
//   deposed holder may write over.
// - A write that was prepared before the claim fails by check-and-set, and is not repeated here:
//   its own claim may have come late and stand where the successor's stood. The caller asks again
//   whether it still may act. The successor puts its claim back when it next reads. A conflict with
//   ourselves, where a request went out twice because a connection broke, is found by reading.
//
// With the read-back of the caller a new generation costs four requests; one that is there already
// costs one, and the read-back. None can be saved: the first read knows the version, the other keys
// and who holds the secret; the API of the data does not take metadata; and what was written is
// known only by reading it. A secret that is new costs one more, to see the markers of one that was
// claimed and never written, and one per mount finds out what it is.
//
// Version 1 has neither versions nor metadata: the markers are more keys of the secret, and two
// writers at the same moment are noticed only by the read-back.
#pragma once

#include <cstdint>
#include <string>

#include "agent/adapters/vault/kv.h"
#include "agent/adapters/vault/markers.h"
#include "agent/core/spec.h"
#include "agent/ports/places.h"

namespace tokenwarden::vault {

class KvSource : public Source {
 public:
  KvSource(Kv& kv, std::string path, std::string key)
      : kv_(kv), path_(std::move(path)), key_(std::move(key)) {}
  Result<Secret> Read() override;

 private:
  Kv& kv_;
  const std::string path_;
  const std::string key_;
};

class KvSink : public Sink {
 public:
  KvSink(Kv& kv, Claims& claims, SinkSpec spec)
      : kv_(kv), claims_(claims), spec_(std::move(spec)) {}
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;
  // Not older than what was published through this object: a node that is behind is asked again.
  Result<Secret> Read() override;

 private:
  Result<PublishReport> PublishVersion1(KvSecret there, const Secret& value,
                                        const PublishMarker& marker);
  Result<PublishReport> PublishVersion2(KvSecret there, const Secret& value,
                                        const PublishMarker& marker);
  // Writes nothing when it is there. Changes `there` accordingly.
  Status Claim(Texts& there, const PublishMarker& marker);
  Result<KvSecret> Write(const KvSecret& there, const Secret& value);
  void PutClaimBack(const KvSecret& there);

  Kv& kv_;
  Claims& claims_;
  const SinkSpec spec_;
  std::atomic<std::int64_t> written_version_{0};
};

}  // namespace tokenwarden::vault

// KvSink: one key of one secret of Vault as a place.
//
// Writing, version 2: read (1), claim (2), write with check-and-set (3). The claim is our markers
// in custom_metadata, which check-and-set does not guard. It goes first: after a crash in between
// the secret holds the old value under the new claim, which the next pass sees and completes, while
// a holder that was deposed is refused from the claim on. A write that it had already prepared
// fails by check-and-set. With the read-back of the caller these are four requests; none can be
// saved: the first knows the version and the other keys, the metadata has no part in the write of
// the data, and what was written is only known by reading it.
//
// Version 1 has neither versions nor metadata: the markers are three more keys of the secret, and
// two writers at the same moment are only noticed by the read-back.
#pragma once

#include <string>

#include "agent/adapters/vault/kv.h"
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
  KvSink(Kv& kv, SinkSpec spec) : kv_(kv), spec_(std::move(spec)) {}
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;
  Result<Secret> Read() override;

 private:
  Result<PublishReport> PublishVersion1(const Secret& value, const PublishMarker& marker);
  Result<PublishReport> PublishVersion2(const Secret& value, const PublishMarker& marker);

  Kv& kv_;
  const SinkSpec spec_;
};

}  // namespace tokenwarden::vault

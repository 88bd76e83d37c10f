// Coordinator: who may act on a credential now. One refresher per credential, wherever it runs.
//
// On one host the lock on the state is enough and every credential is ours at epoch 0. In a cluster
// a Lease decides: the epoch rises with every change of holder and is written into every sink's
// marker, so that a deposed holder's late write is recognised.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tokenwarden {

// Thread-safe.
class Coordinator {
 public:
  virtual ~Coordinator() = default;
  // The epoch under which we may act on it now; nullopt: another holder has it, leave it alone.
  // Asked again before every request that must not be sent twice and before every publish.
  virtual std::optional<std::uint64_t> EpochOf(const std::string& credential) = 0;
};

// One host, one agent: the lock on the state file already decided.
class SoleHolder : public Coordinator {
 public:
  std::optional<std::uint64_t> EpochOf(const std::string&) override { return 0; }
};

}  // namespace tokenwarden

// Random: the one source of chance. Everything in a run follows from its 64-bit seed.
#pragma once

#include <cstdint>
#include <vector>

namespace tokenwarden::simulation {

// SplitMix64: small, fast, and the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // In [0, bound).
  int Below(int bound) {
    return static_cast<int>(Next() % static_cast<std::uint64_t>(bound < 1 ? 1 : bound));
  }
  int Between(int low, int high) { return low + Below(high - low + 1); }
  bool Percent(int chance) { return Below(100) < chance; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace tokenwarden::simulation

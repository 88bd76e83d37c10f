#include "agent/core/secret.h"

#include <cstring>
#include <utility>

namespace tokenwarden {

void WipeBytes(void* bytes, std::size_t size) noexcept {
  if (bytes == nullptr || size == 0) return;
  std::memset(bytes, 0, size);
  // The barrier makes the zeros observable, so the stores above cannot be dropped as dead.
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

Secret::Secret(std::string_view bytes)
    : bytes_(bytes.empty() ? nullptr : std::make_unique<char[]>(bytes.size())),
      size_(bytes.size()) {
  if (size_ != 0) std::memcpy(bytes_.get(), bytes.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

Secret Secret::TakeFrom(std::string& bytes) {
  Secret taken{std::string_view(bytes)};
  WipeString(bytes);
  return taken;
}

bool Secret::EqualsInConstantTime(const Secret& other) const {
  unsigned char difference = size_ == other.size_ ? 0 : 1;
  const std::size_t compared = size_ < other.size_ ? size_ : other.size_;
  for (std::size_t i = 0; i < compared; ++i) {
    difference |= static_cast<unsigned char>(bytes_[i] ^ other.bytes_[i]);
  }
  return difference == 0;
}

void Secret::Wipe() noexcept {
  WipeBytes(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

}  // namespace tokenwarden

// Secret: the bytes of a token, an app secret or a key.
//
// Owns its bytes, moves but does not copy by accident, wipes them when it lets go of them. It
// cannot be printed, streamed, formatted or compared with ==. The bytes are reached through
// Reveal() alone, so that a reviewer can search for every place that touches a value. Not
// synchronised.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace tokenwarden {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // Takes the bytes and wipes the string they came in.
  static Secret TakeFrom(std::string& bytes);

  Secret Clone() const { return Secret(Reveal()); }

  // The bytes, valid while this object lives. Never pass them to a log, an error or an argv.
  std::string_view Reveal() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Takes time that depends on the sizes only.
  bool EqualsInConstantTime(const Secret& other) const;

  bool operator==(const Secret&) const = delete;

 private:
  void Wipe() noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

// Overwrites memory in a way that the compiler may not remove.
void WipeBytes(void* bytes, std::size_t size) noexcept;
inline void WipeString(std::string& text) noexcept {
  WipeBytes(text.data(), text.size());
  text.clear();
}

}  // namespace tokenwarden

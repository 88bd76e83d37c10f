#include "agent/core/secret.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace tokenwarden {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <typename T>
concept Unequal = requires(const T& a, const T& b) {
  a != b;
};
template <typename T>
concept AppendsToString = requires(std::string text, const T& value) {
  text += value;
};

static_assert(Streamable<std::string> && Comparable<std::string> && AppendsToString<std::string>,
              "the concepts themselves work");
static_assert(!Streamable<Secret>);
static_assert(!Comparable<Secret>);
static_assert(!Unequal<Secret>);
static_assert(!AppendsToString<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<Secret, bool>);
static_assert(!std::is_convertible_v<std::string, Secret>, "making one is always visible");
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(std::is_nothrow_move_assignable_v<Secret>);

// Whether bytes that a Secret gave back still hold its value, seen by an allocator of our own.
struct Seen {
  bool watching = false;
  const char* bytes = nullptr;
  std::size_t size = 0;
  bool was_zero = false;
};
Seen& Watched() {
  static Seen seen;
  return seen;
}

void NoteFreed(const void* freed) noexcept {
  Seen& seen = Watched();
  if (!seen.watching || freed != seen.bytes) return;
  seen.was_zero = true;
  for (std::size_t i = 0; i < seen.size; ++i) seen.was_zero &= seen.bytes[i] == 0;
  seen.watching = false;
}

bool IsWipedWhen(Secret secret, void (*let_go)(Secret&)) {
  Watched() = {true, secret.Reveal().data(), secret.size(), false};
  let_go(secret);
  return !Watched().watching && Watched().was_zero;
}

}  // namespace
}  // namespace tokenwarden

// Looks at what is freed while the bytes are still ours.
void operator delete[](void* bytes) noexcept {
  tokenwarden::NoteFreed(bytes);
  std::free(bytes);
}
void operator delete[](void* bytes, std::size_t) noexcept {
  tokenwarden::NoteFreed(bytes);
  std::free(bytes);
}
void* operator new[](std::size_t size) {
  void* bytes = std::malloc(size == 0 ? 1 : size);
  if (bytes == nullptr) throw std::bad_alloc();
  return bytes;
}

namespace tokenwarden {
namespace {

TEST(Secret, IsWipedBeforeItsMemoryIsGivenBack) {
  EXPECT_TRUE(IsWipedWhen(Secret("fake-value-1"), [](Secret& s) { Secret gone = std::move(s); }));
  EXPECT_TRUE(IsWipedWhen(Secret("fake-value-2"), [](Secret& s) { s = Secret("other"); }));
  EXPECT_TRUE(IsWipedWhen(Secret("fake-value-3"), [](Secret& s) { s = Secret(); }));
}

TEST(Secret, LeavesNothingInTheStringItWasTakenFrom) {
  std::string text = "fake-value-that-is-long-enough-to-live-on-the-heap";
  const std::size_t size = text.size();
  const char* const bytes = text.data();
  const Secret secret = Secret::TakeFrom(text);
  EXPECT_EQ(secret.size(), size);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), bytes) << "the string kept its buffer";
  for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(text.data()[i], 0);
}

TEST(Secret, MovesAndLeavesTheOldOneEmpty) {
  Secret from("fake");
  Secret to(std::move(from));
  EXPECT_EQ(to.Reveal(), "fake");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the fact
  EXPECT_TRUE(from.Reveal().empty());
}

TEST(Secret, SurvivesBeingMovedIntoItself) {
  Secret secret("fake");
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.Reveal(), "fake");
}

TEST(Secret, ComparesByWholeValueInConstantTime) {
  const Secret value("abc");
  EXPECT_TRUE(value.EqualsInConstantTime(Secret("abc")));
  EXPECT_FALSE(value.EqualsInConstantTime(Secret("abd")));
  EXPECT_FALSE(value.EqualsInConstantTime(Secret("ab")));
  EXPECT_FALSE(value.EqualsInConstantTime(Secret("abcd")));
  EXPECT_FALSE(value.EqualsInConstantTime(Secret()));
  EXPECT_TRUE(Secret().EqualsInConstantTime(Secret("")));
}

TEST(Secret, KeepsEveryByteAlsoNul) {
  const std::string bytes("a\0b\xff", 4);
  const Secret secret{std::string_view(bytes)};
  EXPECT_EQ(secret.Reveal(), bytes);
  const Secret clone = secret.Clone();
  EXPECT_TRUE(clone.EqualsInConstantTime(secret));
  EXPECT_NE(clone.Reveal().data(), secret.Reveal().data());
}

}  // namespace
}  // namespace tokenwarden

// Word tables: one closed vocabulary, one table, both directions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tokenwarden {

template <typename Enum>
struct Word {
  Enum value;
  std::string_view word;
};

// An enumerator without a row is a defect; the tests walk every enumerator.
template <typename Enum, std::size_t kRows>
constexpr std::string_view WordFor(const Word<Enum> (&table)[kRows], Enum value) {
  for (const Word<Enum>& row : table) {
    if (row.value == value) return row.word;
  }
  return "unknown";
}

// Exact and case-sensitive: the words are ours on both sides.
template <typename Enum, std::size_t kRows>
constexpr std::optional<Enum> ValueFor(const Word<Enum> (&table)[kRows], std::string_view word) {
  for (const Word<Enum>& row : table) {
    if (row.word == word) return row.value;
  }
  return std::nullopt;
}

}  // namespace tokenwarden

#include "agent/core/utf8.h"

#include <cstddef>

namespace tokenwarden {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Unicode 15, table 3-7: by the first byte, how many follow and what the second may be.
struct Row {
  unsigned char first, last, length;
  unsigned char second_first, second_last;
};
constexpr Row kRows[] = {
    {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

unsigned char ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Bytes of the character at the beginning; 0 when it is broken.
std::size_t CharacterLength(std::string_view text) {
  const unsigned char first = ByteAt(text, 0);
  for (const Row& row : kRows) {
    if (first < row.first || first > row.last) continue;
    if (text.size() < row.length) return 0;
    if (row.length == 1) return 1;
    if (ByteAt(text, 1) < row.second_first || ByteAt(text, 1) > row.second_last) return 0;
    for (std::size_t i = 2; i < row.length; ++i) {
      if ((ByteAt(text, i) & 0xC0) != 0x80) return 0;
    }
    return row.length;
  }
  return 0;
}

}  // namespace

std::string CleanUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    out.append(length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace tokenwarden

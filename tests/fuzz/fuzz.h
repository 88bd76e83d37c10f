// What the fuzz targets share. A target fails by ending the process: the fuzzer then keeps the
// input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tokenwarden::fuzz {

inline std::string_view Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

inline bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The text up to the separator, which is taken off with it; all of it when there is none.
inline std::string_view Cut(std::string_view& rest, std::string_view separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + separator.size());
  return part;
}

// Every occurrence of `word` becomes `value`: inputs speak of secrets by name.
inline std::string Replaced(std::string_view text, std::string_view word, std::string_view value) {
  std::string out;
  while (true) {
    const std::size_t at = text.find(word);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += value;
    text.remove_prefix(at + word.size());
  }
}

}  // namespace tokenwarden::fuzz

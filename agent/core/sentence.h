// Sentences for people, put together from parts that may or may not end with a full stop.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tokenwarden {

// `what happened. what it means. what to do now`: empty parts are left out, no full stop at the
// end.
inline std::string Sentences(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) {
    while (!part.empty() && part.back() == '.') part.remove_suffix(1);
    if (part.empty()) continue;
    if (!text.empty()) text += ". ";
    text += part;
  }
  return text;
}

// `a, b, c`
inline std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace tokenwarden

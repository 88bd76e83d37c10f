#include "agent/adapters/files/dotenv_quoting.h"

#include <algorithm>

namespace tokenwarden::files {
namespace {

struct Escape {
  char letter;
  char meaning;
};
constexpr Escape kEscapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'},
                               {'"', '"'},  {'$', '$'},  {'`', '`'}};

bool HasAny(std::string_view value, std::string_view characters) {
  return value.find_first_of(characters) != std::string_view::npos;
}

bool HasControl(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Every loader reads it back unquoted, though a shell may not.
bool IsLoaderSafe(std::string_view value) {
  if (value.empty()) return true;
  if (value.front() == ' ' || value.back() == ' ') return false;
  return !HasControl(value) && !HasAny(value, "\"'`#$\\");
}

std::string Wrapped(char quote, std::string_view value) {
  return quote + std::string(value) + quote;
}

std::string Escaped(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    const auto* escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                      [&](const Escape& row) { return row.meaning == c; });
    if (escape != std::end(kEscapes) && c != '\t') {
      out += '\\';
      out += escape->letter;
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Loaders disagree about escapes, so a spelling without any is always better.
bool FitsIn(Quote quote, std::string_view value, bool was_loose) {
  switch (quote) {
    case Quote::kNone:
      return IsShellSafe(value) || (was_loose && IsLoaderSafe(value));
    case Quote::kSingle:
      return !HasAny(value, "'\\\r\n");
    case Quote::kDouble:
      return !HasAny(value, "\"\\$`\r\n");
    case Quote::kBacktick:
      return !HasAny(value, "`\\$\r\n");
  }
  return false;
}

std::string Spell(Quote quote, std::string_view value) {
  switch (quote) {
    case Quote::kNone:
      return std::string(value);
    case Quote::kSingle:
      return Wrapped('\'', value);
    case Quote::kDouble:
      return Wrapped('"', value);
    case Quote::kBacktick:
      return Wrapped('`', value);
  }
  return {};
}

}  // namespace

Quote QuoteOf(char character) {
  switch (character) {
    case '\'':
      return Quote::kSingle;
    case '"':
      return Quote::kDouble;
    case '`':
      return Quote::kBacktick;
    default:
      return Quote::kNone;
  }
}

std::string Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());  // no growth: no stray copies of a secret
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const auto* escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                      [&](const Escape& row) { return row.letter == next; });
    if (text[i] == '\\' && escape != std::end(kEscapes)) {
      out += escape->meaning;
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsShellSafe(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return letter || std::string_view("_-./:+=@%,^").find(c) != std::string_view::npos;
  });
}

std::vector<std::string> Spellings(std::string_view value, Quote wanted, bool was_loose) {
  std::vector<std::string> spellings;
  for (const Quote quote :
       {wanted, Quote::kNone, Quote::kDouble, Quote::kSingle, Quote::kBacktick}) {
    // Quotes that somebody chose are not taken away.
    if (quote == Quote::kNone && wanted != Quote::kNone) continue;
    if (FitsIn(quote, value, was_loose)) spellings.push_back(Spell(quote, value));
  }
  spellings.push_back(Escaped(value));
  return spellings;
}

}  // namespace tokenwarden::files

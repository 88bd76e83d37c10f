#include "agent/core/paste_check.h"

#include <algorithm>
#include <string_view>

namespace tokenwarden {
namespace {

// Far beyond any token seen; a whole file or a certificate was pasted.
constexpr std::size_t kLongest = 4096;
// Eight equal letters do not happen in a random value; people write them into templates.
constexpr std::size_t kFillerRun = 8;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsNameChar(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Compares without a lower-case copy: copies of a value would have to be wiped.
bool StartsWith(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i) {
    if (Lower(text[i]) != lower_prefix[i]) return false;
  }
  return true;
}

bool EqualsWord(std::string_view text, std::string_view lower_word) {
  return text.size() == lower_word.size() && StartsWith(text, lower_word);
}

bool EndsWith(std::string_view text, std::string_view lower_suffix) {
  return text.size() >= lower_suffix.size() &&
         StartsWith(text.substr(text.size() - lower_suffix.size()), lower_suffix);
}

// Looks only where the first character stands: every value of a fleet passes here at every check.
bool Contains(std::string_view text, std::string_view lower_part) {
  for (const char first : {lower_part.front(), Upper(lower_part.front())}) {
    for (std::size_t at = text.find(first); at != std::string_view::npos;
         at = text.find(first, at + 1)) {
      if (StartsWith(text.substr(at), lower_part)) return true;
    }
  }
  return false;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsWrappedIn(std::string_view text, std::string_view open, std::string_view close) {
  return text.size() >= open.size() + close.size() && text.substr(0, open.size()) == open &&
         text.substr(text.size() - close.size()) == close;
}

bool HasFillerRun(std::string_view text) {
  std::size_t run = 0;
  for (char c : text) {
    run = Lower(c) == 'x' ? run + 1 : 0;
    if (run >= kFillerRun) return true;
  }
  return false;
}

bool IsAllX(std::string_view text) {
  for (char c : text) {
    if (Lower(c) != 'x') return false;
  }
  return text.size() >= 3;
}

// ---- one predicate per hazard; each sees the value and nothing else ----

bool IsEmpty(std::string_view value) { return Trimmed(value).empty(); }
bool IsTooLong(std::string_view value) { return value.size() > kLongest; }
bool HasNul(std::string_view value) { return value.find('\0') != std::string_view::npos; }
bool HasByteOrderMark(std::string_view value) { return value.substr(0, 3) == "\xEF\xBB\xBF"; }

bool HasSurroundingSpace(std::string_view value) {
  return IsSpace(value.front()) || IsSpace(value.back());
}

bool IsQuoted(std::string_view value) {
  constexpr std::string_view kQuotes[] = {"\"",     "'",      "`",      "\u201c", "\u201d",
                                          "\u2018", "\u2019", "\u00ab", "\u00bb"};
  for (std::string_view quote : kQuotes) {
    if (value.substr(0, quote.size()) == quote) return true;
    if (value.size() >= quote.size() && value.substr(value.size() - quote.size()) == quote) {
      return true;
    }
  }
  return false;
}

bool HasBearerPrefix(std::string_view value) {
  for (std::string_view prefix : {"bearer ", "bearer\t", "bearer:", "authorization:", "oauth "}) {
    if (StartsWith(value, prefix)) return true;
  }
  return EqualsWord(value, "bearer");
}

bool IsPlaceholder(std::string_view value) {
  for (std::string_view word : {"undefined",
                                "null",
                                "(null)",
                                "nil",
                                "none",
                                "nan",
                                "[object object]",
                                "true",
                                "false",
                                "changeme",
                                "change_me",
                                "change-me",
                                "todo",
                                "tbd",
                                "fixme",
                                "placeholder",
                                "example",
                                "dummy",
                                "token",
                                "access_token",
                                "secret",
                                "password",
                                "test",
                                "..."}) {
    if (EqualsWord(value, word)) return true;
  }
  if (IsWrappedIn(value, "<", ">") || IsWrappedIn(value, "[", "]") ||
      IsWrappedIn(value, "%", "%") || value.front() == '$') {
    return true;
  }
  for (std::string_view start : {"your_", "your-", "your ", "my_token", "insert", "paste"}) {
    if (StartsWith(value, start)) return true;
  }
  for (std::string_view end : {"_here", "-here", " here"}) {
    if (EndsWith(value, end)) return true;
  }
  for (std::string_view part : {"{{", "${", "your_token", "your-token", "your_access", "replace_me",
                                "replace-me", "changeme"}) {
    if (Contains(value, part)) return true;
  }
  return IsAllX(value) || HasFillerRun(value);
}

bool IsMasked(std::string_view value) {
  for (std::string_view mark : {"***", "...", "\u2022", "\u25cf", "\u2219", "\u00b7\u00b7",
                                "\u2026", "\u2588", "redacted"}) {
    if (Contains(value, mark)) return true;
  }
  return value.find_first_not_of('*') == std::string_view::npos;
}

bool IsIdToken(std::string_view value) {
  std::size_t dots = 0;
  for (char c : value) dots += c == '.' ? 1 : 0;
  return value.substr(0, 3) == "eyJ" && dots == 2;
}

bool IsPercentEncoded(std::string_view value) {
  for (std::size_t i = 0; i + 2 < value.size(); ++i) {
    if (value[i] == '%' && IsHex(value[i + 1]) && IsHex(value[i + 2])) return true;
  }
  return false;
}

// `NAME=value`, as copied from an .env file. A `=` at the end alone is base64 padding.
bool IsWholeLine(std::string_view value) {
  if (StartsWith(value, "export ")) value.remove_prefix(7);
  std::size_t name = 0;
  while (name < value.size() && IsNameChar(value[name])) ++name;
  return name >= 3 && name + 1 < value.size() && value[name] == '=' && value[name + 1] != '=' &&
         value.substr(0, name).find('_') != std::string_view::npos;
}

bool HasLineBreak(std::string_view value) {
  return value.find_first_of("\r\n") != std::string_view::npos;
}

bool HasSpaceInside(std::string_view value) {
  for (char c : value) {
    if (IsSpace(c)) return true;
  }
  return false;
}

bool HasUnprintable(std::string_view value) {
  for (char c : value) {
    if (c <= ' ' || c >= 0x7f) return true;
  }
  return false;
}

// Most tokens are plain, and most hazards are not: a fleet's values need few looks.
bool IsPlain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), IsLetterOrDigit);
}

struct Hazard {
  bool (*found)(std::string_view value);
  bool may_be_plain;  // may be found in a value of letters and digits alone
  Reason reason;
  std::string_view message;
  std::string_view action;
};

constexpr std::string_view kPasteAgain = "copy the token again, alone and complete";

// First match wins. The outermost mistake comes first: what surrounds a value hides what is in it.
constexpr Hazard kHazards[] = {
    {IsEmpty, false, Reason::kEmptyValue, "the value is empty",
     "put the token where the value is read from"},
    {IsTooLong, true, Reason::kTooLong, "the value is longer than 4096 bytes, which no token is",
     "check that it is the token and not a whole file"},
    {HasNul, false, Reason::kWrongAlphabet,
     "the value holds a NUL byte, so it was read from a binary file", kPasteAgain},
    {HasByteOrderMark, false, Reason::kWrongAlphabet, "the value begins with a byte order mark",
     "save the file as UTF-8 without BOM"},
    {HasSurroundingSpace, false, Reason::kSurroundingSpace,
     "there is a space or a line break before or after the value", "remove it"},
    {IsQuoted, false, Reason::kQuoted, "there is a quotation mark around the value",
     "remove the quotes"},
    {HasBearerPrefix, true, Reason::kBearerPrefix,
     "the value begins with `Bearer` or a header's name", "keep only the token that follows it"},
    {IsWholeLine, false, Reason::kWrongAlphabet,
     "the value begins with NAME=, so a whole line was pasted",
     "keep only what stands after the ="},
    {IsPlaceholder, true, Reason::kPlaceholder, "the value is a placeholder, not a token",
     "replace it by a real token"},
    {IsMasked, true, Reason::kMasked, "the value is masked or shortened for display",
     "copy it where the issuer shows it in full; if it does so only once, issue a new one"},
    {IsIdToken, false, Reason::kIdToken,
     "the value is a signed ID token (three parts, eyJ…), not an access token",
     "use the access token of the same login"},
    {IsPercentEncoded, false, Reason::kPercentEncoded,
     "the value is percent-encoded (it holds %XX)", "decode it: %7C stands for the bar |"},
    {HasLineBreak, false, Reason::kWrongAlphabet, "there is a line break inside the value",
     "join the lines, or copy the token again"},
    {HasSpaceInside, false, Reason::kWrongAlphabet, "there is a space inside the value",
     kPasteAgain},
    {HasUnprintable, false, Reason::kWrongAlphabet,
     "the value holds a control or non-ASCII character, perhaps an invisible one", kPasteAgain},
};

}  // namespace

std::optional<PasteProblem> CheckPaste(const Secret& value) {
  const std::string_view text = value.Reveal();
  const bool is_plain = IsPlain(text);
  for (const Hazard& hazard : kHazards) {
    if ((is_plain && !hazard.may_be_plain) || !hazard.found(text)) continue;
    return PasteProblem{hazard.reason, std::string(hazard.message), std::string(hazard.action)};
  }
  return std::nullopt;
}

}  // namespace tokenwarden

#include "agent/adapters/files/dotenv_document.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/files/dotenv_quoting.h"

namespace tokenwarden::files {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kExport = "export";
constexpr std::size_t kNowhere = std::string_view::npos;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool StartsKey(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool ContinuesKey(char c) { return StartsKey(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; }

std::size_t SkipBlank(std::string_view text, std::size_t at, std::size_t end) {
  while (at < end && IsBlank(text[at])) ++at;
  return at;
}

// Where a key that begins at `at` ends; `at` itself when there is none.
std::size_t KeyEnd(std::string_view text, std::size_t at, std::size_t end) {
  if (at == end || !StartsKey(text[at])) return at;
  while (at < end && ContinuesKey(text[at])) ++at;
  return at;
}

// The offset of the line feed, or the end of the text.
std::size_t LineEndAt(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

// What stands before the value on a line.
struct Head {
  std::string_view key;  // empty: the line does not begin with one
  bool exported = false;
  bool assigns = false;
  std::size_t after = 0;  // behind the `=`
};

Head ReadHead(std::string_view text, std::size_t begin, std::size_t end) {
  Head head;
  std::size_t at = SkipBlank(text, begin, end);
  const std::size_t word = at + kExport.size();
  if (text.substr(at, kExport.size()) == kExport && word < end && IsBlank(text[word])) {
    const std::size_t key = SkipBlank(text, word, end);
    if (KeyEnd(text, key, end) != key) {
      head.exported = true;
      at = key;
    }
  }
  const std::size_t key_end = KeyEnd(text, at, end);
  head.key = text.substr(at, key_end - at);
  const std::size_t sign = SkipBlank(text, key_end, end);
  head.assigns = !head.key.empty() && sign < end && text[sign] == '=';
  head.after = sign + 1;
  return head;
}

// The offset of the quote that closes the one at `open`, or kNowhere.
std::size_t FindClosing(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == text[open]) return i;
    if (text[open] == '"' && text[i] == '\\') ++i;
  }
  return kNowhere;
}

// Nothing but spaces or a comment stands between `at` and the end of the line.
bool EndsCleanly(std::string_view text, std::size_t at) {
  const std::size_t end = LineEndAt(text, at);
  while (at < end && (IsBlank(text[at]) || text[at] == '\r')) ++at;
  return at == end || text[at] == '#';
}

void ReadUnquoted(std::string_view text, std::size_t after, std::size_t line_end,
                  DotenvEntry& entry) {
  const std::size_t begin = SkipBlank(text, after, line_end);
  std::size_t end = begin;
  while (end < line_end && !(text[end] == '#' && end > after && IsBlank(text[end - 1]))) ++end;
  while (end > begin && (IsBlank(text[end - 1]) || text[end - 1] == '\r')) --end;
  const bool empty = begin == end;
  entry.begin = empty ? after : begin;
  entry.end = empty ? after : end;
  const std::string_view value = text.substr(entry.begin, entry.end - entry.begin);
  if (std::any_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
      })) {
    entry.problem = LineProblem::kControlCharacter;
  }
}

void ReadQuoted(std::string_view text, std::size_t open, std::size_t line_end, DotenvEntry& entry) {
  entry.quote = QuoteOf(text[open]);
  entry.begin = open;
  entry.end =
      line_end;  // a value that cannot be read ends with its line, so that the next lines count
  const std::size_t close = FindClosing(text, open);
  const bool one_line = close < line_end;
  if (close == kNowhere || (!one_line && !EndsCleanly(text, close + 1))) {
    entry.problem = LineProblem::kUnterminatedQuote;
  } else if (!EndsCleanly(text, close + 1)) {
    entry.problem = LineProblem::kTextAfterQuote;
  } else {
    entry.end = close + 1;
    const auto value = text.substr(open, close - open);
    entry.last_line += static_cast<std::size_t>(std::count(value.begin(), value.end(), '\n'));
  }
}

struct ProblemText {
  LineProblem problem;
  const char* reason;
  const char* seen;
  const char* action;
};
constexpr ProblemText kProblems[] = {
    {LineProblem::kUnterminatedQuote, "unterminated_quote", "its opening quote is never closed",
     "Close the quote."},
    {LineProblem::kTextAfterQuote, "text_after_quote", "there is text behind its closing quote",
     "Put the whole value in one pair of quotes."},
    {LineProblem::kControlCharacter, "control_character",
     "its unquoted value holds a control character, perhaps a bare carriage return",
     "Write the line again by hand, with LF or CRLF at its end."},
};

}  // namespace

Result<DotenvDocument> DotenvDocument::Parse(std::string_view bytes, std::string name) {
  if (bytes.size() > kMaxBytes) {
    return MakeError(ErrorKind::kInvalidArgument, "too_large",
                     "cannot read " + name + ": it is larger than 1 MiB, which no .env file is",
                     "Check the path.");
  }
  if (bytes.find('\0') != kNowhere) {
    return MakeError(ErrorKind::kInvalidArgument, "binary_file",
                     "cannot read " + name + ": it holds a NUL byte, so it is not a text file",
                     "Check the path; save the file as UTF-8, not as UTF-16.");
  }
  DotenvDocument document(bytes, std::move(name));
  document.Scan();
  return document;
}

void DotenvDocument::Scan() {
  entries_.clear();
  odd_lines_.clear();
  std::size_t at =
      std::string_view(bytes_).substr(0, kByteOrderMark.size()) == kByteOrderMark ? 3 : 0;
  std::size_t line = 1;
  while (at < bytes_.size()) ScanLine(at, line);
}

// Reads the line at `at`, with the lines that its value spans, and moves behind it.
void DotenvDocument::ScanLine(std::size_t& at, std::size_t& line) {
  const std::string_view text = bytes_;
  const std::size_t line_end = LineEndAt(text, at);
  const Head head = ReadHead(text, at, line_end);
  std::size_t next = line_end;
  std::size_t next_line = line;
  if (head.assigns) {
    DotenvEntry entry;
    entry.key = head.key;
    entry.line = entry.last_line = line;
    entry.exported = head.exported;
    const std::size_t value = SkipBlank(text, head.after, line_end);
    if (value < line_end && QuoteOf(text[value]) != Quote::kNone) {
      ReadQuoted(text, value, line_end, entry);
    } else {
      ReadUnquoted(text, head.after, line_end, entry);
    }
    next = LineEndAt(text, std::max(entry.end, head.after));
    next_line = entry.last_line;
    entries_.push_back(std::move(entry));
  } else if (!head.key.empty() && !head.exported) {
    odd_lines_.push_back({std::string(head.key), line});
  }
  at = next + 1;
  line = next_line + 1;
}

tl::unexpected<Error> DotenvDocument::Problem(const std::string& reason, std::string_view key,
                                              const std::string& seen,
                                              const std::string& action) const {
  return MakeError(ErrorKind::kInvalidArgument, reason,
                   "cannot use " + std::string(key) + " in " + name_ + ": " + seen, action);
}

Result<std::optional<std::size_t>> DotenvDocument::Locate(std::string_view key) const {
  std::optional<std::size_t> found;
  std::string lines;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].key != key) continue;
    lines += (found ? " and " : "") + std::to_string(entries_[i].line);
    if (!found) found = i;
  }
  if (lines.find(' ') != std::string::npos) {
    return Problem("duplicate_key", key, "it is set more than once, on lines " + lines,
                   "Delete the lines that do not count; loaders disagree about which one wins.");
  }
  if (!found) {
    if (auto hidden = CheckHidden(key); !hidden) return tl::make_unexpected(hidden.error());
    return found;
  }
  for (const ProblemText& row : kProblems) {
    if (entries_[*found].problem == row.problem) {
      return Problem(row.reason, key, "on line " + lines + " " + row.seen, row.action);
    }
  }
  return found;
}

// A key that we do not see but a person would: appending it again would hide their line.
Status DotenvDocument::CheckHidden(std::string_view key) const {
  for (const OddLine& odd : odd_lines_) {
    if (odd.key == key) {
      return Problem("invalid_line", key,
                     "line " + std::to_string(odd.line) + " begins with it but has no `=` after it",
                     "Write the line as KEY=value.");
    }
  }
  for (const DotenvEntry& entry : entries_) {
    std::size_t at = LineEndAt(bytes_, entry.begin);
    for (std::size_t line = entry.line + 1; at < entry.end; ++line) {
      const std::size_t end = LineEndAt(bytes_, at + 1);
      const Head head = ReadHead(bytes_, at + 1, end);
      if (head.assigns && head.key == key) {
        return Problem("inside_quotes", key,
                       "line " + std::to_string(line) +
                           " lies inside the quotes that open on line " +
                           std::to_string(entry.line),
                       "Close the quote on line " + std::to_string(entry.line) + ".");
      }
      at = end;
    }
  }
  return {};
}

Result<Secret> DotenvDocument::Read(std::string_view key) const {
  auto index = Locate(key);
  if (!index) return tl::make_unexpected(index.error());
  if (!*index) {
    return MakeError(ErrorKind::kNotFound, "no_such_key",
                     "cannot read " + std::string(key) + " in " + name_ + ": no line sets it",
                     "Add the line " + std::string(key) + "=… or correct the key's name.");
  }
  return ValueOf(entries_[**index]);
}

Secret DotenvDocument::ValueOf(const DotenvEntry& entry) const {
  const std::string_view raw = bytes().substr(entry.begin, entry.end - entry.begin);
  if (entry.quote == Quote::kNone || raw.size() < 2) return Secret(raw);
  const std::string_view inner = raw.substr(1, raw.size() - 2);
  if (entry.quote != Quote::kDouble) return Secret(inner);
  std::string unescaped = Unescape(inner);
  return Secret::TakeFrom(unescaped);
}

Status DotenvDocument::Set(std::string_view key, const Secret& value) {
  if (key.empty() || KeyEnd(key, 0, key.size()) != key.size()) {
    return Problem("invalid_key", key, "that is not a name a .env file can hold",
                   "Use letters, digits and `_`.");
  }
  if (value.Reveal().find('\0') != kNowhere) {
    return Problem("unwritable_value", key, "the new value holds a NUL byte", "");
  }
  auto index = Locate(key);
  if (!index) return tl::make_unexpected(index.error());
  Quote wanted = Quote::kNone;
  bool was_loose = false;
  if (*index) {
    const DotenvEntry& entry = entries_[**index];
    if (ValueOf(entry).EqualsInConstantTime(value)) return {};
    wanted = entry.quote;
    const auto old_raw = bytes().substr(entry.begin, entry.end - entry.begin);
    was_loose = wanted == Quote::kNone && !IsShellSafe(old_raw);
  }
  auto failure = Problem("unterminated_quote", key,
                         "a quote that is never closed on another line would swallow the new value",
                         "Close every quote in the file.");
  bool done = false;
  for (std::string& raw : Spellings(value.Reveal(), wanted, was_loose)) {
    if (!done) {
      std::string edited = WithRaw(key, *index, raw);
      auto after = Parse(edited, name_);
      if (!after) failure = tl::make_unexpected(after.error());
      if (after && after->IsEditOf(*this, *index, key, value)) {
        bytes_.swap(edited);
        done = true;
      }
      WipeString(edited);
    }
    WipeString(raw);
  }
  if (!done) return failure;
  Scan();
  return {};
}

std::string_view DotenvDocument::LineEnding() const {
  const std::size_t last = bytes_.rfind('\n');
  return last != kNowhere && last > 0 && bytes_[last - 1] == '\r' ? "\r\n" : "\n";
}

// The bytes with one value spelled anew, or with a new line at the end.
std::string DotenvDocument::WithRaw(std::string_view key, std::optional<std::size_t> index,
                                    std::string_view raw) const {
  std::string out;
  out.reserve(bytes_.size() + key.size() + raw.size() + 8);
  if (index) {
    const DotenvEntry& entry = entries_[*index];
    out.append(bytes_, 0, entry.begin).append(raw).append(bytes_, entry.end, kNowhere);
    return out;
  }
  out = bytes_;
  const bool open_line = !bytes_.empty() && bytes_ != kByteOrderMark && bytes_.back() != '\n';
  if (open_line) out += LineEnding();
  out.append(key).append("=").append(raw).append(LineEnding());
  return out;
}

// Set checks its own work: this is `before` with that one value and nothing else changed.
bool DotenvDocument::IsEditOf(const DotenvDocument& before, std::optional<std::size_t> index,
                              std::string_view key, const Secret& value) const {
  const std::size_t target = index.value_or(before.entries_.size());
  if (entries_.size() != before.entries_.size() + (index ? 0 : 1)) return false;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const DotenvEntry& mine = entries_[i];
    if (i == target) {
      if (mine.key != key || mine.problem != LineProblem::kNone) return false;
      if (!ValueOf(mine).EqualsInConstantTime(value)) return false;
      continue;
    }
    const DotenvEntry& theirs = before.entries_[i];
    const auto raw = bytes().substr(mine.begin, mine.end - mine.begin);
    if (mine.key != theirs.key || mine.problem != theirs.problem) return false;
    if (raw != before.bytes().substr(theirs.begin, theirs.end - theirs.begin)) return false;
  }
  return true;
}

}  // namespace tokenwarden::files

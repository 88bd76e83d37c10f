// DotenvDocument: one `.env` file as bytes that can be read and edited without losing any of them.
//
// The grammar is what the common loaders (Node's and Python's dotenv, Docker Compose) and POSIX
// shells agree on; where they differ the choice is written here.
//
//   [spaces] [export spaces] KEY [spaces] = [spaces] VALUE [spaces] [# comment]
//
// * KEY: a letter or `_`, then letters, digits, `_`, `.` and `-` (shells refuse the last two,
// loaders do not).
// * 'single' and `backtick` values are literal; "double" ones know \n \r \t \\ \" \$ \` and keep
// any other
//   backslash. All three may span lines. `$NAME` is never expanded.
// * An unquoted value ends at the end of the line or at a `#` after a space; spaces around it do
// not count.
// * Lines end with LF or CRLF, also mixed; a UTF-8 byte order mark is skipped; the last newline may
// be missing.
// * Blank lines, comments and lines that are none of this are kept and never stop us. A line that
// cannot be
//   read matters only when its own key is asked for.
//
// Pure; a value type that is not synchronised. Wipes its bytes when destroyed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::files {

enum class Quote { kNone, kSingle, kDouble, kBacktick };

// Why the value of an assignment cannot be read.
enum class LineProblem { kNone, kUnterminatedQuote, kTextAfterQuote, kControlCharacter };

struct DotenvEntry {
  std::string key;
  std::size_t line = 0;       // of the key, from 1
  std::size_t last_line = 0;  // where the value ends; larger than `line` for multi-line values
  bool exported = false;
  Quote quote = Quote::kNone;
  LineProblem problem = LineProblem::kNone;
  std::size_t begin = 0;  // the value with its quotes, as offsets into bytes()
  std::size_t end = 0;
};

class DotenvDocument {
 public:
  static constexpr std::size_t kMaxBytes = 1024 * 1024;

  // `name` is how messages call the file. kInvalidArgument `too_large` and `binary_file` (a NUL
  // byte).
  static Result<DotenvDocument> Parse(std::string_view bytes, std::string name);

  DotenvDocument(DotenvDocument&&) noexcept = default;
  DotenvDocument& operator=(DotenvDocument&&) = delete;
  ~DotenvDocument() { WipeString(bytes_); }

  // Every assignment in file order, also those with a problem and duplicates.
  const std::vector<DotenvEntry>& entries() const { return entries_; }
  std::string_view bytes() const { return bytes_; }

  // The value of one key; empty when it is there but empty. kNotFound `no_such_key`;
  // kInvalidArgument `duplicate_key`, `unterminated_quote`, `text_after_quote`,
  // `control_character`, `invalid_line`, `inside_quotes`: the message names the lines.
  Result<Secret> Read(std::string_view key) const;
  // The value of an entry of this document without a problem.
  Secret ValueOf(const DotenvEntry& entry) const;

  // Replaces the value of one key, or appends the key, and keeps every other byte, the kind of
  // quotes (where the value can be written in it so that loaders and shells agree), `export`,
  // spaces and the comment. Errors as Read, and kInvalidArgument `unwritable_value` (NUL) or
  // `invalid_key`. On an error the document is unchanged.
  Status Set(std::string_view key, const Secret& value);

 private:
  // A line that starts like a key but assigns nothing.
  struct OddLine {
    std::string key;
    std::size_t line = 0;
  };

  DotenvDocument(std::string_view bytes, std::string name)
      : bytes_(bytes), name_(std::move(name)) {}

  void Scan();
  void ScanLine(std::size_t& at, std::size_t& line);
  Result<std::optional<std::size_t>> Locate(std::string_view key) const;
  Status CheckHidden(std::string_view key) const;
  std::string WithRaw(std::string_view key, std::optional<std::size_t> index,
                      std::string_view raw) const;
  bool IsEditOf(const DotenvDocument& before, std::optional<std::size_t> index,
                std::string_view key, const Secret& value) const;
  std::string_view LineEnding() const;
  tl::unexpected<Error> Problem(const std::string& reason, std::string_view key,
                                const std::string& seen, const std::string& action) const;

  std::string bytes_;
  std::string name_;
  std::vector<DotenvEntry> entries_;
  std::vector<OddLine> odd_lines_;
};

}  // namespace tokenwarden::files

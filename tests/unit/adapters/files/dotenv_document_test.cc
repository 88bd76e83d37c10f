#include "agent/adapters/files/dotenv_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace tokenwarden::files {
namespace {

using namespace std::string_literals;

DotenvDocument Parsed(const std::string& text) {
  auto document = DotenvDocument::Parse(text, ".env");
  if (!document) throw std::runtime_error(document.error().message);
  return std::move(*document);
}

std::string ReadOr(const DotenvDocument& document, const std::string& key) {
  auto value = document.Read(key);
  return value ? std::string(value->Reveal()) : "error: " + value.error().reason;
}

std::string After(const std::string& text, const std::string& key, const std::string& value) {
  DotenvDocument document = Parsed(text);
  const Status status = document.Set(key, Secret(value));
  return status ? std::string(document.bytes()) : "error: " + status.error().reason;
}

TEST(DotenvDocument, ReadsWhatLoadersAndShellsRead) {
  struct Case {
    const char* title;
    std::string text;
    std::string value;
  };
  const Case cases[] = {
      {"plain", "K=abc\n", "abc"},
      {"export", "export K=abc\n", "abc"},
      {"export with tabs", "\texport\t K=abc\n", "abc"},
      {"spaces around the sign", "K = abc \n", "abc"},
      {"single quotes", "K='a b'\n", "a b"},
      {"double quotes", "K=\"a b\"\n", "a b"},
      {"backticks", "K=`a b`\n", "a b"},
      {"escapes in double quotes", R"(K="a\nb\"c\\d\$e\qf")", "a\nb\"c\\d$e\\qf"},
      {"no escapes in single quotes", R"(K='a\nb')", "a\\nb"},
      {"inline comment after an unquoted value", "K=abc # why\n", "abc"},
      {"a hash inside an unquoted value", "K=abc#def\n", "abc#def"},
      {"a hash inside quotes", "K='abc # def'\n", "abc # def"},
      {"comment after quotes", "K='abc' # why\n", "abc"},
      {"comment after an empty value", "K= # why\n", ""},
      {"CRLF", "A=1\r\nK=abc\r\nB=2\r\n", "abc"},
      {"mixed line ends", "A=1\r\nK=abc\nB=2\r\n", "abc"},
      {"byte order mark", "\xEF\xBB\xBFK=abc\n", "abc"},
      {"no last newline", "A=1\nK=abc", "abc"},
      {"multi-line quotes", "K=\"one\ntwo\"\nB=2\n", "one\ntwo"},
      {"empty", "K=\nB=2\n", ""},
      {"empty quotes", "K=''\n", ""},
      {"empty at the end of the file", "K=", ""},
      {"dots and dashes", "K.x-y=1\nK=abc\n", "abc"},
      {"inner spaces", "K=a b c\n", "a b c"},
      {"equal signs", "K=a=b==\n", "a=b=="},
      {"dollars stay", "K=a$B\n", "a$B"},
      {"odd lines around", "???\nfoo bar\n=x\n# K=no\nK=abc\n--- \n", "abc"},
      {"another line's open quote", "A='oops\nK=abc\n", "abc"},
      {"a lone apostrophe in a comment does not close it", "A='oops\nK=abc\n# it's\n", "abc"},
      {"a key that is called export", "export=abc\nK=abc\n", "abc"},
      {"lower case", "k=no\nK=abc\n", "abc"},
  };
  for (const Case& c : cases) EXPECT_EQ(ReadOr(Parsed(c.text), "K"), c.value) << c.title;
}

TEST(DotenvDocument, SaysWhyAKeyCannotBeRead) {
  struct Case {
    std::string text;
    std::string reason;
    std::string part;  // of the message
  };
  const Case cases[] = {
      {"A=1\n", "no_such_key", "no line sets it"},
      {"#K=1\n", "no_such_key", "no line sets it"},
      {"A=1\nK=2\n\nK=3\n", "duplicate_key", "on lines 2 and 4"},
      {"K=1\nK='2\n", "duplicate_key", "on lines 1 and 2"},
      {"K=1\nK=2\nK=3", "duplicate_key", "on lines 1 and 2 and 3"},
      {"\nK='abc\n", "unterminated_quote", "on line 2"},
      {"K='abc'def\n", "text_after_quote", "on line 1"},
      {"A=1\rK=2\nK=\x01z\n", "control_character", "on line 2"},
      {"K abc\n", "invalid_line", "line 1"},
      {"K: abc\n", "invalid_line", "line 1"},
      {"A='one\nK=2\nB='\n", "inside_quotes", "line 2 lies inside the quotes that open on line 1"},
  };
  for (const Case& c : cases) {
    const DotenvDocument document = Parsed(c.text);
    const auto value = document.Read("K");
    ASSERT_FALSE(value) << c.text;
    EXPECT_EQ(value.error().reason, c.reason) << c.text;
    EXPECT_NE(value.error().message.find(c.part), std::string::npos) << value.error().message;
    EXPECT_FALSE(value.error().action.empty()) << c.text;
  }
}

TEST(DotenvDocument, NeverPutsAValueIntoAnError) {
  const std::string planted = "PLANTED-VALUE";
  for (const std::string& text :
       {"K='" + planted + "\n", "K='" + planted + "'x\n", "K=" + planted + "\x01\n",
        "K " + planted + "\n", "K=" + planted + "\nK=" + planted + "\n"}) {
    const auto value = Parsed(text).Read("K");
    ASSERT_FALSE(value);
    EXPECT_EQ((value.error().message + value.error().action).find(planted), std::string::npos);
  }
}

TEST(DotenvDocument, RefusesBinaryAndHugeFiles) {
  EXPECT_EQ(DotenvDocument::Parse("K=a\0b\n"s, ".env").error().reason, "binary_file");
  const std::string huge(DotenvDocument::kMaxBytes + 1, 'x');
  EXPECT_EQ(DotenvDocument::Parse(huge, ".env").error().reason, "too_large");
  EXPECT_TRUE(DotenvDocument::Parse(huge.substr(1), ".env"));
}

TEST(DotenvDocument, ListsEveryAssignmentWithItsLines) {
  const DotenvDocument document = Parsed("# c\nA=1\nexport B=\"x\ny\"\nA=2\nC='\n");
  ASSERT_EQ(document.entries().size(), 4u);
  EXPECT_EQ(document.entries()[1].key, "B");
  EXPECT_EQ(document.entries()[1].line, 3u);
  EXPECT_EQ(document.entries()[1].last_line, 4u);
  EXPECT_TRUE(document.entries()[1].exported);
  EXPECT_EQ(document.entries()[2].line, 5u);
  EXPECT_EQ(document.entries()[3].problem, LineProblem::kUnterminatedQuote);
}

TEST(DotenvDocument, KeepsEveryOtherByteWhenOneKeyChanges) {
  struct Case {
    const char* title;
    std::string before, value, after;
  };
  const Case cases[] = {
      {"plain", "A=1\nK=old\nB=2\n", "new", "A=1\nK=new\nB=2\n"},
      {"quotes", "K='old'\n", "new", "K='new'\n"},
      {"double quotes", "K=\"old\"\n", "new", "K=\"new\"\n"},
      {"backticks", "K=`old`\n", "new", "K=`new`\n"},
      {"export, spaces, comment", " export  K =  old   # why  \r\n", "new",
       " export  K =  new   # why  \r\n"},
      {"no last newline", "K=old", "new", "K=new"},
      {"byte order mark and CRLF", "\xEF\xBB\xBFK=old\r\nA=1\r\n", "new",
       "\xEF\xBB\xBFK=new\r\nA=1\r\n"},
      {"trailing spaces", "K=old  \n", "new", "K=new  \n"},
      {"empty value before a comment", "K=  # why\n", "new", "K=new  # why\n"},
      {"empty value", "K=\nA=1\n", "new", "K=new\nA=1\n"},
      {"to an empty value", "K=old # why\n", "", "K= # why\n"},
      {"multi-line value", "K='one\ntwo' # c\nA=1\n", "new", "K='new' # c\nA=1\n"},
      {"the same value", "K=\"a\\qb\"\n", "a\\qb", "K=\"a\\qb\"\n"},
      {"appended", "A=1\n", "new", "A=1\nK=new\n"},
      {"appended after a missing newline", "A=1", "new", "A=1\nK=new\n"},
      {"appended with CRLF", "A=1\r\nB=2", "new", "A=1\r\nB=2\r\nK=new\r\n"},
      {"appended to nothing", "", "new", "K=new\n"},
      {"appended to a byte order mark", "\xEF\xBB\xBF", "new", "\xEF\xBB\xBFK=new\n"},
      {"quotes when needed", "K=old\n", "a b", "K=\"a b\"\n"},
      {"quotes for a pipe", "K=old\n", "1|x", "K=\"1|x\"\n"},
      {"no quotes where pipes stood unquoted", "K=1|old\n", "1|new", "K=1|new\n"},
      {"single quotes for a dollar", "K=\"old\"\n", "a$b", "K='a$b'\n"},
      {"other quotes for a quote", "K='old'\n", "it's", "K=\"it's\"\n"},
      {"escapes for a newline", "K='old'\n", "a\nb", "K=\"a\\nb\"\n"},
      {"escapes when nothing else is left", "K='old'\n", "a'b\"c`",
       R"(K="a'b\"c\`")"
       "\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(After(c.before, "K", c.value), c.after) << c.title;
    EXPECT_EQ(ReadOr(Parsed(c.after), "K"), c.value) << c.title;
  }
}

TEST(DotenvDocument, RefusesToWriteWhereThePlaceIsUnclear) {
  EXPECT_EQ(After("K=1\nK=2\n", "K", "new"), "error: duplicate_key");
  EXPECT_EQ(After("K='1\n", "K", "new"), "error: unterminated_quote");
  EXPECT_EQ(After("A='1\nK=2\nB='\n", "K", "new"), "error: inside_quotes");
  EXPECT_EQ(After("K 1\n", "K", "new"), "error: invalid_line");
  EXPECT_EQ(After("A=1\n", "K", "a\0b"s), "error: unwritable_value");
  EXPECT_EQ(After("A=1\n", "1K", "new"), "error: invalid_key");
  EXPECT_EQ(After("A=1\n", "K\nB", "new"), "error: invalid_key");
  EXPECT_EQ(After("A=1\n", "", "new"), "error: invalid_key");
}

TEST(DotenvDocument, AnOpenQuoteElsewhereDoesNotSwallowTheNewValue) {
  // In double quotes the new line would close A's quote and look like a comment behind it.
  const std::string after = After("A=\"open\n", "K", "#a");
  EXPECT_EQ(after, "A=\"open\nK='#a'\n");
  EXPECT_EQ(ReadOr(Parsed(after), "K"), "#a");
}

// Characters that matter to the grammar, so that random texts reach its corners.
std::string RandomText(std::mt19937& random, std::size_t size, bool with_nul) {
  static const std::string kAlphabet = "AKB=='\"`#\\\n\n\r \t$.-x1\xEF\xBB\xBF|export \x01";
  std::uniform_int_distribution<std::size_t> pick(0, kAlphabet.size() - 1);
  std::uniform_int_distribution<int> byte(with_nul ? 0 : 1, 255);
  std::string text;
  while (text.size() < size) {
    const bool any = byte(random) < 16;
    text += any ? static_cast<char>(byte(random)) : kAlphabet[pick(random)];
  }
  return text;
}

TEST(DotenvDocument, GivesBackTheSameBytesForAnyBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = RandomText(random, static_cast<std::size_t>(i % 80), true);
    const auto document = DotenvDocument::Parse(text, ".env");
    if (!document) {
      EXPECT_NE(text.find('\0'), std::string::npos);
      continue;
    }
    EXPECT_EQ(document->bytes(), text);
    for (const DotenvEntry& entry : document->entries()) {
      EXPECT_LE(entry.begin, entry.end);
      EXPECT_LE(entry.end, text.size());
      document->ValueOf(entry);
    }
  }
}

// All entries but those of one key, as they stand in the file.
std::vector<std::string> OthersThan(const DotenvDocument& document, const std::string& key) {
  std::vector<std::string> others;
  for (const DotenvEntry& entry : document.entries()) {
    if (entry.key == key) continue;
    others.push_back(entry.key + "=" +
                     std::string(document.bytes().substr(entry.begin, entry.end - entry.begin)));
  }
  return others;
}

TEST(DotenvDocument, ReadsBackWhatItSetAndChangesNothingElse) {
  std::mt19937 random(2);
  int written = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = RandomText(random, static_cast<std::size_t>(i % 60), false);
    const std::string value = RandomText(random, static_cast<std::size_t>(i % 11), false);
    DotenvDocument document = Parsed(text);
    const auto others = OthersThan(document, "K");
    if (!document.Set("K", Secret(value))) {
      EXPECT_EQ(document.bytes(), text);
      continue;
    }
    ++written;
    const DotenvDocument again = Parsed(std::string(document.bytes()));
    EXPECT_EQ(ReadOr(again, "K"), value) << text;
    EXPECT_EQ(OthersThan(again, "K"), others) << text;
  }
  EXPECT_GT(written, 10000);
}

TEST(DotenvDocument, LinesWithoutTheKeyStayEvenInAPlainDiff) {
  std::mt19937 random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string head = RandomText(random, static_cast<std::size_t>(i % 30), false);
    std::string tail = RandomText(random, static_cast<std::size_t>(i % 25), false);
    const std::string text = head + "\nK=old\n" + tail;
    DotenvDocument document = Parsed(text);
    if (ReadOr(document, "K") != "old" || !document.Set("K", Secret("new"))) continue;
    EXPECT_EQ(document.bytes(), head + "\nK=new\n" + tail);
  }
}

TEST(DotenvDocument, TakesLinearTimeOnHostileFiles) {
  for (const std::string& unit :
       {"A=\"\n"s, "A='\n"s, "A=\"\\\n"s, "A='\nB=\"\nC=`\n"s, "A=\"x\" y\n"s}) {
    std::string text;
    while (text.size() + unit.size() <= DotenvDocument::kMaxBytes) text += unit;
    const DotenvDocument document = Parsed(text);
    EXPECT_GT(document.entries().size(), 1000u);
    EXPECT_FALSE(document.Read("K"));
  }
}

}  // namespace
}  // namespace tokenwarden::files

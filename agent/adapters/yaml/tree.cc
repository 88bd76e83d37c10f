#include "agent/adapters/yaml/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <utility>

namespace tokenwarden::yaml {
namespace {

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kMostKeys = 1000;
constexpr std::size_t kMostNodes = 2'000'000;

Place PlaceOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Ends the parse: what follows would be guessed at.
struct Stop {
  Place place;
  std::string message;
  std::string suggestion;
};

// Reads from the caller's bytes without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // the get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}
  Node TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leaf(mark, anchor, Node::Kind::kNull, "?", "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Leaf(mark, anchor, Node::Kind::kScalar, tag, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  [[noreturn]] static void RefuseAnchor(const YAML::Mark& mark) {
    throw Stop{PlaceOf(mark), "anchors and aliases (& and *) are not used in this file",
               "write the value out, or use the defaults: block"};
  }

  static void CheckProperties(const YAML::Mark& mark, const std::string& tag,
                              YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) RefuseAnchor(mark);
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Stop{PlaceOf(mark), "tags (!…) are not used in this file", "remove the tag"};
    }
  }

  bool ExpectsKey() const {
    return !open_.empty() && open_.back()->IsMap() && open_.back()->children.size() % 2 == 0;
  }

  Node& Attach(const YAML::Mark& mark, Node::Kind kind) {
    if (++count_ > kMostNodes) throw Stop{PlaceOf(mark), "the file holds too many values", ""};
    if (ExpectsKey() && kind != Node::Kind::kScalar) {
      throw Stop{PlaceOf(mark), "a key must be a plain word", ""};
    }
    Place place = PlaceOf(mark);
    const bool is_value = !open_.empty() && open_.back()->IsMap() && !ExpectsKey();
    // The library places a missing value where the next token is; a person looks at its key.
    if (kind == Node::Kind::kNull && is_value) place = open_.back()->children.back().place;
    Node* node = &root_;
    if (!open_.empty()) node = &open_.back()->children.emplace_back();
    node->kind = kind;
    node->place = place;
    return *node;
  }

  void Leaf(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind, const std::string& tag,
            const std::string& value) {
    CheckProperties(mark, tag, anchor);
    const bool is_key = ExpectsKey();
    Node& node = Attach(mark, kind);
    node.quoted = tag == "!";
    node.text = value;
    if (is_key) CheckDuplicate(node);
  }

  // The key just added is the last child of the map that is open.
  void CheckDuplicate(const Node& key) {
    const std::vector<Node>& children = open_.back()->children;
    if (children.size() > 2 * kMostKeys) throw Stop{key.place, "too many keys in one map", ""};
    for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
      if (children[i].text != key.text) continue;
      problems_.Add(
          key.place,
          "the key is given twice, first on line " + std::to_string(children[i].place.line),
          "remove one of the two");
    }
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    CheckProperties(mark, tag, anchor);
    if (open_.size() >= kDeepest) throw Stop{PlaceOf(mark), "values are nested too deeply", ""};
    // Stays where it is: the children of a node only grow while its youngest child is closed.
    open_.push_back(&Attach(mark, kind));
  }

  void Close() {
    open_.back()->children.shrink_to_fit();
    open_.pop_back();
  }

  Problems& problems_;
  Node root_;
  std::vector<Node*> open_;
  std::size_t count_ = 0;
};

Place PlaceAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - start) + 1};
}

// The length of the UTF-8 sequence at `at`, 0 when there is none. Source: RFC 3629, section 4.
std::size_t SequenceLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : length;
}

bool CheckBytes(std::string_view text, Problems& problems) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = SequenceLength(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool control =
        byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t');
    if (length == 0 || control) {
      problems.Add(PlaceAt(text, at), control ? "a control character" : "bytes that are not UTF-8",
                   "save the file as UTF-8 text");
      return false;
    }
    at += length;
  }
  return true;
}

// yaml-cpp ends at `...` and does not look at what follows.
bool CheckNothingAfterEnd(std::string_view text, Problems& problems) {
  std::size_t end = text.substr(0, 3) == "..." ? 0 : text.find("\n...");
  if (end == std::string_view::npos) return true;
  end = text.find('\n', end + 1);
  while (end != std::string_view::npos) {
    const std::size_t start = text.find_first_not_of(" \t\r\n", end);
    if (start == std::string_view::npos) return true;
    if (text[start] != '#') {
      problems.Add(PlaceAt(text, start), "there is text after the end of the document (...)",
                   "remove the line ..., or what follows it");
      return false;
    }
    end = text.find('\n', start);
  }
  return true;
}

void Parse(std::string_view text, TreeBuilder& builder, Problems& problems) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  if (!parser.HandleNextDocument(builder)) {
    problems.Add({1, 1}, "the file is empty", "begin with: version: 1");
    return;
  }
  TreeBuilder second(problems);
  if (parser.HandleNextDocument(second)) {
    problems.Add(second.TakeRoot().place, "a second document begins here",
                 "keep one document per file");
  }
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  if (!IsMap()) return nullptr;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i].text == key) return &children[i + 1];
  }
  return nullptr;
}

Node ParseTree(std::string_view text, Problems& problems) {
  TreeBuilder builder(problems);
  if (!CheckBytes(text, problems) || !CheckNothingAfterEnd(text, problems)) return {};
  try {
    Parse(text, builder, problems);
  } catch (const Stop& stop) {
    problems.Add(stop.place, stop.message, stop.suggestion);
  } catch (const YAML::Exception& error) {
    // The library's sentences name its grammar only, never the content.
    problems.Add(PlaceOf(error.mark), "this is not YAML: " + error.msg,
                 "check indentation, quotes and brackets on this line and the one before");
  } catch (const std::exception&) {
    problems.Add({1, 1}, "this is not YAML");
  }
  return builder.TakeRoot();
}

}  // namespace tokenwarden::yaml

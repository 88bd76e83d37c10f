#include "agent/adapters/yaml/check.h"

#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/yaml/nearest.h"
#include "agent/adapters/yaml/scalars.h"

namespace tokenwarden::yaml {
namespace {

constexpr char kReference[] =
    "write a reference: {env: NAME}, {file: PATH}, {dotenv: {path: PATH, key: KEY}}, {vault: "
    "PATH#KEY} or {kubernetes: NAMESPACE/NAME#KEY}";

// Where in the document we are; lives on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view key = {};
  int index = -1;

  std::string ToText() const {
    if (parent == nullptr) return "";
    std::string text = parent->ToText();
    if (index >= 0) return text + "[" + std::to_string(index) + "]";
    return text.empty() ? std::string(key) : text + "." + std::string(key);
  }
};

std::string In(const Path& path) {
  const std::string text = path.ToText();
  return text.empty() ? "" : " in " + text;
}

const char* KindWord(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

std::vector<std::string_view> NamesOf(const Table& table) {
  std::vector<std::string_view> names;
  for (const Key& key : table.keys) names.push_back(key.name);
  return names;
}

std::string Listed(const Table& table) {
  std::string text;
  for (const Key& key : table.keys) {
    if (key.form != Form::kLater) text += (text.empty() ? "" : ", ") + std::string(key.name);
  }
  return text;
}

// `credentials[].meta` for `app_id`: where a key that stands in the wrong place belongs.
std::optional<std::string> HomeOf(std::string_view name, const Table& table,
                                  const std::string& path) {
  for (const Key& key : table.keys) {
    if (key.form == Form::kLater || key.name == "defaults") continue;
    if (key.name == name) return path;
    if (key.table == nullptr) continue;
    const bool list = key.form == Form::kBlocks || key.form == Form::kOneOfs;
    std::string below = path.empty() ? std::string(key.name) : path + "." + std::string(key.name);
    if (auto home = HomeOf(name, *key.table, list ? below + "[]" : below)) return home;
  }
  return std::nullopt;
}

class Checker {
 public:
  explicit Checker(Problems& problems) : problems_(problems) {}

  void Map(const Table& table, const Node& node, const Path& path);

 private:
  void Value(const Key& key, const Node& node, const Path& path);
  void Block(const Key& key, const Node& node, const Path& path);
  void List(const Key& key, const Node& node, const Path& path);
  void OneOf(const Table& table, const Node& node, const Path& path);
  void Secret(const Key& key, const Node& node, const Path& path);
  void Texts(const Node& node, const Path& path);
  void Names(const Node& node, const Path& path);
  void Unknown(const Table& table, const Node& key, const Path& path);
  bool Is(Node::Kind kind, const Node& node, const Path& path, const char* wanted);
  void RefuseSecretLooks(const Node& node, const Path& path);

  Problems& problems_;
};

bool Checker::Is(Node::Kind kind, const Node& node, const Path& path, const char* wanted) {
  if (node.kind == kind) return true;
  problems_.Add(node.place,
                path.ToText() + " must be " + wanted + ", and here is " + KindWord(node));
  return false;
}

void Checker::RefuseSecretLooks(const Node& node, const Path& path) {
  if (!LooksLikeSecret(node.text)) return;
  problems_.Add(
      node.place, path.ToText() + " holds what looks like a secret",
      std::string("remove it from this file and replace it at its issuer; ") + kReference);
}

void Checker::Unknown(const Table& table, const Node& key, const Path& path) {
  const std::string shown = LooksLikeSecret(key.text) ? "a key that looks like a secret"
                                                      : "unknown key " + Shown(key.text);
  std::string suggestion;
  if (const auto nearest = Nearest(key.text, NamesOf(table))) {
    suggestion = "did you mean " + std::string(*nearest) + "?";
  } else if (const auto home = HomeOf(key.text, RootTable(), "")) {
    suggestion = "it belongs " + (home->empty() ? "at the top level" : "under " + *home);
  } else {
    suggestion = "known here: " + Listed(table);
  }
  problems_.Add(key.place, shown + In(path), suggestion);
}

void Checker::Map(const Table& table, const Node& node, const Path& path) {
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const Node& name = node.children[i];
    const Key* key = table.Find(name.text);
    if (key == nullptr) {
      Unknown(table, name, path);
      continue;
    }
    const Path below{&path, key->name};
    if (key->form == Form::kLater) {
      problems_.Add(name.place, below.ToText() + " is not served by this version",
                    "served here: " + Listed(table));
      continue;
    }
    Value(*key, node.children[i + 1], below);
  }
  for (const Key& key : table.keys) {
    if (!key.required || node.Find(key.name) != nullptr) continue;
    const Path below{&path, key.name};
    problems_.Add(node.place, below.ToText() + " is missing", std::string(key.about));
  }
}

void Checker::Block(const Key& key, const Node& node, const Path& path) {
  if (node.IsScalar() && !key.table->shorthand.empty()) {
    return Value(*key.table->Find(key.table->shorthand), node, path);
  }
  if (node.IsScalar() && key.table->scalar) {
    return Value({key.name, *key.table->scalar, key.about}, node, path);
  }
  if (Is(Node::Kind::kMap, node, path, "a map")) Map(*key.table, node, path);
}

void Checker::OneOf(const Table& table, const Node& node, const Path& path) {
  if (!Is(Node::Kind::kMap, node, path, "a map with one key")) return;
  if (node.children.size() != 2) {
    problems_.Add(node.place,
                  path.ToText() + " must have exactly one key, and has " +
                      std::to_string(node.children.size() / 2),
                  "one of " + Listed(table));
  }
  Map(table, node, path);
}

void Checker::List(const Key& key, const Node& node, const Path& path) {
  if (!Is(Node::Kind::kList, node, path, "a list")) return;
  if (node.children.empty() && key.required) {
    problems_.Add(node.place, path.ToText() + " is empty", "list at least one");
  }
  int index = 0;
  for (const Node& item : node.children) {
    const Path at{&path, {}, index++};
    if (key.form == Form::kOneOfs) {
      OneOf(*key.table, item, at);
    } else if (Is(Node::Kind::kMap, item, at, "a map")) {
      Map(*key.table, item, at);
    }
  }
}

void Checker::Secret(const Key& key, const Node& node, const Path& path) {
  if (node.IsScalar()) {
    problems_.Add(node.place, path.ToText() + " must say where the secret is, not what it is",
                  kReference);
    return;
  }
  if (Is(Node::Kind::kMap, node, path, "a reference to a secret")) {
    OneOf(key.table != nullptr ? *key.table : SecretTable(), node, path);
  }
}

void Checker::Texts(const Node& node, const Path& path) {
  if (!Is(Node::Kind::kList, node, path, "a list, for example [a, b]")) return;
  if (node.children.empty())
    problems_.Add(node.place, path.ToText() + " is empty", "list at least one");
  int index = 0;
  for (const Node& item : node.children) {
    const Path at{&path, {}, index++};
    if (!Is(Node::Kind::kScalar, item, at, "a text")) continue;
    if (item.text.empty()) problems_.Add(item.place, at.ToText() + " is empty");
    RefuseSecretLooks(item, at);
  }
}

void Checker::Names(const Node& node, const Path& path) {
  if (!Is(Node::Kind::kMap, node, path, "a map of names to texts")) return;
  static const Key kLabelName{"label", Form::kName, ""};
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    if (LooksLikeSecret(node.children[i].text)) {
      RefuseSecretLooks(node.children[i], path);
      continue;
    }
    const Path at{&path, node.children[i].text};
    if (auto wrong = CheckScalar(kLabelName, node.children[i])) {
      problems_.Add(node.children[i].place, wrong->message + In(path), wrong->suggestion);
      continue;
    }
    if (Is(Node::Kind::kScalar, node.children[i + 1], at, "a text")) {
      RefuseSecretLooks(node.children[i + 1], at);
    }
  }
}

void Checker::Value(const Key& key, const Node& node, const Path& path) {
  switch (key.form) {
    case Form::kBlock:
      return Block(key, node, path);
    case Form::kBlocks:
    case Form::kOneOfs:
      return List(key, node, path);
    case Form::kOneOf:
      return OneOf(*key.table, node, path);
    case Form::kSecret:
      return Secret(key, node, path);
    case Form::kTexts:
      return Texts(node, path);
    case Form::kNames:
      return Names(node, path);
    default:
      break;
  }
  if (!Is(Node::Kind::kScalar, node, path, "a single value")) return;
  if (LooksLikeSecret(node.text)) return RefuseSecretLooks(node, path);
  if (auto wrong = CheckScalar(key, node)) {
    problems_.Add(node.place, path.ToText() + ": " + wrong->message, wrong->suggestion);
  }
}

}  // namespace

void CheckAgainstTables(const Node& root, Problems& problems) {
  if (!root.IsMap()) {
    problems.Add(root.place,
                 std::string("the file must be a map of keys, and here is ") + KindWord(root),
                 "begin with: version: 1");
    return;
  }
  const Path top;
  Checker(problems).Map(RootTable(), root, top);
}

}  // namespace tokenwarden::yaml

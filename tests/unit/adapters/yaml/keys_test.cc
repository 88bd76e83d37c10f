#include "agent/adapters/yaml/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "agent/adapters/yaml/nearest.h"
#include "agent/adapters/yaml/problems.h"
#include "agent/adapters/yaml/schema.h"
#include "agent/adapters/yaml/tree.h"
#include "tests/unit/adapters/yaml/sample.h"

namespace tokenwarden::yaml {
namespace {

// The state key may be any reference; those kinds are counted once.
std::string NameOf(const Table& table, const Key& key) {
  const bool shared = table.name == "state_key" && SecretTable().Find(key.name) != nullptr;
  return std::string(shared ? SecretTable().name : table.name) + "." + std::string(key.name);
}

const Table* Below(const Key& key) {
  return key.form == Form::kSecret && key.table == nullptr ? &SecretTable() : key.table;
}

void CollectKeys(const Table& table, std::set<std::string>& keys) {
  for (const Key& key : table.keys) {
    if (key.form == Form::kLater) continue;
    const bool fresh = keys.insert(NameOf(table, key)).second;
    if (fresh && Below(key) != nullptr) CollectKeys(*Below(key), keys);
  }
}

void CollectUses(const Table& table, const Node& node, std::set<std::string>& keys) {
  if (node.IsScalar()) return;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const Key* key = table.Find(node.children[i].text);
    ASSERT_NE(key, nullptr) << node.children[i].text;
    keys.insert(NameOf(table, *key));
    const Node& value = node.children[i + 1];
    const Table* below = Below(*key);
    if (below == nullptr) continue;
    if (!value.IsList()) CollectUses(*below, value, keys);
    if (value.IsList()) {
      for (const Node& item : value.children) CollectUses(*below, item, keys);
    }
  }
}

// With the tests that read the full samples back this proves that no key is accepted and then
// ignored.
TEST(Keys, AreAllUsedByTheFullSamples) {
  std::set<std::string> known, used;
  CollectKeys(RootTable(), known);
  Problems problems("t");
  for (const std::string& sample : {Full(), FullVault(), FullKubernetes()}) {
    CollectUses(RootTable(), ParseTree(sample, problems), used);
  }
  used.insert("source_file.path");   // written in its short form
  used.insert("state_key.command");  // a state has one key: read by a test of its own
  EXPECT_EQ(used, known);
}

TEST(Keys, HaveADescriptionOfOneLine) {
  std::set<std::string> keys;
  CollectKeys(RootTable(), keys);
  EXPECT_GT(keys.size(), 60u);
  for (const Key& key : RootTable().keys) {
    EXPECT_FALSE(key.about.empty()) << key.name;
    EXPECT_EQ(key.about.find('\n'), std::string_view::npos);
  }
}

TEST(ConfigSchema, IsTheOneThatIsShipped) {
  std::ifstream file(TOKENWARDEN_SOURCE_DIR "/docs/config.schema.json");
  std::stringstream shipped;
  shipped << file.rdbuf();
  EXPECT_EQ(shipped.str(), ConfigSchema())
      << "run tokenwarden-config-schema > docs/config.schema.json";
}

TEST(ConfigSchema, DefinesEverythingItRefersTo) {
  const nlohmann::json schema = nlohmann::json::parse(ConfigSchema());
  const std::string text = schema.dump();
  const std::string mark = "#/$defs/";
  int references = 0;
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(schema["$defs"].contains(name)) << name;
    ++references;
  }
  EXPECT_GT(references, 20);
  EXPECT_EQ(schema["required"], nlohmann::json({"version", "credentials"}));
  EXPECT_FALSE(schema["$defs"]["sink"]["properties"].contains("webhook"));
}

TEST(Nearest, FindsSlipsAndNothingElse) {
  struct Case {
    std::string_view word;
    std::optional<std::string_view> expected;
  };
  const std::vector<std::string_view> known{"app_id", "app_secret", "kind", "endpoint"};
  for (const Case& c : {Case{"app_di", "app_id"}, Case{"appid", "app_id"}, Case{"knd", "kind"},
                        Case{"app_secrets", "app_secret"}, Case{"endpiont", "endpoint"},
                        Case{"colour", std::nullopt}, Case{"", std::nullopt}}) {
    EXPECT_EQ(Nearest(c.word, known), c.expected) << c.word;
  }
}

}  // namespace
}  // namespace tokenwarden::yaml

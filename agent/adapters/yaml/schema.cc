#include "agent/adapters/yaml/schema.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "agent/adapters/yaml/keys.h"

namespace tokenwarden::yaml {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kDurationPattern = "^(0|([0-9]+[wdhms])+)$";

class SchemaWriter {
 public:
  ordered_json Write() {
    ordered_json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                         {"title", "tokenwarden configuration"}};
    root.update(Map(RootTable()));
    root["$defs"] = std::move(definitions_);
    return root;
  }

 private:
  ordered_json Map(const Table& table) {
    ordered_json schema = {{"type", "object"}, {"additionalProperties", false}};
    ordered_json required = ordered_json::array();
    for (const Key& key : table.keys) {
      if (key.form == Form::kLater) continue;
      ordered_json value = Value(key);
      value["description"] = key.about;
      schema["properties"][std::string(key.name)] = std::move(value);
      if (key.required) required.push_back(key.name);
    }
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
  }

  ordered_json Reference(const Table& table, bool one_of) {
    const std::string name(table.name);
    if (!definitions_.contains(name)) {
      definitions_[name] = nullptr;  // keeps the order of first use
      ordered_json schema = Map(table);
      if (one_of) schema["minProperties"] = schema["maxProperties"] = 1;
      definitions_[name] = std::move(schema);
    }
    ordered_json reference = {{"$ref", "#/$defs/" + name}};
    if (table.scalar) {
      return {{"anyOf", {Value({{}, *table.scalar, {}}), std::move(reference)}}};
    }
    if (table.shorthand.empty()) return reference;
    return {{"anyOf", {{{"type", "string"}, {"minLength", 1}}, std::move(reference)}}};
  }

  ordered_json Value(const Key& key) {
    switch (key.form) {
      case Form::kText:
        return {{"type", {"string", "number", "boolean"}}};
      case Form::kName:
        return Pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$");
      case Form::kId:
        return {{"type", {"string", "integer"}}, {"pattern", "^[0-9]{1,32}$"}};
      case Form::kNumber:
        return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
      case Form::kSwitch:
        return {{"type", "boolean"}};
      case Form::kDuration:
        return Pattern(kDurationPattern);
      case Form::kMode:
        return {{"type", {"string", "integer"}}, {"pattern", "^0?[0-7]{3}$"}};
      case Form::kVersion:
        return Pattern("^v[0-9]+\\.[0-9]+$");
      case Form::kWord:
        return {{"enum", key.words}};
      case Form::kSignal:
        return Pattern("^(SIG)?(HUP|USR1|USR2|TERM|INT|QUIT|CONT|WINCH)$");
      case Form::kUrl:
        return Pattern("^https?://");
      case Form::kHttpListen:
        return Pattern("^(off|.+:[0-9]{1,5})?$");
      case Form::kGrpcListen:
        return Pattern("^(off|unix:.+)?$");
      case Form::kVaultPath:
        return Pattern("^[^\\s#?/]+(/[^\\s#?/]+)+$");
      case Form::kVaultPlace:
        return Pattern("^[^\\s#?/]+(/[^\\s#?/]+)+#.+$");
      case Form::kVaultMount:
        return Pattern("^[^\\s#?/]+(/[^\\s#?/]+)*$");
      case Form::kObjectName:
        return Pattern("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$");
      case Form::kNamespace:
        return Pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
      case Form::kSecretKey:
        return Pattern("^[A-Za-z0-9._-]{1,253}$");
      case Form::kSecretPlace:
        return Pattern("^([a-z0-9-]{1,63}/)?[a-z0-9.-]{1,253}#[A-Za-z0-9._-]{1,253}$");
      case Form::kTexts:
        return {{"type", "array"}, {"minItems", 1}, {"items", {{"type", {"string", "number"}}}}};
      case Form::kNames:
        return {{"type", "object"},
                {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
      case Form::kBlock:
        return Reference(*key.table, false);
      case Form::kBlocks:
        return List(Reference(*key.table, false), key.required);
      case Form::kOneOf:
        return Reference(*key.table, true);
      case Form::kOneOfs:
        return List(Reference(*key.table, true), key.required);
      case Form::kSecret:
        return Reference(key.table != nullptr ? *key.table : SecretTable(), true);
      case Form::kLater:
        break;
    }
    return ordered_json::object();
  }

  static ordered_json Pattern(std::string_view pattern) {
    return {{"type", "string"}, {"pattern", pattern}};
  }
  static ordered_json List(ordered_json items, bool required) {
    ordered_json list = {{"type", "array"}, {"items", std::move(items)}};
    if (required) list["minItems"] = 1;
    return list;
  }

  ordered_json definitions_ = ordered_json::object();
};

}  // namespace

std::string ConfigSchema() { return SchemaWriter().Write().dump(2) + "\n"; }

}  // namespace tokenwarden::yaml

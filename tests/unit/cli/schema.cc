#include "tests/unit/cli/schema.h"

#include <algorithm>
#include <fstream>
#include <regex>

namespace tokenwarden::cli {
namespace {

using nlohmann::json;

bool HasType(const json& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return false;
}

class Validator {
 public:
  explicit Validator(const json& root) : root_(root) {}

  void Check(const json& value, const json& rule, const std::string& path) {
    if (rule.contains("$ref")) return Check(value, Referred(rule.at("$ref")), path);
    if (rule.contains("const") && value != rule.at("const")) Complain(path, "is not the constant");
    if (rule.contains("enum")) CheckEnum(value, rule.at("enum"), path);
    if (rule.contains("type") && !HasAnyType(value, rule.at("type")))
      Complain(path, "has a wrong type");
    if (rule.contains("pattern") && value.is_string())
      CheckPattern(value, rule.at("pattern"), path);
    if (rule.contains("minimum") && value.is_number() && value < rule.at("minimum")) {
      Complain(path, "is too small");
    }
    if (value.is_object()) CheckObject(value, rule, path);
    if (value.is_array()) {
      for (const json& item : value) Check(item, rule.at("items"), path + "[]");
    }
  }

  std::vector<std::string> violations;

 private:
  const json& Referred(const std::string& ref) const {
    return root_.at(json::json_pointer(ref.substr(1)));
  }

  static bool HasAnyType(const json& value, const json& types) {
    if (types.is_string()) return HasType(value, types);
    return std::any_of(types.begin(), types.end(),
                       [&](const json& type) { return HasType(value, type); });
  }

  void CheckEnum(const json& value, const json& allowed, const std::string& path) {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      Complain(path, "is none of the allowed words: " + value.dump());
    }
  }

  void CheckPattern(const json& value, const std::string& pattern, const std::string& path) {
    if (!std::regex_search(value.get<std::string>(), std::regex(pattern))) {
      Complain(path, "does not match " + pattern);
    }
  }

  void CheckObject(const json& value, const json& rule, const std::string& path) {
    for (const json& name : rule.at("required")) {
      if (!value.contains(name)) Complain(path, "lacks " + name.get<std::string>());
    }
    for (const auto& member : value.items()) {
      const std::string inner = path + "." + member.key();
      if (!rule.at("properties").contains(member.key())) {
        Complain(inner, "is not described");
      } else {
        Check(member.value(), rule.at("properties").at(member.key()), inner);
      }
    }
  }

  void Complain(const std::string& path, const std::string& what) {
    violations.push_back(path + " " + what);
  }

  const json& root_;
};

}  // namespace

std::vector<std::string> SchemaViolations(const json& document, const json& schema) {
  Validator validator(schema);
  validator.Check(document, schema, "$");
  return validator.violations;
}

json CheckSchema() {
  std::ifstream file(std::string(TOKENWARDEN_SOURCE_DIR) + "/docs/check.schema.json");
  return json::parse(file);
}

}  // namespace tokenwarden::cli

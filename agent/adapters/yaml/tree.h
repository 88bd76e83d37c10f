// A YAML document as a plain tree with positions. Stricter than YAML: no anchors, no aliases, no
// tags, no duplicate keys, no second document, nothing deeper or larger than a configuration can
// be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/yaml/problems.h"

namespace tokenwarden::yaml {

struct Node {
  enum class Kind : unsigned char { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  bool quoted = false;  // of a scalar
  Place place;
  std::string text;            // of a scalar, exactly as written: 010 stays 010
  std::vector<Node> children;  // of a list its items; of a map key, value, key, value, …

  bool IsMap() const { return kind == Kind::kMap; }
  bool IsList() const { return kind == Kind::kList; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  // Of a map: the value, or nullptr.
  const Node* Find(std::string_view key) const;
};

// The root of the only document. When problems were added the tree must not be used.
Node ParseTree(std::string_view text, Problems& problems);

}  // namespace tokenwarden::yaml

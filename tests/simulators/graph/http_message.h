// One request as received and one reply as it shall go out, faults of the connection included.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/simulators/graph/json.h"

namespace tokenwarden::graph_simulator {

using Params = std::vector<std::pair<std::string, std::string>>;

// The last value of a key, like the service does it; nullopt when the key is absent.
inline std::optional<std::string> Find(const Params& params, std::string_view key) {
  for (auto it = params.rbegin(); it != params.rend(); ++it) {
    if (it->first == key) return it->second;
  }
  return std::nullopt;
}

struct Request {
  std::string method;  // upper case; a form field `method` has already been applied
  std::string path;    // decoded, begins with a slash, no query
  Params query;
  Params form;
  Json json;                                   // null unless the body was JSON
  std::string body;                            // as received
  std::map<std::string, std::string> headers;  // names in lower case
  int connection = 0;                          // numbered from 1: shows keep-alive

  std::string Header(const std::string& name) const {
    auto it = headers.find(name);
    return it == headers.end() ? std::string() : it->second;
  }

  // Query first, then form, then a member of the JSON body.
  std::optional<std::string> Param(std::string_view key) const {
    if (auto value = Find(query, key)) return value;
    if (auto value = Find(form, key)) return value;
    if (!json.is_object()) return std::nullopt;
    auto it = json.find(std::string(key));
    if (it == json.end()) return std::nullopt;
    return it->is_string() ? it->get<std::string>() : it->dump();
  }
};

// How the bytes of a reply leave, or do not.
struct Wire {
  enum class Ending {
    kWhole,  // an ordinary reply
    kDrop,   // close the connection without a byte
    kReset,  // TCP reset
    kCut,    // headers and `cut_after` bytes of the body, then close
    kHang,   // headers, then nothing until the client leaves
  };
  Ending ending = Ending::kWhole;
  std::size_t cut_after = 0;
  int delay_ms = 0;            // after the work was done, before the first byte
  int drip_ms = 0;             // pause between pieces of the body
  std::size_t drip_bytes = 0;  // size of a piece; 0 = whole body at once
  bool twice = false;          // a second, unasked copy of the reply follows
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json; charset=UTF-8";
  Params headers;
  std::string body;
  Json document;          // what `body` is rendered from, unless it is null
  std::string committed;  // what this request changed: `exchange`, `generate`, …; empty = nothing
  std::string issued;     // the token that an exchange handed out, for the journal
  int error_code = 0;     // for the journal
  int error_subcode = 0;
  Wire wire;
};

}  // namespace tokenwarden::graph_simulator

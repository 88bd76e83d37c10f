// Requests of an observer: plain libcurl, nothing of the code under test.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tokenwarden::replicas {

struct Ask {
  std::string url;
  std::vector<std::string> headers;
  std::string ca_file;  // empty: plain http
  std::string body;     // posted unless it is empty
};

// The body of a 200; empty for anything else.
std::string Fetch(const Ask& ask);

// Hands on each line of an endless answer, until it ends or `on_line` or `wanted` says false.
void FollowLines(const Ask& ask, const std::function<bool(const std::string& line)>& on_line,
                 const std::function<bool()>& wanted);

}  // namespace tokenwarden::replicas

// Replies of a server, as inputs of fuzz targets that a person can read and write:
//
//   200
//   x-app-usage: {"call_count":28}
//
//   {"data":{"is_valid":true}}
//   ====
//   -                              (no reply: the connection was lost)
//
// `$TOKEN` and `$SECRET` stand for the values that no text of ours may repeat.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/ports/http_client.h"
#include "tests/fuzz/fuzz.h"

namespace tokenwarden::fuzz {

// Looks like one, is none.
inline std::string FakeToken() {
  return "EA" + std::string("AfuzzFUZZ0123456789fuzzFUZZ0123456789");
}
inline std::string FakeSecret() { return "0123456789abcdef" + std::string("fedcba9876543210"); }

inline int StatusOf(std::string_view line) {
  int status = 0;
  for (const char c : line.substr(0, 3)) {
    if (c >= '0' && c <= '9') status = 10 * status + (c - '0');
  }
  return status;
}

inline HttpReply ReplyOf(std::string_view text) {
  HttpReply reply;
  reply.status = StatusOf(Cut(text, "\n"));
  while (!text.empty()) {
    std::string_view line = Cut(text, "\n");
    if (line.empty()) break;
    const std::string_view name = Cut(line, ": ");
    reply.headers.emplace_back(std::string(name), std::string(line));
  }
  reply.body = Replaced(Replaced(text, "$TOKEN", FakeToken()), "$SECRET", FakeSecret());
  return reply;
}

// Absent replies are lost connections.
inline std::vector<std::optional<HttpReply>> RepliesOf(std::string_view text) {
  std::vector<std::optional<HttpReply>> replies;
  while (!text.empty() && replies.size() < 16) {
    const std::string_view part = Cut(text, "\n====\n");
    replies.push_back(part.substr(0, 1) == "-" ? std::nullopt : std::optional(ReplyOf(part)));
  }
  return replies;
}

// Answers the n-th request with the n-th reply; then every connection is lost.
class Replaying : public HttpClient {
 public:
  explicit Replaying(std::string_view text) : replies_(RepliesOf(text)) {}

  Result<HttpReply> Send(const HttpRequest& request) override {
    if (next_ < replies_.size() && replies_[next_]) return *replies_[next_++];
    ++next_;
    return MakeError(ErrorKind::kUnavailable, "connection_lost",
                     "Asked " + request.endpoint_name + ": the connection was lost.");
  }
  Result<HttpReply> Stream(const HttpRequest& request,
                           const std::function<bool(std::string_view)>& on_bytes) override {
    Result<HttpReply> reply = Send(request);
    if (!reply || reply->status < 200 || reply->status >= 300) return reply;
    for (std::string_view rest = reply->body; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 7);  // cuts through everything
      rest.remove_prefix(piece.size());
      if (!on_bytes(piece)) break;
    }
    reply->body.clear();
    return reply;
  }
  std::size_t sent() const { return next_; }

 private:
  const std::vector<std::optional<HttpReply>> replies_;
  std::size_t next_ = 0;
};

// What failed says why, and repeats none of the values.
template <typename Value>
void RequireClean(const Result<Value>& result) {
  if (result) return;
  const std::string text = result.error().message + result.error().action;
  Require(!result.error().reason.empty() && !text.empty(), "a failure says why");
  Require(!Holds(text, FakeToken()), "and repeats no value");
  Require(!Holds(text, FakeSecret()), "nor what it asked with");
}

}  // namespace tokenwarden::fuzz

// Target: the checked address of a request.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/core/result.h"

namespace tokenwarden::curl {

struct Target {
  std::string origin;  // `https://graph.facebook.com:443`: what messages may name
  std::string path;    // `/v25.0/debug_token`, as libcurl would send it
  bool plain_http = false;
  bool loopback = false;
};

// kInvalidArgument: `plain_http` for http to anything but loopback, `bad_url` for another scheme, a
// user name, a query or a fragment in the address, or something that is no URL.
Result<Target> CheckUrl(const std::string& url);

// The same, remembering what was found good: a fleet asks a few addresses thousands of times.
// Addresses hold no secrets. Thread-safe.
class CheckedUrls {
 public:
  Result<Target> Check(const std::string& url);

 private:
  static constexpr std::size_t kMost = 256;  // then all are forgotten
  std::mutex mutex_;
  std::unordered_map<std::string, Target> known_;
};

// RFC 3986: everything but unreserved characters is encoded.
void AppendPercentEncoded(std::string& out, std::string_view bytes);

}  // namespace tokenwarden::curl

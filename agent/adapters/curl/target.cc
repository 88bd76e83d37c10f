#include "agent/adapters/curl/target.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <memory>

namespace tokenwarden::curl {
namespace {

using Parsed = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// Empty when the part is absent.
std::string Part(const Parsed& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK || text == nullptr) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

// libcurl resolves `localhost` by itself and never asks the network for it.
bool IsLoopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

tl::unexpected<Error> BadUrl(std::string what) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_url", std::move(what),
                   "Configure the base address alone, such as https://graph.facebook.com.");
}

}  // namespace

Result<Target> CheckUrl(const std::string& url) {
  const Parsed parsed(curl_url(), curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return BadUrl("The address of the request is not a URL.");
  }
  const std::string scheme = Part(parsed, CURLUPART_SCHEME);
  const std::string host = Part(parsed, CURLUPART_HOST);
  for (CURLUPart forbidden :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (!Part(parsed, forbidden).empty()) {
      return BadUrl("The address at " + host + " holds more than scheme, host and path.");
    }
  }
  if (scheme != "https" && scheme != "http") {
    return BadUrl("The address at " + host + " is neither https nor http.");
  }
  Target target;
  target.origin = scheme + "://" + host + ":" + Part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.path = Part(parsed, CURLUPART_PATH);
  target.plain_http = scheme == "http";
  target.loopback = IsLoopback(host);
  if (target.plain_http && !target.loopback) {
    return MakeError(
        ErrorKind::kInvalidArgument, "plain_http",
        "Refused to send secrets to " + target.origin + " without encryption.",
        "Use https; plain http is allowed to this machine only (127.0.0.1, ::1, localhost).");
  }
  return target;
}

Result<Target> CheckedUrls::Check(const std::string& url) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = known_.find(url);
    if (found != known_.end()) return found->second;
  }
  Result<Target> target = CheckUrl(url);
  if (!target) return target;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (known_.size() >= kMost) known_.clear();
  known_.emplace(url, *target);
  return target;
}

void AppendPercentEncoded(std::string& out, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' ||
                            byte == '_' || byte == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    }
  }
}

}  // namespace tokenwarden::curl

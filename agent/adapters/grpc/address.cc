#include "agent/adapters/grpc/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <string_view>

namespace tokenwarden::grpc_adapter {
namespace {

constexpr std::string_view kForms =
    "write unix:///absolute/path.sock, or 127.0.0.1:PORT for this machine only";

tl::unexpected<Error> Bad(const std::string& text, const std::string& why) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_address",
                   "cannot use '" + text + "' as a gRPC address: " + why, std::string(kForms));
}

Result<Address> ParseUnix(const std::string& text, std::string_view rest) {
  if (rest.substr(0, 2) == "//") rest.remove_prefix(2);
  if (rest.empty() || rest.front() != '/') return Bad(text, "the socket path is not absolute");
  if (rest.find('\0') != std::string_view::npos) return Bad(text, "the path has a zero byte in it");
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (rest.size() > kLongest) {
    return Bad(text, "a socket path has at most " + std::to_string(kLongest) + " bytes, this one " +
                         std::to_string(rest.size()));
  }
  Address address;
  address.path = rest;
  return address;
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return host == "::1";
}

}  // namespace

std::string Address::Text() const {
  if (is_unix()) return "unix://" + path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> ParseAddress(const std::string& text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.compare(0, kUnix.size(), kUnix) == 0) {
    return ParseUnix(text, std::string_view(text).substr(kUnix.size()));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Bad(text, "it has no port");
  Address address;
  address.host = text.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(begin, end, address.port);
  if (problem != std::errc() || stopped != end || begin == end) {
    return Bad(text, "the port is not a number from 0 to 65535");
  }
  if (!IsLoopback(address.host)) {
    return MakeError(ErrorKind::kInvalidArgument, "tcp_needs_mtls",
                     "cannot use '" + text +
                         "' as a gRPC address: TCP needs mTLS, which this version "
                         "does not have; use unix://",
                     std::string(kForms));
  }
  return address;
}

}  // namespace tokenwarden::grpc_adapter

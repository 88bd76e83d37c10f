#include "agent/adapters/http/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>

namespace tokenwarden::http {
namespace {

constexpr int kBacklog = 128;

tl::unexpected<Error> Bad(const std::string& text, const std::string& why) {
  return MakeError(
      ErrorKind::kInvalidArgument, "bad_address",
      "cannot use '" + text + "' as an HTTP address: " + why,
      "write ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464; :9464 is every address");
}

sockaddr_in* AsV4(ListenAddress& address) {
  return reinterpret_cast<sockaddr_in*>(&address.storage);
}
sockaddr_in6* AsV6(ListenAddress& address) {
  return reinterpret_cast<sockaddr_in6*>(&address.storage);
}

bool SetHost(ListenAddress& address, const std::string& host, std::uint16_t port) {
  if (inet_pton(AF_INET, host.c_str(), &AsV4(address)->sin_addr) == 1) {
    AsV4(address)->sin_family = AF_INET;
    AsV4(address)->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return true;
  }
  if (inet_pton(AF_INET6, host.c_str(), &AsV6(address)->sin6_addr) != 1) return false;
  AsV6(address)->sin6_family = AF_INET6;
  AsV6(address)->sin6_port = htons(port);
  address.size = sizeof(sockaddr_in6);
  return true;
}

tl::unexpected<Error> CannotListen(const ListenAddress& address, int problem) {
  const std::string what = "cannot listen on http " + address.Text() + ": ";
  if (problem == EADDRINUSE) {
    return MakeError(ErrorKind::kFailedPrecondition, "address_in_use",
                     what + "address in use by another process",
                     "stop the other process, or give this agent another http.listen");
  }
  const std::string why = std::generic_category().message(problem);
  if (problem == EACCES || problem == EPERM) {
    return MakeError(ErrorKind::kPermissionDenied, "listen_denied", what + why,
                     "choose a port above 1023");
  }
  return MakeError(
      ErrorKind::kUnavailable, "listen_failed", what + why,
      problem == EADDRNOTAVAIL ? "this machine has no such address; check http.listen" : "");
}

}  // namespace

std::uint16_t ListenAddress::port() const {
  return storage.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

std::string ListenAddress::Text() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
    return "[" + std::string(host) + "]:" + std::to_string(port());
  }
  const auto* in4 = reinterpret_cast<const sockaddr_in*>(&storage);
  inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host));
  return std::string(host) + ":" + std::to_string(port());
}

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Bad(text, "it has no port");
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return Bad(text, "an IPv6 address is written in brackets");
  }
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(begin, end, port);
  if (problem != std::errc() || stopped != end) {
    return Bad(text, "the port is not a number from 0 to 65535");
  }
  ListenAddress address;
  if (!SetHost(address, host, port)) return Bad(text, "the host is not an IP address");
  return address;
}

Result<int> Listen(ListenAddress& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return CannotListen(address, errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (bind(fd, name, address.size) != 0 || listen(fd, kBacklog) != 0) {
    const int problem = errno;
    close(fd);
    return CannotListen(address, problem);
  }
  socklen_t size = sizeof(address.storage);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &size);
  return fd;
}

}  // namespace tokenwarden::http

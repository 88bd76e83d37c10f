#include "agent/adapters/grpc/listening_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace tokenwarden::grpc_adapter {
namespace {

constexpr int kBacklog = 64;

std::string Describe(int problem) { return std::generic_category().message(problem); }

tl::unexpected<Error> Failed(const std::string& step, const Address& address, int problem) {
  const bool denied = problem == EACCES || problem == EPERM || problem == EROFS;
  std::string action;
  if (problem == ENOENT || problem == ENOTDIR)
    action = "create the directory, or choose another path";
  if (denied) action = "give the agent's user the right to write in that directory";
  return MakeError(denied ? ErrorKind::kPermissionDenied : ErrorKind::kUnavailable, "listen_failed",
                   "cannot listen on " + address.Text() + ": " + step + ": " + Describe(problem),
                   std::move(action));
}

tl::unexpected<Error> InUse(const Address& address) {
  return MakeError(ErrorKind::kFailedPrecondition, "address_in_use",
                   "cannot listen on " + address.Text() + ": another process answers there",
                   "stop the other agent, or give this one another grpc.listen");
}

struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketName NameOf(const Address& address) {
  SocketName name;
  if (address.is_unix()) {
    auto* un = reinterpret_cast<sockaddr_un*>(&name.storage);
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, address.path.data(), address.path.size());
    name.size = sizeof(sockaddr_un);
  } else if (address.host.find(':') != std::string::npos) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&name.storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &in6->sin6_addr);
    name.size = sizeof(sockaddr_in6);
  } else {
    auto* in4 = reinterpret_cast<sockaddr_in*>(&name.storage);
    in4->sin_family = AF_INET;
    in4->sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &in4->sin_addr);
    name.size = sizeof(sockaddr_in);
  }
  return name;
}

UniqueFd NewSocket(const SocketName& name, int flags) {
  return UniqueFd(socket(name.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

// True when the path is free now.
Result<bool> ClearStaleSocket(const Address& address) {
  struct stat found {};
  if (lstat(address.path.c_str(), &found) != 0) {
    if (errno == ENOENT) return true;
    return Failed("looking at the path", address, errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return MakeError(
        ErrorKind::kFailedPrecondition, "not_a_socket",
        "cannot listen on " + address.Text() + ": something that is not a socket is there",
        "move it away, or choose another path");
  }
  const auto answer = ConnectTo(address);
  if (answer.has_value() || answer.error() == EAGAIN) return InUse(address);
  if (answer.error() != ECONNREFUSED && answer.error() != ENOENT) {
    return Failed("asking whether somebody still answers there", address, answer.error());
  }
  if (unlink(address.path.c_str()) != 0 && errno != ENOENT) {
    return Failed("removing what a dead agent left there", address, errno);
  }
  return true;
}

Result<UniqueFd> TakeLock(const Address& address) {
  const std::string path = address.path + ".lock";
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return Failed("opening " + path, address, errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return InUse(address);
    return Failed("locking " + path, address, errno);
  }
  return lock;
}

}  // namespace

tl::expected<UniqueFd, int> ConnectTo(const Address& address) {
  const SocketName name = NameOf(address);
  // Non-blocking: a listener with a full backlog must not hold us up.
  UniqueFd fd = NewSocket(name, address.is_unix() ? SOCK_NONBLOCK : 0);
  if (!fd.valid()) return tl::unexpected<int>(errno);
  if (connect(fd.get(), name.get(), name.size) != 0) return tl::unexpected<int>(errno);
  return fd;
}

Result<ListeningSocket> ListeningSocket::Open(const Address& address, mode_t mode) {
  return address.is_unix() ? OpenUnix(address, mode) : OpenTcp(address);
}

Result<ListeningSocket> ListeningSocket::OpenUnix(const Address& address, mode_t mode) {
  ListeningSocket out;
  out.address_ = address;
  auto lock = TakeLock(address);
  if (!lock) return tl::unexpected<Error>(lock.error());
  out.lock_ = std::move(*lock);
  if (auto cleared = ClearStaleSocket(address); !cleared) {
    return tl::unexpected<Error>(cleared.error());
  }
  const SocketName name = NameOf(address);
  UniqueFd fd = NewSocket(name, SOCK_NONBLOCK);
  if (!fd.valid()) return Failed("making a socket", address, errno);
  if (bind(fd.get(), name.get(), name.size) != 0) return Failed("binding", address, errno);
  out.fd_ = std::move(fd);
  lstat(address.path.c_str(), &out.bound_);
  // Before listen(): until then nobody can connect, so no umask games are needed.
  if (chmod(address.path.c_str(), mode) != 0) return Failed("setting its mode", address, errno);
  if (listen(out.fd(), kBacklog) != 0) return Failed("listening", address, errno);
  return out;
}

Result<ListeningSocket> ListeningSocket::OpenTcp(const Address& address) {
  ListeningSocket out;
  out.address_ = address;
  const SocketName name = NameOf(address);
  out.fd_ = NewSocket(name, SOCK_NONBLOCK);
  if (!out.fd_.valid()) return Failed("making a socket", address, errno);
  const int on = 1;
  setsockopt(out.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(out.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (bind(out.fd(), name.get(), name.size) != 0) {
    if (errno == EADDRINUSE) return InUse(address);
    return Failed("binding", address, errno);
  }
  if (listen(out.fd(), kBacklog) != 0) return Failed("listening", address, errno);
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(out.fd(), reinterpret_cast<sockaddr*>(&bound), &size);
  out.address_.port = bound.ss_family == AF_INET6
                          ? ntohs(reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port)
                          : ntohs(reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return out;
}

ListeningSocket::~ListeningSocket() {
  if (!fd_.valid() || !address_.is_unix()) return;
  struct stat now {};
  const bool ours = lstat(address_.path.c_str(), &now) == 0 && now.st_dev == bound_.st_dev &&
                    now.st_ino == bound_.st_ino;
  if (ours) unlink(address_.path.c_str());
}

}  // namespace tokenwarden::grpc_adapter

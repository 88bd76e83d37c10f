#include "agent/adapters/grpc/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace tokenwarden::grpc_adapter {
namespace {

ino_t InodeOf(int fd) {
  struct stat found {};
  return fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

}  // namespace

Acceptor::Acceptor(ListeningSocket socket, Rules rules, std::function<void(int fd)> take)
    : socket_(std::move(socket)),
      rules_(std::move(rules)),
      take_(std::move(take)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {}

Acceptor::~Acceptor() { Stop(); }

void Acceptor::Stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void Acceptor::Run() {
  while (WaitForConnection()) {
    if (!HasRoom()) {
      Pause();
      continue;
    }
    UniqueFd peer(accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (peer.valid()) {
      Admit(std::move(peer));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      Pause();
    }
  }
}

// False: stop.
bool Acceptor::WaitForConnection() {
  pollfd fds[] = {{socket_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  while (poll(fds, std::size(fds), -1) < 0 && errno == EINTR) {
  }
  return (fds[1].revents & POLLIN) == 0;
}

// The connection stays in the backlog; we look again when something may have been closed.
void Acceptor::Pause() {
  pollfd stop{wake_.get(), POLLIN, 0};
  constexpr int kPauseMilliseconds = 100;
  poll(&stop, 1, kPauseMilliseconds);
}

void Acceptor::Admit(UniqueFd peer) {
  if (!MayConnect(peer.get())) return;
  open_.push_back({peer.get(), InodeOf(peer.get())});
  take_(peer.Release());
}

bool Acceptor::MayConnect(int fd) const {
  if (!socket_.address().is_unix()) return true;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == rules_.own_uid) return true;
  const auto& allowed = rules_.allowed_uids;
  return std::find(allowed.begin(), allowed.end(), peer.uid) != allowed.end();
}

bool Acceptor::HasRoom() {
  const auto closed = [](const HandedOn& one) { return InodeOf(one.fd) != one.inode; };
  open_.erase(std::remove_if(open_.begin(), open_.end(), closed), open_.end());
  return open_.size() < static_cast<std::size_t>(rules_.max_connections);
}

}  // namespace tokenwarden::grpc_adapter

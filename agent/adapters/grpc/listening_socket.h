// ListeningSocket: a bound, listening socket, and for Unix the right to its path.
#pragma once

#include <sys/stat.h>

#include "agent/adapters/grpc/address.h"
#include "agent/adapters/grpc/unique_fd.h"
#include "agent/core/result.h"

namespace tokenwarden::grpc_adapter {

// A Unix path is taken under a lock file beside it (`PATH.lock`, which stays), so that of two
// agents that start at once one loses. What a dead agent left there is removed; a living one is an
// error. On destruction the path is removed if it is still ours.
class ListeningSocket {
 public:
  static Result<ListeningSocket> Open(const Address& address, mode_t mode);
  ListeningSocket(ListeningSocket&&) = default;
  ListeningSocket& operator=(ListeningSocket&&) = default;
  ~ListeningSocket();

  int fd() const { return fd_.get(); }
  const Address& address() const { return address_; }  // with the real port

 private:
  ListeningSocket() = default;
  static Result<ListeningSocket> OpenUnix(const Address& address, mode_t mode);
  static Result<ListeningSocket> OpenTcp(const Address& address);

  Address address_;
  UniqueFd fd_;
  UniqueFd lock_;
  struct stat bound_ {};  // what the path was right after binding
};

// Connects, or says why not as an errno in the error slot.
tl::expected<UniqueFd, int> ConnectTo(const Address& address);

}  // namespace tokenwarden::grpc_adapter

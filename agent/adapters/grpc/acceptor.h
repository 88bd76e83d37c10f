// Acceptor: takes connections from a listening socket on a thread of its own and hands them on.
//
// Sleeps without a timer while nobody connects. Survives running out of file descriptors. Beyond
// the limit, connections wait in the backlog until another one is closed.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

#include "agent/adapters/grpc/listening_socket.h"
#include "agent/adapters/grpc/unique_fd.h"

namespace tokenwarden::grpc_adapter {

class Acceptor {
 public:
  struct Rules {
    std::vector<uid_t> allowed_uids;  // beside root and ourselves; Unix sockets only
    uid_t own_uid = geteuid();
    int max_connections = 64;
  };

  // `take` owns the descriptor it is given; called on the acceptor's thread.
  Acceptor(ListeningSocket socket, Rules rules, std::function<void(int fd)> take);
  ~Acceptor();  // Stop()
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  const Address& address() const { return socket_.address(); }
  void Stop();

 private:
  void Run();
  bool WaitForConnection();
  void Pause();
  void Admit(UniqueFd peer);
  bool MayConnect(int fd) const;
  bool HasRoom();

  ListeningSocket socket_;
  const Rules rules_;
  const std::function<void(int)> take_;
  UniqueFd wake_;
  // Handed-on descriptors are not ours any more; one is still open while its number means the same
  // inode.
  struct HandedOn {
    int fd;
    ino_t inode;
  };
  std::vector<HandedOn> open_;
  std::thread thread_;
};

}  // namespace tokenwarden::grpc_adapter

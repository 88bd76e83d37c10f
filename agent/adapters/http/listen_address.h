// ListenAddress: `127.0.0.1:9464`, `[::1]:9464`, `:9464`, and a socket that listens there.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "agent/core/result.h"

namespace tokenwarden::http {

struct ListenAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::uint16_t port() const;
  std::string Text() const;
};

// kInvalidArgument `bad_address`. Names are not looked up: `localhost` is 127.0.0.1.
Result<ListenAddress> ParseListenAddress(const std::string& text);

// A non-blocking listening socket; the caller closes it. `address` gets the real port.
Result<int> Listen(ListenAddress& address);

}  // namespace tokenwarden::http

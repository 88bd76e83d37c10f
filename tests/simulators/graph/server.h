// HTTP/1.1 on a loopback port for one Service, with faults that are real on the wire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/simulators/graph/service.h"

namespace tokenwarden::graph_simulator {

struct ServerOptions {
  std::string host = "127.0.0.1";  // only loopback is accepted
  std::uint16_t port = 0;          // 0 = any free port
  std::string certificate;         // PEM; with it and the key the server speaks TLS
  std::string private_key;         // PEM
};

// Runs from construction to destruction; one thread per connection.
class Server {
 public:
  Server(Service& service, ServerOptions options);  // throws std::runtime_error
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  const std::string& url() const;  // http://127.0.0.1:PORT

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokenwarden::graph_simulator

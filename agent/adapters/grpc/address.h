// Address: where the agent's gRPC service listens, as people write it.
#pragma once

#include <cstdint>
#include <string>

#include "agent/core/result.h"

namespace tokenwarden::grpc_adapter {

struct Address {
  std::string path;  // Unix socket; empty for TCP
  std::string host;  // `127.0.0.1` or `::1`
  std::uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }
  // `unix:///run/a.sock`, `127.0.0.1:9465`, `[::1]:9465`.
  std::string Text() const;
};

// kInvalidArgument `bad_address` or, for an address that other machines could reach,
// `tcp_needs_mtls`.
Result<Address> ParseAddress(const std::string& text);

}  // namespace tokenwarden::grpc_adapter

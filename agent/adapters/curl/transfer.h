// Transfer: one request over one libcurl handle.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "agent/adapters/curl/ca_stores.h"
#include "agent/adapters/curl/target.h"
#include "agent/core/result.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::curl {

// Shared by every transfer of a client.
struct StopState {
  std::atomic<bool> stopping{false};
  // Steady-clock ticks after which even an exactly-once request is cut.
  std::atomic<std::chrono::steady_clock::rep> cut_at{0};
};

struct TransferSettings {
  std::string user_agent;
  std::string ca_file;       // resolved; empty only when the system has no bundle
  CaStores::Store ca_store;  // the same, parsed; null for plain http and unreadable files
};

// Takes a piece of a body; false: it has heard enough.
using BodyListener = std::function<bool(std::string_view)>;

// Blocks. Leaves the handle reset but with its connection. With a listener the body of a 2xx reply
// goes to it.
Result<HttpReply> RunTransfer(CURL* handle, const HttpRequest& request, const Target& target,
                              const TransferSettings& settings, const StopState& stop,
                              const BodyListener* listener);

}  // namespace tokenwarden::curl

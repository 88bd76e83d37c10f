// SinkCounters: publishes per credential and target, since the process started. Not synchronised.
//
// Not in the registry: ten thousand credentials would cost it tens of megabytes, this a few.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/ports/event_listener.h"

namespace tokenwarden::metrics {

class SinkCounters {
 public:
  struct Counts {
    std::uint64_t attempts = 0;
    std::map<std::string, std::uint64_t, std::less<>> failures;  // by reason
  };

  // kPublished and kPublishFailed; `reason` is already bounded.
  void Count(const Event& event, std::string_view reason);
  // Zeros for a sink that nothing was published to.
  const Counts& Of(std::string_view credential, std::string_view target) const;
  std::uint64_t version() const { return version_; }

 private:
  static std::string KeyOf(std::string_view credential, std::string_view target);

  std::map<std::string, Counts> counts_;
  std::uint64_t version_ = 0;
};

}  // namespace tokenwarden::metrics

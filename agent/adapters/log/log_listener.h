// LogListener: one line per event, as JSON or text.
//
// A line is written by one write(2), so lines of several threads never mix. Control characters are
// escaped, broken UTF-8 is replaced, and what looks like a token is blotted out: the last line of
// defence, not the first. A full disk or a closed pipe loses lines, never the agent. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "agent/core/spec.h"
#include "agent/ports/clock.h"
#include "agent/ports/event_listener.h"

namespace tokenwarden::log {

struct Options {
  LogFormat format = LogFormat::kJson;
  LogLevel level = LogLevel::kInfo;  // events below it are not written
  int fd = 2;                        // not owned
};

class LogListener : public EventListener {
 public:
  // `clock` outlives the listener.
  LogListener(const Clock& clock, Options options);
  void On(const Event& event) noexcept override;

 private:
  const Clock& clock_;
  const Options options_;
};

// The line without its newline; pure.
std::string FormatLine(const Event& event, Instant now, LogFormat format);

}  // namespace tokenwarden::log

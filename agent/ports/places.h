// Places: where values come from (sources) and where they go (sinks), and how consumers are told.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/core/spec.h"
#include "agent/core/state.h"

namespace tokenwarden {

// Reads our own secrets (`{env: X}`, `{file: P}`). Thread-safe. Read anew at each call: files
// rotate.
class SecretResolver {
 public:
  virtual ~SecretResolver() = default;
  virtual Result<Secret> Resolve(const SecretRef& ref) = 0;
};

// Thread-safe. kNotFound `no_such_file` / `no_such_key`; kPermissionDenied `unreadable`;
// kInvalidArgument for content that cannot be read safely, naming line numbers.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<Secret> Read() = 0;
};

// What a publish carries beside the value.
struct PublishMarker {
  std::string credential;
  Generation generation = 0;
  Fingerprint fingerprint;
  std::uint64_t epoch = 0;  // of the refresher's lease; 0 without coordination
  std::optional<Instant> expires_at;
};

enum class PublishOutcome { kWritten, kUnchanged };
struct PublishReport {
  PublishOutcome outcome = PublishOutcome::kWritten;
  std::string
      note;  // what an operator should know: `followed the link to shared.env`; may be empty
};

// One target. Thread-safe per object; two sinks on one file are serialised by the adapter.
class Sink {
 public:
  virtual ~Sink() = default;
  // Writes only when the content differs. Does not read back: the caller does, by Read().
  // kAborted `conflict` when somebody else wrote at the same time. A place that keeps markers
  // refuses a holder that was deposed: kAborted `newer_epoch` when it was written under a higher
  // epoch, `newer_generation` when under the same epoch with a higher generation.
  virtual Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) = 0;
  // The value held now; kNotFound when there is none.
  virtual Result<Secret> Read() = 0;
};

class PlaceFactory {
 public:
  virtual ~PlaceFactory() = default;
  virtual Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) = 0;
  virtual Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) = 0;
};

struct Notice {
  std::string credential;
  std::string tenant;
  Generation generation = 0;
  Fingerprint fingerprint;
};

// Tells a consumer that a new generation is in place. Thread-safe, bounded by the spec's timeout.
// The message says what the consumer did (exit code, missing pid) and never holds a value.
class Notifier {
 public:
  virtual ~Notifier() = default;
  virtual Status Notify(const NotifySpec& spec, const Notice& notice) = 0;
};

// Calls back on any thread when a watched path may have changed (debounced). Watches the directory,
// so renames and symlink swaps are seen. Thread-safe.
class FileWatcher {
 public:
  virtual ~FileWatcher() = default;
  virtual Status Watch(const std::string& path, std::function<void()> changed) = 0;
};

// The same for places on a server: a Secret. `place` is SourceSpec::path or SinkSpec::path. Places
// of a kind that cannot be watched are refused with kFailedPrecondition `not_watchable`.
class PlaceWatcher {
 public:
  virtual ~PlaceWatcher() = default;
  virtual Status Watch(SinkKind kind, const std::string& place, std::function<void()> changed) = 0;
};

}  // namespace tokenwarden

// FakePlaces: sources, sinks, secrets and consumers in memory; an event recorder. Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/crypto.h"
#include "agent/ports/event_listener.h"
#include "agent/ports/places.h"

namespace tokenwarden {

// A place is named by its sink's Target(), or Describe() of a source: the same for the same `.env`
// key.
class FakePlaces : public PlaceFactory, public SecretResolver, public Notifier {
 public:
  void Put(const std::string& place, const std::string& value) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_[place] = value;
  }
  std::optional<std::string> Held(const std::string& place) const {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = held_.find(place);
    return found == held_.end() ? std::nullopt : std::optional(found->second);
  }
  void Break(const std::string& place, bool broken) {
    std::lock_guard<std::mutex> lock(mutex_);
    broken_[place] = broken;
  }
  int Reads(const std::string& place) {
    std::lock_guard<std::mutex> lock(mutex_);
    return reads_[place];
  }
  // Whoever asks there waits until the place is let go.
  void Hang(const std::string& place, bool hangs) {
    std::lock_guard<std::mutex> lock(mutex_);
    hangs_[place] = hangs;
    let_go_.notify_all();
  }
  std::vector<std::string> writes() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return writes_;
  }
  std::vector<Notice> notices() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return notices_;
  }

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override {
    return std::unique_ptr<Source>(new Place(*this, Describe(spec)));
  }
  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override {
    return std::unique_ptr<Sink>(new Place(*this, spec.Target()));
  }
  Result<Secret> Resolve(const SecretRef& ref) override { return ReadPlace(Describe(ref)); }
  Status Notify(const NotifySpec&, const Notice& notice) override {
    std::lock_guard<std::mutex> lock(mutex_);
    notices_.push_back(notice);
    return {};
  }

 private:
  struct Place : Source, Sink {
    Place(FakePlaces& home, std::string where) : home_(home), where_(std::move(where)) {}
    Result<Secret> Read() override { return home_.ReadPlace(where_); }
    Result<PublishReport> Publish(const Secret& value, const PublishMarker&) override {
      return home_.Write(where_, value);
    }
    FakePlaces& home_;
    std::string where_;
  };

  Result<Secret> ReadPlace(const std::string& place) {
    std::unique_lock<std::mutex> lock(mutex_);
    let_go_.wait(lock, [&] { return !hangs_[place]; });
    ++reads_[place];
    if (broken_[place]) return MakeError(ErrorKind::kUnavailable, "broken", place + " is broken");
    const auto found = held_.find(place);
    if (found == held_.end()) {
      return MakeError(ErrorKind::kNotFound, "no_such_key", "nothing at " + place);
    }
    return Secret(found->second);
  }
  Result<PublishReport> Write(const std::string& place, const Secret& value) {
    std::unique_lock<std::mutex> lock(mutex_);
    let_go_.wait(lock, [&] { return !hangs_[place]; });
    if (broken_[place]) return MakeError(ErrorKind::kUnavailable, "broken", place + " is broken");
    const std::string bytes(value.Reveal());
    PublishReport report;
    report.outcome = held_[place] == bytes ? PublishOutcome::kUnchanged : PublishOutcome::kWritten;
    if (report.outcome == PublishOutcome::kWritten) writes_.push_back(place + "=" + bytes);
    held_[place] = bytes;
    return report;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> held_;
  std::map<std::string, bool> broken_;
  std::map<std::string, bool> hangs_;
  std::map<std::string, int> reads_;
  std::condition_variable let_go_;
  std::vector<std::string> writes_;
  std::vector<Notice> notices_;
};

// Readable on purpose: a test sees which value a fingerprint belongs to.
class FakeFingerprinter : public Fingerprinter {
 public:
  Fingerprint Of(const Secret& value) const override {
    return Fingerprint{"hmac:" + std::string(value.Reveal())};
  }
};

class EventRecorder : public EventListener {
 public:
  void On(const Event& event) noexcept override {
    std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back(event);
  }
  std::vector<Event> all() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }
  int CountOf(Event::Kind kind) const {
    std::lock_guard<std::mutex> lock(mutex_);
    int count = 0;
    for (const Event& event : events_) count += event.kind == kind ? 1 : 0;
    return count;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace tokenwarden

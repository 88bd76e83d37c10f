#include "agent/adapters/kubernetes/watch_stream.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/kubernetes/object_splitter.h"
#include "agent/core/hash.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr Seconds kShortest{1};
constexpr Seconds kLongestWait{30};
// The server ends a watch after this; spread, so that not all of them come back at once.
constexpr int kFewestSeconds = 300;
constexpr int kSpreadSeconds = 300;

Seconds WaitAfter(int failures) {
  if (failures <= 0) return Seconds(0);
  return std::min(kLongestWait, kShortest * (1 << std::min(failures - 1, 5)));
}

int LifeOf(const ObjectName& scope) {
  return kFewestSeconds + static_cast<int>(Fnv1a(ToString(scope)) % kSpreadSeconds);
}

}  // namespace

WatchStream::WatchStream(Client& client, OwnWrites& own_writes, ObjectName scope,
                         EventListener* events)
    : client_(client), own_writes_(own_writes), scope_(std::move(scope)), events_(events) {}

WatchStream::~WatchStream() { Stop(); }

void WatchStream::Add(const std::string& name, std::function<void()> changed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listeners_[name].push_back(std::move(changed));
}

void WatchStream::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void WatchStream::AskToStop() {
  stopped_ = true;
  const std::lock_guard<std::mutex> lock(mutex_);
  changed_.notify_all();
}

void WatchStream::Stop() {
  AskToStop();
  if (thread_.joinable()) thread_.join();
}

void WatchStream::Run() {
  int failures = 0;
  while (!stopped_) {
    const auto started = client_.clock().SteadyNow();
    const Outcome outcome = Follow();
    if (stopped_) return;
    const bool lived = outcome.heard || client_.clock().SteadyNow() - started >= kShortest;
    const bool expired = !outcome.end && outcome.end.error().reason == "expired";
    // A watch that ends at once without a word is a failure, and so is one that cannot start anew.
    const bool fine = expired ? !resource_version_.empty() : outcome.end && lived;
    if (fine) failures = 0;
    if (!fine) failures = outcome.heard ? 1 : failures + 1;
    if (expired) resource_version_.clear();
    TellFailure(outcome.end);
    if (!WaitFor(WaitAfter(failures))) return;
  }
}

WatchStream::Outcome WatchStream::Follow() {
  const int life = LifeOf(scope_);
  ApiRequest request{Operation{"watch", kSecrets, scope_}};
  request.accept = kMetadataOnly;
  request.timeout = std::chrono::seconds(life + 30);
  request.query = {
      {"watch", "1"}, {"allowWatchBookmarks", "true"}, {"timeoutSeconds", std::to_string(life)}};
  // With the name in it a Role may allow this watch alone.
  if (!scope_.name.empty()) {
    request.query.emplace_back("fieldSelector", "metadata.name=" + scope_.name);
  }
  if (!resource_version_.empty()) {
    request.query.emplace_back("resourceVersion", resource_version_);
  }
  Outcome outcome;
  ObjectSplitter splitter;
  const Status end = client_.Stream(request, [&](std::string_view bytes) {
    const bool whole = splitter.Add(bytes, [&](std::string_view text) {
      const std::optional<Json> event = ParseJson(text);
      if (event && !stopped_) HandleEvent(*event, outcome);
    });
    return whole && outcome.end && !stopped_;
  });
  if (outcome.end) outcome.end = end;
  return outcome;
}

void WatchStream::HandleEvent(const Json& event, Outcome& outcome) {
  const std::string type = TextAt(event, {"type"});
  if (type == "ERROR") {
    const bool expired = IntegerAt(event, {"object", "code"}).value_or(0) == 410;
    outcome.end = MakeError(ErrorKind::kUnavailable, expired ? "expired" : "watch_failed",
                            "the watch of " + ToString(scope_) + " was ended by the API server",
                            "Nothing: it is started again.");
    return;
  }
  const std::string version = TextAt(event, {"object", "metadata", "resourceVersion"});
  if (version.empty()) return;
  outcome.heard = true;
  told_failure_.clear();
  // After a gap nobody knows what changed in it, so everything is looked at.
  const bool after_gap = resource_version_.empty();
  resource_version_ = version;
  if (after_gap) {
    TellAll();
  } else if (type != "BOOKMARK") {
    Tell(TextAt(event, {"object", "metadata", "name"}), version);
  }
}

void WatchStream::Tell(const std::string& name, const std::string& resource_version) {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = listeners_.find(name);
    if (found == listeners_.end()) return;
    calls = found->second;
  }
  own_writes_.Heard({scope_.name_space, name}, resource_version, [calls = std::move(calls)] {
    for (const auto& call : calls) call();
  });
}

void WatchStream::TellAll() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [name, listeners] : listeners_) {
      calls.insert(calls.end(), listeners.begin(), listeners.end());
    }
  }
  for (const auto& call : calls) call();
}

// Once per kind of failure, until it works again.
void WatchStream::TellFailure(const Status& end) {
  if (end || end.error().reason == "expired" || end.error().reason == told_failure_) return;
  told_failure_ = end.error().reason;
  if (events_ == nullptr) return;
  Event event;
  event.level = LogLevel::kWarn;
  event.message = "a Secret cannot be watched now; it is looked at by interval";
  event.reason = end.error().reason;
  event.target = ToString(scope_);
  event.fields = {{"error", end.error().message}, {"action", end.error().action}};
  events_->On(event);
}

bool WatchStream::WaitFor(Seconds wait) {
  if (wait.count() == 0) return !stopped_;
  std::unique_lock<std::mutex> lock(mutex_);
  Clock& clock = client_.clock();
  clock.WaitUntil(lock, changed_, clock.Now() + wait, [this] { return stopped_.load(); });
  return !stopped_;
}

}  // namespace tokenwarden::kubernetes

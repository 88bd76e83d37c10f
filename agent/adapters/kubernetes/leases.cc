#include "agent/adapters/kubernetes/leases.h"

#include <algorithm>
#include <random>
#include <utility>

#include "agent/core/hash.h"

namespace tokenwarden::kubernetes {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeastMargin{500};
constexpr milliseconds kTimeoutAtTheEnd{1000};
constexpr int kLongestQueue = 3;  // rounds that even a replica with many shards waits for others

std::string UniqueIdentity(const std::string& identity) {
  std::random_device random;
  return (identity.empty() ? "tokenwarden" : identity) + "_" + HexOf(random());
}

bool SameShard(const std::optional<Wish>& wish, const std::string& identity) {
  return wish && wish->identity == identity;
}

}  // namespace

Leases::Leases(Client& client, ObjectName name, int shards, Seconds duration, LeaseOptions options,
               EventListener* events)
    : client_(client),
      identity_(UniqueIdentity(options.identity)),
      duration_(duration),
      margin_(std::max(kLeastMargin, milliseconds(duration) / 5)),
      period_(std::max(Seconds(1), duration / 5)),
      options_(std::move(options)),
      events_(events) {
  // Replicas begin at different ones, so that they seldom reach for the same.
  const auto first = static_cast<int>(Fnv1a(identity_) % static_cast<std::uint64_t>(shards));
  for (int i = 0; i < shards; ++i) {
    const int index = (first + i) % shards;
    shards_.emplace_back(index,
                         ObjectName{name.name_space, name.name + "-" + std::to_string(index)});
  }
}

Leases::~Leases() { Leases::Stop(); }

bool Leases::IsValid(const Hold& hold) const {
  const Clock& clock = client_.clock();
  if (clock.SteadyNow() >= hold.until) return false;
  // The wall clock also runs while a machine sleeps. It is read in whole seconds: one of tolerance.
  return milliseconds(clock.Now() - hold.renewed_at) <
         milliseconds(duration_) - margin_ + milliseconds(1000);
}

std::optional<std::uint64_t> Leases::EpochOf(const std::string& credential) {
  const auto index = static_cast<int>(Fnv1a(credential) % shards_.size());
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Shard& shard : shards_) {
    if (shard.index != index || !shard.hold || stopped_) continue;
    if (shard.hold->drained_at || !IsValid(*shard.hold)) return std::nullopt;
    return shard.hold->epoch;
  }
  return std::nullopt;
}

std::vector<int> Leases::HeldShards() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<int> held;
  for (const Shard& shard : shards_) {
    if (shard.hold && !stopped_) held.push_back(shard.index);
  }
  std::sort(held.begin(), held.end());
  return held;
}

std::optional<Leases::Hold> Leases::HoldOf(const Shard& shard) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return shard.hold;
}

int Leases::CountHeld() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(std::count_if(shards_.begin(), shards_.end(), [](const Shard& shard) {
    return shard.hold && !shard.hold->drained_at;
  }));
}

void Leases::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Leases::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopped_) {
    lock.unlock();
    Round();
    const Seconds pause = Pause();
    lock.lock();
    Clock& clock = client_.clock();
    clock.WaitUntil(lock, changed_, clock.Now() + pause, [this] { return stopped_; });
  }
}

// While one is free the next look is soon: each round of waiting lets others come first.
Seconds Leases::Pause() const {
  const bool any_free = std::any_of(shards_.begin(), shards_.end(),
                                    [](const Shard& shard) { return shard.seen_free > 0; });
  return any_free ? Seconds(1) : period_;
}

void Leases::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  bool answers = true;
  for (Shard& shard : shards_) {
    if (!HoldOf(shard)) continue;
    // A server that does not answer would keep us for every one of them: the rest expires.
    if (answers) answers = Release(shard).has_value();
    const std::lock_guard<std::mutex> lock(mutex_);
    shard.hold.reset();
  }
}

bool Leases::IsStopped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

void Leases::Round() {
  trouble_ = gained_ = lost_ = false;
  // What is ours first: nothing that others do may delay a renewal.
  for (Shard& shard : shards_) {
    shard.seen = false;
    const std::optional<Hold> hold = HoldOf(shard);
    if (hold && !IsStopped()) KeepHeld(shard, *hold);
  }
  for (Shard& shard : shards_) {
    if (!HoldOf(shard) && !IsStopped()) Observe(shard);
  }
  if (!IsStopped() && AgreesWithOthers()) {
    TakeFree();
    AskForOne();
  }
  if (!trouble_) told_trouble_.clear();
  if (lost_ && options_.on_lost) options_.on_lost();
  if (gained_ && options_.on_gained) options_.on_gained();
}

// ---- what is ours ----

void Leases::KeepHeld(Shard& shard, const Hold& hold) {
  if (!IsValid(hold)) return Lose(shard, "lapsed");
  const bool drained = hold.drained_at && client_.clock().SteadyNow() >= *hold.drained_at;
  if (!drained) return Renew(shard, hold);
  (void)Release(shard);  // what was not given back expires
}

void Leases::Renew(Shard& shard, const Hold& hold) {
  shard.seen = true;
  TimePoint started = client_.clock().SteadyNow();
  Instant started_at = client_.clock().Now();
  Result<Lease> renewed = Put(shard, shard.lease.Renewed(NowText()));
  if (!renewed && renewed.error().reason == "conflict") {
    Result<Lease> there = Get(shard);
    if (!there && there.error().reason == "no_such_lease") return Lose(shard, "deleted");
    if (!there) return TellTrouble(there.error());
    Remember(shard, std::move(*there));
    const bool ours = shard.lease.holder() == identity_ &&
                      static_cast<std::uint64_t>(shard.lease.transitions()) == hold.epoch;
    if (!ours) return Lose(shard, "taken");
    HearWish(shard);
    started = client_.clock().SteadyNow();
    started_at = client_.clock().Now();
    renewed = Put(shard, shard.lease.Renewed(NowText()));
  }
  if (!renewed) return TellTrouble(renewed.error());
  Remember(shard, std::move(*renewed));
  // A reply that came too late does not bring back what had lapsed meanwhile.
  if (!IsValid(hold)) return Lose(shard, "lapsed");
  const std::lock_guard<std::mutex> lock(mutex_);
  shard.hold->until = started + duration_ - margin_;
  shard.hold->renewed_at = started_at;
}

void Leases::HearWish(Shard& shard) {
  const std::optional<Wish> wish = shard.lease.wish();
  if (!wish || wish->identity == identity_ || CountHeld() < wish->held + 2) return;
  std::uint64_t epoch = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool busy = std::any_of(shards_.begin(), shards_.end(), [](const Shard& each) {
      return each.hold && each.hold->drained_at;
    });
    if (busy) return;  // one after the other
    shard.hold->drained_at = client_.clock().SteadyNow() + options_.drain;
    epoch = shard.hold->epoch;
  }
  lost_ = true;
  Tell(shard, "a shard is being handed over", wish->identity, epoch);
}

void Leases::Lose(Shard& shard, const std::string& reason) {
  std::uint64_t epoch = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    epoch = shard.hold->epoch;
    shard.hold.reset();
  }
  lost_ = true;
  Tell(shard, "a shard was lost", reason, epoch);
}

// Nothing of ours runs on it any more, so others need not wait for it to expire.
Status Leases::Release(Shard& shard) {
  std::uint64_t epoch = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    epoch = shard.hold->epoch;
    shard.hold.reset();
  }
  Result<Lease> released = Put(shard, shard.lease.Released(NowText()));
  if (!released && released.error().reason == "conflict") {
    Result<Lease> there = Get(shard);
    if (there && there->holder() == identity_) {
      released = Put(shard, there->Released(NowText()));
    }
  }
  if (!released) return tl::unexpected<Error>(released.error());
  Remember(shard, std::move(*released));
  Tell(shard, "a shard was given back", "released", epoch);
  return {};
}

// ---- what is not ----

void Leases::Observe(Shard& shard) {
  Result<Lease> there = Get(shard);
  shard.seen = there || there.error().reason == "no_such_lease";
  if (!shard.seen) {
    shard.seen_free = 0;
    return TellTrouble(there.error());
  }
  Remember(shard, there ? std::move(*there) : Lease(shard.name));
  shard.seen_free = IsFree(shard) ? shard.seen_free + 1 : 0;
}

bool Leases::IsFree(const Shard& shard) const {
  const std::string holder = shard.lease.holder();
  if (!shard.lease.exists() || holder.empty() || holder == identity_) return true;
  const Seconds theirs = shard.lease.duration();
  const Seconds duration = theirs.count() > 0 ? theirs : duration_;
  return client_.clock().SteadyNow() - shard.changed_at >= duration;
}

// With another number of shards a credential belongs to another Lease, and two replicas would hold
// it at once. So whoever comes with a new number waits until all of the old are gone.
bool Leases::AgreesWithOthers() {
  const auto other = std::find_if(shards_.begin(), shards_.end(), [this](const Shard& shard) {
    const int theirs = shard.lease.shards();
    return !HoldOf(shard) && shard.seen && !IsFree(shard) && theirs != 0 && theirs != CountShards();
  });
  if (other == shards_.end()) return true;
  TellTrouble(Error{ErrorKind::kFailedPrecondition, "other_shards",
                    "did not take a Lease: the holder of " + ToString(other->name) + " shares by " +
                        std::to_string(other->lease.shards()) + " shards, and we by " +
                        std::to_string(CountShards()),
                    "Nothing when the others are being replaced; else give all replicas the same "
                    "`coordination.lease.shards`."});
  return false;
}

void Leases::TakeFree() {
  for (Shard& shard : shards_) {
    if (IsStopped()) return;
    if (HoldOf(shard) || shard.seen_free <= std::min(CountHeld(), kLongestQueue)) continue;
    Take(shard);
  }
}

void Leases::Take(Shard& shard) {
  shard.seen_free = 0;
  const TimePoint started = client_.clock().SteadyNow();
  const Instant started_at = client_.clock().Now();
  const std::int64_t epoch = EpochAfter(shard.lease, started_at);
  Result<Lease> taken =
      Put(shard, shard.lease.Taken(identity_, duration_, CountShards(), epoch, NowText()));
  if (!taken) {
    if (taken.error().reason != "conflict") TellTrouble(taken.error());
    return;  // somebody else was faster
  }
  Remember(shard, std::move(*taken));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    shard.hold = Hold{static_cast<std::uint64_t>(epoch), started + duration_ - margin_, started_at,
                      std::nullopt};
  }
  gained_ = true;
  Tell(shard, "a shard was gained", "taken", static_cast<std::uint64_t>(epoch));
}

// ---- spreading ----

void Leases::AskForOne() {
  const int held = CountHeld();
  Shard* wanted = WantedShard(held);
  if (wanted == nullptr) return;
  Result<Lease> wished = Put(*wanted, wanted->lease.Wished(Wish{identity_, held}));
  if (wished) Remember(*wanted, std::move(*wished));
}

// One of the replica that holds most, when that is at least two more than ours.
Leases::Shard* Leases::WantedShard(int held) {
  std::map<std::string, int> counts;
  for (const Shard& shard : shards_) {
    if (!shard.seen || shard.seen_free > 0) return nullptr;
    if (HoldOf(shard)) continue;
    if (SameShard(shard.lease.wish(), identity_)) return nullptr;  // not answered yet
    ++counts[shard.lease.holder()];
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end() || most->second < held + 2) return nullptr;
  const auto wanted = std::find_if(shards_.begin(), shards_.end(), [&](const Shard& shard) {
    return shard.lease.holder() == most->first && !shard.lease.wish();
  });
  return wanted == shards_.end() ? nullptr : &*wanted;
}

// ---- requests ----

Result<Lease> Leases::Send(Operation operation, HttpRequest::Method method,
                           std::optional<Secret> body) {
  ApiRequest request{std::move(operation)};
  request.method = method;
  request.body = std::move(body);
  request.timeout = IsStopped() ? kTimeoutAtTheEnd : milliseconds(period_);
  request.patience.reset();
  if (method == HttpRequest::Method::kPut) {
    request.query = {{"fieldManager", std::string(kFieldManager)}};
  }
  Result<WipedJson> object = client_.Ask(request);
  if (!object) return tl::unexpected<Error>(object.error());
  return Lease(Json(object->json));
}

Result<Lease> Leases::Get(const Shard& shard) {
  return Send(Operation{"get", kLeases, shard.name}, HttpRequest::Method::kGet, std::nullopt);
}

// Also makes a missing one: unlike POST it carries the name that a Role can allow.
Result<Lease> Leases::Put(const Shard& shard, const Json& object) {
  return Send(Operation{"update", kLeases, shard.name}, HttpRequest::Method::kPut,
              Secret(object.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

// Different with every call, so that every renewal is a change that others can see.
std::string Leases::NowText() {
  const Instant now = client_.clock().Now();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(
                          client_.clock().SteadyNow().time_since_epoch())
                          .count() %
                      1000000;
  std::string text = MicroTime(now, micros);
  if (text == last_time_) text = MicroTime(now, micros + 1);
  return last_time_ = std::move(text);
}

void Leases::Remember(Shard& shard, Lease lease) {
  shard.lease = std::move(lease);
  std::string record = shard.lease.exists() ? shard.lease.record() : "";
  if (record == shard.record) return;
  shard.record = std::move(record);
  shard.changed_at = client_.clock().SteadyNow();
}

// ---- news ----

void Leases::Tell(const Shard& shard, const std::string& message, const std::string& reason,
                  std::uint64_t epoch) {
  if (events_ == nullptr) return;
  Event event;
  event.message = message;
  event.reason = reason;
  event.target = ToString(shard.name);
  event.fields = {{"epoch", std::to_string(epoch)}, {"identity", identity_}};
  events_->On(event);
}

// Once per kind of trouble, until a round goes well.
void Leases::TellTrouble(const Error& error) {
  trouble_ = true;
  if (events_ == nullptr || told_trouble_ == error.reason) return;
  told_trouble_ = error.reason;
  Event event;
  event.level = LogLevel::kWarn;
  event.message = "a Lease cannot be read or written now";
  event.reason = error.reason;
  event.fields = {{"error", error.message}, {"action", error.action}};
  events_->On(event);
}

}  // namespace tokenwarden::kubernetes

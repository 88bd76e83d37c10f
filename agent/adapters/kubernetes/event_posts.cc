#include "agent/adapters/kubernetes/event_posts.h"

#include <algorithm>
#include <random>
#include <utility>

#include "agent/core/hash.h"
#include "agent/core/utf8.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kMostWaiting = 64;
constexpr std::size_t kMaxNote = 1000;  // the API server takes 1024 bytes
constexpr std::size_t kMaxInstance = 128;
constexpr std::size_t kMaxNameStart = 230;  // a name has at most 253 characters
constexpr int kMostPermits = 25;
constexpr Seconds kPermitEvery{10};
constexpr std::chrono::milliseconds kTimeout{5000};

enum class Telling { kEach, kOncePerReason };

struct Row {
  Event::Kind kind;
  const char* reason;
  const char* action;
  Telling telling;
  Event::Kind ends;  // this kind of failure is over; itself when it ends none
};
constexpr Row kRows[] = {
    {Event::Kind::kStateChanged, "StateChanged", "Inspect", Telling::kEach,
     Event::Kind::kStateChanged},
    {Event::Kind::kRenewalSucceeded, "Renewed", "Renew", Telling::kEach,
     Event::Kind::kRenewalFailed},
    {Event::Kind::kRenewalFailed, "RenewalFailed", "Renew", Telling::kOncePerReason,
     Event::Kind::kRenewalFailed},
    {Event::Kind::kPublished, "Published", "Publish", Telling::kEach, Event::Kind::kPublishFailed},
    {Event::Kind::kPublishFailed, "PublishFailed", "Publish", Telling::kOncePerReason,
     Event::Kind::kPublishFailed},
    {Event::Kind::kDrifted, "Drifted", "Verify", Telling::kEach, Event::Kind::kDrifted},
    {Event::Kind::kNotified, "ConsumerTold", "Notify", Telling::kEach, Event::Kind::kNotifyFailed},
    {Event::Kind::kNotifyFailed, "ConsumerNotTold", "Notify", Telling::kOncePerReason,
     Event::Kind::kNotifyFailed},
    {Event::Kind::kNeedsOperator, "OperatorNeeded", "Decide", Telling::kEach,
     Event::Kind::kNeedsOperator},
};

const Row* RowFor(const Event& event) {
  if (event.level < LogLevel::kInfo) return nullptr;
  const auto found = std::find_if(std::begin(kRows), std::end(kRows),
                                  [&](const Row& row) { return row.kind == event.kind; });
  return found == std::end(kRows) ? nullptr : found;
}

std::string NoteOf(const Event& event) {
  std::string note = event.credential + ": " + event.message;
  if (!event.target.empty()) note += ", " + event.target;
  if (!event.reason.empty()) note += " (" + event.reason + ")";
  for (const auto& [name, text] : event.fields) {
    if (!text.empty()) note += "; " + name + ": " + text;
  }
  note = CleanUtf8(note);
  if (note.size() > kMaxNote) note = CleanUtf8(note.substr(0, kMaxNote - 3));
  return note;
}

std::string FailureKey(const Event& event, Event::Kind kind) {
  return event.credential + '\n' + event.target + '\n' + std::to_string(static_cast<int>(kind));
}

// `prod/whatsapp-token#access_token`
ObjectName SecretOf(const Event& event) {
  const Result<ObjectName> secret =
      ParseObjectName(event.target.substr(0, event.target.find('#')), "");
  return event.sink == "kubernetes" && secret ? *secret : ObjectName{};
}

std::string RandomStart() {
  std::random_device random;
  return HexOf(random());
}

}  // namespace

EventPosts::EventPosts(Client& client, ObjectName pod, std::string pod_uid, EventListener* log)
    : client_(client),
      pod_(std::move(pod)),
      pod_uid_(std::move(pod_uid)),
      log_(log),
      name_start_(RandomStart()),
      permits_(kMostPermits),
      permits_since_(client.clock().Now()) {}

EventPosts::~EventPosts() { EventPosts::Stop(); }

void EventPosts::On(const Event& event) noexcept {
  try {
    Record(event);
  } catch (...) {  // memory ran out: one Event fewer
  }
}

void EventPosts::Record(const Event& event) {
  const Row* row = RowFor(event);
  if (row == nullptr) return;
  const std::string note = NoteOf(event);
  const ObjectName secret = SecretOf(event);
  const bool is_secret = !secret.name.empty();
  const ObjectName& object = is_secret ? secret : pod_;
  if (object.name.empty()) return;
  Json regarding = {{"apiVersion", "v1"},
                    {"kind", is_secret ? "Secret" : "Pod"},
                    {"namespace", object.name_space},
                    {"name", object.name}};
  if (!is_secret && !pod_uid_.empty()) regarding["uid"] = pod_uid_;
  const std::string instance = pod_.name.empty() ? "tokenwarden" : pod_.name;
  std::string now = FormatUtc(client_.clock().Now());
  now.insert(now.size() - 1, ".000000");  // MicroTime wants exactly six digits

  const std::lock_guard<std::mutex> lock(mutex_);
  if (off_ || stopped_ || !IsNews(event, note) || queue_.size() >= kMostWaiting || !TakePermit()) {
    return;
  }
  const std::string name = object.name.substr(0, kMaxNameStart) + "." + name_start_ +
                           HexOf(static_cast<std::uint32_t>(++posted_));
  queue_.push_back({object.name_space,
                    {{"apiVersion", "events.k8s.io/v1"},
                     {"kind", "Event"},
                     {"metadata", {{"name", name}, {"namespace", object.name_space}}},
                     {"eventTime", now},
                     {"reportingController", "tokenwarden.dev/agent"},
                     {"reportingInstance", instance.substr(0, kMaxInstance)},
                     {"action", row->action},
                     {"reason", row->reason},
                     {"type", event.level >= LogLevel::kWarn ? "Warning" : "Normal"},
                     {"note", note},
                     {"regarding", std::move(regarding)}}});
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

bool EventPosts::IsNews(const Event& event, const std::string& note) {
  const Row& row = *RowFor(event);
  if (row.ends != row.kind) failing_.erase(FailureKey(event, row.ends));
  if (row.telling == Telling::kEach) return true;
  std::string& told = failing_[FailureKey(event, row.kind)];
  const std::string& why = event.reason.empty() ? note : event.reason;
  return std::exchange(told, why) != why;
}

bool EventPosts::TakePermit() {
  const Instant now = client_.clock().Now();
  const auto earned = std::max<std::int64_t>(0, (now - permits_since_) / kPermitEvery);
  if (earned > 0) {
    permits_ = static_cast<int>(std::min<std::int64_t>(kMostPermits, permits_ + earned));
    permits_since_ = now;
  }
  if (permits_ == 0) return false;
  --permits_;
  return true;
}

void EventPosts::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    client_.clock().WaitUntil(lock, changed_, Clock::kForever,
                              [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    if (queue_.empty()) continue;
    const Post post = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    ApiRequest request{Operation{"create", kEvents, {post.name_space, ""}}};
    request.method = HttpRequest::Method::kPost;
    request.body = Secret(post.body.dump(-1, ' ', false, Json::error_handler_t::replace));
    request.timeout = kTimeout;
    const Result<WipedJson> made = client_.Ask(request);
    if (!made && made.error().kind == ErrorKind::kPermissionDenied) TurnOff(made.error());
    lock.lock();
  }
}

void EventPosts::TurnOff(const Error& error) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    off_ = true;
    queue_.clear();
  }
  if (log_ == nullptr) return;
  Event event;
  event.message = "Events are not recorded in Kubernetes";
  event.reason = error.reason;
  event.fields = {{"error", error.message}, {"action", error.action}};
  log_->On(event);
}

void EventPosts::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace tokenwarden::kubernetes

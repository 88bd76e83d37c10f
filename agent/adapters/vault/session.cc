#include "agent/adapters/vault/session.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/vault/error_table.h"
#include "agent/adapters/vault/json.h"
#include "agent/core/hash.h"

namespace tokenwarden::vault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestPause{60};
// A renewal that could not be asked for is tried again after this, while the token lives.
constexpr seconds kRenewAgain{10};

// 1, 2, 4, … 60 s, spread by three quarters to five quarters so that replicas do not come together.
milliseconds PauseAfter(int failures, const std::string& key) {
  const int doublings = std::min(failures - 1, 6);
  const milliseconds full = std::min<milliseconds>(seconds(1LL << doublings), kLongestPause);
  const auto spread = Fnv1a(key + std::to_string(failures)) % 500;
  return full * (750 + static_cast<long>(spread)) / 1000;
}

}  // namespace

Session::Session(const Connection& connection, Login login, Clock& clock)
    : connection_(connection), login_(std::move(login)), clock_(clock) {}

void Session::Take(Lease lease, TimePoint now) {
  token_ = std::move(lease.token);
  renewable_ = lease.renewable;
  failures_ = 0;
  last_error_.reset();
  ends_at_.reset();
  care_at_.reset();
  if (lease.ttl <= Seconds{0}) return;
  ends_at_ = now + lease.ttl;
  care_at_ = now + lease.ttl * 2 / 3;
}

Status Session::LogIn(TimePoint now) {
  if (last_error_ && now < not_before_) return tl::unexpected<Error>(*last_error_);
  Result<Lease> lease = login_.Attempt();
  if (lease) {
    Take(std::move(*lease), now);
    return {};
  }
  ++failures_;
  not_before_ = now + PauseAfter(failures_, login_.Key());
  care_at_ = not_before_;
  last_error_ = lease.error();
  return tl::unexpected<Error>(lease.error());
}

bool Session::Renew(TimePoint now) {
  Call call;
  call.method = HttpRequest::Method::kPost;
  call.path = "auth/token/renew-self";
  call.attempted = "renew our own token";
  call.body = Secret("{}");
  Result<std::optional<ClientIdentity>> identity = login_.Identity();
  if (identity) call.identity = std::move(*identity);
  Result<HttpReply> reply = connection_.Send(call, &*token_);
  const bool silent = !reply || reply->status >= 500 || reply->status == 429;
  if (silent) {
    care_at_ = now + kRenewAgain;
    return true;  // the token still lives: nothing is known against it
  }
  if (reply->status != 200) return false;
  const Json body = ParseObject(reply->body);
  WipeString(reply->body);
  const Json& ttl = Below(body, "auth", "lease_duration");
  const Seconds left = ttl.is_number_integer() ? Seconds(ttl.get<std::int64_t>()) : Seconds{0};
  // At the end of its longest life a renewal adds nothing.
  const bool grew = ends_at_ && now + left > *ends_at_;
  if (!grew) return false;
  Take({token_->Clone(), left, Below(body, "auth", "renewable") == Json(true)}, now);
  return true;
}

Status Session::Ensure(TimePoint now) {
  const bool ended = !token_ || (ends_at_ && now >= *ends_at_);
  if (ended) return LogIn(now);
  if (!care_at_ || now < *care_at_) return {};
  if (renewable_ && Renew(now)) return {};
  // What lives is used until its end when no new one can be had.
  Status again = login_.CanRepeat() ? LogIn(now) : Status();
  if (!login_.CanRepeat()) care_at_ = ends_at_;
  return token_ ? Status() : again;
}

Result<Secret> Session::Token() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Status ready = Ensure(clock_.SteadyNow());
  if (!ready) return tl::unexpected<Error>(ready.error());
  return token_->Clone();
}

void Session::Drop(const Secret& refused) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (token_ && token_->EqualsInConstantTime(refused)) token_.reset();
}

Result<HttpReply> Session::Send(const Call& call) {
  for (int attempt = 0;; ++attempt) {
    Result<Secret> token = Token();
    if (!token) {
      return MakeError(token.error().kind, token.error().reason,
                       "Cannot " + call.attempted + ": " + token.error().message,
                       token.error().action);
    }
    Result<HttpReply> reply = connection_.Send(call, &*token);
    if (!reply || !IsDeadToken(*reply)) return reply;
    Drop(*token);
    if (attempt == 1) return reply;
  }
}

Result<HttpReply> Session::Ask(const Call& call) {
  Result<HttpReply> reply = Send(call);
  if (!reply || reply->status / 100 == 2) return reply;
  return tl::unexpected<Error>(ExplainReply(*reply, call.attempted));
}

std::optional<Session::TimePoint> Session::NextCare() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return care_at_;
}

void Session::Care() {
  const std::lock_guard<std::mutex> lock(mutex_);
  static_cast<void>(Ensure(clock_.SteadyNow()));
}

}  // namespace tokenwarden::vault

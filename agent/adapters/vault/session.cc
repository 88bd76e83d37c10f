#include "agent/adapters/vault/session.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/vault/error_table.h"
#include "agent/core/hash.h"

namespace tokenwarden::vault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Between attempts to log in: the first and the longest. A server that is silent is asked soon
// again. One that refuses is not: after five refusals Vault locks a role out for a quarter of an
// hour (Vault, "User lockout"), and it also refuses while the cluster's API server is down.
struct Pauses {
  seconds first;
  seconds longest;
};
constexpr Pauses kAfterSilence{seconds(1), seconds(60)};
constexpr Pauses kAfterRefusal{seconds(30), seconds(300)};
// A renewal that could not be asked for is tried again after this, while the token lives.
constexpr seconds kRenewAgain{10};
// A token that dies younger than this was not worth its login: the next one waits.
constexpr seconds kYoung{10};
// For this long after the token was seen alive a 403 is a policy's, and only so often is a token
// replaced of which nobody can say whether it lives.
constexpr seconds kSeenAlive{60};
constexpr seconds kNotJudged{600};

bool IsSilence(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kDeadlineExceeded ||
         kind == ErrorKind::kResourceExhausted || kind == ErrorKind::kAborted;
}

// Doubles from the first to the longest, spread by three quarters to five quarters so that replicas
// do not come together.
milliseconds PauseAfter(int failures, const Pauses& pauses, const std::string& name) {
  const int doublings = std::min(failures - 1, 10);
  const milliseconds full =
      std::min<milliseconds>(pauses.first * (1LL << doublings), pauses.longest);
  const auto spread = Fnv1a(name + std::to_string(failures)) % 500;
  return full * (750 + static_cast<long>(spread)) / 1000;
}

Error GoneMeanwhile() {
  return {ErrorKind::kUnavailable, "dead_token", "Vault's token ended while we logged in.",
          "nothing to do: it is tried again by itself"};
}

}  // namespace

Session::Session(Connection& connection, Login login, Clock& clock, std::string name)
    : connection_(connection), login_(std::move(login)), clock_(clock), name_(std::move(name)) {}

void Session::Take(Lease lease, TimePoint now) {
  token_ = std::move(lease.token);
  renewable_ = lease.renewable;
  failures_ = 0;
  taken_at_ = now;
  trusted_until_ = {};
  last_error_.reset();
  ends_at_.reset();
  care_at_.reset();
  if (lease.ttl <= Seconds{0}) return;
  ends_at_ = now + lease.ttl;
  care_at_ = now + std::max<milliseconds>(milliseconds(lease.ttl) * 2 / 3, seconds(1));
}

void Session::Refused(const Error& error, TimePoint now) {
  ++failures_;
  const Pauses& pauses = IsSilence(error.kind) ? kAfterSilence : kAfterRefusal;
  not_before_ = now + PauseAfter(failures_, pauses, name_);
  care_at_ = not_before_;
  last_error_ = error;
}

// Also shows the certificate that the token is bound to.
Result<Answer> Session::SendAs(const Secret& token, const Call& call) {
  Result<std::optional<ClientIdentity>> identity = login_.Identity();
  if (!identity) return tl::unexpected<Error>(identity.error());
  return connection_.Send(call, &token, *identity);
}

Session::Renewal Session::Renew(const Secret& token, Lease& renewed) {
  Call call;
  call.method = HttpRequest::Method::kPost;
  call.path = "auth/token/renew-self";
  call.attempted = "renew our own token";
  call.body = Secret("{}");
  Result<Answer> answer = SendAs(token, call);
  if (!answer || answer->status >= 500 || answer->status == 429) return Renewal::kSilent;
  if (!answer->IsSuccess()) return Renewal::kEnded;
  const Json& auth = Below(answer->body.json, "auth");
  renewed.token = token.Clone();
  renewed.ttl = Seconds(IntegerAt(auth, "lease_duration").value_or(0));
  renewed.renewable = Below(auth, "renewable") == Json(true);
  return Renewal::kDone;
}

bool Session::NeedsCare(TimePoint now) {
  if (Lives(now)) {
    return (care_at_ && now >= *care_at_) || (login_.FollowsFile() && login_.HasNewMaterial());
  }
  if (!last_error_ || now >= not_before_) return true;
  if (IsSilence(last_error_->kind) || now < look_at_files_) return false;
  look_at_files_ = now + seconds(1);
  return login_.HasNewMaterial();
}

void Session::CareFor(std::unique_lock<std::mutex>& lock) {
  const TimePoint now = clock_.SteadyNow();
  busy_ = true;
  const std::optional<TimePoint> ended_at = ends_at_;
  std::optional<Secret> living;
  if (Lives(now)) living = token_->Clone();
  const bool may_renew = living && renewable_;
  lock.unlock();

  const bool anew = login_.FollowsFile() || login_.BindsCertificate();
  Lease lease;
  Renewal renewal = Renewal::kEnded;
  if (may_renew && !(anew && login_.HasNewMaterial())) renewal = Renew(*living, lease);
  // At the end of its longest life a renewal adds nothing.
  const bool grew = ended_at && now + lease.ttl > *ended_at + seconds(1);
  if (renewal == Renewal::kDone && !grew) renewal = Renewal::kEnded;
  Result<Lease> fresh = tl::unexpected<Error>(Error{});
  const bool log_in = renewal == Renewal::kEnded && (!living || login_.CanRepeat());
  if (log_in) fresh = login_.Attempt();

  lock.lock();
  busy_ = false;
  if (renewal == Renewal::kSilent) {
    care_at_ = now + kRenewAgain;
  } else if (renewal == Renewal::kDone) {
    Take(std::move(lease), now);
  } else if (!log_in) {
    care_at_ = ended_at;  // what was given is used until its end
  } else if (fresh) {
    Take(std::move(*fresh), now);
  } else {
    Refused(fresh.error(), now);
  }
  settled_.notify_all();
}

void Session::TellOfCare() const {
  if (changed_) changed_();
}

Result<Secret> Session::Token() {
  std::unique_lock<std::mutex> lock(mutex_);
  settled_.wait(lock, [this] { return !busy_ || Lives(clock_.SteadyNow()); });
  const bool mine = !busy_ && NeedsCare(clock_.SteadyNow());
  if (mine) CareFor(lock);
  Result<Secret> token = Lives(clock_.SteadyNow())
                             ? Result<Secret>(token_->Clone())
                             : tl::unexpected<Error>(last_error_.value_or(GoneMeanwhile()));
  lock.unlock();
  if (mine) TellOfCare();
  return token;
}

// A server that says less than Vault does not tell a dead token from a narrow policy: the token
// itself is asked about.
bool Session::IsDead(const Answer& answer, const Secret& token) {
  if (answer.status != 403) return false;
  if (IsDeadToken(answer)) return true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (clock_.SteadyNow() < trusted_until_) return false;
  }
  Call call;
  call.path = "auth/token/lookup-self";
  call.attempted = "look at our own token";
  Result<Answer> own = SendAs(token, call);
  if (!own) return false;
  if (IsDeadToken(*own)) return true;
  const TimePoint now = clock_.SteadyNow();
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool unknown = own->status == 403 && now >= not_judged_until_;
  if (unknown) not_judged_until_ = now + kNotJudged;
  if (!unknown) trusted_until_ = now + kSeenAlive;
  return unknown;
}

void Session::Drop(const Secret& refused) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!token_ || !token_->EqualsInConstantTime(refused)) return;
  const TimePoint now = clock_.SteadyNow();
  token_.reset();
  young_deaths_ = now < taken_at_ + kYoung ? young_deaths_ + 1 : 0;
  if (young_deaths_ < 2) return;
  failures_ = young_deaths_ - 2;
  Refused({ErrorKind::kUnauthenticated, "dead_token",
           "Vault refused a token that is only seconds old, as it did with the one before.",
           "find out what revokes the agent's tokens"},
          now);
}

Result<Answer> Session::Send(const Call& call) {
  for (int attempt = 0;; ++attempt) {
    Result<Secret> token = Token();
    if (!token) {
      token.error().message = "Cannot " + call.attempted + ": " + token.error().message;
      return tl::unexpected<Error>(token.error());
    }
    Result<Answer> answer = SendAs(*token, call);
    if (!answer || !IsDead(*answer, *token)) return answer;
    Drop(*token);
    if (attempt == 1) return answer;
  }
}

Result<Answer> Session::Ask(const Call& call) {
  Result<Answer> answer = Send(call);
  if (!answer || answer->IsSuccess()) return answer;
  return tl::unexpected<Error>(Explain(call, *answer));
}

std::optional<Session::TimePoint> Session::NextCare() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return token_ || last_error_ ? care_at_ : std::nullopt;
}

void Session::Care() {
  std::unique_lock<std::mutex> lock(mutex_);
  const bool begun = token_ || last_error_;  // whoever needs it first logs in
  if (!begun || busy_ || !NeedsCare(clock_.SteadyNow())) return;
  CareFor(lock);
}

void Session::GiveBack() {
  std::optional<Secret> token;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!login_.MakesTokens() || !Lives(clock_.SteadyNow())) return;
    token = std::move(token_);
    token_.reset();
    care_at_.reset();
  }
  Call call;
  call.method = HttpRequest::Method::kPost;
  call.path = "auth/token/revoke-self";
  call.attempted = "give our token back";
  call.timeout = seconds(2);
  static_cast<void>(SendAs(*token, call));
}

}  // namespace tokenwarden::vault

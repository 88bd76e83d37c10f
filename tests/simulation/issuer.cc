#include "tests/simulation/issuer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tests/simulation/bugs.h"
#include "tests/simulation/invariants.h"
#include "tests/simulation/world.h"

namespace tokenwarden::simulation {
namespace {

constexpr std::string_view kPrefix = "tok-";
constexpr std::string_view kBodyEnd = ";end";
constexpr char kOurUser[] = "300000000000001";

// `tok-000042`: of one length, so that no value is a part of another.
std::string ValueOf(std::size_t index) {
  std::string digits = std::to_string(index);
  return std::string(kPrefix) + std::string(6 - std::min<std::size_t>(6, digits.size()), '0') +
         digits;
}

HttpReply ReplyWith(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

Result<HttpReply> Broken(ErrorKind kind, const char* reason) {
  return MakeError(kind, reason, std::string("the renewal request failed: ") + reason);
}

bool IsStrict(RotationModel model) {
  return model == RotationModel::kStrict || model == RotationModel::kStrictFamily;
}

}  // namespace

std::string Issuer::Mint(Quality quality, std::optional<Seconds> life) {
  Token token;
  token.born = world_.true_now;
  if (quality == Quality::kShort) life = kHour;
  if (quality == Quality::kNeverEnding) life.reset();
  if (life) token.ends = token.born + *life;
  token.good = quality == Quality::kGood;
  token.dead = quality == Quality::kDead;
  token.of_another_user = quality == Quality::kWrongUser;
  token.lacks_scope = quality == Quality::kLacksScope;
  tokens_.push_back(token);
  return ValueOf(tokens_.size() - 1);
}

const Token* Issuer::Find(std::string_view value) const {
  if (value.size() != 10 || value.substr(0, kPrefix.size()) != kPrefix) return nullptr;
  std::size_t index = 0;
  const std::string_view digits = value.substr(kPrefix.size());
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  return is_number && index < tokens_.size() ? &tokens_[index] : nullptr;
}

void Issuer::Kill(const std::string& value) {
  if (Token* token = const_cast<Token*>(Find(value))) token->dead = true;
}

bool Issuer::Lives(std::string_view value) const {
  const Token* token = Find(value);
  if (token == nullptr || token->dead) return false;
  if (token->ends && *token->ends <= world_.true_now) return false;
  if (!token->used_up_at) return true;
  switch (world_.scenario.model) {
    case RotationModel::kNone:
      return true;
    case RotationModel::kGraceSame:
    case RotationModel::kGraceFork:
      return world_.true_now < *token->used_up_at + world_.scenario.grace;
    default:
      return false;
  }
}

bool Issuer::IsFit(std::string_view value) const {
  const Token* token = Find(value);
  if (token == nullptr || !Lives(value)) return false;
  const MetaSpec& meta = world_.scenario.spec.meta;
  const bool foreign = token->of_another_user && !meta.user_id.empty();
  return !foreign && !(token->lacks_scope && !meta.required_scopes.empty());
}

bool Issuer::EndsEver(std::string_view value) const {
  const Token* token = Find(value);
  return token == nullptr || token->ends.has_value();
}

void Issuer::RevokeFamily() {
  for (Token& token : tokens_) token.dead = true;
}

std::string Issuer::Successor(Token& old, const std::string& presented) {
  const RotationModel model = world_.scenario.model;
  if (old.used_up_at && model == RotationModel::kGraceSame && !old.successor.empty()) {
    return old.successor;
  }
  if (!old.used_up_at) old.used_up_at = world_.true_now;
  const Quality quality = std::exchange(next_quality, Quality::kGood);
  if (quality == Quality::kSameValue && !IsStrict(model)) {
    if (model != RotationModel::kNone) old.used_up_at.reset();
    return presented;
  }
  const Seconds life = world_.scenario.life;
  const std::optional<Seconds> given = life > Seconds{0} ? std::optional(life) : std::nullopt;
  // Minting may move the tokens: `old` is not touched afterwards.
  const std::size_t index = static_cast<std::size_t>(&old - tokens_.data());
  std::string value = Mint(quality, given ? given : std::optional(Seconds(60 * kDay)));
  tokens_[index].successor = value;
  if (IsStrict(model)) world_.ledger.used_up.insert(presented);
  return value;
}

HttpReply Issuer::CarryOut(const std::string& presented) {
  Token* old = const_cast<Token*>(Find(presented));
  if (world_.scenario.makes_anew) {
    const Quality quality = std::exchange(next_quality, Quality::kGood);
    const Seconds life = world_.scenario.life > Seconds{0} ? world_.scenario.life : 60 * kDay;
    return ReplyWith(200, Mint(quality, life) + std::string(kBodyEnd));
  }
  if (!Lives(presented)) {
    const bool replayed = old != nullptr && old->used_up_at;
    if (replayed && world_.scenario.model == RotationModel::kStrictFamily) RevokeFamily();
    return ReplyWith(400, "no");
  }
  return ReplyWith(200, Successor(*old, presented) + std::string(kBodyEnd));
}

Result<HttpReply> Issuer::Renew(const HttpRequest& request) {
  const std::string presented =
      request.form.empty() ? "" : std::string(request.form.front().second.Reveal());
  const Fate fate = silence ? Fate::kLostBefore : std::exchange(next_fate, Fate::kAnswered);
  JudgeRequest(world_, presented);
  if (fate == Fate::kConnectRefused) return Broken(ErrorKind::kUnavailable, "connect");
  if (fate == Fate::kRefused) return ReplyWith(400, "no");
  if (fate == Fate::kThrottled) return ReplyWith(429, "slow down");
  // From here on nobody on our side can know what became of the value until a whole reply is
  // stored.
  if (!world_.scenario.makes_anew) world_.ledger.reply_lost_for.insert(presented);
  if (fate == Fate::kLostBefore) return Broken(ErrorKind::kUnavailable, "connection_lost");
  if (fate == Fate::kGatewayPage && world_.random.Percent(50)) return ReplyWith(503, "<html>");
  HttpReply reply = CarryOut(presented);
  if (fate == Fate::kAnsweredTwice && reply.status == 200) {
    const std::string second = Mint(Quality::kGood, kDay * 60);
    reply.body = second + std::string(kBodyEnd);
  }
  switch (fate) {
    case Fate::kLostAfter:
      return Broken(ErrorKind::kUnavailable, "connection_lost");
    case Fate::kLate:
      world_.true_now += Seconds{10};
      return Broken(ErrorKind::kDeadlineExceeded, "timeout");
    case Fate::kGatewayPage:
      return ReplyWith(503, "<html>");
    case Fate::kCutBody:
      if (reply.status != 200) break;
      reply.body.resize(reply.body.size() / 2);
      return reply;
    case Fate::kSilentAfter:
      silence = Reason::kOutage;
      break;
    default:
      break;
  }
  if (reply.status != 200) {
    world_.ledger.reply_lost_for.erase(presented);
    return reply;
  }
  NoteReceived(world_, reply.body.substr(0, reply.body.size() - kBodyEnd.size()), presented);
  return reply;
}

Observation Issuer::Silent(Observation seen) const {
  seen.verdict = Verdict::kIndeterminate;
  seen.reason = *silence;
  seen.message = "the issuer did not answer";
  seen.evidence.http_status.reset();
  if (seen.reason == Reason::kRateLimited) seen.retry_after = 10 * kMinute;
  return seen;
}

Observation Issuer::Judge(Observation seen, const ProviderContext& context, const Secret& value) {
  const std::string bytes(value.Reveal());
  const Token* token = Find(bytes);
  if (token == nullptr) {
    seen.verdict = Verdict::kMalformed;
    seen.reason = Reason::kCannotParse;
    return seen;
  }
  // What ends between our clock and the issuer's cannot be judged.
  const bool over = token->ends && *token->ends <= world_.true_now;
  const bool over_for_us = token->ends && *token->ends <= context.now;
  if (over != over_for_us) {
    seen.verdict = Verdict::kIndeterminate;
    seen.reason = Reason::kClock;
    return seen;
  }
  seen.verdict = Verdict::kValid;
  seen.reason = Reason::kConfirmed;
  seen.facts.kind = "system_user";
  seen.facts.user_id = token->of_another_user ? "300000000000002" : kOurUser;
  seen.facts.lifetime = token->ends ? Lifetime::kFinite : Lifetime::kNever;
  seen.facts.expires_at = token->ends;
  seen.facts.issued_at = token->born;
  if (!token->lacks_scope) seen.facts.scopes = {"messages"};
  if (over) {
    seen.verdict = Verdict::kExpired;
    seen.reason = Reason::kSessionExpired;
  } else if (!Lives(bytes)) {
    seen.verdict = Verdict::kRevoked;
    seen.reason = Reason::kSessionInvalid;
  } else if (token->of_another_user && !context.spec.meta.user_id.empty()) {
    seen.verdict = Verdict::kWrongIdentity;
    seen.reason = Reason::kOtherUser;
  } else if (token->lacks_scope && !context.spec.meta.required_scopes.empty()) {
    seen.verdict = Verdict::kUnderScoped;
    seen.reason = Reason::kScopeMissing;
    seen.missing_scopes = context.spec.meta.required_scopes;
  }
  return seen;
}

Observation Issuer::Inspect(const ProviderContext& context, const Secret& value) {
  Observation seen;
  seen.evidence = {"debug_token", 200, std::nullopt, std::nullopt, "trace", context.now};
  if (silence) return Silent(std::move(seen));
  seen = Judge(std::move(seen), context, value);
  const std::string bytes(value.Reveal());
  if (IsDead(seen.verdict)) world_.ledger.seen_dead.insert(bytes);
  if (IsConclusive(seen.verdict) && !IsDead(seen.verdict)) world_.ledger.seen_alive.insert(bytes);
  return seen;
}

Capabilities Issuer::CapabilitiesOf(const Observation* conclusive) const {
  Capabilities can;
  can.can_refresh = conclusive == nullptr || conclusive->facts.lifetime != Lifetime::kNever;
  if (!can.can_refresh) can.cannot_refresh_why = "it never expires";
  can.can_replace_dead = world_.scenario.makes_anew;
  can.rotation_model = world_.scenario.model;
  can.grace = world_.scenario.grace;
  return can;
}

// ---- the ports ----

Capabilities IssuerPorts::CapabilitiesOf(const ProviderContext&, const Observation* seen) const {
  Capabilities can = world_.issuer.CapabilitiesOf(seen);
  if (world_.HasBug(Bug::kStrictAsNone)) can.rotation_model = RotationModel::kNone;
  if (world_.HasBug(Bug::kExchangeNeverExpiring)) can.can_refresh = true;
  return can;
}

Observation IssuerPorts::Inspect(const ProviderContext& context, const Secret& value,
                                 HttpClient&) const {
  world_.AtCall(agent_, "Inspect", false);
  Observation seen = world_.issuer.Inspect(context, value);
  if (world_.HasBug(Bug::kTrustDeadCandidate) && IsDead(seen.verdict)) {
    seen.verdict = Verdict::kValid;
    seen.reason = Reason::kConfirmed;
  }
  if (world_.HasBug(Bug::kSilenceIsDead) && seen.verdict == Verdict::kIndeterminate) {
    seen.verdict = Verdict::kRevoked;
    seen.reason = Reason::kSessionInvalid;
  }
  world_.Tell([&] {
    return "agent " + std::to_string(agent_) + " inspects " + std::string(value.Reveal()) + ": " +
           std::string(ToString(seen.verdict)) + " (" + std::string(ToString(seen.reason)) + ")";
  });
  world_.AtCall(agent_, "Inspect", true);
  return seen;
}

Result<Renewal> IssuerPorts::BuildRenewal(const ProviderContext& context, const Secret& value,
                                          const Observation& conclusive) const {
  if (!CapabilitiesOf(context, &conclusive).can_refresh && !world_.scenario.makes_anew) {
    return MakeError(ErrorKind::kFailedPrecondition, "cannot_renew", "it never expires",
                     "nothing to do");
  }
  HttpRequest request;
  request.method = HttpRequest::Method::kPost;
  request.url = "https://issuer.example.test/renew";
  request.endpoint_name = "renewal";
  request.exactly_once = true;
  request.form.emplace_back("token", value.Clone());
  return Renewal(std::move(request));
}

Result<RenewedValue> IssuerPorts::ParseRenewal(const HttpReply& reply) const {
  const std::size_t end = reply.body.size() - std::min(reply.body.size(), kBodyEnd.size());
  const bool whole = reply.status == 200 && reply.body.substr(end) == kBodyEnd;
  if (whole) return RenewedValue{Secret(reply.body.substr(0, end)), std::nullopt};
  if (reply.status == 429) {
    return MakeError(ErrorKind::kResourceExhausted, "rate_limited", "the issuer said: slow down");
  }
  if (reply.status == 400) {
    return MakeError(ErrorKind::kFailedPrecondition, "refused", "the issuer said no",
                     "issue a new value by hand");
  }
  return MakeError(ErrorKind::kUnavailable, "bad_reply", "the reply holds no token");
}

Result<HttpReply> IssuerPorts::Send(const HttpRequest& request) {
  world_.AtCall(agent_, "Send", false);
  JudgeSender(world_, agent_);
  world_.request_in_the_air = true;
  ++world_.ledger.requests_in_flight;
  Result<HttpReply> reply = world_.issuer.Renew(request);
  if (!reply && world_.HasBug(Bug::kRetryExchange)) reply = world_.issuer.Renew(request);
  world_.Tell([&] {
    return "agent " + std::to_string(agent_) + " asks for a renewal of " +
           std::string(request.form.front().second.Reveal()) + ": " +
           (reply ? std::to_string(reply->status) + " " + reply->body : reply.error().reason);
  });
  --world_.ledger.requests_in_flight;
  world_.AtCall(agent_, "Send", true);
  world_.request_in_the_air = false;
  return reply;
}

}  // namespace tokenwarden::simulation

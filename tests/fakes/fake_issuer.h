// FakeIssuer: a provider and an HTTP client in one, with tokens that live in memory. Thread-safe.
//
// A renewal mints `renewed-N`; its request goes through Send() like a real one, where faults are
// injected.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/http_client.h"
#include "agent/ports/provider.h"

namespace tokenwarden {

struct FakeToken {
  Verdict verdict = Verdict::kValid;
  Reason reason = Reason::kConfirmed;
  std::optional<Instant> expires_at;
  std::optional<Instant> issued_at;
  std::vector<std::string> scopes;
  std::string user_id = "300000000000001";
};

class FakeIssuer : public Provider, public HttpClient {
 public:
  // ---- the issuer's side, for tests ----
  void Mint(const std::string& value, FakeToken token) {
    std::lock_guard<std::mutex> lock(mutex_);
    tokens_[value] = std::move(token);
  }
  void Kill(const std::string& value, Verdict verdict, Reason reason) {
    std::lock_guard<std::mutex> lock(mutex_);
    tokens_[value].verdict = verdict;
    tokens_[value].reason = reason;
  }
  // The next renewal makes this token (its value is given too).
  void NextRenewal(std::string value, FakeToken token) {
    std::lock_guard<std::mutex> lock(mutex_);
    next_ = std::make_pair(std::move(value), std::move(token));
  }
  void BeSilent(std::optional<Reason> reason) {
    std::lock_guard<std::mutex> lock(mutex_);
    silent_ = reason;
  }
  // Something happens elsewhere while the next inspection is under way.
  void OnNextInspection(std::function<void()> meanwhile) {
    std::lock_guard<std::mutex> lock(mutex_);
    meanwhile_ = std::move(meanwhile);
  }
  // Falls silent as soon as it has carried out the next renewal.
  void SilentAfterExchange(Reason reason) {
    std::lock_guard<std::mutex> lock(mutex_);
    silent_after_exchange_ = reason;
  }
  // Answers instead of the issuer for the next `times` renewals; an error means the transport
  // failed.
  void FailSend(Error error, bool commit_first, int times = 1) {
    std::lock_guard<std::mutex> lock(mutex_);
    send_error_ = std::move(error);
    commit_before_failing_ = commit_first;
    failures_left_ = times;
  }
  void set_rotation_model(RotationModel model, Seconds grace = kWhileItLives) {
    model_ = model;
    grace_ = grace;
  }
  // What the next calls to revoke come to; absent: they succeed.
  void AnswerRevocations(std::optional<Error> error) {
    std::lock_guard<std::mutex> lock(mutex_);
    revoke_error_ = std::move(error);
  }
  // The canary call fails for this value, whatever an inspection says.
  void FailCanary(const std::string& value) {
    std::lock_guard<std::mutex> lock(mutex_);
    no_canary_.insert(value);
  }
  // What was asked to be revoked, in whose name: `old by current`.
  std::vector<std::string> revocations() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return revocations_;
  }
  int exchanges() const { return Locked(exchanges_); }
  int inspections() const { return Locked(inspections_); }
  std::vector<std::string> minted() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return minted_;
  }

  // ---- Provider ----
  std::string_view Name() const override { return "meta"; }
  Capabilities CapabilitiesOf(const ProviderContext&, const Observation* seen) const override {
    Capabilities can;
    can.can_refresh = !seen || seen->facts.lifetime != Lifetime::kNever;
    can.cannot_refresh_why = can.can_refresh ? "" : "it never expires";
    can.rotation_model = model_;
    can.grace = grace_;
    can.can_revoke = true;
    return can;
  }
  Observation Inspect(const ProviderContext& context, const Secret& value,
                      HttpClient&) const override {
    std::lock_guard<std::mutex> lock(mutex_);
    ++inspections_;
    if (meanwhile_) std::exchange(meanwhile_, nullptr)();
    Observation seen;
    seen.evidence = {"debug_token", 200, std::nullopt, std::nullopt, "trace", context.now};
    if (silent_) {
      seen.verdict = Verdict::kIndeterminate;
      seen.reason = *silent_;
      seen.message = "the issuer did not answer";
      return seen;
    }
    const auto found = tokens_.find(std::string(value.Reveal()));
    if (found == tokens_.end()) {
      seen.verdict = Verdict::kMalformed;
      seen.reason = Reason::kCannotParse;
      seen.message = "the issuer cannot read it";
      return seen;
    }
    const FakeToken& token = found->second;
    seen.verdict = token.verdict;
    seen.reason = token.reason;
    seen.message = "the issuer answered";
    if (token.expires_at && *token.expires_at <= context.now && !IsDead(token.verdict)) {
      seen.verdict = Verdict::kExpired;
      seen.reason = Reason::kSessionExpired;
    }
    seen.facts.kind = "system_user";
    seen.facts.user_id = token.user_id;
    seen.facts.lifetime = token.expires_at ? Lifetime::kFinite : Lifetime::kNever;
    seen.facts.expires_at = token.expires_at;
    seen.facts.issued_at = token.issued_at;
    seen.facts.scopes = token.scopes;
    return seen;
  }
  Observation Prove(const ProviderContext& context, const Secret& value,
                    HttpClient& http) const override {
    Observation seen = Inspect(context, value, http);
    std::lock_guard<std::mutex> lock(mutex_);
    if (seen.verdict == Verdict::kValid && no_canary_.count(std::string(value.Reveal())) != 0) {
      seen.verdict = Verdict::kUnderScoped;
      seen.reason = Reason::kAssetUnreachable;
      seen.message = "the canary call failed";
    }
    return seen;
  }
  Status Revoke(const ProviderContext&, const Secret& old, const Secret& current,
                HttpClient&) const override {
    std::lock_guard<std::mutex> lock(mutex_);
    const std::string value(old.Reveal());
    revocations_.push_back(value + " by " + std::string(current.Reveal()));
    if (revoke_error_) return tl::unexpected<Error>(*revoke_error_);
    tokens_[value].verdict = Verdict::kRevoked;
    tokens_[value].reason = Reason::kRevokedByApi;
    return {};
  }
  Result<Renewal> BuildRenewal(const ProviderContext&, const Secret& value,
                               const Observation&) const override {
    HttpRequest request;
    request.method = HttpRequest::Method::kPost;
    request.url = "https://issuer.example.test/renew";
    request.endpoint_name = "oauth_access_token";
    request.form.emplace_back("token", value.Clone());
    request.exactly_once = true;
    return Renewal(std::move(request));
  }
  Result<RenewedValue> ParseRenewal(const HttpReply& reply) const override {
    if (reply.status != 200) {
      return MakeError(ErrorKind::kFailedPrecondition, "issuer_said_no", "the issuer refused",
                       "look at the issuer");
    }
    return RenewedValue{Secret(reply.body), std::nullopt};
  }
  std::string LaneOf(const CredentialSpec& spec) const override {
    return "meta|" + spec.meta.endpoint + "|" + spec.meta.app_id;
  }

  // ---- HttpClient ----
  Result<HttpReply> Send(const HttpRequest&) override {
    std::lock_guard<std::mutex> lock(mutex_);
    const bool fail = failures_left_ > 0;
    if (fail) --failures_left_;
    if (fail && !commit_before_failing_) return tl::unexpected<Error>(*send_error_);
    ++exchanges_;
    std::pair<std::string, FakeToken> fresh =
        next_ ? *next_ : std::make_pair("renewed-" + std::to_string(exchanges_), FakeToken{});
    next_.reset();
    tokens_[fresh.first] = fresh.second;
    minted_.push_back(fresh.first);
    if (silent_after_exchange_) silent_ = std::exchange(silent_after_exchange_, std::nullopt);
    if (fail) return tl::unexpected<Error>(*send_error_);
    HttpReply reply;
    reply.status = 200;
    reply.body = fresh.first;
    return reply;
  }

 private:
  int Locked(const int& value) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  mutable std::map<std::string, FakeToken> tokens_;
  std::set<std::string> no_canary_;
  std::optional<Error> revoke_error_;
  mutable std::vector<std::string> revocations_;
  Seconds grace_ = kWhileItLives;
  std::optional<std::pair<std::string, FakeToken>> next_;
  std::optional<Reason> silent_;
  std::optional<Reason> silent_after_exchange_;
  std::optional<Error> send_error_;
  bool commit_before_failing_ = false;
  int failures_left_ = 0;
  int exchanges_ = 0;
  mutable std::function<void()> meanwhile_;
  mutable int inspections_ = 0;
  RotationModel model_ = RotationModel::kNone;
  std::vector<std::string> minted_;
};

}  // namespace tokenwarden

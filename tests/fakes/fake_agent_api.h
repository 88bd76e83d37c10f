// FakeAgentApi: an agent that answers what a test tells it to. Thread-safe where AgentApi is, as
// long as the hooks are set before it is used.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/agent_api.h"

namespace tokenwarden {

class FakeAgentApi : public AgentApi {
 public:
  using Verb = std::function<Result<TokenView>(const std::string& name)>;

  // ---- what a test sets ----
  Verb on_check = [this](const std::string& name) { return Get(name); };
  Verb on_refresh = [this](const std::string& name) { return Get(name); };
  std::function<Result<TokenView>(SubmitRequest)> on_submit = [this](SubmitRequest request) {
    return Get(request.name);
  };
  Verb on_rollback = [this](const std::string& name) { return Get(name); };
  Verb on_sync = [this](const std::string& name) { return Get(name); };
  std::function<Result<Explanation>(const std::string&)> on_explain =
      [this](const std::string& name) -> Result<Explanation> {
    auto view = Get(name);
    if (!view) return tl::unexpected<Error>(view.error());
    Explanation explanation;
    explanation.token = *view;
    return explanation;
  };
  std::function<Status()> on_reload = [] { return Status(); };

  void SetTokens(std::vector<TokenView> views) {
    std::lock_guard<std::mutex> lock(mutex_);
    views_ = std::move(views);
    ++revision_;
  }
  void SetReadinessProblems(std::vector<HealthProblem> problems) {
    std::lock_guard<std::mutex> lock(mutex_);
    readiness_ = std::move(problems);
    ++revision_;
  }
  void SetLivenessProblems(std::vector<HealthProblem> problems) {
    std::lock_guard<std::mutex> lock(mutex_);
    liveness_ = std::move(problems);
  }
  void SetVitals(AgentVitals vitals) {
    std::lock_guard<std::mutex> lock(mutex_);
    vitals_ = vitals;
  }
  int visits() const { return visits_; }  // how often somebody walked over all tokens

  // ---- AgentApi ----
  std::vector<TokenView> List(const TokenSelector& selector) const override {
    std::vector<TokenView> out;
    ForEach(selector, [&](const TokenView& view) { out.push_back(view); });
    return out;
  }
  void ForEach(const TokenSelector& selector,
               const std::function<void(const TokenView&)>& visit) const override {
    std::lock_guard<std::mutex> lock(mutex_);
    ++visits_;
    for (const TokenView& view : views_) {
      if (Selected(selector, view)) visit(view);
    }
  }
  Result<TokenView> Get(const std::string& name) const override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const TokenView& view : views_) {
      if (view.name == name) return view;
    }
    return MakeError(ErrorKind::kNotFound, "no_such_credential",
                     "there is no credential named '" + name + "'", "see `tokenwarden status`");
  }
  Result<TokenView> Check(const std::string& name) override { return on_check(name); }
  Result<TokenView> Refresh(const std::string& name) override { return on_refresh(name); }
  Result<TokenView> Submit(SubmitRequest request) override { return on_submit(std::move(request)); }
  Result<TokenView> Rollback(const std::string& name) override { return on_rollback(name); }
  Result<TokenView> Sync(const std::string& name) override { return on_sync(name); }
  Result<Explanation> Explain(const std::string& name) const override { return on_explain(name); }
  Status Reload() override { return on_reload(); }
  std::vector<HealthProblem> LivenessProblems() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return liveness_;
  }
  std::vector<HealthProblem> ReadinessProblems() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return readiness_;
  }
  std::vector<HealthProblem> StartupProblems() const override { return {}; }
  AgentVitals Vitals() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return vitals_;
  }
  std::uint64_t Revision() const override { return revision_; }

 private:
  static bool Selected(const TokenSelector& selector, const TokenView& view) {
    if (!selector.name.empty() && selector.name != view.name) return false;
    if (!selector.tenant.empty() && selector.tenant != view.tenant) return false;
    for (const auto& label : selector.labels) {
      const auto found = view.labels.find(label.first);
      if (found == view.labels.end() || found->second != label.second) return false;
    }
    return true;
  }

  mutable std::mutex mutex_;
  std::vector<TokenView> views_;
  std::vector<HealthProblem> readiness_;
  std::vector<HealthProblem> liveness_;
  AgentVitals vitals_;
  std::atomic<std::uint64_t> revision_{1};
  mutable std::atomic<int> visits_{0};
};

// A view in which every field says something.
inline TokenView FullTokenView(const std::string& name, Instant now) {
  TokenView view;
  view.name = name;
  view.tenant = "acme";
  view.provider = "meta";
  view.labels = {{"team", "support"}};
  CredentialState& state = view.state;
  state.name = name;
  state.generation = 3;
  state.fingerprint.text = "hmac:0123456789abcdef";
  state.generation_since = now - 2 * kDay;
  state.origin = Origin::kRefresh;

  Observation conclusive;
  conclusive.verdict = Verdict::kUnderScoped;
  conclusive.reason = Reason::kScopeMissing;
  conclusive.message = "it lacks a scope";
  conclusive.action = "grant it";
  conclusive.facts.kind = "system_user";
  conclusive.facts.app_id = "100000000000001";
  conclusive.facts.user_id = "200000000000001";
  conclusive.facts.profile_id = "300000000000001";
  conclusive.facts.lifetime = Lifetime::kFinite;
  conclusive.facts.expires_at = now + 30 * kDay;
  conclusive.facts.issued_at = now - 30 * kDay;
  conclusive.facts.scopes = {"whatsapp_business_messaging"};
  conclusive.facts.other_clocks = {{DeadlineReason::kDataAccessExpiry, now + 20 * kDay}};
  conclusive.missing_scopes = {"whatsapp_business_management"};
  conclusive.findings = {{"quality_red", Severity::kWarn, "the number is rated red", "wait"}};
  conclusive.unproven = {"the phone number was not asked about"};
  conclusive.evidence = {"debug_token", 200, 190, 463, "trace-1", now - kHour};
  conclusive.retry_after = Seconds(60);
  conclusive.clock_skew = Seconds(-2);
  state.conclusive = conclusive;

  Observation silence;
  silence.verdict = Verdict::kIndeterminate;
  silence.reason = Reason::kRateLimited;
  silence.message = "told to slow down";
  silence.evidence.endpoint = "debug_token";
  silence.evidence.observed_at = now - kMinute;
  state.silence = silence;

  state.inspect = {now - kMinute, now - kHour,         1,
                   now + kMinute, "told to slow down", "rate_limited"};
  state.renew = {now - 2 * kDay, now - 2 * kDay, 2, std::nullopt, "no answer", "timeout"};
  state.sinks = {{".env#TOKEN", 2, now - kHour, true, 1, now - kMinute, "no room", "disk_full"}};
  state.rotation = RotationState::kCurrent;
  state.operator_need = OperatorNeed{"refused", "the new value is worse", now - kDay};
  state.refused_fingerprint.text = "hmac:fedcba9876543210";
  state.reply_lost_at = now - kHour;

  view.deadline = {now + 20 * kDay, DeadlineReason::kDataAccessExpiry};
  view.renewal_due_at = now + 10 * kDay;
  view.next_look_at = now + 15 * kMinute;
  SinkSpec sink;
  sink.kind = SinkKind::kDotenv;
  sink.path = ".env";
  sink.key = "TOKEN";
  sink.drift = Drift::kAdopt;
  view.sinks = {sink};
  view.sink_retries = {{".env#TOKEN", now + 5 * kMinute}};
  return view;
}

}  // namespace tokenwarden

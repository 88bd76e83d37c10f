#include "agent/adapters/metrics/credential_families.h"

#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "agent/adapters/metrics/catalog.h"
#include "agent/adapters/metrics/text_format.h"

namespace tokenwarden::metrics {
namespace {

constexpr auto kFirst = static_cast<std::size_t>(Metric::kTokenInfo);
constexpr auto kLast = static_cast<std::size_t>(Metric::kClockSkew);
constexpr std::size_t kFamilies = kLast - kFirst + 1;

constexpr std::pair<DeadlineReason, std::string_view> kGrants[] = {
    {DeadlineReason::kDataAccessExpiry, "data_access"},
    {DeadlineReason::kRefreshExpiry, "refresh_token"},
    {DeadlineReason::kKeyExpiry, "key"},
    {DeadlineReason::kVersionSunset, "api_version"},
};

constexpr std::array<std::string_view, 9> kStates = {"valid",      "expired",        "revoked",
                                                     "malformed",  "wrong_identity", "under_scoped",
                                                     "restricted", "indeterminate",  kPendingState};

constexpr std::array<Lifetime, 3> kLifetimes = {Lifetime::kFinite, Lifetime::kNever,
                                                Lifetime::kUnknown};

bool IsInFlight(const CredentialState& state) {
  return state.rotation && *state.rotation <= RotationState::kProven;
}

class Walk {
 public:
  explicit Walk(const SinkCounters& sinks) : sinks_(sinks) {
    for (std::size_t i = 0; i < kFamilies; ++i) {
      writers_[i] = std::make_unique<PartWriter>();
      AppendHeader(writers_[i]->text(), RowOf(static_cast<Metric>(kFirst + i)));
    }
    // A fleet that shrank to nothing is a 0, not an absent series.
    for (const Lifetime lifetime : kLifetimes) tokens_[{"meta", lifetime}] = 0;
    in_flight_["meta"] = 0;
    for (std::size_t i = 0; i < kStates.size(); ++i)
      AppendLabel(state_labels_[i], "state", kStates[i]);
  }

  void Visit(const TokenView& view) {
    if (view.held_elsewhere) return;  // its holder exports it
    labels_.clear();
    AppendLabel(labels_, "credential", view.name);
    AppendLabel(labels_, "provider", view.provider);
    if (!view.tenant.empty()) AppendLabel(labels_, "tenant", view.tenant);
    WriteState(view);
    WriteClocks(view);
    WriteWork(view);
    for (const SinkSpec& sink : view.sinks) WriteSink(view, sink);
    const Lifetime lifetime =
        view.state.conclusive ? view.state.conclusive->facts.lifetime : Lifetime::kUnknown;
    ++tokens_[{view.provider, lifetime}];
    if (IsInFlight(view.state)) ++in_flight_[view.provider];
    for (const auto& writer : writers_) writer->Spill();
  }

  CredentialPart Finish() {
    labels_.clear();
    for (const auto& entry : tokens_) {
      more_.clear();
      AppendLabel(more_, "provider", entry.first.first);
      AppendLabel(more_, "lifetime", ToString(entry.first.second));
      Write(Metric::kTokens, entry.second);
    }
    for (const auto& entry : in_flight_)
      Write1(Metric::kRefreshInFlight, "provider", entry.first, entry.second);
    more_.clear();
    if (skew_) Write(Metric::kClockSkew, skew_->count());
    CredentialPart out;
    for (const auto& writer : writers_) out.part.Append(writer->Finish());
    out.series = series_;
    return out;
  }

 private:
  // With the current labels and `more_`.
  void Write(Metric metric, std::int64_t value) {
    const std::size_t index = static_cast<std::size_t>(metric) - kFirst;
    AppendSample(writers_[index]->text(), RowOf(metric).name, labels_, more_, value);
    ++series_;
  }
  void Write0(Metric metric, std::int64_t value) {
    more_.clear();
    Write(metric, value);
  }
  void Write1(Metric metric, std::string_view label, std::string_view word, std::int64_t value) {
    more_.clear();
    AppendLabel(more_, label, word);
    Write(metric, value);
  }
  void WriteTime(Metric metric, const std::optional<Instant>& at) {
    if (at) Write0(metric, ToUnix(*at));
  }

  void WriteState(const TokenView& view) {
    const CredentialState& state = view.state;
    static const TokenFacts kNoFacts;
    const TokenFacts& facts = state.conclusive ? state.conclusive->facts : kNoFacts;
    more_.clear();
    // An empty label is the same as none.
    if (!facts.kind.empty()) AppendLabel(more_, "token_kind", facts.kind);
    if (!facts.user_id.empty()) AppendLabel(more_, "account", facts.user_id);
    AppendLabel(more_, "lifetime", ToString(facts.lifetime));
    AppendLabel(more_, "refreshable", view.renewal_due_at ? "true" : "false");
    Write(Metric::kTokenInfo, 1);

    const std::string_view word = StateWord(state);
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      more_ = state_labels_[i];
      Write(Metric::kTokenState, kStates[i] == word ? 1 : 0);
    }
    if (state.silence) {
      Write1(Metric::kTokenIndeterminate, "reason", ToString(state.silence->reason), 1);
    }
    if (state.conclusive) WriteFindings(state.conclusive->findings);
    NoteSkew(state.conclusive);
    NoteSkew(state.silence);
  }

  void WriteFindings(const std::vector<Finding>& findings) {
    for (std::size_t i = 0; i < findings.size(); ++i) {
      bool said = false;  // the same series twice would spoil the whole page
      for (std::size_t j = 0; j < i; ++j) {
        said = said ||
               (findings[j].id == findings[i].id && findings[j].severity == findings[i].severity);
      }
      if (said) continue;
      more_.clear();
      AppendLabel(more_, "finding", findings[i].id);
      AppendLabel(more_, "severity", ToString(findings[i].severity));
      Write(Metric::kTokenFinding, 1);
    }
  }

  void WriteClocks(const TokenView& view) {
    if (view.deadline.at) {
      Write1(Metric::kTokenDeadline, "reason", ToString(view.deadline.reason),
             ToUnix(*view.deadline.at));
    }
    if (!view.state.conclusive) return WriteTime(Metric::kTokenIssued, view.state.generation_since);
    const TokenFacts& facts = view.state.conclusive->facts;
    if (facts.lifetime == Lifetime::kFinite) WriteTime(Metric::kTokenExpiry, facts.expires_at);
    for (const auto& grant : kGrants) {
      std::optional<Instant> earliest;
      for (const ClockReading& clock : facts.other_clocks) {
        if (clock.reason == grant.first && (!earliest || clock.at < *earliest)) earliest = clock.at;
      }
      if (earliest) Write1(Metric::kTokenGrantExpiry, "grant", grant.second, ToUnix(*earliest));
    }
    WriteTime(Metric::kTokenIssued,
              facts.issued_at ? facts.issued_at : view.state.generation_since);
    WriteTime(Metric::kTokenLastCheck, view.state.conclusive->evidence.observed_at);
  }

  void WriteWork(const TokenView& view) {
    WriteTime(Metric::kTokenRefreshDue, view.renewal_due_at);
    WriteTime(Metric::kTokenLastRefreshSuccess, view.state.renew.last_success_at);
    Write0(Metric::kTokenRefreshFailures, view.state.renew.consecutive_failures);
    if (view.state.rotation)
      Write1(Metric::kTokenRotation, "state", ToString(*view.state.rotation), 1);
    Write0(Metric::kOperatorNeeded, view.state.operator_need ? 1 : 0);
  }

  void WriteSink(const TokenView& view, const SinkSpec& sink) {
    const std::string target = sink.Target();
    static const SinkState kNever;
    const SinkState* state = &kNever;
    for (const SinkState& each : view.state.sinks) {
      if (each.target == target) state = &each;
    }
    more_.clear();
    AppendLabel(more_, "sink", ToString(sink.kind));
    AppendLabel(more_, "target", target);
    Write(Metric::kSinkGeneration, static_cast<std::int64_t>(state->generation));
    Write(Metric::kSinkLag, static_cast<std::int64_t>(view.state.generation) -
                                static_cast<std::int64_t>(state->generation));
    if (state->verified_at) Write(Metric::kSinkLastVerified, ToUnix(*state->verified_at));
    Write(Metric::kSinkDrifted, state->drifted ? 1 : 0);
    const SinkCounters::Counts& counts = sinks_.Of(view.name, target);
    Write(Metric::kSinkPublishAttempts, static_cast<std::int64_t>(counts.attempts));
    const std::size_t common = more_.size();
    for (const auto& failure : counts.failures) {
      more_.resize(common);
      AppendLabel(more_, "reason", failure.first);
      Write(Metric::kSinkPublishFailures, static_cast<std::int64_t>(failure.second));
    }
  }

  void NoteSkew(const std::optional<Observation>& observation) {
    if (!observation || !observation->clock_skew) return;
    if (skew_ && observation->evidence.observed_at <= skew_at_) return;
    skew_ = observation->clock_skew;
    skew_at_ = observation->evidence.observed_at;
  }

  const SinkCounters& sinks_;
  std::array<std::unique_ptr<PartWriter>, kFamilies> writers_;
  std::array<std::string, kStates.size()> state_labels_;
  std::map<std::pair<std::string, Lifetime>, std::int64_t> tokens_;
  std::map<std::string, std::int64_t> in_flight_;
  std::optional<Seconds> skew_;
  Instant skew_at_{};
  std::string labels_;  // of the view
  std::string more_;    // of the sample
  std::uint64_t series_ = 0;
};

}  // namespace

CredentialPart RenderCredentials(const AgentApi& api, const SinkCounters& sinks) {
  Walk walk(sinks);
  api.ForEach({}, [&walk](const TokenView& view) { walk.Visit(view); });
  return walk.Finish();
}

}  // namespace tokenwarden::metrics

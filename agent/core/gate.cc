#include "agent/core/gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/core/sentence.h"
#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<GateResult> kResults[] = {
    {GateResult::kPass, "pass"},
    {GateResult::kWarn, "warn"},
    {GateResult::kFail, "fail"},
    {GateResult::kIndeterminate, "indeterminate"},
};

constexpr Word<OnIndeterminate> kChoices[] = {
    {OnIndeterminate::kExit4, "exit4"},
    {OnIndeterminate::kFail, "fail"},
    {OnIndeterminate::kWarn, "warn"},
    {OnIndeterminate::kPass, "pass"},
};

constexpr Seconds kDefaultWarn = kDay * 14;

// From the best to the worst.
constexpr GateResult kByWeight[] = {GateResult::kPass, GateResult::kWarn,
                                    GateResult::kIndeterminate, GateResult::kFail};
constexpr ExitCode kExitsByWeight[] = {
    ExitCode::kPass,         ExitCode::kWarnings, ExitCode::kGateFailed, ExitCode::kIndeterminate,
    ExitCode::kNotPermitted, ExitCode::kUsage,    ExitCode::kInterrupted};

template <typename T, std::size_t kSize>
std::size_t WeightIn(const T (&order)[kSize], T value) {
  return static_cast<std::size_t>(std::find(order, order + kSize, value) - order);
}

GateResult ResultFor(OnIndeterminate choice) {
  switch (choice) {
    case OnIndeterminate::kFail:
      return GateResult::kFail;
    case OnIndeterminate::kWarn:
      return GateResult::kWarn;
    case OnIndeterminate::kPass:
      return GateResult::kPass;
    case OnIndeterminate::kExit4:
      break;
  }
  return GateResult::kIndeterminate;
}

// Keeps the worst; of equals the first, and its sentence.
class Judgement {
 public:
  void Add(GateResult result, std::string why) {
    if (WeightIn(kByWeight, result) <= WeightIn(kByWeight, verdict_.result)) return;
    verdict_ = {result, std::move(why)};
  }
  GateVerdict Take() { return std::move(verdict_); }

 private:
  GateVerdict verdict_;
};

std::optional<Seconds> LifetimeOf(const TokenFacts& facts) {
  if (facts.lifetime != Lifetime::kFinite || !facts.expires_at || !facts.issued_at) {
    return std::nullopt;
  }
  if (*facts.expires_at <= *facts.issued_at) return std::nullopt;
  return *facts.expires_at - *facts.issued_at;
}

Seconds WarnBelow(const TokenFacts& facts, const std::optional<Threshold>& configured) {
  if (configured) {
    if (const std::optional<Seconds> wanted = configured->Of(facts)) return *wanted;
  }
  const std::optional<Seconds> life = LifetimeOf(facts);
  return life ? std::min(kDefaultWarn, *life / 3) : kDefaultWarn;
}

void JudgeVerdict(const Observation& seen, const GateOptions& options, Judgement& judgement) {
  if (seen.verdict == Verdict::kValid) return;
  const std::string word =
      std::string(ToString(seen.verdict)) + " (" + std::string(ToString(seen.reason)) + ")";
  std::string why = seen.message.empty() ? word : word + ": " + seen.message;
  judgement.Add(seen.verdict == Verdict::kIndeterminate ? ResultFor(options.on_indeterminate)
                                                        : GateResult::kFail,
                std::move(why));
}

void JudgeScopes(const Observation& seen, const GateOptions& options, Judgement& judgement) {
  // When the token could not be inspected its scopes are unknown, not absent; the verdict says why.
  if (options.required_scopes.empty() || !IsConclusive(seen.verdict)) return;
  if (seen.reason == Reason::kSelfReported && seen.facts.scopes.empty()) {
    judgement.Add(ResultFor(options.on_indeterminate),
                  "the scopes of this token could not be learned without the app secret, so " +
                      Listed(options.required_scopes) + " is not proven");
    return;
  }
  std::vector<std::string> missing;
  for (const std::string& scope : options.required_scopes) {
    const auto& held = seen.facts.scopes;
    if (std::find(held.begin(), held.end(), scope) == held.end()) missing.push_back(scope);
  }
  if (missing.empty()) return;
  judgement.Add(GateResult::kFail, "lacks the required scope " + Listed(missing));
}

std::string EndsIn(const Deadline& deadline, Instant now) {
  return "ends in " + FormatDuration(*deadline.at - now) + " (" +
         std::string(ToString(deadline.reason)) + " at " + FormatUtc(*deadline.at) + ")";
}

void JudgeDeadline(const Observation& seen, const GateOptions& options, Instant now,
                   Judgement& judgement) {
  const Deadline deadline = EarliestDeadline(seen.facts);
  const std::optional<Seconds> wanted = options.min_remaining.Of(seen.facts);
  const bool wants_time = !wanted || *wanted > Seconds{0};
  if (!deadline.at) {
    if (deadline.reason == DeadlineReason::kNever || !wants_time) return;
    judgement.Add(ResultFor(options.on_indeterminate),
                  "it is not known when this token ends, so the wanted time is not proven");
    return;
  }
  const Seconds left = *deadline.at - now;
  if (left <= Seconds{0}) {
    judgement.Add(GateResult::kFail, "ended " + FormatDuration(left) + " ago (" +
                                         std::string(ToString(deadline.reason)) + " at " +
                                         FormatUtc(*deadline.at) + ")");
    return;
  }
  if (!wanted) {
    judgement.Add(ResultFor(options.on_indeterminate),
                  "the lifetime of this token is not known, so no percentage of it can be judged");
  } else if (left < *wanted) {
    judgement.Add(GateResult::kFail,
                  EndsIn(deadline, now) + ", and " + FormatDuration(*wanted) + " are wanted");
  }
  if (left < WarnBelow(seen.facts, options.warn)) {
    judgement.Add(GateResult::kWarn, EndsIn(deadline, now));
  }
}

void JudgeFindings(const Observation& seen, Judgement& judgement) {
  for (const Finding& finding : seen.findings) {
    if (finding.severity == Severity::kInfo) continue;
    judgement.Add(finding.severity == Severity::kFail ? GateResult::kFail : GateResult::kWarn,
                  finding.id + ": " + finding.message);
  }
}

tl::unexpected<Error> BadPercentage(std::string_view text) {
  return MakeError(
      ErrorKind::kInvalidArgument, "bad_threshold",
      "the threshold `" + std::string(text.substr(0, 16)) + "` is not a percentage from 0% to 100%",
      "write a duration like 7d, or a percentage of the lifetime like 20%");
}

// Digits with at most one point between them: no sign, no exponent, no locale.
std::optional<double> PlainNumber(std::string_view text) {
  double number = 0;
  double scale = 1;
  bool in_fraction = false;
  if (text.empty() || text.size() > 8 || text.front() == '.' || text.back() == '.') {
    return std::nullopt;
  }
  for (char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else {
      number = number * 10 + (c - '0');
      if (in_fraction) scale *= 10;
    }
  }
  return number / scale;
}

}  // namespace

std::string_view ToString(GateResult result) { return WordFor(kResults, result); }
std::optional<GateResult> ParseGateResult(std::string_view word) {
  return ValueFor(kResults, word);
}
std::string_view ToString(OnIndeterminate choice) { return WordFor(kChoices, choice); }
std::optional<OnIndeterminate> ParseOnIndeterminate(std::string_view word) {
  return ValueFor(kChoices, word);
}

Result<Threshold> Threshold::Parse(std::string_view text) {
  if (!text.empty() && text.back() == '%') {
    const std::optional<double> percent = PlainNumber(text.substr(0, text.size() - 1));
    if (!percent || *percent > 100) return BadPercentage(text);
    return Threshold{std::nullopt, percent};
  }
  Result<Seconds> duration = ParseDuration(text);
  if (!duration) return tl::unexpected<Error>(std::move(duration.error()));
  return Threshold{*duration, std::nullopt};
}

std::optional<Seconds> Threshold::Of(const TokenFacts& facts) const {
  if (duration) return duration;
  if (!percent || *percent <= 0) return Seconds{0};
  const std::optional<Seconds> life = LifetimeOf(facts);
  if (!life) return std::nullopt;
  return Seconds{std::llround(static_cast<double>(life->count()) * *percent / 100)};
}

GateVerdict JudgeGate(const Observation& observation, const GateOptions& options, Instant now) {
  Judgement judgement;
  JudgeVerdict(observation, options, judgement);
  JudgeScopes(observation, options, judgement);
  if (IsConclusive(observation.verdict)) JudgeDeadline(observation, options, now, judgement);
  JudgeFindings(observation, judgement);
  return judgement.Take();
}

ExitCode WorstOf(ExitCode a, ExitCode b) {
  return WeightIn(kExitsByWeight, a) >= WeightIn(kExitsByWeight, b) ? a : b;
}

ExitCode ExitCodeFor(GateResult result, bool warnings_fail) {
  switch (result) {
    case GateResult::kFail:
      return ExitCode::kGateFailed;
    case GateResult::kIndeterminate:
      return ExitCode::kIndeterminate;
    case GateResult::kWarn:
      return warnings_fail ? ExitCode::kWarnings : ExitCode::kPass;
    case GateResult::kPass:
      break;
  }
  return ExitCode::kPass;
}

}  // namespace tokenwarden

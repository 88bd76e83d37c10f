#include <utility>

#include "cli/check/runner.h"
#include "cli/check/settings.h"
#include "cli/commands/commands.h"
#include "cli/commands/gather_targets.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

Observation AskIssuer(Services& services, const Target& target, Instant now,
                      std::chrono::milliseconds patience) {
  const ProviderContext context{
      target.spec, target.app_secret, target.parent_token, target.generate_token, now, patience};
  return services.Issuer().Inspect(context, target.value, services.Http());
}

// A shared secret is not a token: it is shown, and gates only when it certainly cannot work.
GateVerdict GateOf(const Target& target, const Observation& seen, const GateOptions& options,
                   Instant now) {
  if (target.use == Use::kSharedSecret && !IsConclusive(seen.verdict)) return {};
  return JudgeGate(seen, options, now);
}

std::string KindOf(const Target& target, const Observation& seen) {
  return target.use == Use::kSharedSecret ? "webhook_verify_token" : seen.facts.kind;
}

TokenReport ReportOn(const Target& target, Observation seen, const CheckSettings& settings,
                     Instant now, const Fingerprinter& fingerprints) {
  TokenReport report;
  report.name = target.spec.name;
  report.provider = target.use == Use::kGraphToken ? target.spec.provider() : std::string_view{};
  report.tenant = target.spec.tenant;
  report.kind = KindOf(target, seen);
  report.gate = GateOf(target, seen, settings.gate, now);
  if (!target.value.empty()) report.fingerprint = fingerprints.Of(target.value);
  report.scopes_asked = !target.spec.meta.required_scopes.empty();
  seen.unproven.insert(seen.unproven.end(), target.notes.begin(), target.notes.end());
  report.observation = std::move(seen);
  return report;
}

ExitCode ExitCodeFor(const Target& target, const TokenReport& report, bool warnings_fail) {
  const ExitCode gate = tokenwarden::ExitCodeFor(report.gate.result, warnings_fail);
  return target.problem ? WorstOf(gate, ExitCodeOf(*target.problem)) : gate;
}

ExitCode Softened(ExitCode code, bool exit_zero) {
  const bool about_tokens = code == ExitCode::kGateFailed || code == ExitCode::kWarnings ||
                            code == ExitCode::kIndeterminate;
  return exit_zero && about_tokens ? ExitCode::kPass : code;
}

void Conclude(CheckReport& report, bool interrupted, const CheckSettings& settings) {
  report.exit_code = Softened(report.exit_code, settings.exit_zero);
  if (!interrupted) return;
  report.exit_code = ExitCode::kInterrupted;
  report.error = Error{ErrorKind::kAborted, "interrupted",
                       "the check was interrupted before every token was judged", "run it again"};
}

Outcome Show(const Context& context, const CheckReport& report, const std::string& notes) {
  Outcome outcome =
      Answer(context, RenderCheckText(report, context.colour), RenderCheckJson(report));
  outcome.exit_code = report.exit_code;
  outcome.err = notes + (report.error ? RenderErrorText(*report.error) : "");
  return outcome;
}

CheckReport Examine(Services& services, const CheckSettings& settings, const Gathered& gathered,
                    Instant now) {
  RunLimits limits;
  limits.now = now;
  limits.timeout = settings.timeout;
  limits.interrupt_fd = services.WatchInterrupts();
  const Ask ask = [&](const Target& target, std::chrono::milliseconds patience) {
    return AskIssuer(services, target, now, patience);
  };
  RunResult seen = RunChecks(gathered.targets, limits, ask, [&] { services.StopHttp(); });
  CheckReport report;
  report.generated_at = now;
  for (std::size_t i = 0; i < gathered.targets.size(); ++i) {
    const Target& target = gathered.targets[i];
    report.tokens.push_back(
        ReportOn(target, std::move(seen.observations[i]), settings, now, *gathered.fingerprints));
    report.exit_code = WorstOf(report.exit_code,
                               ExitCodeFor(target, report.tokens.back(), settings.warnings_fail));
  }
  Conclude(report, seen.interrupted, settings);
  return report;
}

}  // namespace

Outcome CheckFailed(const Error& error, bool json, Instant now) {
  CheckReport report;
  report.generated_at = now;
  report.exit_code = ExitCodeOf(error);
  report.error = error;
  Outcome outcome;
  outcome.exit_code = report.exit_code;
  outcome.err = RenderErrorText(error);
  if (json) outcome.out = RenderCheckJson(report);
  return outcome;
}

Outcome RunCheck(const Context& context) {
  const Result<CheckSettings> settings = ReadCheckSettings(context.args);
  if (!settings) return CheckFailed(settings.error(), context.json, context.services.Now());
  const Instant now = settings->now.value_or(context.services.Now());
  const Result<Gathered> gathered = GatherTargets(*settings, context.services);
  if (!gathered) return CheckFailed(gathered.error(), context.json, now);
  return Show(context, Examine(context.services, *settings, *gathered, now), gathered->notes);
}

}  // namespace tokenwarden::cli

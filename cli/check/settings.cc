#include "cli/check/settings.h"

#include <algorithm>
#include <utility>

namespace tokenwarden::cli {
namespace {

tl::unexpected<Error> Bad(std::string message, std::string action) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_value", std::move(message), std::move(action));
}

// The same error, said of the flag or variable that the value came from.
tl::unexpected<Error> BadAt(const ParsedArgs& args, std::string_view option, const Error& error) {
  return Bad(std::string(args.OriginOf(option)) + ": " + error.message, error.action);
}

Status ReadThreshold(const ParsedArgs& args, std::string_view option,
                     std::optional<Threshold>& threshold) {
  const auto text = args.Value(option);
  if (!text) return {};
  const Result<Threshold> parsed = Threshold::Parse(*text);
  if (!parsed) return BadAt(args, option, parsed.error());
  threshold = *parsed;
  return {};
}

Status ReadThresholds(const ParsedArgs& args, GateOptions& gate) {
  std::optional<Threshold> least;
  Status status = ReadThreshold(args, "--min-remaining", least);
  if (status && least) gate.min_remaining = *least;
  if (status) status = ReadThreshold(args, "--warn", gate.warn);
  return status;
}

OnIndeterminate ReadOnIndeterminate(const ParsedArgs& args) {
  const std::string word = args.Value("--on-indeterminate").value_or("");
  if (word == "fail") return OnIndeterminate::kFail;
  if (word == "warn") return OnIndeterminate::kWarn;
  if (word == "pass") return OnIndeterminate::kPass;
  return OnIndeterminate::kExit4;
}

Status ReadNow(const ParsedArgs& args, std::optional<Instant>& now) {
  const auto text = args.Value("--now");
  if (!text) return {};
  now = ParseUtc(*text);
  if (now) return {};
  return Bad("--now is not a point in time", "write it as 2026-11-20T10:00:00Z");
}

Status ReadId(const ParsedArgs& args, std::string_view option, std::string& id) {
  id = args.Value(option).value_or("");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::all_of(id.begin(), id.end(), is_digit)) return {};
  return Bad(std::string(option) + " is not a number", "copy the id from the app's dashboard");
}

Status ReadIds(const ParsedArgs& args, Identifiers& given) {
  Status status = ReadId(args, "--app-id", given.app_id);
  if (status) status = ReadId(args, "--phone-number-id", given.phone_number_id);
  if (status) status = ReadId(args, "--business-account-id", given.business_account_id);
  return status;
}

// A configuration named by the environment is only meant when no flag names another source.
Status ReadSources(const ParsedArgs& args, CheckSettings& settings) {
  settings.env_files = args.Values("--env-file");
  settings.token_stdin = args.Has("--token-stdin");
  const bool by_flag = args.OriginOf("--config") == "--config";
  const bool others = !settings.env_files.empty() || settings.token_stdin;
  if (by_flag || !others) settings.config = args.Value("--config").value_or("");
  const auto dashes = std::count(settings.env_files.begin(), settings.env_files.end(), "-");
  if (dashes + (settings.token_stdin ? 1 : 0) > 1) {
    return Bad("standard input was named as a source more than once", "name it once");
  }
  if (others || !settings.config.empty()) return {};
  return MakeError(ErrorKind::kInvalidArgument, "no_source", "nothing was named to check",
                   "use `--env-file .env`, or `--token-stdin` with the token on standard input, or "
                   "`--config FILE` with an agent's configuration");
}

}  // namespace

Result<Seconds> ReadTimeout(const ParsedArgs& args, Seconds fallback) {
  const auto text = args.Value("--timeout");
  if (!text) return fallback;
  const Result<Seconds> parsed = ParseDuration(*text);
  if (!parsed) return BadAt(args, "--timeout", parsed.error());
  if (*parsed > Seconds{0} && *parsed <= kHour) return *parsed;
  return Bad(std::string(args.OriginOf("--timeout")) + " is not between 1s and 1h",
             "write a duration such as 30s");
}

Result<std::vector<TokenSelector>> ReadSelectors(const ParsedArgs& args) {
  std::vector<TokenSelector> selectors;
  for (const std::string& text : args.Values("--select")) {
    Result<TokenSelector> parsed = ParseSelector(text);
    if (!parsed) return BadAt(args, "--select", parsed.error());
    selectors.push_back(std::move(*parsed));
  }
  return selectors;
}

bool IsSelected(const std::vector<TokenSelector>& select, const CredentialSpec& spec) {
  const auto matches = [&](const TokenSelector& selector) { return selector.Matches(spec); };
  return select.empty() || std::any_of(select.begin(), select.end(), matches);
}

Result<CheckSettings> ReadCheckSettings(const ParsedArgs& args) {
  CheckSettings settings;
  Status status = ReadSources(args, settings);
  if (status) status = ReadThresholds(args, settings.gate);
  if (status) status = ReadNow(args, settings.now);
  if (status) status = ReadIds(args, settings.given);
  if (!status) return tl::unexpected<Error>(std::move(status.error()));
  const Result<Seconds> timeout = ReadTimeout(args, settings.timeout);
  if (!timeout) return tl::unexpected<Error>(timeout.error());
  Result<std::vector<TokenSelector>> select = ReadSelectors(args);
  if (!select) return tl::unexpected<Error>(std::move(select.error()));
  settings.timeout = *timeout;
  settings.select = std::move(*select);
  settings.gate.on_indeterminate = ReadOnIndeterminate(args);
  settings.gate.required_scopes = args.Values("--require-scope");
  settings.warnings_fail = args.Value("--fail-on") == "warning";
  settings.exit_zero = args.Has("--exit-zero");
  return settings;
}

}  // namespace tokenwarden::cli

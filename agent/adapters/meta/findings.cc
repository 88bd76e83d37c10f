// What is odd around a living token, and what all replies told beside their answer.
#include <algorithm>

#include "agent/adapters/meta/inspection.h"
#include "agent/adapters/meta/versions.h"

namespace tokenwarden::meta {
namespace {

constexpr double kNearThrottle = 75;  // percent of a quota
constexpr double kStopBefore = 95;
constexpr Seconds kSunsetNear = 90 * kDay;
constexpr Seconds kTemporary = 25 * kHour;  // 24-hour tokens, rounded up to a full hour

// Permissions that every login brings along.
constexpr std::string_view kHarmlessScopes[] = {"public_profile", "email", "business_management"};

}  // namespace

void Inspection::AddFindings() {
  if (!observation_.evidence.http_status && !observation_.clock_skew) return;  // nobody answered
  if (ClocksDisagree()) {
    AddFinding("clock_skew", Severity::kWarn,
               "Our clock and Meta's disagree by " + FormatDuration(*observation_.clock_skew) + ".",
               "Set the clock of this machine.");
  }
  NoteQuota();
  NoteVersion();
  if (IsDead(observation_.verdict)) return;
  NoteTemporaryToken();
  NoteWideScopes();
  NoteScopesWithoutAsset();
}

void Inspection::NoteQuota() {
  const bool must_wait =
      observation_.reason == Reason::kRateLimited || usage_.percent >= kStopBefore || usage_.wait;
  if (must_wait) observation_.retry_after = WaitAfterThrottle(usage_);
  if (usage_.percent < kNearThrottle) return;
  AddFinding("throttle_near", Severity::kWarn,
             "The app or business has used " +
                 std::to_string(static_cast<long>(std::min(usage_.percent, 9999.0))) +
                 " % of its request quota.",
             "See who else uses this app's quota.");
}

void Inspection::NoteVersion() {
  const std::string& version = address_.version;
  if (!served_version_.empty() && served_version_ != version) {
    AddFinding("version_mismatch", Severity::kWarn,
               "Version " + version + " was asked for and " + served_version_ + " answered.",
               "Configure a living meta.api_version.");
  }
  const auto sunset = SunsetOf(version);
  if (!sunset) return;
  const bool near = *sunset - now() <= kSunsetNear;
  // Our own default follows the releases of this program: a clock of the credential only when it is
  // near.
  if (near || !meta().api_version.empty()) {
    observation_.facts.other_clocks.push_back({DeadlineReason::kVersionSunset, *sunset});
  }
  if (!near) return;
  AddFinding("version_sunset_near", Severity::kWarn,
             "API version " + version +
                 (*sunset <= now() ? " is no longer served since " : " is served until ") +
                 FormatUtc(*sunset).substr(0, 10) + ".",
             "Configure a newer meta.api_version.");
}

void Inspection::NoteTemporaryToken() {
  const TokenFacts& facts = observation_.facts;
  if (facts.kind != "user" || !facts.expires_at) return;
  if (*facts.expires_at - facts.issued_at.value_or(now()) > kTemporary) return;
  AddFinding("personal_token", Severity::kWarn,
             "This is a temporary token of a person; it lives a day at most.",
             "Make a system-user token: Business settings > System users > Generate token.");
}

void Inspection::NoteWideScopes() {
  if (meta().required_scopes.empty()) return;
  const auto is_expected = [&](const std::string& scope) {
    const auto& required = meta().required_scopes;
    return std::find(required.begin(), required.end(), scope) != required.end() ||
           std::find(std::begin(kHarmlessScopes), std::end(kHarmlessScopes), scope) !=
               std::end(kHarmlessScopes);
  };
  const auto& scopes = observation_.facts.scopes;
  const auto extra = std::count_if(scopes.begin(), scopes.end(),
                                   [&](const std::string& scope) { return !is_expected(scope); });
  if (extra == 0) return;
  AddFinding("too_wide_scopes", Severity::kInfo,
             "The token has " + std::to_string(extra) + " more permissions than are required.",
             "Generate it with fewer permissions: what it cannot do, a thief cannot do either.");
}

}  // namespace tokenwarden::meta

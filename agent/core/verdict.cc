#include "agent/core/verdict.h"

#include "agent/core/words.h"

namespace tokenwarden {
namespace {

constexpr Word<Verdict> kVerdicts[] = {
    {Verdict::kValid, "valid"},
    {Verdict::kExpired, "expired"},
    {Verdict::kRevoked, "revoked"},
    {Verdict::kMalformed, "malformed"},
    {Verdict::kWrongIdentity, "wrong_identity"},
    {Verdict::kUnderScoped, "under_scoped"},
    {Verdict::kRestricted, "restricted"},
    {Verdict::kIndeterminate, "indeterminate"},
};

constexpr Word<Reason> kReasons[] = {
    {Reason::kConfirmed, "confirmed"},
    {Reason::kSelfReported, "self_reported"},
    {Reason::kSessionExpired, "session_expired"},
    {Reason::kDataAccessExpired, "data_access_expired"},
    {Reason::kPasswordChanged, "password_changed"},
    {Reason::kLoggedOut, "logged_out"},
    {Reason::kAppRemoved, "app_removed"},
    {Reason::kRevokedByApi, "revoked_by_api"},
    {Reason::kRoleLost, "role_lost"},
    {Reason::kSessionInvalid, "session_invalid"},
    {Reason::kCannotParse, "cannot_parse"},
    {Reason::kUndecryptable, "undecryptable"},
    {Reason::kBadSignature, "bad_signature"},
    {Reason::kEmptyValue, "empty_value"},
    {Reason::kPlaceholder, "placeholder"},
    {Reason::kSurroundingSpace, "surrounding_space"},
    {Reason::kQuoted, "quoted"},
    {Reason::kBearerPrefix, "bearer_prefix"},
    {Reason::kMasked, "masked"},
    {Reason::kIdToken, "id_token"},
    {Reason::kPercentEncoded, "percent_encoded"},
    {Reason::kTruncated, "truncated"},
    {Reason::kWrongAlphabet, "wrong_alphabet"},
    {Reason::kTooLong, "too_long"},
    {Reason::kOtherApp, "other_app"},
    {Reason::kOtherUser, "other_user"},
    {Reason::kOtherKind, "other_kind"},
    {Reason::kScopeMissing, "scope_missing"},
    {Reason::kPermissionDenied, "permission_denied"},
    {Reason::kAssetUnreachable, "asset_unreachable"},
    {Reason::kUserCheckpoint, "user_checkpoint"},
    {Reason::kAccountBlocked, "account_blocked"},
    {Reason::kHealthBlocked, "health_blocked"},
    {Reason::kAppRestricted, "app_restricted"},
    {Reason::kOutage, "outage"},
    {Reason::kRateLimited, "rate_limited"},
    {Reason::kBlocked, "blocked"},
    {Reason::kClock, "clock"},
    {Reason::kInspector, "inspector"},
    {Reason::kBadReply, "bad_reply"},
    {Reason::kNotConfigured, "not_configured"},
};

constexpr Word<Lifetime> kLifetimes[] = {
    {Lifetime::kFinite, "finite"},
    {Lifetime::kNever, "never"},
    {Lifetime::kUnknown, "unknown"},
};

// Where each verdict's reasons begin in the enumeration: they stand there in groups.
struct ReasonGroup {
  Reason first;
  Verdict verdict;
};
constexpr ReasonGroup kReasonGroups[] = {
    {Reason::kOutage, Verdict::kIndeterminate},     {Reason::kUserCheckpoint, Verdict::kRestricted},
    {Reason::kScopeMissing, Verdict::kUnderScoped}, {Reason::kOtherApp, Verdict::kWrongIdentity},
    {Reason::kCannotParse, Verdict::kMalformed},    {Reason::kPasswordChanged, Verdict::kRevoked},
    {Reason::kSessionExpired, Verdict::kExpired},   {Reason::kConfirmed, Verdict::kValid},
};

// The lattice from the least to the most fundamental.
constexpr Verdict kByWeight[] = {
    Verdict::kIndeterminate, Verdict::kValid,   Verdict::kRestricted, Verdict::kUnderScoped,
    Verdict::kWrongIdentity, Verdict::kExpired, Verdict::kRevoked,    Verdict::kMalformed,
};

int WeightOf(Verdict verdict) {
  int weight = 0;
  for (Verdict candidate : kByWeight) {
    if (candidate == verdict) return weight;
    ++weight;
  }
  return 0;
}

}  // namespace

std::string_view ToString(Verdict verdict) { return WordFor(kVerdicts, verdict); }
std::string_view ToString(Reason reason) { return WordFor(kReasons, reason); }
std::string_view ToString(Lifetime lifetime) { return WordFor(kLifetimes, lifetime); }
std::optional<Verdict> ParseVerdict(std::string_view word) { return ValueFor(kVerdicts, word); }
std::optional<Reason> ParseReason(std::string_view word) { return ValueFor(kReasons, word); }
std::optional<Lifetime> ParseLifetime(std::string_view word) { return ValueFor(kLifetimes, word); }

Verdict VerdictOf(Reason reason) {
  for (const ReasonGroup& group : kReasonGroups) {
    if (reason >= group.first) return group.verdict;
  }
  return Verdict::kIndeterminate;
}

bool IsDead(Verdict verdict) {
  return verdict == Verdict::kExpired || verdict == Verdict::kRevoked ||
         verdict == Verdict::kMalformed;
}

Verdict Worse(Verdict a, Verdict b) { return WeightOf(a) >= WeightOf(b) ? a : b; }

}  // namespace tokenwarden

// Verdicts, reasons and lifetimes: the closed vocabularies, spelled the same everywhere.
#pragma once

#include <optional>
#include <string_view>

namespace tokenwarden {

// What an issuer's answer means. `indeterminate` is never a conclusion.
enum class Verdict {
  kValid,          // the issuer says it works; identity and scopes match
  kExpired,        // its time is over
  kRevoked,        // killed early: logout, password, admin
  kMalformed,      // not a token: cut, quoted, padded, wrong alphabet
  kWrongIdentity,  // alive, but of another app, user or kind
  kUnderScoped,    // alive, but lacks a scope or an asset
  kRestricted,     // alive, but the account behind it is blocked or limited
  kIndeterminate,  // we could not tell
};
inline constexpr int kVerdictCount = 8;

// Why. One closed list for all issuers; each reason belongs to one verdict (VerdictOf).
enum class Reason {
  // valid
  kConfirmed,     // the inspector confirmed it with the app's own credentials
  kSelfReported,  // only the token itself was asked: identity or expiry could not be proven
  // expired
  kSessionExpired,
  kDataAccessExpired,  // also `restricted` while the token itself still lives
  // revoked
  kPasswordChanged,
  kLoggedOut,
  kAppRemoved,
  kRevokedByApi,
  kRoleLost,
  kSessionInvalid,  // dead, the issuer does not say how
  // malformed
  kCannotParse,
  kUndecryptable,
  kBadSignature,
  kEmptyValue,
  kPlaceholder,
  kSurroundingSpace,
  kQuoted,
  kBearerPrefix,
  kMasked,
  kIdToken,
  kPercentEncoded,
  kTruncated,
  kWrongAlphabet,
  kTooLong,
  // wrong_identity
  kOtherApp,
  kOtherUser,
  kOtherKind,
  // under_scoped
  kScopeMissing,
  kPermissionDenied,
  kAssetUnreachable,
  // restricted
  kUserCheckpoint,
  kAccountBlocked,
  kHealthBlocked,
  kAppRestricted,
  // indeterminate
  kOutage,
  kRateLimited,
  kBlocked,    // a firewall, proxy or captive portal answered instead
  kClock,      // our clock and the issuer's disagree too much
  kInspector,  // our own app credentials were refused
  kBadReply,
  kNotConfigured,  // nothing to ask the issuer with
};

// Pending is a state of a credential that never had a conclusive observation, not a verdict.
inline constexpr std::string_view kPendingState = "pending";

std::string_view ToString(Verdict verdict);
std::string_view ToString(Reason reason);
std::optional<Verdict> ParseVerdict(std::string_view word);
std::optional<Reason> ParseReason(std::string_view word);

// The verdict a reason belongs to. `data_access_expired` also stands beside `restricted`.
Verdict VerdictOf(Reason reason);

inline bool IsConclusive(Verdict verdict) { return verdict != Verdict::kIndeterminate; }

// Dead: no request with this value can succeed any more; only a new value helps.
bool IsDead(Verdict verdict);

// The lattice: of two conclusions about one value the more fundamental one holds
// (malformed > revoked > expired > wrong_identity > under_scoped > restricted > valid);
// indeterminate only stands when there is nothing else.
Verdict Worse(Verdict a, Verdict b);

// Speaks of access expiry alone.
enum class Lifetime { kFinite, kNever, kUnknown };
std::string_view ToString(Lifetime lifetime);
std::optional<Lifetime> ParseLifetime(std::string_view word);

}  // namespace tokenwarden

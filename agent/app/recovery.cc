#include "agent/app/recovery.h"

#include <array>

namespace tokenwarden {
namespace {

using enum RotationModel;
using enum Grace;
using enum AfterLostReply;

constexpr std::string_view kHarmless =
    "the issuer leaves the old value alone, so asking again is safe";
constexpr std::string_view kOnce =
    "the issuer accepts the old value once only, and it may have been used up";
constexpr std::string_view kRevokes =
    "repeating the request may make the issuer revoke every value of this grant";

constexpr std::array<RecoveryRow, 10> kRows{{
    {kNone, kRunning, kAskAgain, kHarmless},
    {kNone, kPassed, kAskAgain, kHarmless},
    {kGraceSame, kRunning, kAskAgain,
     "the issuer answers a repeated request with the same new value"},
    {kGraceSame, kPassed, kAskOperator,
     "the time in which the issuer would have answered the same request again has passed"},
    {kGraceFork, kRunning, kAskAgain,
     "the issuer answers a repeated request with another new value; the lost one is never used"},
    {kGraceFork, kPassed, kAskOperator,
     "the time in which the issuer would have accepted the old value again has passed, and "
     "presenting it now may revoke every value of this grant"},
    {kStrict, kRunning, kAskOperator, kOnce},
    {kStrict, kPassed, kAskOperator, kOnce},
    {kStrictFamily, kRunning, kAskOperator, kRevokes},
    {kStrictFamily, kPassed, kAskOperator, kRevokes},
}};

}  // namespace

Grace GraceAt(Seconds grace, std::optional<Instant> lost_at, Instant now) {
  if (grace == Seconds::max() || (!lost_at && grace > Seconds{0})) return Grace::kRunning;
  // A clock that was set back says nothing of how much is left.
  if (!lost_at || now < *lost_at) return Grace::kPassed;
  // A little earlier than the issuer: a request needs time to arrive.
  return now - *lost_at < grace - grace / 10 ? Grace::kRunning : Grace::kPassed;
}

const RecoveryRow& RecoveryFor(RotationModel model, Grace grace) {
  for (const RecoveryRow& row : kRows) {
    if (row.model == model && row.grace == grace) return row;
  }
  return kRows.back();
}

}  // namespace tokenwarden

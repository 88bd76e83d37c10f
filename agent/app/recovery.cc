#include "agent/app/recovery.h"

#include <array>

namespace tokenwarden {
namespace {

constexpr std::array<RecoveryRow, 5> kRows{{
    {RotationModel::kNone, AfterLostReply::kAskAgain,
     "the issuer leaves the old value alone, so asking again is safe"},
    {RotationModel::kGraceSame, AfterLostReply::kAskAgain,
     "the issuer answers a repeated request with the same new value"},
    {RotationModel::kGraceFork, AfterLostReply::kAskAgain,
     "the issuer answers a repeated request with another new value; the lost one is never used"},
    {RotationModel::kStrict, AfterLostReply::kAskOperator,
     "the issuer accepts the old value once only, and it may have been used up"},
    {RotationModel::kStrictFamily, AfterLostReply::kAskOperator,
     "repeating the request may make the issuer revoke every value of this grant"},
}};

}  // namespace

const RecoveryRow& RecoveryFor(RotationModel model) {
  for (const RecoveryRow& row : kRows) {
    if (row.model == model) return row;
  }
  return kRows.back();
}

}  // namespace tokenwarden

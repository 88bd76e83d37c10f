// Every statement the store prepares, in one table.
#pragma once

#include <cstddef>

namespace tokenwarden::sqlite {

enum class Sql {
  kSaveKeyCheck,
  kLoadKeyCheck,
  kSaveFingerprintKey,
  kLoadFingerprintKey,
  kKnowCredential,
  kLoadStates,
  kLoadSinks,
  kLoadState,
  kLoadSinksOf,
  kLoadCredential,
  kSaveState,
  kSaveGeneration,
  kSaveEpoch,
  kSaveSink,
  kForgetSink,
  kLoadAbsence,
  kSaveAbsence,
  kForgetCredential,
  kLoadValue,
  kLoadGenerations,
  kInsertGeneration,
  kRetireGenerations,
  kTrimRotations,
  kInsertRotation,
  kLoadRotation,
  kLoadUnfinished,
  kLoadUnfinishedOf,
  kLoadLatest,
  kLoadRefused,
  kLoadReply,
  kLoadCandidate,
  kAdvanceRotation,
  kPromoteRotation,
  kWipeRotations,
  kClaimNotification,
  kInsertAudit,
  kTrimAudit,
  kLoadAudit,
  kLoadAuditOf,
  kSealedGenerations,
  kReplaceGeneration,
  kSealedRotations,
  kReplaceReply,
  kReplaceCandidate,
  kCount,
};
inline constexpr std::size_t kSqlCount = static_cast<std::size_t>(Sql::kCount);

const char* TextOf(Sql which);

}  // namespace tokenwarden::sqlite

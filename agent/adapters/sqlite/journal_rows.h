// What happened, once: notifications that went out, and the audit log. Not synchronised. What
// writes is called inside a commit.
#pragma once

#include <string>
#include <vector>

#include "agent/adapters/sqlite/database.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

// True the first time.
Result<bool> WriteClaim(Database& database, const std::string& credential,
                        const std::string& target, Generation generation, Instant now);
Status WriteAudit(Database& database, const AuditEntry& entry);
// The newest first; an empty name means every credential.
Result<std::vector<AuditEntry>> ReadAudit(Database& database, const std::string& credential,
                                          int newest);

}  // namespace tokenwarden::sqlite

// Rows of the tables as the types of the core, and back. kDataLoss `damaged` names the row that
// cannot be read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/adapters/sqlite/database.h"
#include "agent/adapters/sqlite/query.h"
#include "agent/core/state.h"
#include "agent/ports/state_store.h"

namespace tokenwarden::sqlite {

// Sorted by name, one at a time.
Status ReadStates(Database& database, const std::function<void(CredentialState)>& visit);
Result<std::optional<CredentialState>> ReadState(Database& database, const std::string& name);
// Inside a commit. Everything but sinks and what belongs to the generation.
Status WriteState(Database& database, const CredentialState& state);
Status WriteSink(Database& database, const std::string& credential, const SinkState& sink);
Status ForgetSink(Database& database, const std::string& credential, const std::string& target);

// From a statement that selects the columns of a rotation.
Result<Rotation> TakeRotation(Query& query);

tl::unexpected<Error> DamagedRow(const std::string& what);

}  // namespace tokenwarden::sqlite

#include "agent/adapters/sqlite/generation_rows.h"

#include <optional>
#include <utility>

#include "agent/adapters/sqlite/credential_rows.h"
#include "agent/adapters/sqlite/query.h"
#include "agent/adapters/sqlite/sealed_parts.h"

namespace tokenwarden::sqlite {

Result<Held> ReadHeld(Database& database, const std::string& credential) {
  Query query(database, Sql::kLoadCredential);
  query.Text(credential);
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return Held{};
  Held held;
  held.generation = static_cast<Generation>(query.TakeInt());
  held.epoch = static_cast<std::uint64_t>(query.TakeInt());
  return held;
}

Result<Secret> ReadValue(Database& database, Sealer& sealer, const std::string& credential,
                         Generation generation) {
  Query query(database, Sql::kLoadValue);
  query.Text(credential).Int(static_cast<std::int64_t>(generation));
  Result<bool> row = query.Next();
  if (!row) return tl::unexpected<Error>(row.error());
  const std::string place = "generation " + std::to_string(generation) + " of " + credential;
  if (!*row) return MakeError(ErrorKind::kNotFound, "no_value", "there is no " + place);
  const std::optional<std::string> sealed = query.TakeOptionalText();
  if (!sealed) return MakeError(ErrorKind::kNotFound, "retired", place + " was retired");
  Result<Secret> value = sealer.Open(*sealed, GenerationContext(credential, generation));
  if (!value) value.error().message += " (" + place + ")";
  return value;
}

Result<std::vector<StoredGeneration>> ReadGenerations(Database& database,
                                                      const std::string& credential) {
  std::vector<StoredGeneration> stored;
  Query query(database, Sql::kLoadGenerations);
  query.Text(credential);
  for (;;) {
    Result<bool> row = query.Next();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return stored;
    StoredGeneration generation;
    generation.generation = static_cast<Generation>(query.TakeInt());
    generation.fingerprint.text = query.TakeText();
    const std::optional<Origin> origin = ParseOrigin(query.TakeText());
    if (!origin) return DamagedRow("a generation of " + credential);
    generation.origin = *origin;
    generation.created_at = FromUnix(query.TakeInt());
    generation.retired = query.TakeBool();
    stored.push_back(std::move(generation));
  }
}

Status WipeGenerations(Database& database, const std::string& credential, Generation keep_from,
                       Instant now) {
  Result<Held> held = ReadHeld(database, credential);
  if (!held) return tl::unexpected<Error>(held.error());
  if (keep_from > held->generation) {
    return MakeError(ErrorKind::kInvalidArgument, "would_lose_current",
                     "retiring every value of " + credential + " below generation " +
                         std::to_string(keep_from) + " would lose the current one, " +
                         std::to_string(held->generation));
  }
  return Query(database, Sql::kRetireGenerations)
      .Time(now)
      .Text(credential)
      .Int(static_cast<std::int64_t>(keep_from))
      .Do();
}

}  // namespace tokenwarden::sqlite

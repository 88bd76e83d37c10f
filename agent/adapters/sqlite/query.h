// Query: one use of a prepared statement. Values are bound in order and columns read in order; the
// statement is reset at the end of scope, so that no read transaction stays open.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/adapters/sqlite/database.h"
#include "agent/core/time.h"

namespace tokenwarden::sqlite {

class Query {
 public:
  Query(Database& database, Sql which);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Int(std::int64_t number);
  Query& Text(std::string_view text);
  Query& Blob(const std::optional<std::string>& bytes);  // nullopt = NULL
  Query& OptionalText(const std::optional<std::string>& text);
  Query& Time(Instant at) { return Int(ToUnix(at)); }
  Query& Time(const std::optional<Instant>& at);

  // True: a row is there. False: no more.
  Result<bool> Next();
  // For statements that change things.
  Status Do();

  // The columns of the row, left to right.
  std::int64_t TakeInt();
  bool TakeBool() { return TakeInt() != 0; }
  std::string TakeText();
  std::optional<std::string> TakeOptionalText();  // also for blobs
  std::optional<Instant> TakeTime();

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  std::optional<Error> error_;
  int bound_ = 0;
  int taken_ = 0;
};

}  // namespace tokenwarden::sqlite

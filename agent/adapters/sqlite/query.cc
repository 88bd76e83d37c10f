#include "agent/adapters/sqlite/query.h"

namespace tokenwarden::sqlite {

Query::Query(Database& database, Sql which) : database_(database) {
  Result<sqlite3_stmt*> statement = database.Prepared(which);
  if (statement) {
    statement_ = *statement;
  } else {
    error_ = statement.error();
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::Int(std::int64_t number) {
  sqlite3_bind_int64(statement_, ++bound_, number);
  return *this;
}

Query& Query::Text(std::string_view text) {
  // A null pointer would be bound as NULL.
  sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Query& Query::Blob(const std::optional<std::string>& bytes) {
  if (bytes) {
    sqlite3_bind_blob64(statement_, ++bound_, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_null(statement_, ++bound_);
  }
  return *this;
}

Query& Query::OptionalText(const std::optional<std::string>& text) {
  if (text) return Text(*text);
  sqlite3_bind_null(statement_, ++bound_);
  return *this;
}

Query& Query::Time(const std::optional<Instant>& at) {
  if (at) return Int(ToUnix(*at));
  sqlite3_bind_null(statement_, ++bound_);
  return *this;
}

Result<bool> Query::Next() {
  if (error_) return tl::unexpected<Error>(*error_);
  taken_ = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.Failure("using");
}

Status Query::Do() {
  Result<bool> row = Next();
  if (!row) return tl::unexpected<Error>(row.error());
  return {};
}

std::int64_t Query::TakeInt() { return sqlite3_column_int64(statement_, taken_++); }

std::string Query::TakeText() { return TakeOptionalText().value_or(std::string()); }

std::optional<std::string> Query::TakeOptionalText() {
  const int column = taken_++;
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

std::optional<Instant> Query::TakeTime() {
  const int column = taken_++;
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return FromUnix(sqlite3_column_int64(statement_, column));
}

}  // namespace tokenwarden::sqlite

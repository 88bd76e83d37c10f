// Rows of the state file that somebody changed: `TABLE COLUMN` on the first line, then the value.
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "agent/adapters/sqlite/credential_rows.h"
#include "agent/adapters/sqlite/database.h"
#include "agent/adapters/sqlite/schema.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

constexpr const char* kRows = R"sql(
INSERT INTO credentials (name) VALUES ('whatsapp');
INSERT INTO sinks VALUES ('whatsapp', '.env#TOKEN', 1, 1795168800, 0, 0, NULL, '', '');
INSERT INTO rotations (credential, origin, state, from_generation, epoch, started_at, changed_at)
  VALUES ('whatsapp', 'refresh', 'requested', 1, 0, 1795168800, 1795168800);
)sql";

// One file in memory for all inputs; each change of it is taken back.
sqlite::Database& State() {
  static const std::unique_ptr<sqlite::Database> database = [] {
    std::string directory = "/dev/shm/tokenwarden-fuzz-XXXXXX";
    fuzz::Require(mkdtemp(directory.data()) != nullptr, "a directory in memory");
    const std::string path = directory + "/state.db";
    std::ofstream(path).close();  // opening makes no file
    auto opened = sqlite::Database::Open(path, "", sqlite::Database::Mode::kCreate);
    fuzz::Require(opened.has_value() && sqlite::Migrate(**opened) && (*opened)->Run(kRows),
                  "a state file");
    std::filesystem::remove_all(directory);  // the descriptors stay
    return std::move(*opened);
  }();
  return *database;
}

// A column takes what its type allows: STRICT tables refuse the rest.
bool Change(sqlite3* handle, const std::string& place, std::string_view value) {
  std::string_view rest = place;
  const std::string table(fuzz::Cut(rest, " "));
  const std::string column(rest);
  for (const char c : table + column) {
    if (c != '_' && (c < 'a' || c > 'z')) return false;
  }
  const std::string sql = "UPDATE \"" + table + "\" SET \"" + column + "\" = ?";
  sqlite3_stmt* statement = nullptr;
  bool changed = sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK;
  if (changed) {
    sqlite3_bind_text(statement, 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    changed = sqlite3_step(statement) == SQLITE_DONE;
  }
  sqlite3_finalize(statement);
  return changed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view value = fuzz::Text(data, size);
  const std::string place(fuzz::Cut(value, "\n"));
  sqlite::Database& database = State();
  fuzz::Require(database.Run("BEGIN").has_value(), "a change begins");
  if (Change(database.handle(), place, value)) {
    const Status read = sqlite::ReadStates(database, [](const CredentialState& state) {
      for (const SinkState& sink : state.sinks) (void)sink.target.size();
    });
    fuzz::Require(read || read.error().reason == "damaged", "damage is called damage");
    (void)sqlite::ReadState(database, "whatsapp");
  }
  fuzz::Require(database.Run("ROLLBACK").has_value(), "and is taken back");
  return 0;
}

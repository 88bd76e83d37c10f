// Database: one connection to SQLite with the guarantees that the store needs. Not synchronised.
//
// Durability. WAL with synchronous=FULL: a commit that returned is on the disk. When writing or
// syncing fails for any reason but a full disk, it is not known what the disk holds (a failed fsync
// may have dropped the pages it was asked to keep), so nothing is written any more until the file
// is opened anew.
//
// Room. A full disk must be noticed before an issuer is asked, not when its answer must be stored.
// In WAL mode every commit appends to the WAL, so that is where room is kept: before a commit the
// WAL file is grown (with real blocks) past everything it may have to take, and what is reserved
// for others is never eaten into. The database file itself may fail to grow later, in a checkpoint:
// what is in the WAL stays there.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/adapters/sqlite/sql.h"
#include "agent/core/result.h"

namespace tokenwarden::sqlite {

class Database {
 public:
  enum class Mode { kCreate, kOpen, kPeek };  // peek: read only
  // `vfs`: SQLite's name of a file system layer; empty = the default.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, const std::string& vfs,
                                                Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Several statements that need no results.
  Status Run(const char* sql);
  // One number, by a statement that is used once.
  Result<std::int64_t> Number(const char* sql);
  // Prepared at first use, then kept.
  Result<sqlite3_stmt*> Prepared(Sql which);

  // One durable commit. `bytes`: how much the body may store beside small columns. When the body or
  // the commit fails nothing of it remains (but see Durability for a failed sync).
  Status Commit(std::size_t bytes, const std::function<Status()>& body);
  // The same, paid from a reservation, which ends when it succeeds.
  Status CommitReserved(std::int64_t reservation, std::size_t bytes,
                        const std::function<Status()>& body);

  // Keeps room for a later commit of `bytes`. kResourceExhausted `disk_full` when there is none.
  Status Reserve(std::int64_t reservation, std::size_t bytes);
  void Release(std::int64_t reservation) { reserved_frames_.erase(reservation); }
  void Rename(std::int64_t reservation, std::int64_t to);

  // After the set-up of a connection: from here on failures of the disk are final.
  Status UseWal();
  // What went wrong in the last call to SQLite, as an error of ours.
  tl::unexpected<Error> Failure(const std::string& doing);
  const std::string& path() const { return path_; }
  sqlite3* handle() { return handle_; }

  // Moves what the log holds into the database file; false when that has to wait. What was
  // committed is durable in the log either way.
  bool Checkpoint(int mode);

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}

  Status Transact(const std::function<Status()>& body);
  Status MakeRoom(std::int64_t frames);
  Status GrowWal(std::int64_t frames);
  std::int64_t OutstandingFrames() const;
  void StopWriting(const std::string& why);

  const std::string path_;
  sqlite3* handle_ = nullptr;
  std::array<sqlite3_stmt*, kSqlCount> prepared_{};
  int wal_frames_ = 0;  // in use after the last commit
  std::map<std::int64_t, std::int64_t> reserved_frames_;
  std::string stopped_because_;  // not empty: no more writing
};

}  // namespace tokenwarden::sqlite

#include "agent/adapters/sqlite/database.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace tokenwarden::sqlite {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kFrameBytes = kPageBytes + 24;  // Source: SQLite file format, 4.1 WAL
constexpr std::int64_t kWalHeaderBytes = 32;
constexpr int kWalChunkBytes = 256 * 1024;
constexpr int kCheckpointFrames = 400;
constexpr int kBusyMilliseconds = 5000;  // somebody looks with the sqlite3 tool
// Pages that a small commit may touch beside its payload: leaves, their parents, indexes, free
// list.
constexpr std::int64_t kSmallCommitFrames = 24;
constexpr std::int64_t kPayloadPerPage = kPageBytes - 16;

std::int64_t FramesFor(std::size_t bytes) {
  return static_cast<std::int64_t>(bytes) / kPayloadPerPage + 1 + kSmallCommitFrames;
}

struct Mapped {
  int primary;
  ErrorKind kind;
  const char* reason;
  const char* action;
};
// By SQLite's primary result code. Source: SQLite result and error codes.
constexpr Mapped kErrors[] = {
    {SQLITE_FULL, ErrorKind::kResourceExhausted, "disk_full",
     "free space on the disk of the state file"},
    {SQLITE_NOMEM, ErrorKind::kResourceExhausted, "out_of_memory", "give the agent more memory"},
    {SQLITE_READONLY, ErrorKind::kPermissionDenied, "read_only",
     "make the state file and its directory writable for the agent"},
    {SQLITE_PERM, ErrorKind::kPermissionDenied, "read_only",
     "make the state file and its directory writable for the agent"},
    {SQLITE_CANTOPEN, ErrorKind::kPermissionDenied, "cannot_open",
     "check the owner and the mode of the state file and its directory"},
    {SQLITE_CORRUPT, ErrorKind::kDataLoss, "damaged",
     "keep the file, restore the newest backup, and see the guide on recovery"},
    {SQLITE_NOTADB, ErrorKind::kDataLoss, "damaged",
     "keep the file, restore the newest backup, and see the guide on recovery"},
    {SQLITE_BUSY, ErrorKind::kUnavailable, "busy",
     "end the other program that keeps the state file locked"},
    {SQLITE_IOERR, ErrorKind::kUnavailable, "io_error",
     "look at the kernel log for the disk of the state file, then restart the agent"},
};

bool IsFull(int primary, int system_error) {
  return primary == SQLITE_FULL ||
         (primary == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT));
}

int RememberWalFrames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, const std::string& vfs,
                                                 Mode mode) {
  std::unique_ptr<Database> database(new Database(path));
  // The file exists already, with the right mode: SQLite would make one that others can read.
  const int access = mode == Mode::kPeek ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int opened = sqlite3_open_v2(path.c_str(), &database->handle_,
                                     access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
                                     vfs.empty() ? nullptr : vfs.c_str());
  if (opened != SQLITE_OK) return database->Failure("opening");
  sqlite3_extended_result_codes(database->handle_, 1);
  sqlite3_busy_timeout(database->handle_, kBusyMilliseconds);
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  Status set = database->Run(
      "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
      "PRAGMA secure_delete = ON; PRAGMA cache_size = -512; PRAGMA mmap_size = 0;"
      "PRAGMA temp_store = MEMORY;");
  if (!set) return tl::unexpected<Error>(set.error());
  if (mode == Mode::kCreate)
    set = database->Run("PRAGMA page_size = 4096; PRAGMA auto_vacuum = 0;");
  if (!set) return tl::unexpected<Error>(set.error());
  return database;
}

Database::~Database() {
  for (sqlite3_stmt* statement : prepared_) sqlite3_finalize(statement);
  if (!stopped_because_.empty()) {
    // What the disk holds is not known: the next start shall find the WAL as it is.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  sqlite3_close(handle_);
}

Status Database::UseWal() {
  Status set = Run("PRAGMA journal_mode = WAL;");
  if (!set) return set;
  sqlite3_wal_hook(handle_, RememberWalFrames, &wal_frames_);
  return {};
}

Status Database::Run(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return Failure("setting up");
  return {};
}

Result<std::int64_t> Database::Number(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK) {
    return Failure("reading");
  }
  const bool row = sqlite3_step(statement) == SQLITE_ROW;
  const std::int64_t number = row ? sqlite3_column_int64(statement, 0) : 0;
  if (sqlite3_finalize(statement) != SQLITE_OK) return Failure("reading");
  return number;
}

Result<sqlite3_stmt*> Database::Prepared(Sql which) {
  sqlite3_stmt*& statement = prepared_[static_cast<std::size_t>(which)];
  if (statement == nullptr &&
      sqlite3_prepare_v3(handle_, TextOf(which), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return Failure("preparing a statement for");
  }
  return statement;
}

tl::unexpected<Error> Database::Failure(const std::string& doing) {
  const int code = sqlite3_extended_errcode(handle_);
  const int system_error = sqlite3_system_errno(handle_);
  int primary = code & 0xFF;
  if (IsFull(primary, system_error)) primary = SQLITE_FULL;
  if (primary == SQLITE_IOERR && system_error == EROFS) primary = SQLITE_READONLY;
  std::string message = doing + " the state file " + path_ + " failed: " + sqlite3_errmsg(handle_);
  if (primary == SQLITE_IOERR && system_error != 0) {
    message += std::string(" (") + std::strerror(system_error) + ")";
  }
  for (const Mapped& row : kErrors) {
    if (row.primary == primary) return MakeError(row.kind, row.reason, message, row.action);
  }
  return MakeError(ErrorKind::kInternal, "sqlite", message + ", code " + std::to_string(code));
}

Status Database::Commit(std::size_t bytes, const std::function<Status()>& body) {
  Status room = MakeRoom(OutstandingFrames() + FramesFor(bytes));
  return room ? Transact(body) : room;
}

Status Database::CommitReserved(std::int64_t reservation, std::size_t bytes,
                                const std::function<Status()>& body) {
  const auto reserved = reserved_frames_.find(reservation);
  if (reserved == reserved_frames_.end() || reserved->second < FramesFor(bytes)) {
    return Commit(bytes, body);
  }
  Status done = Transact(body);
  if (done) reserved_frames_.erase(reservation);
  return done;
}

Status Database::Reserve(std::int64_t reservation, std::size_t bytes) {
  const std::int64_t frames = FramesFor(bytes);
  Status room = MakeRoom(OutstandingFrames() + frames);
  if (room) reserved_frames_[reservation] = frames;
  return room;
}

void Database::Rename(std::int64_t reservation, std::int64_t to) {
  auto node = reserved_frames_.extract(reservation);
  if (node.empty()) return;
  node.key() = to;
  reserved_frames_.insert(std::move(node));
}

std::int64_t Database::OutstandingFrames() const {
  std::int64_t frames = 0;
  for (const auto& [reservation, count] : reserved_frames_) frames += count;
  return frames;
}

Status Database::MakeRoom(std::int64_t frames) {
  if (!stopped_because_.empty()) return {};  // Transact says so
  Status room = GrowWal(frames);
  if (room) return room;
  // What the log holds may have a place in the database file already: then it starts over.
  if (!Checkpoint(SQLITE_CHECKPOINT_RESTART)) return room;
  wal_frames_ = 0;
  return GrowWal(frames);
}

// Makes the WAL file so long that `frames` more fit behind what is in use.
Status Database::GrowWal(std::int64_t frames) {
  sqlite3_file* wal = nullptr;
  if (sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK ||
      wal == nullptr || wal->pMethods == nullptr) {
    return {};  // not in WAL mode yet: the file is being made
  }
  sqlite3_int64 needed = kWalHeaderBytes + (wal_frames_ + frames) * kFrameBytes;
  sqlite3_int64 present = 0;
  if (wal->pMethods->xFileSize(wal, &present) == SQLITE_OK && present >= needed) return {};
  int chunk = kWalChunkBytes;
  wal->pMethods->xFileControl(wal, SQLITE_FCNTL_CHUNK_SIZE, &chunk);
  if (wal->pMethods->xFileControl(wal, SQLITE_FCNTL_SIZE_HINT, &needed) == SQLITE_OK) return {};
  return MakeError(ErrorKind::kResourceExhausted, "disk_full",
                   "there is no room for " + std::to_string(needed - present) +
                       " more bytes beside the state file " + path_,
                   "free space on the disk of the state file");
}

Status Database::Transact(const std::function<Status()>& body) {
  if (!stopped_because_.empty()) {
    return MakeError(ErrorKind::kUnavailable, "failed",
                     "the state is not written any more since " + stopped_because_,
                     "find out what is wrong with the disk, then restart the agent");
  }
  if (sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) {
    return Failure("writing");
  }
  Status done = body();
  if (done && sqlite3_exec(handle_, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    done = Failure("writing");
  }
  if (!done) {
    const std::string& reason = done.error().reason;
    if (reason == "io_error" || reason == "damaged" || reason == "read_only") {
      StopWriting(done.error().message);
    }
    // SQLite has rolled back by itself after some errors.
    if (sqlite3_get_autocommit(handle_) == 0) {
      sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    return done;
  }
  if (wal_frames_ >= kCheckpointFrames) Checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  return {};
}

bool Database::Checkpoint(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr);
  if ((code & 0xFF) == SQLITE_IOERR && !IsFull(code & 0xFF, sqlite3_system_errno(handle_))) {
    StopWriting(Failure("moving the log into").value().message);
  }
  return code == SQLITE_OK;
}

void Database::StopWriting(const std::string& why) { stopped_because_ = why; }

}  // namespace tokenwarden::sqlite

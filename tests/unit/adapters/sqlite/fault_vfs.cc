#include "tests/unit/adapters/sqlite/fault_vfs.h"

#include <signal.h>

#include <algorithm>
#include <new>

namespace tokenwarden::sqlite {
namespace {

struct FaultFile {
  sqlite3_file base;
  int chunk;
  // The file of the real layer follows in the same allocation.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->real(); }

bool Fails(bool sync) {
  Faults& faults = TheFaults();
  if (faults.only_syncs && !sync) return false;
  const int operation = ++faults.operations;
  if (faults.die_at == operation) raise(SIGKILL);
  return faults.fail_at && operation >= *faults.fail_at &&
         operation < *faults.fail_at + faults.fail_times;
}
int Code(int fitting) { return TheFaults().code != 0 ? TheFaults().code : fitting; }

// False: the disk is full.
bool Grow(sqlite3_file* file, sqlite3_int64 to) {
  std::optional<std::int64_t>& free = TheFaults().free_bytes;
  if (!free) return true;
  sqlite3_int64 size = 0;
  Real(file)->pMethods->xFileSize(Real(file), &size);
  const std::int64_t more = std::max<std::int64_t>(0, to - size);
  if (more > *free) return false;
  *free -= more;
  return true;
}

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  return Real(file)->pMethods->xRead(Real(file), to, size, offset);
}
int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  if (Fails(false)) return Code(SQLITE_IOERR_WRITE);
  if (!Grow(file, offset + size)) return SQLITE_FULL;
  return Real(file)->pMethods->xWrite(Real(file), from, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Fails(false)) return Code(SQLITE_IOERR_TRUNCATE);
  return Real(file)->pMethods->xTruncate(Real(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  if (Fails(true)) return Code(SQLITE_IOERR_FSYNC);
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) {
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckLock(sqlite3_file* file, int* held) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), held);
}
int Control(sqlite3_file* file, int what, void* value) {
  int& chunk = reinterpret_cast<FaultFile*>(file)->chunk;
  if (what == SQLITE_FCNTL_CHUNK_SIZE) chunk = *static_cast<int*>(value);
  if (what == SQLITE_FCNTL_SIZE_HINT && chunk > 0) {
    const sqlite3_int64 wanted = *static_cast<sqlite3_int64*>(value);
    if (Fails(false)) return Code(SQLITE_IOERR_WRITE);
    if (!Grow(file, (wanted + chunk - 1) / chunk * chunk)) return SQLITE_IOERR_WRITE;
  }
  return Real(file)->pMethods->xFileControl(Real(file), what, value);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int Characteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, memory);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}

const sqlite3_io_methods kMethods = {
    2,        Close,     Read,    Write,      Truncate,        Sync,   FileSize, Lock,
    Unlock,   CheckLock, Control, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
    ShmUnmap, nullptr,   nullptr};

sqlite3_vfs* RealVfs() { return sqlite3_vfs_find("unix"); }

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* fault = new (file) FaultFile{};
  const int opened = RealVfs()->xOpen(RealVfs(), name, fault->real(), flags, out_flags);
  fault->base.pMethods = opened == SQLITE_OK ? &kMethods : nullptr;
  return opened;
}

}  // namespace

Faults& TheFaults() {
  static Faults faults;
  return faults;
}

void RegisterFaultVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *RealVfs();
    copy.zName = kFaultVfs;
    copy.szOsFile = static_cast<int>(sizeof(FaultFile)) + RealVfs()->szOsFile;
    copy.pNext = nullptr;
    copy.xOpen = Open;
    return copy;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

}  // namespace tokenwarden::sqlite

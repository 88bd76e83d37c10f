#include "agent/adapters/files/atomic_file.h"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "agent/adapters/files/directory_lock.h"
#include "agent/adapters/files/file_errors.h"
#include "agent/adapters/files/file_reader.h"
#include "agent/adapters/files/temporary_file.h"

namespace tokenwarden::files {
namespace {

void AddNote(std::string& note, const std::string& sentence) {
  note += (note.empty() ? "" : "; ") + sentence;
}

// The real place of a file, links followed.
struct Target {
  std::string directory;
  std::string name;
  std::string note;

  std::string path() const { return directory == "/" ? "/" + name : directory + "/" + name; }
};

Target Split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path, ""};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1), ""};
}

Result<Target> FindTarget(FileSystem& files, const std::string& path) {
  const std::string attempted = "cannot write " + path;
  struct stat status {};
  std::string real;
  if (Uninterrupted([&] { return files.LinkStat(path.c_str(), &status); }) == 0) {
    if (Uninterrupted([&] { return files.RealPath(path.c_str(), &real); }) == 0) {
      Target target = Split(real);
      if (S_ISLNK(status.st_mode)) target.note = "followed the link to " + real;
      return target;
    }
    if (errno != ENOENT || !S_ISLNK(status.st_mode)) return SystemError(attempted, errno);
    return MakeError(ErrorKind::kNotFound, "dangling_link",
                     attempted + ": it is a link to something that does not exist",
                     "Create the file behind the link, or remove the link.");
  }
  if (errno != ENOENT) return SystemError(attempted, errno);
  Target target = Split(path);
  if (target.name.empty()) return SystemError(attempted, EISDIR);
  if (Uninterrupted([&] { return files.RealPath(target.directory.c_str(), &real); }) != 0) {
    return SystemError(attempted + ": its directory", errno);
  }
  target.directory = real;
  return target;
}

// One write under the lock of the target's directory.
class Update {
 public:
  Update(FileSystem& files, const Target& target, DirectoryLock lock)
      : files_(files),
        target_(target),
        attempted_("cannot write " + target.path()),
        lock_(std::move(lock)) {}

  Result<UpdateReport> Run(mode_t create_mode, const Edit& edit);

 private:
  void RemoveLeftovers();
  Status ReadOld();
  Status Replace(const Secret& content, mode_t create_mode);
  Status CheckUnchanged();
  Status SyncDirectory();
  Status SyncUnchanged();
  tl::unexpected<Error> Conflict(const std::string& seen) const;
  void NoteWhatMatters(mode_t mode);

  FileSystem& files_;
  const Target& target_;
  const std::string attempted_;
  DirectoryLock lock_;
  std::optional<OpenedFile> old_;
  std::string note_;
};

Result<UpdateReport> Update::Run(mode_t create_mode, const Edit& edit) {
  note_ = target_.note;
  if (!lock_.excludes_others()) AddNote(note_, "this file system has no locks for directories");
  RemoveLeftovers();
  if (Status read = ReadOld(); !read) return tl::make_unexpected(read.error());
  NoteWhatMatters(old_ ? old_->status.st_mode : create_mode);
  auto content = edit(old_ ? &old_->bytes : nullptr);
  if (!content) return tl::make_unexpected(content.error());
  const bool right = old_ && old_->bytes.EqualsInConstantTime(*content);
  const bool write = !right || lock_.unsynced().count(target_.name) != 0;
  Status done = write ? Replace(*content, create_mode) : SyncUnchanged();
  if (!done) return tl::make_unexpected(done.error());
  return UpdateReport{write, note_};
}

// We hold the lock, so no temporary file of a living writer is here. Best effort: a leftover harms
// nobody, and the next write tries again.
void Update::RemoveLeftovers() {
  if (!lock_.excludes_others()) return;
  std::vector<std::string> names;
  if (files_.ListNames(lock_.fd(), &names) != 0) return;
  for (const std::string& name : names) {
    if (IsTemporaryName(name)) files_.UnlinkAt(lock_.fd(), name.c_str());
  }
}

Status Update::ReadOld() {
  auto old = OpenAndRead(files_, lock_.fd(), target_.name, target_.path());
  if (old) {
    old_ = std::move(*old);
  } else if (old.error().kind != ErrorKind::kNotFound) {
    return tl::make_unexpected(old.error());
  }
  return {};
}

void Update::NoteWhatMatters(mode_t mode) {
  if (!old_) AddNote(note_, "created " + target_.path());
  if ((mode & S_IROTH) != 0) {
    AddNote(note_, target_.path() + " can be read by every user of this machine");
  }
  if (old_ && old_->status.st_nlink > 1) {
    AddNote(note_, "the file has " + std::to_string(old_->status.st_nlink - 1) +
                       " more name(s) (hard links), which keep the old content");
  }
}

Status Update::Replace(const Secret& content, mode_t create_mode) {
  auto temporary = TemporaryFile::Create(files_, lock_.fd(), attempted_);
  if (!temporary) return tl::make_unexpected(temporary.error());
  Status done = old_ ? temporary->Imitate(*old_, note_) : temporary->SetMode(create_mode);
  if (done) done = temporary->Fill(content.Reveal());
  if (done) done = CheckUnchanged();
  if (done) done = temporary->BecomeTarget(target_.name, !old_);
  if (done) done = SyncDirectory();
  return done;
}

// The last look before the rename. Content decides, because time stamps are coarse.
Status Update::CheckUnchanged() {
  if (!old_) return {};  // the rename itself refuses when somebody created the file
  auto now = OpenAndRead(files_, lock_.fd(), target_.name, target_.path());
  if (!now && now.error().kind == ErrorKind::kNotFound) return Conflict("removed");
  if (!now) return tl::make_unexpected(now.error());
  const struct stat& a = old_->status;
  const struct stat& b = now->status;
  if (a.st_dev != b.st_dev || a.st_ino != b.st_ino) return Conflict("replaced");
  if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid) {
    return Conflict("given another owner or mode");
  }
  if (!old_->bytes.EqualsInConstantTime(now->bytes)) return Conflict("changed");
  return {};
}

tl::unexpected<Error> Update::Conflict(const std::string& seen) const {
  return MakeError(ErrorKind::kAborted, "conflict",
                   attempted_ + ": it was " + seen + " by somebody else at the same time",
                   "It is read and tried again.");
}

Status Update::SyncDirectory() {
  // EINVAL: a file system that keeps no directories of its own, so there is nothing to flush.
  if (Uninterrupted([&] { return files_.Sync(lock_.fd()); }) == 0 || errno == EINVAL) {
    lock_.unsynced().erase(target_.name);
    return {};
  }
  auto error =
      SystemError("cannot make the write of " + target_.path() +
                      " last: its new content is in place but flushing the directory failed",
                  errno);
  error.value().reason = "directory_fsync_failed";
  lock_.unsynced().insert(target_.name);
  return error;
}

// The content is right, but a crash may have struck between an earlier rename and its flush.
Status Update::SyncUnchanged() {
  const int fd = old_->descriptor.get();
  if (Uninterrupted([&] { return files_.Sync(fd); }) == 0) return SyncDirectory();
  lock_.unsynced().insert(target_.name);
  auto error = SystemError(attempted_ + ": flushing it failed", errno);
  error.value().reason = "fsync_failed";
  return error;
}

}  // namespace

Result<UpdateReport> UpdateFile(FileSystem& files, const std::string& path, mode_t create_mode,
                                const Edit& edit) {
  auto target = FindTarget(files, path);
  if (!target) return tl::make_unexpected(target.error());
  auto lock = DirectoryLock::Take(files, target->directory);
  if (!lock) return tl::make_unexpected(lock.error());
  return Update(files, *target, std::move(*lock)).Run(create_mode, edit);
}

}  // namespace tokenwarden::files

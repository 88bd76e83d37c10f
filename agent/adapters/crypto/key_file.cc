// The two functions of state_key.h that touch the disk.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/adapters/crypto/key_directory.h"
#include "agent/adapters/crypto/state_key.h"
#include "agent/adapters/crypto/text_codec.h"

namespace tokenwarden::crypto {
namespace {

constexpr std::size_t kLargestKeyFile = 4096;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string SystemText(int error) { return std::strerror(error); }

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

tl::unexpected<Error> CannotWrite(const std::string& path, int error) {
  return MakeError(KindOf(error), "key_not_written",
                   "writing a new key to " + path + " failed: " + SystemText(error),
                   error == ENOENT ? "create the directory: mkdir -p -m 0700 " + DirectoryOf(path)
                                   : "check the directory " + DirectoryOf(path));
}

Result<Secret> ReadSmallFile(int descriptor, const std::string& path) {
  std::string content(kLargestKeyFile + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(descriptor, content.data() + size, content.size() - size);
    if (got == 0) break;
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      WipeString(content);
      return MakeError(KindOf(errno), "key_file_unreadable",
                       "reading the key file " + path + " failed: " + SystemText(errno));
    }
  }
  Secret secret{std::string_view(content).substr(0, size)};
  WipeString(content);
  return secret;
}

}  // namespace

Status WriteNewKey(const std::string& path) {
  const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0 && errno == EEXIST) {
    return MakeError(ErrorKind::kFailedPrecondition, "key_exists",
                     path + " exists already and was left as it is",
                     "a key that is in use must not be lost: choose another name, or move the old "
                     "file away if nothing was ever sealed with it");
  }
  if (file.get() < 0) return CannotWrite(path, errno);
  std::string text = ToHex(RandomKey().bytes().Reveal()) + "\n";
  // A umask can only have taken bits away; the owner must be able to read the file.
  const bool durable = fchmod(file.get(), 0600) == 0 && WriteAll(file.get(), text) &&
                       fsync(file.get()) == 0 && SyncDirectoryOf(path);
  const int error = errno;
  WipeString(text);
  if (!durable) {
    unlink(path.c_str());
    return CannotWrite(path, error);
  }
  return {};
}

Result<StateKey> LoadKeyFile(const std::string& path, unsigned allowed) {
  // Without O_NONBLOCK a named pipe in this place would hang the start.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    return MakeError(KindOf(error), error == ENOENT ? "no_key_file" : "key_file_unreadable",
                     "opening the key file " + path + " failed: " + SystemText(error),
                     error == ENOENT ? "make a key: tokenwarden keygen " + path
                                     : "check the owner and the mode of the file");
  }
  struct stat about {};
  if (fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return MakeError(ErrorKind::kInvalidArgument, "key_file_unreadable",
                     "the key file " + path + " is not a regular file");
  }
  if ((about.st_mode & 077 & ~allowed) != 0) {
    return MakeError(ErrorKind::kPermissionDenied, "key_file_readable",
                     "the key file " + path + " can be reached by other users",
                     "run: chmod 0600 " + path);
  }
  Result<Secret> content = ReadSmallFile(file.get(), path);
  if (!content) return tl::unexpected<Error>(content.error());
  Result<StateKey> key = ParseStateKey(*content);
  if (!key) key.error().message += " (in " + path + ")";
  return key;
}

}  // namespace tokenwarden::crypto

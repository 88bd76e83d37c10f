#include "agent/adapters/files/file_reader.h"

#include <fcntl.h>

#include <algorithm>

#include "agent/adapters/files/file_errors.h"

namespace tokenwarden::files {
namespace {

tl::unexpected<Error> TooLarge(const std::string& attempted) {
  return MakeError(ErrorKind::kInvalidArgument, "too_large",
                   attempted + ": it is larger than 1 MiB, which no file with a token is",
                   "Check the path in the configuration.");
}

tl::unexpected<Error> ReadError(const std::string& attempted, int number) {
  auto error = SystemError(attempted, number);
  if (error.value().kind == ErrorKind::kPermissionDenied) error.value().reason = "unreadable";
  return error;
}

// Fills the buffer as far as the file goes; -1 with errno.
ssize_t ReadAll(FileSystem& files, int fd, char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = Uninterrupted([&] { return files.Read(fd, to + done, size - done); });
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

Result<OpenedFile> OpenAndRead(FileSystem& files, int directory, const std::string& path,
                               const std::string& shown) {
  const std::string attempted = "cannot read " + shown;
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  OpenedFile file;
  file.descriptor = Descriptor(
      files, Uninterrupted([&] { return files.OpenAt(directory, path.c_str(), flags, 0); }));
  if (!file.descriptor) return ReadError(attempted, errno);
  const int fd = file.descriptor.get();
  if (Uninterrupted([&] { return files.Stat(fd, &file.status); }) != 0) {
    return ReadError(attempted, errno);
  }
  if (S_ISDIR(file.status.st_mode)) return ReadError(attempted, EISDIR);
  if (!S_ISREG(file.status.st_mode)) {
    return MakeError(ErrorKind::kInvalidArgument, "not_a_file",
                     attempted + ": it is a pipe, a socket or a device, not a file",
                     "Check the path in the configuration.");
  }
  if (file.status.st_size > static_cast<off_t>(kMaxFileBytes)) return TooLarge(attempted);
  // One byte more than the size shows a file that grows; files of /proc claim to be empty.
  const auto size = static_cast<std::size_t>(file.status.st_size);
  std::string buffer(size == 0 ? kMaxFileBytes + 1 : size + 1, '\0');
  const ssize_t got = ReadAll(files, fd, buffer.data(), buffer.size());
  const int number = errno;
  if (got >= 0)
    file.bytes = Secret(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
  const bool grew = static_cast<std::size_t>(std::max<ssize_t>(got, 0)) == buffer.size();
  WipeString(buffer);
  if (got < 0) return ReadError(attempted, number);
  if (grew && size == 0) return TooLarge(attempted);
  if (grew) {
    return MakeError(ErrorKind::kAborted, "conflict", attempted + ": it grew while it was read",
                     "It is read again.");
  }
  return file;
}

Result<Secret> ReadFile(FileSystem& files, const std::string& path) {
  auto file = OpenAndRead(files, AT_FDCWD, path, path);
  if (!file) return tl::make_unexpected(file.error());
  return std::move(file->bytes);
}

std::string PathFrom(const std::string& base_dir, const std::string& path) {
  if (base_dir.empty() || path.empty() || path.front() == '/') return path;
  return base_dir.back() == '/' ? base_dir + path : base_dir + "/" + path;
}

std::string_view WithoutLastNewline(std::string_view bytes) {
  const bool text = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
  if (!text || bytes.empty() || bytes.back() != '\n') return bytes;
  bytes.remove_suffix(1);
  if (!bytes.empty() && bytes.back() == '\r') bytes.remove_suffix(1);
  return bytes;
}

}  // namespace tokenwarden::files

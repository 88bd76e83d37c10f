// Reads small files that somebody else owns, without ever hanging on what they may turn out to be.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::files {

inline constexpr std::size_t kMaxFileBytes = 1024 * 1024;

// A regular file, open for reading, as it was found.
struct OpenedFile {
  Descriptor descriptor;
  struct stat status {};
  Secret bytes;
};

// `path` is relative to `directory` (AT_FDCWD: to the working directory) and called `shown` in
// messages. kNotFound `no_such_file`; kPermissionDenied `unreadable`; kInvalidArgument `not_a_file`
// (directory, pipe, socket, device; pipes are never waited for) and `too_large` (above
// kMaxFileBytes; decided before reading); kUnavailable `io_error`.
Result<OpenedFile> OpenAndRead(FileSystem& files, int directory, const std::string& path,
                               const std::string& shown);

Result<Secret> ReadFile(FileSystem& files, const std::string& path);

// `path` as seen from `base_dir`, unless it is absolute or `base_dir` is empty.
std::string PathFrom(const std::string& base_dir, const std::string& path);

// The value a person sees: without the one newline that editors and `echo` put behind it. Binary
// content (a raw key may well end in 0x0A) is left alone.
std::string_view WithoutLastNewline(std::string_view bytes);

}  // namespace tokenwarden::files

// Replaces the content of a file so that every reader, and every crash, sees the old or the new
// one.
//
//   follow links ─► lock the directory ─► read ─► edit ─► temporary file beside it (0600, then
//   owner, attributes and mode of the old file, then content) ─► fsync ─► nobody else wrote? ─►
//   rename ─► fsync directory
//
// A failure at any step before the rename removes the temporary file and leaves the old one as it
// was. A failed flush is never taken for a success later: the next write starts from a new
// temporary file. What a crash leaves (`.tokenwarden-<16 hex digits>.tmp`) the next write in that
// directory removes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/core/result.h"
#include "agent/core/secret.h"

namespace tokenwarden::files {

// Gets the content as it is (nullptr: there is no file) and returns the content as it should be.
// Runs under the lock. An error ends the write before anything was touched.
using Edit = std::function<Result<Secret>(const Secret* current)>;

struct UpdateReport {
  bool written = false;  // false: the content was right already, and is on the disk
  std::string note;      // what an operator should know; may be empty
};

// Thread-safe. `create_mode` is for a file that does not exist yet; an existing one keeps its mode,
// owner, group, ACL, SELinux label and user attributes. Other names of the file (hard links) keep
// the old content, and the note says so.
//
// Errors: those of reading; kAborted `conflict` (somebody else wrote: read again); kNotFound
// `no_such_file` (the directory) and `dangling_link`; kPermissionDenied `not_permitted`,
// `read_only`, `owner_not_kept`, `acl_not_kept`; kResourceExhausted `disk_full`;
// kFailedPrecondition `mount_point`; kUnavailable `io_error`, `fsync_failed`, and
// `directory_fsync_failed`: the new content is in place but a power failure could bring the old one
// back; write again.
//
// Between the last look at the old file and the rename (microseconds) a writer that takes no lock
// can still be overwritten: no system call closes that gap without showing readers a third state.
Result<UpdateReport> UpdateFile(FileSystem& files, const std::string& path, mode_t create_mode,
                                const Edit& edit);

}  // namespace tokenwarden::files

// TemporaryFile: a file beside a target that becomes the target or disappears.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "agent/adapters/files/file_reader.h"
#include "agent/adapters/files/file_system.h"
#include "agent/core/result.h"

namespace tokenwarden::files {

// The name pattern of ours. Nothing else in a directory is ever removed.
bool IsTemporaryName(std::string_view name);

class TemporaryFile {
 public:
  // Created with O_EXCL and mode 0600. `attempted` begins every message.
  static Result<TemporaryFile> Create(FileSystem& files, int directory, std::string attempted);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();  // removes the file unless it became the target

  // Owner, group, attributes and mode of the file that it will replace. Adds to `note` what was
  // lost.
  Status Imitate(const OpenedFile& old, std::string& note);
  Status SetMode(mode_t mode);
  // Writes everything, flushes it to the disk and closes the file.
  Status Fill(std::string_view content);
  // Becomes `name`; `must_be_new`: kAborted `conflict` if that name exists by now.
  Status BecomeTarget(const std::string& name, bool must_be_new);

 private:
  TemporaryFile(FileSystem& files, int directory, std::string attempted)
      : files_(files), directory_(directory), attempted_(std::move(attempted)) {}

  tl::unexpected<Error> Failed() const;
  Status KeepOwner(const struct stat& old);
  Status KeepAttributes(int old, std::string& note);
  Status KeepAttribute(int old, const char* name, std::string& note);

  FileSystem& files_;
  const int directory_;
  const std::string attempted_;
  std::string name_;  // empty: nothing to remove
  Descriptor descriptor_;
};

}  // namespace tokenwarden::files

// What the files of this folder need of the system: private to it.
#pragma once

#include <string>

#include "agent/core/result.h"

namespace tokenwarden::crypto {

// By errno.
ErrorKind KindOf(int error);
std::string DirectoryOf(const std::string& path);
// Makes what was created or renamed in the file's directory durable; false with errno.
bool SyncDirectoryOf(const std::string& path);

}  // namespace tokenwarden::crypto

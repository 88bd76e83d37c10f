#include "agent/adapters/crypto/next_key.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "agent/adapters/crypto/key_directory.h"

namespace tokenwarden::crypto {
namespace {

tl::unexpected<Error> Failed(const std::string& doing, int error) {
  return MakeError(KindOf(error), "key_not_replaced",
                   doing + " failed: " + std::string(std::strerror(error)),
                   "mend it and run the same command again: it goes on where it stopped");
}

// For whoever reads the key today: the change may be made by root, and the agent is another user.
Status MakeReachable(const std::string& path) {
  const std::string next = NextKeyPath(path);
  struct stat key {};
  struct stat made {};
  if (stat(path.c_str(), &key) != 0) return Failed("looking at " + path, errno);
  if (stat(next.c_str(), &made) != 0) return Failed("looking at " + next, errno);
  const bool other_owner = key.st_uid != made.st_uid || key.st_gid != made.st_gid;
  if (other_owner && chown(next.c_str(), key.st_uid, key.st_gid) != 0) {
    return Failed("giving " + next + " to the owner of " + path, errno);
  }
  const mode_t mode = key.st_mode & 07777;
  if ((made.st_mode & 07777) != mode && chmod(next.c_str(), mode) != 0) {
    return Failed("giving " + next + " the mode of " + path, errno);
  }
  return {};
}

}  // namespace

std::string NextKeyPath(const std::string& path) { return path + ".next"; }

// It may be reached by whoever may reach the key.
Result<StateKey> LoadNextKey(const std::string& path) {
  struct stat key {};
  const unsigned allowed = stat(path.c_str(), &key) == 0 ? key.st_mode & 077 : 0;
  return LoadKeyFile(NextKeyPath(path), allowed);
}

Result<StateKey> MakeNextKey(const std::string& path) {
  Result<StateKey> left = LoadNextKey(path);
  // What is no key cannot have sealed anything: it was being written when the power went.
  const bool half = !left && left.error().reason == "bad_state_key";
  if (half && unlink(NextKeyPath(path).c_str()) != 0) {
    return Failed("removing the unfinished " + NextKeyPath(path), errno);
  }
  if (left || (!half && left.error().reason != "no_key_file")) return left;
  Status written = WriteNewKey(NextKeyPath(path));
  if (!written) return tl::unexpected<Error>(written.error());
  if (Status same = MakeReachable(path); !same) return tl::unexpected<Error>(same.error());
  return LoadNextKey(path);
}

Result<std::string> TakeNextKey(const std::string& path, Instant now) {
  std::string until = FormatUtc(now);
  until.erase(std::remove(until.begin(), until.end(), ':'), until.end());
  const std::string kept = path + ".until-" + until;
  if (Status same = MakeReachable(path); !same) return tl::unexpected<Error>(same.error());
  if (link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST) {
    return Failed("keeping the old key as " + kept, errno);
  }
  if (!SyncDirectoryOf(path)) return Failed("syncing the directory of " + path, errno);
  if (rename(NextKeyPath(path).c_str(), path.c_str()) != 0) {
    return Failed("renaming " + NextKeyPath(path) + " to " + path, errno);
  }
  if (!SyncDirectoryOf(path)) return Failed("syncing the directory of " + path, errno);
  return kept;
}

}  // namespace tokenwarden::crypto

#include "agent/adapters/sqlite/kept_reply.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

#include "agent/adapters/sqlite/state_file.h"

namespace tokenwarden::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".reply-";

Status WriteWhole(const std::string& path, std::string_view bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  bool done = file >= 0;
  while (done && !bytes.empty()) {
    const ssize_t size = write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    done = size > 0;
    if (done) bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  done = done && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (done) return {};
  return MakeError(ErrorKind::kUnavailable, "io_error",
                   "writing " + path + " failed: " + std::strerror(error),
                   "look at the disk of the state file");
}

std::optional<RotationId> IdIn(std::string_view name, std::string_view state_name) {
  const std::size_t begin = state_name.size() + kMark.size();
  if (name.size() <= begin || name.substr(0, state_name.size()) != state_name ||
      name.substr(state_name.size(), kMark.size()) != kMark) {
    return std::nullopt;
  }
  RotationId id = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, problem] = std::from_chars(name.data() + begin, end, id);
  return problem == std::errc() && stopped == end ? std::optional(id) : std::nullopt;
}

}  // namespace

Result<std::string> KeepReply(const std::string& state_path, RotationId id,
                              const std::string& sealed) {
  const std::string path = state_path + std::string(kMark) + std::to_string(id);
  Status made =
      CreateFile(path, [&](const std::string& fresh) { return WriteWhole(fresh, sealed); });
  if (!made) return tl::unexpected<Error>(made.error());
  return path;
}

Result<std::vector<KeptReply>> FindKeptReplies(const std::string& state_path) {
  const fs::path state(state_path);
  const fs::path directory = state.has_parent_path() ? state.parent_path() : fs::path(".");
  std::vector<KeptReply> kept;
  std::error_code problem;
  for (fs::directory_iterator entry(directory, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    const std::optional<RotationId> id =
        IdIn(entry->path().filename().string(), state.filename().string());
    if (!id) continue;
    std::ifstream file(entry->path(), std::ios::binary);
    std::string sealed{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad() || sealed.empty()) {
      return MakeError(ErrorKind::kUnavailable, "io_error",
                       "reading " + entry->path().string() + ", a reply kept for the state, failed",
                       "look at the disk and the mode of that file; it may hold the newest value");
    }
    kept.push_back({*id, entry->path().string(), std::move(sealed)});
  }
  if (!problem) return kept;
  return MakeError(ErrorKind::kUnavailable, "io_error",
                   "listing " + directory.string() + " failed: " + problem.message(),
                   "look at the disk of the state file");
}

void ForgetKeptReply(const std::string& path) { unlink(path.c_str()); }

}  // namespace tokenwarden::sqlite

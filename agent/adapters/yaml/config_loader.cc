#include "agent/adapters/yaml/config_loader.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "agent/adapters/yaml/bind.h"
#include "agent/adapters/yaml/check.h"
#include "agent/adapters/yaml/problems.h"
#include "agent/adapters/yaml/rules.h"
#include "agent/adapters/yaml/tree.h"

namespace tokenwarden::yaml {
namespace {

constexpr std::size_t kLargestFile = 4 * 1024 * 1024;

LoadedConfig Unreadable(const std::string& path, const std::string& why,
                        const std::string& suggestion) {
  return {std::nullopt, {{path, 0, 0, "the configuration " + why, suggestion}}};
}

// The whole file, or what was wrong with it.
Result<std::string> ReadFile(int descriptor) {
  std::string text;
  std::string chunk(64 * 1024, '\0');
  for (;;) {
    const ssize_t size = read(descriptor, chunk.data(), chunk.size());
    if (size == 0) return text;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return MakeError(ErrorKind::kUnavailable, "unreadable",
                       std::string("cannot be read: ") + std::strerror(errno));
    }
    text.append(chunk, 0, static_cast<std::size_t>(size));
    if (text.size() > kLargestFile) {
      return MakeError(ErrorKind::kInvalidArgument, "too_large", "is larger than 4 MiB");
    }
  }
}

}  // namespace

std::string ConfigProblem::ToText() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  text += ": " + message;
  return suggestion.empty() ? text : text + " (" + suggestion + ")";
}

std::vector<ConfigProblem> Problems::TakeSorted() {
  std::stable_sort(list_.begin(), list_.end(), [](const ConfigProblem& a, const ConfigProblem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::move(list_);
}

LoadedConfig ParseConfig(std::string_view text, const std::string& file) {
  Problems problems(file);
  LoadedConfig loaded;
  if (text.size() > kLargestFile) return Unreadable(file, "is larger than 4 MiB", "");
  const Node root = ParseTree(text, problems);
  if (problems.count() == 0) CheckAgainstTables(root, problems);
  if (problems.count() == 0) {
    loaded.config = Bind(root);
    CheckRules(root, *loaded.config, problems);
  }
  if (problems.count() != 0) loaded.config.reset();
  loaded.problems = problems.TakeSorted();
  return loaded;
}

LoadedConfig LoadConfig(const std::string& path) {
  // Without O_NONBLOCK a named pipe in this place would hang the start.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return Unreadable(path, std::string("cannot be opened: ") + std::strerror(errno),
                      errno == ENOENT ? "check the path given with --config"
                                      : "check the owner and the mode of the file");
  }
  struct stat about {};
  const bool regular = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  Result<std::string> text =
      regular ? ReadFile(descriptor)
              : MakeError(ErrorKind::kInvalidArgument, "not_a_file", "is not a regular file");
  close(descriptor);
  if (!text) return Unreadable(path, text.error().message, "");
  LoadedConfig loaded = ParseConfig(*text, path);
  // The tree of a large file is many times its size; it is not needed again.
  if (text->size() > 64 * 1024) malloc_trim(0);
  return loaded;
}

}  // namespace tokenwarden::yaml

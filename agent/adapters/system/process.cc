#include "agent/adapters/system/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace tokenwarden::sys {
namespace {

bool ForbidCoreFiles() {
  const rlimit none{0, 0};
  return ::setrlimit(RLIMIT_CORE, &none) == 0;
}

bool ForbidReadingOurMemory() { return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

bool RaiseOpenFiles() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  files.rlim_cur = files.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0;
}

struct Step {
  bool (*take)();
  const char* what;
};
constexpr Step kSteps[] = {
    {ForbidCoreFiles, "forbid core files"},
    {ForbidReadingOurMemory, "forbid other processes to read its memory"},
    {RaiseOpenFiles, "raise its limit of open files"},
};

}  // namespace

Status HardenProcess() {
  Status first;
  for (const Step& step : kSteps) {
    if (step.take() || !first) continue;
    first = MakeError(ErrorKind::kPermissionDenied, "not_hardened",
                      std::string("this process could not ") + step.what + ": " +
                          std::generic_category().message(errno),
                      "Check the limits and the seccomp profile it is started with.");
  }
  return first;
}

}  // namespace tokenwarden::sys

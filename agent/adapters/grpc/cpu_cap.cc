// gRPC sizes its thread pools by the machine's processors, not by what this process may use: 57
// threads on a big host, for a handful of calls a minute. It has no setting for that (grpc/grpc
// #28642), so its question is answered here: at most four.
//
// In a static program the linker sends every sysconf to __wrap_sysconf (-Wl,--wrap=sysconf). In a
// shared one the program's own sysconf comes before the C library's, also for libgrpc.
#include "agent/adapters/grpc/cpu_cap.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>

namespace {

constexpr long kMostProcessors = 4;

long Capped(int name, long value) {
  const bool processors = name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN;
  return processors ? std::min(value, kMostProcessors) : value;
}

}  // namespace

#ifdef TOKENWARDEN_WRAP_SYSCONF

// The names are the linker's (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
long __real_sysconf(int name) noexcept;
__attribute__((visibility("default"))) long __wrap_sysconf(int name) noexcept {
  return Capped(name, __real_sysconf(name));
}
}
// NOLINTEND(bugprone-reserved-identifier)

#else

extern "C" __attribute__((visibility("default"))) long sysconf(int name) noexcept {
  using Sysconf = long (*)(int);
  static const auto real = reinterpret_cast<Sysconf>(dlsym(RTLD_NEXT, "sysconf"));
  return Capped(name, real(name));
}

#endif

namespace tokenwarden::grpc_adapter {
void LinkCpuCap() {}
}  // namespace tokenwarden::grpc_adapter

// gRPC sizes its thread pools by the machine's processors, not by what this process may use: 57
// threads on a big host, for a handful of calls a minute. It has no setting for that (grpc/grpc
// #28642), so its question is answered here: at most four.
//
// In a static program the linker sends every sysconf to __wrap_sysconf (-Wl,--wrap=sysconf). In a
// shared one the program's own sysconf comes before the C library's, also for libgrpc.
#include "agent/adapters/grpc/cpu_cap.h"

#include <unistd.h>

// The thread sanitizer asks sysconf before it can watch anybody.
#define TOKENWARDEN_UNWATCHED __attribute__((no_sanitize("thread")))

namespace {

constexpr long kMostProcessors = 4;

TOKENWARDEN_UNWATCHED long Capped(int name, long value) {
  const bool processors = name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN;
  return processors && value > kMostProcessors ? kMostProcessors : value;
}

}  // namespace

// The names are the linker's (--wrap) and the C library's.
extern "C" {
#ifdef TOKENWARDEN_WRAP_SYSCONF
long __real_sysconf(int name) noexcept;
__attribute__((visibility("default"))) long __wrap_sysconf(int name) noexcept {
  return Capped(name, __real_sysconf(name));
}
#else
long __sysconf(int name) noexcept;
__attribute__((visibility("default"))) TOKENWARDEN_UNWATCHED long sysconf(int name) noexcept {
  return Capped(name, __sysconf(name));
}
#endif
}

namespace tokenwarden::grpc_adapter {
void LinkCpuCap() {}
}  // namespace tokenwarden::grpc_adapter

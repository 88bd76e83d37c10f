// gRPC 1.51 wakes up six times a second for nothing: two threads that wait for callbacks look up
// once a second and then rest for a tenth, and two timer threads look at their empty lists once a
// second (completion_queue_cc.cc, timer_manager.cc of iomgr and of posix_engine). There is no
// option for it, so the linker sends these few calls here
// (-Wl,--wrap, static programs only) and they are answered as if gRPC had thought of it:
//   a thread that waits for callbacks waits without a limit, and
//   while no timer is pending, the next one is due never; the first one to come kicks the sleeping
//   thread.
// A timer counts as pending until its closure has run, which happens once, whether it fires or is
// cancelled.
#include "agent/adapters/grpc/quiet_idle.h"

#include <atomic>

#ifdef TOKENWARDEN_WRAP_GRPC

#include <absl/types/optional.h>
#include <grpc/grpc.h>
#include <pthread.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace tokenwarden::grpc_adapter {

// grpc_core::Timestamp is its milliseconds; InfFuture is the largest.
using Timestamp = std::int64_t;
constexpr Timestamp kNever = std::numeric_limits<Timestamp>::max();

// The head of struct grpc_closure. The error is an absl::Status, which is passed by its address.
struct Closure {
  void* next;
  void (*run)(void* argument, void* error);
  void* argument;
};

namespace {

std::atomic<bool> quiet{false};
std::atomic<std::int64_t> pending_timers{0};    // of iomgr
std::atomic<std::int64_t> pending_closures{0};  // of the event engine

struct Counted {
  Closure* closure;
  Closure was;
};

void RunCounted(void* argument, void* error) {
  auto* counted = static_cast<Counted*>(argument);
  const Counted what = *counted;
  delete counted;
  what.closure->run = what.was.run;  // it may be used again
  what.closure->argument = what.was.argument;
  --pending_timers;
  what.was.run(what.was.argument, error);
}

bool WaitsForCallbacks() {
  thread_local const bool waits = [] {
    char name[16] = "";
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
           std::strcmp(name, "nexting_thread") == 0;
  }();
  return waits;
}

}  // namespace

// What the linker calls the original and its replacement.
#define ORIGINAL(symbol) asm("__real_" symbol)
#define REPLACEMENT(symbol) asm("__wrap_" symbol)

#define NEXT "grpc_completion_queue_next"
grpc_event RealNext(grpc_completion_queue*, gpr_timespec, void*) ORIGINAL(NEXT);
grpc_event Next(grpc_completion_queue*, gpr_timespec, void*) REPLACEMENT(NEXT);
grpc_event Next(grpc_completion_queue* queue, gpr_timespec deadline, void* reserved) {
  if (quiet && WaitsForCallbacks()) deadline = gpr_inf_future(GPR_CLOCK_REALTIME);
  return RealNext(queue, deadline, reserved);
}

// The timers of iomgr: deadlines, alarms, handshakes, keepalive.

void KickTimerThread() asm("_Z16grpc_kick_pollerv");

// grpc_timer_init(grpc_timer*, grpc_core::Timestamp, grpc_closure*)
#define TIMER_INIT "_Z15grpc_timer_initP10grpc_timerN9grpc_core9TimestampEP12grpc_closure"
void RealTimerInit(void*, Timestamp, Closure*) ORIGINAL(TIMER_INIT);
void TimerInit(void*, Timestamp, Closure*) REPLACEMENT(TIMER_INIT);
void TimerInit(void* timer, Timestamp deadline, Closure* closure) {
  closure->argument = new Counted{closure, *closure};
  closure->run = RunCounted;
  const bool first = pending_timers++ == 0;
  RealTimerInit(timer, deadline, closure);
  if (first && quiet) KickTimerThread();
}

// grpc_timer_check(grpc_core::Timestamp*)
#define TIMER_CHECK "_Z16grpc_timer_checkPN9grpc_core9TimestampE"
int RealTimerCheck(Timestamp*) ORIGINAL(TIMER_CHECK);
int TimerCheck(Timestamp*) REPLACEMENT(TIMER_CHECK);
int TimerCheck(Timestamp* next) {
  const int answer = RealTimerCheck(next);
  if (quiet && next != nullptr && pending_timers == 0) *next = kNever;
  return answer;
}

// The timers of the event engine, which a server hardly uses.
#define POSIX_ENGINE "_ZN17grpc_event_engine12posix_engine"

void KickEngine(void*) asm(POSIX_ENGINE "12TimerManager4KickEv");

// TimerManager::TimerInit(Timer*, grpc_core::Timestamp, EventEngine::Closure*)
#define ENGINE_INIT                                                   \
  POSIX_ENGINE                                                        \
  "12TimerManager9TimerInitEPNS0_5TimerEN9grpc_core9TimestampEPNS_12" \
  "experimental11EventEngine7ClosureE"
void RealEngineInit(void*, void*, Timestamp, void*) ORIGINAL(ENGINE_INIT);
void EngineInit(void*, void*, Timestamp, void*) REPLACEMENT(ENGINE_INIT);
void EngineInit(void* manager, void* timer, Timestamp deadline, void* closure) {
  const bool first = pending_closures++ == 0;
  RealEngineInit(manager, timer, deadline, closure);
  if (first && quiet) KickEngine(manager);
}

// TimerManager::TimerCancel(Timer*)
#define ENGINE_CANCEL POSIX_ENGINE "12TimerManager11TimerCancelEPNS0_5TimerE"
bool RealEngineCancel(void*, void*) ORIGINAL(ENGINE_CANCEL);
bool EngineCancel(void*, void*) REPLACEMENT(ENGINE_CANCEL);
bool EngineCancel(void* manager, void* timer) {
  const bool cancelled = RealEngineCancel(manager, timer);
  if (cancelled) --pending_closures;
  return cancelled;
}

// TimerList::TimerCheck(grpc_core::Timestamp*): the closures that are due.
using Due = absl::optional<std::vector<void*>>;
#define ENGINE_CHECK POSIX_ENGINE "9TimerList10TimerCheckEPN9grpc_core9TimestampE"
Due RealEngineCheck(void*, Timestamp*) ORIGINAL(ENGINE_CHECK);
Due EngineCheck(void*, Timestamp*) REPLACEMENT(ENGINE_CHECK);
Due EngineCheck(void* list, Timestamp* next) {
  Due due = RealEngineCheck(list, next);
  if (due) pending_closures -= static_cast<std::int64_t>(due->size());
  if (quiet && pending_closures == 0) *next = kNever;
  return due;
}

void SleepWhileIdle() { quiet = true; }

}  // namespace tokenwarden::grpc_adapter

#else

namespace tokenwarden::grpc_adapter {
void SleepWhileIdle() {}
}  // namespace tokenwarden::grpc_adapter

#endif

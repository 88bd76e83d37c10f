// Tells ThreadSanitizer what gRPC promises about the order of things.
//
// Debian's gRPC and Abseil are not instrumented: their locks and queues are invisible, so that
// whatever one thread hands to another through gRPC would be reported as a race. Suppressing every
// report with gRPC in its stack hides the races of our own handlers as well. Instead, calls that
// come from these libraries are not watched (see the list at the end), and the few promises that
// our code relies on are spelled out here, at the border, by functions that stand before the
// library's own:
//
//   what happened before an operation was started    precedes   its completion
//   what happened before a server was started        precedes   every call that it serves
//   every callback that has returned                 precedes   the end of the server's shutdown
//   what happened before work was given to gRPC      precedes   its execution there (alarms,
//   OnDone, OnCancel) what happened before a message was sent          precedes   its arrival, also
//   within one process (tests) what was done under a lock of gRPC's headers     precedes   what is
//   done under it next (only where we compile them)
//
// Nothing else is ordered: two handlers that touch the same thing without a lock of ours are
// reported. Linked into whatever links gRPC, in ThreadSanitizer builds only. Written for gRPC 1.51
// (its struct grpc_closure).
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#define TW_EXPORT extern "C" __attribute__((visibility("default")))
// The closures belong to gRPC.
#define UNWATCHED __attribute__((no_sanitize("thread")))

namespace {

char server_started;      // released by a start, acquired by every completion
char callbacks_returned;  // released when a thread comes back for more, acquired at the end of a
                          // shutdown
char asked;               // released when a client sends, acquired where calls are served
char answered;            // released when a server sends, acquired where clients wait

template <typename Function>
Function Real(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr, "tsan_grpc: this gRPC has no %s; see tests/sanitizers/tsan_grpc.cc\n",
                 name);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

bool IsOfAClient(const grpc_op* ops, std::size_t count) {
  return std::any_of(ops, ops + count, [](const grpc_op& op) {
    return op.op == GRPC_OP_SEND_CLOSE_FROM_CLIENT || op.op == GRPC_OP_RECV_STATUS_ON_CLIENT;
  });
}

grpc_event Completed(const grpc_event& event) {
  __tsan_acquire(&server_started);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

// The head of gRPC's struct grpc_closure. The error is an absl::Status, which is passed by its
// address.
struct Closure {
  void* next;
  void (*run)(void* argument, void* error);
  void* argument;
};

struct Handed {
  Closure* closure;
  Closure was;
};

UNWATCHED void RunHanded(void* argument, void* error) {
  auto* handed = static_cast<Handed*>(argument);
  __tsan_acquire(handed);
  const Handed what = *handed;
  delete handed;
  what.closure->run = what.was.run;  // it may be used again
  what.closure->argument = what.was.argument;
  what.was.run(what.was.argument, error);
}

UNWATCHED void HandOver(Closure* closure) {
  auto* handed = new Handed{closure, *closure};
  closure->run = RunHanded;
  closure->argument = handed;
  __tsan_release(handed);
}

}  // namespace

TW_EXPORT grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops,
                                                std::size_t count, void* tag, void* reserved) {
  static const auto real = Real<decltype(&grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  __tsan_release(IsOfAClient(ops, count) ? &asked : &answered);
  return real(call, ops, count, tag, reserved);
}

TW_EXPORT grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                                void* reserved) {
  static const auto real =
      Real<decltype(&grpc_completion_queue_next)>("grpc_completion_queue_next");
  __tsan_release(&callbacks_returned);
  const grpc_event event = Completed(real(queue, deadline, reserved));
  __tsan_acquire(&asked);
  return event;
}

TW_EXPORT grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                                 gpr_timespec deadline, void* reserved) {
  static const auto real =
      Real<decltype(&grpc_completion_queue_pluck)>("grpc_completion_queue_pluck");
  const grpc_event event = Completed(real(queue, tag, deadline, reserved));
  __tsan_acquire(&answered);
  return event;
}

TW_EXPORT void grpc_server_start(grpc_server* server) {
  static const auto real = Real<decltype(&grpc_server_start)>("grpc_server_start");
  __tsan_release(&server_started);
  real(server);
}

// grpc::Server::ShutdownInternal(gpr_timespec)
TW_EXPORT void _ZN4grpc6Server16ShutdownInternalE12gpr_timespec(void* self, gpr_timespec deadline) {
  static const auto real =
      Real<void (*)(void*, gpr_timespec)>("_ZN4grpc6Server16ShutdownInternalE12gpr_timespec");
  real(self, deadline);
  __tsan_acquire(&callbacks_returned);
}

// grpc_core::Executor::Run(grpc_closure*, absl::Status, ExecutorType, ExecutorJobType)
TW_EXPORT void
_ZN9grpc_core8Executor3RunEP12grpc_closureN4absl7debian36StatusENS_12ExecutorTypeENS_15ExecutorJobTypeE(
    Closure* closure, void* error, int type, int job) {
  static const auto real = Real<void (*)(Closure*, void*, int, int)>(
      "_ZN9grpc_core8Executor3RunEP12grpc_closureN4absl7debian36StatusENS_12ExecutorTypeENS_"
      "15ExecutorJobTypeE");
  HandOver(closure);
  real(closure, error, type, job);
}

// grpc_timer_init(grpc_timer*, grpc_core::Timestamp, grpc_closure*)
TW_EXPORT void _Z15grpc_timer_initP10grpc_timerN9grpc_core9TimestampEP12grpc_closure(
    void* timer, std::int64_t at, Closure* closure) {
  static const auto real = Real<void (*)(void*, std::int64_t, Closure*)>(
      "_Z15grpc_timer_initP10grpc_timerN9grpc_core9TimestampEP12grpc_closure");
  HandOver(closure);
  real(timer, at, closure);
}

// grpc::internal::ServerCallbackCall counts down what a call still waits for; the library's share
// of that is invisible. Its members: the table of virtual functions, the conditions of OnCancel,
// the conditions of OnDone.
struct CallbackCall {
  void* table;
  int before_cancel;
  int before_done;
};

// grpc::internal::ServerCallbackCall::ScheduleOnDone(bool)
TW_EXPORT void _ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb(CallbackCall* self,
                                                                       bool here) {
  static const auto real = Real<void (*)(CallbackCall*, bool)>(
      "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb");
  __tsan_acquire(&self->before_done);
  real(self, here);
}

// grpc::internal::ServerCallbackCall::CallOnCancel(ServerReactor*)
TW_EXPORT void _ZN4grpc8internal18ServerCallbackCall12CallOnCancelEPNS0_13ServerReactorE(
    CallbackCall* self, void* reactor) {
  static const auto real = Real<void (*)(CallbackCall*, void*)>(
      "_ZN4grpc8internal18ServerCallbackCall12CallOnCancelEPNS0_13ServerReactorE");
  __tsan_acquire(&self->before_cancel);
  real(self, reactor);
}

// The bounds of the program, by the linker: what is compiled here is watched, what calls from a
// library is not.
extern "C" const char __executable_start;
extern "C" const char etext;

#define CALLED_FROM_HERE                                                           \
  (static_cast<const char*>(__builtin_return_address(0)) >= &__executable_start && \
   static_cast<const char*>(__builtin_return_address(0)) < &etext)

// absl::Mutex::Lock()
TW_EXPORT void _ZN4absl7debian35Mutex4LockEv(void* self) {
  static const auto real = Real<void (*)(void*)>("_ZN4absl7debian35Mutex4LockEv");
  real(self);
  if (CALLED_FROM_HERE) __tsan_acquire(self);
}

// absl::Mutex::Unlock()
TW_EXPORT void _ZN4absl7debian35Mutex6UnlockEv(void* self) {
  static const auto real = Real<void (*)(void*)>("_ZN4absl7debian35Mutex6UnlockEv");
  if (CALLED_FROM_HERE) __tsan_release(self);
  real(self);
}

TW_EXPORT const char* __tsan_default_suppressions() {
  return "called_from_lib:libgrpc++_unsecure.so\n"
         "called_from_lib:libgrpc_unsecure.so\n"
         "called_from_lib:libgpr.so\n"
         "called_from_lib:libabsl_bad_optional_access.so\n"
         "called_from_lib:libabsl_bad_variant_access.so\n"
         "called_from_lib:libabsl_base.so\n"
         "called_from_lib:libabsl_city.so\n"
         "called_from_lib:libabsl_civil_time.so\n"
         "called_from_lib:libabsl_cord.so\n"
         "called_from_lib:libabsl_cord_internal.so\n"
         "called_from_lib:libabsl_cordz_functions.so\n"
         "called_from_lib:libabsl_cordz_handle.so\n"
         "called_from_lib:libabsl_cordz_info.so\n"
         "called_from_lib:libabsl_debugging_internal.so\n"
         "called_from_lib:libabsl_demangle_internal.so\n"
         "called_from_lib:libabsl_exponential_biased.so\n"
         "called_from_lib:libabsl_graphcycles_internal.so\n"
         "called_from_lib:libabsl_hash.so\n"
         "called_from_lib:libabsl_hashtablez_sampler.so\n"
         "called_from_lib:libabsl_int128.so\n"
         "called_from_lib:libabsl_log_severity.so\n"
         "called_from_lib:libabsl_low_level_hash.so\n"
         "called_from_lib:libabsl_malloc_internal.so\n"
         "called_from_lib:libabsl_random_distributions.so\n"
         "called_from_lib:libabsl_random_internal_platform.so\n"
         "called_from_lib:libabsl_random_internal_pool_urbg.so\n"
         "called_from_lib:libabsl_random_internal_randen.so\n"
         "called_from_lib:libabsl_random_internal_randen_hwaes.so\n"
         "called_from_lib:libabsl_random_internal_randen_hwaes_impl.so\n"
         "called_from_lib:libabsl_random_internal_randen_slow.so\n"
         "called_from_lib:libabsl_random_internal_seed_material.so\n"
         "called_from_lib:libabsl_random_seed_gen_exception.so\n"
         "called_from_lib:libabsl_random_seed_sequences.so\n"
         "called_from_lib:libabsl_raw_hash_set.so\n"
         "called_from_lib:libabsl_raw_logging_internal.so\n"
         "called_from_lib:libabsl_spinlock_wait.so\n"
         "called_from_lib:libabsl_stacktrace.so\n"
         "called_from_lib:libabsl_status.so\n"
         "called_from_lib:libabsl_statusor.so\n"
         "called_from_lib:libabsl_str_format_internal.so\n"
         "called_from_lib:libabsl_strerror.so\n"
         "called_from_lib:libabsl_strings.so\n"
         "called_from_lib:libabsl_strings_internal.so\n"
         "called_from_lib:libabsl_symbolize.so\n"
         "called_from_lib:libabsl_synchronization.so\n"
         "called_from_lib:libabsl_throw_delegate.so\n"
         "called_from_lib:libabsl_time.so\n"
         "called_from_lib:libabsl_time_zone.so\n"
         "called_from_lib:libupb.so\n"
         // The text of a status, copied out of memory that libstdc++ wrote for gRPC.
         "race:^grpc::internal::CallOpClientRecvStatus::FinishOp\n"
         // Asks on purpose whether a descriptor that was handed to gRPC is closed by now.
         "race:^tokenwarden::grpc_adapter::(anonymous namespace)::InodeOf\n"
         // gRPC's own descriptors, which are watched whoever opens them.
         "race:^grpc_event_engine::posix_engine::Epoll1Poller::\n";
}

#include "agent/adapters/grpc/prepare_process.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>

#include <cstdlib>

#include "agent/adapters/grpc/cpu_cap.h"

namespace tokenwarden::grpc_adapter {

void PrepareProcess() {
  LinkCpuCap();
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // gRPC's own lines are not in our log format; failures reach us as statuses. Whoever asks gRPC
  // for its log (GRPC_VERBOSITY) gets it.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) {
    gpr_set_log_function([](gpr_log_func_args*) {});
  }
}

}  // namespace tokenwarden::grpc_adapter

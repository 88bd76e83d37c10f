#include "agent/adapters/notify/notifier.h"

#include <utility>

#include "agent/adapters/notify/exec_command.h"
#include "agent/adapters/notify/post_notice.h"
#include "agent/adapters/notify/signal_process.h"

namespace tokenwarden::notify {
namespace {

class LocalNotifier : public Notifier {
 public:
  LocalNotifier(HttpClient& http, std::string base_dir)
      : http_(http), base_dir_(std::move(base_dir)) {}

  Status Notify(const NotifySpec& spec, const Notice& notice) override {
    switch (spec.kind) {
      case NotifyKind::kExec:
        return ExecCommand(spec, notice, base_dir_);
      case NotifyKind::kSignal:
        return SignalProcess(spec, base_dir_);
      case NotifyKind::kHttp:
        return PostNotice(spec, notice, http_);
      case NotifyKind::kKubernetesRollout:
        return MakeError(
            ErrorKind::kFailedPrecondition, "no_kubernetes_configured",
            "cannot tell " + spec.Target() + ": there is no connection to a Kubernetes cluster");
    }
    return MakeError(ErrorKind::kInternal, "unknown_notify", "unknown kind of notification");
  }

 private:
  HttpClient& http_;
  const std::string base_dir_;
};

}  // namespace

std::unique_ptr<Notifier> MakeNotifier(HttpClient& http, std::string base_dir) {
  return std::make_unique<LocalNotifier>(http, std::move(base_dir));
}

}  // namespace tokenwarden::notify

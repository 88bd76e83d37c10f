#include "agent/adapters/kubernetes/exec_identity.h"

#include <mutex>
#include <optional>
#include <utility>

#include "agent/adapters/kubernetes/json.h"
#include "agent/adapters/kubernetes/run_program.h"

namespace tokenwarden::kubernetes {
namespace {

// A token about to expire would be refused on its way.
constexpr Seconds kLeeway{10};

// `2026-11-20T10:00:00.5+01:00`: with a fraction, which is dropped, and any offset.
std::optional<Instant> ParseRfc3339(std::string_view text) {
  constexpr std::size_t kSeconds = std::string_view("2026-11-20T10:00:00").size();
  if (text.size() <= kSeconds) return std::nullopt;
  const std::optional<Instant> local = ParseUtc(std::string(text.substr(0, kSeconds)) + "Z");
  std::string_view rest = text.substr(kSeconds);
  if (rest.front() == '.') {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    rest = end == std::string_view::npos ? "" : rest.substr(end);
  }
  if (rest == "Z") return local;
  const bool ahead = !rest.empty() && rest.front() == '+';
  if (!local || rest.size() != 6 || (!ahead && rest.front() != '-')) return std::nullopt;
  const std::optional<Instant> offset =
      ParseUtc("1970-01-01T" + std::string(rest.substr(1)) + ":00Z");
  if (!offset) return std::nullopt;
  return ahead ? *local - offset->time_since_epoch() : *local + offset->time_since_epoch();
}

class ExecIdentity : public Identity {
 public:
  ExecIdentity(ExecPlugin plugin, Clock& clock) : plugin_(std::move(plugin)), clock_(clock) {}

  // Others wait while one runs it: they want the same answer.
  Result<Presented> Present() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!kept_ || clock_.Now() + kLeeway >= expires_at_) {
      kept_.reset();
      Result<Secret> output = RunProgram(Question());
      if (!output) return NotRun(output.error());
      Status read = ReadAnswer(*output);
      if (!read) return tl::unexpected<Error>(read.error());
    }
    return Copy(*kept_);
  }

  void Forget() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.reset();
  }

 private:
  static Presented Copy(const Presented& kept) {
    Presented copy;
    if (kept.token) copy.token = kept.token->Clone();
    if (kept.certificate) {
      copy.certificate = ClientIdentity{kept.certificate->certificate_pem,
                                        kept.certificate->private_key_pem.Clone()};
    }
    return copy;
  }

  Program Question() const {
    Json question = {{"apiVersion", plugin_.api_version},
                     {"kind", "ExecCredential"},
                     {"spec", {{"interactive", false}}}};
    if (!plugin_.cluster_json.empty()) {
      question["spec"]["cluster"] = Json::parse(plugin_.cluster_json, nullptr, false);
    }
    Program program{plugin_.command, plugin_.arguments, plugin_.environment, plugin_.timeout};
    program.environment.emplace_back("KUBERNETES_EXEC_INFO", question.dump());
    return program;
  }

  tl::unexpected<Error> NotRun(const Error& error) const {
    const bool unusable =
        error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kPermissionDenied;
    if (unusable) {
      return MakeError(ErrorKind::kFailedPrecondition, "no_exec_plugin",
                       "the kubeconfig's exec plugin: " + error.message,
                       plugin_.install_hint.empty() ? error.action : plugin_.install_hint);
    }
    return MakeError(error.kind,
                     error.reason == "timeout" ? "exec_plugin_timeout" : "exec_plugin_failed",
                     "the kubeconfig's exec plugin: " + error.message, error.action);
  }

  tl::unexpected<Error> Bad(const std::string& what) const {
    return MakeError(ErrorKind::kFailedPrecondition, "bad_exec_plugin",
                     "the kubeconfig's exec plugin " + plugin_.command + " " + what,
                     "Run it by hand and compare with `client-go credential plugins` of the "
                     "Kubernetes documentation.");
  }

  Status ReadAnswer(const Secret& output) {
    std::optional<Json> parsed = ParseJson(output.Reveal());
    if (!parsed) return Bad("did not answer in JSON");
    const WipedJson answer(std::move(*parsed));
    if (TextAt(answer.json, {"kind"}) != "ExecCredential" ||
        TextAt(answer.json, {"apiVersion"}) != plugin_.api_version) {
      return Bad("answered in another version than " + plugin_.api_version);
    }
    Presented presented;
    std::string token = TextAt(answer.json, {"status", "token"});
    std::string key = TextAt(answer.json, {"status", "clientKeyData"});
    const std::string certificate = TextAt(answer.json, {"status", "clientCertificateData"});
    if (!token.empty()) presented.token = Secret::TakeFrom(token);
    if (!key.empty() && !certificate.empty()) {
      presented.certificate = ClientIdentity{certificate, Secret::TakeFrom(key)};
    }
    if (!presented.token && !presented.certificate) {
      return Bad("handed out neither a token nor a certificate with its key");
    }
    const std::string expiry = TextAt(answer.json, {"status", "expirationTimestamp"});
    const std::optional<Instant> expires_at = ParseRfc3339(expiry);
    if (!expiry.empty() && !expires_at) return Bad("gave an expiry that is no time of RFC 3339");
    expires_at_ = expires_at.value_or(Clock::kForever);
    kept_ = std::move(presented);
    return {};
  }

  const ExecPlugin plugin_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<Presented> kept_;         // guarded by mutex_
  Instant expires_at_ = Clock::kForever;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<Identity> MakeExecIdentity(ExecPlugin plugin, Clock& clock) {
  return std::make_unique<ExecIdentity>(std::move(plugin), clock);
}

}  // namespace tokenwarden::kubernetes

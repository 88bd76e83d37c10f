#include "agent/adapters/meta/inspection.h"

#include <algorithm>
#include <utility>

namespace tokenwarden::meta {
namespace {

constexpr Seconds kToleratedSkew{300};  // Meta refuses time-stamped proofs beyond it

constexpr const char* kCredentialsAction =
    "Compare the app id and the app secret with App settings > Basic in the app dashboard.";

bool IsSilence(const std::optional<Reason>& reason) {
  return reason && VerdictOf(*reason) == Verdict::kIndeterminate;
}

bool IsThrottle(const Reading& reading) {
  return reading.error &&
         MeaningOf(*reading.error, *reading.evidence.http_status).reason == Reason::kRateLimited;
}

}  // namespace

Inspection::Inspection(const ProviderContext& context, const Secret& value, HttpClient& http,
                       const Mac& mac, GraphAddress address)
    : context_(context), value_(value), http_(http), mac_(mac), address_(std::move(address)) {
  observation_.evidence.endpoint = "local";
  observation_.evidence.observed_at = context.now;
}

Observation Inspection::Run() && {
  Look();
  return std::move(observation_);
}

Observation Inspection::RunWithCanary() && {
  Look();
  if (IsValid() && !meta().canary.empty() && !silenced_) CallCanary();
  return std::move(observation_);
}

void Inspection::Look() {
  CheckWithoutNetwork();
  if (concluded_) return;
  if (HasAppCredentials(context_)) {
    AskAsTheApp();
  } else {
    AskAsTheToken();
  }
  if (IsValid()) ProveAssets();
  AddFindings();
}

void Inspection::AskAsTheApp() {
  HttpRequest request = Request("/debug_token", "debug_token");
  request.bearer = AppToken(context_);
  AddQuery(request, "input_token", value_.Reveal());
  const Reading reading = Ask(request);
  if (reading.error) {
    JudgeRefusedInspector(reading);
  } else {
    JudgeDebugToken(reading);
  }
}

// The error speaks of us, never of the inspected token, with one exception: a token of another app.
void Inspection::JudgeRefusedInspector(const Reading& reading) {
  const Meaning meaning = MeaningOf(*reading.error, *reading.evidence.http_status);
  if (!meaning.reason) return Conclude(meaning, reading.evidence);  // it speaks of neither
  const bool other_app = meaning.reason == Reason::kOtherApp;
  const bool unclear = reading.error->code == 100 && meaning.reason != Reason::kInspector;
  if (other_app || unclear) {
    const bool ours_work = OurCredentialsWork();
    if (ours_work && other_app) return Conclude(meaning, reading.evidence);
    if (ours_work) {
      return Conclude(Reason::kBadReply,
                      "Meta refused to inspect the token, and not because of our app secret.",
                      "Check meta.endpoint and meta.api_version.", reading.evidence);
    }
  } else if (IsSilence(meaning.reason) && meaning.reason != Reason::kInspector) {
    return Conclude(meaning, reading.evidence);
  }
  const bool is_ours = meaning.reason == Reason::kInspector;
  Conclude(Reason::kInspector,
           is_ours ? meaning.message + " The token itself was not judged."
                   : "Meta refused our own app id and app secret, so the token was not judged.",
           is_ours ? meaning.action : kCredentialsAction, reading.evidence);
}

// A probe of the app secret that depends on no token. What it returns is an app token: never a
// renewal.
bool Inspection::OurCredentialsWork() {
  HttpRequest request = Request("/oauth/access_token", "client_credentials");
  request.method = HttpRequest::Method::kPost;
  AddForm(request, "grant_type", "client_credentials");
  AddForm(request, "client_id", meta().app_id);
  AddForm(request, "client_secret", context_.app_secret->Reveal());
  Reading reading = Ask(request);
  if (!reading.body) return false;
  std::string token = TextAt(*reading.body, "access_token");
  const bool works = !token.empty();
  WipeString(token);
  return works;
}

HttpRequest Inspection::Request(const std::string& path, std::string endpoint) const {
  return NewRequest(context_, address_, path, std::move(endpoint));
}

HttpRequest Inspection::TokenRequest(const std::string& path, std::string endpoint) const {
  return NewTokenRequest(context_, address_, mac_, path, std::move(endpoint), value_);
}

Reading Inspection::Ask(const HttpRequest& request) {
  const Result<HttpReply> reply = http_.Send(request);
  if (!reply) {
    silenced_ = true;
    return ReadFailure(reply.error(), request.endpoint_name, now());
  }
  Reading reading = ReadReply(*reply, request.endpoint_name, now());
  silenced_ = silenced_ || reading.silence || IsThrottle(reading);
  usage_.percent = std::max(usage_.percent, reading.usage.percent);
  if (reading.usage.regain)
    usage_.regain = std::max(usage_.regain.value_or(Seconds(0)), *reading.usage.regain);
  if (reading.usage.wait)
    usage_.wait = std::max(usage_.wait.value_or(Seconds(0)), *reading.usage.wait);
  if (reading.date && !observation_.clock_skew) observation_.clock_skew = now() - *reading.date;
  if (served_version_.empty()) served_version_ = reading.served_version;
  return reading;
}

bool Inspection::ClocksDisagree() const {
  const Seconds skew = observation_.clock_skew.value_or(Seconds(0));
  return skew > kToleratedSkew || skew < -kToleratedSkew;
}

void Inspection::Conclude(Reason reason, std::string message, std::string action,
                          const Evidence& evidence) {
  Conclude(VerdictOf(reason), reason, std::move(message), std::move(action), evidence);
}

void Inspection::Conclude(const Meaning& meaning, const Evidence& evidence) {
  Conclude(meaning.reason.value_or(Reason::kBadReply), meaning.message, meaning.action, evidence);
}

void Inspection::Conclude(Verdict verdict, Reason reason, std::string message, std::string action,
                          const Evidence& evidence) {
  if (concluded_) {
    const bool replaces =
        verdict == Verdict::kIndeterminate
            ? IsValid()
            : verdict != observation_.verdict && Worse(verdict, observation_.verdict) == verdict;
    if (!replaces) return;
  }
  // A stamped proof is refused for its age when the clocks differ.
  if (reason == Reason::kInspector && meta().send_appsecret_time && ClocksDisagree()) {
    reason = Reason::kClock;
    message +=
        " Our clock and Meta's disagree by " + FormatDuration(*observation_.clock_skew) + ".";
    action = "Set the clock of this machine, then check again.";
  }
  concluded_ = true;
  observation_.verdict = verdict;
  observation_.reason = reason;
  observation_.message = std::move(message);
  observation_.action = std::move(action);
  observation_.evidence = evidence;
}

void Inspection::AddFinding(std::string id, Severity severity, std::string message,
                            std::string action) {
  for (const Finding& known : observation_.findings) {
    if (known.id == id) return;
  }
  observation_.findings.push_back(
      Finding{std::move(id), severity, std::move(message), std::move(action)});
}

}  // namespace tokenwarden::meta

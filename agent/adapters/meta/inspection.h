// Inspection: one look at one value. Holds the observation while it grows; used by one thread,
// once.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/adapters/meta/graph_reply.h"
#include "agent/adapters/meta/graph_request.h"
#include "agent/core/observation.h"

namespace tokenwarden::meta {

class Inspection {
 public:
  Inspection(const ProviderContext& context, const Secret& value, HttpClient& http, const Mac& mac,
             GraphAddress address);

  Observation Run() &&;
  // The same, and then the configured canary call.
  Observation RunWithCanary() &&;

 private:
  void Look();
  // The parts, each in a file of its own.
  void CheckWithoutNetwork();  // paste.cc
  void AskAsTheApp();          // inspection.cc
  void JudgeRefusedInspector(const Reading& reading);
  bool OurCredentialsWork();
  void AskAsTheToken();  // self_inspection.cc
  bool AskWhoItIs();
  void AskWhichApp();
  void AskPermissions();
  void JudgeDebugToken(const Reading& reading);  // debug_token.cc
  void JudgeDead(const Json& data);
  void JudgeTimes();
  void JudgeIdentity();
  void JudgeScopes();
  void ReadScopeTargets(const Json& data);  // scope_targets.cc
  void NoteScopesWithoutAsset();
  std::string WhyAccountIsRefused() const;
  void ProveAssets();  // assets.cc
  void ProvePhoneNumber();
  void ProveBusinessAccount();
  void AskSubscribedApps();
  bool AcceptAsset(const Reading& reading, const std::string& what, const std::string& id);
  void ConcludeUnread(const Reading& reading, Meaning meaning, const std::string& what);
  void CallCanary();
  void JudgeHealth(const Json& node, const std::string& what);
  void AddFindings();  // findings.cc
  void NoteTemporaryToken();
  void NoteWideScopes();
  void NoteVersion();
  void NoteQuota();

  const MetaSpec& meta() const { return context_.spec.meta; }
  Instant now() const { return context_.now; }
  // The issuer's clock, as far as a reply told it.
  Instant IssuerNow() const { return now() - observation_.clock_skew.value_or(Seconds(0)); }
  bool ClocksDisagree() const;

  HttpRequest Request(const std::string& path, std::string endpoint) const;
  HttpRequest TokenRequest(const std::string& path, std::string endpoint) const;
  // Sends, and keeps what the reply tells beside its answer: quota, clock, version.
  Reading Ask(const HttpRequest& request);

  // A conclusion that is more fundamental than the one before replaces it; silence replaces only
  // `valid`.
  void Conclude(Reason reason, std::string message, std::string action, const Evidence& evidence);
  void Conclude(Verdict verdict, Reason reason, std::string message, std::string action,
                const Evidence& evidence);
  void Conclude(const Meaning& meaning, const Evidence& evidence);
  void AddFinding(std::string id, Severity severity, std::string message, std::string action);
  bool IsValid() const { return observation_.verdict == Verdict::kValid; }

  const ProviderContext& context_;
  const Secret& value_;
  HttpClient& http_;
  const Mac& mac_;
  const GraphAddress address_;
  Observation observation_;
  bool concluded_ = false;
  bool silenced_ = false;  // the issuer stopped answering: no more questions in this look
  Usage usage_;            // the highest of all replies
  std::string served_version_;
  // For which accounts each required permission was granted, where the reply says so.
  std::map<std::string, std::set<std::string>> scope_targets_;
};

}  // namespace tokenwarden::meta

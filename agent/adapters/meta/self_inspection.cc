// Without the app secret only the token itself can be asked. What that cannot prove is said
// plainly.
#include <algorithm>

#include "agent/adapters/meta/inspection.h"

namespace tokenwarden::meta {
namespace {

constexpr const char* kNoSecret =
    "The app id and app secret are not both known here, so nobody but the token itself vouches for "
    "it.";

// An answer about the token itself, or no answer at all; otherwise another question may still be
// answered.
bool EndsTheLook(const Meaning& meaning) {
  if (!meaning.reason) return false;
  switch (*meaning.reason) {
    case Reason::kInspector:
    case Reason::kBadReply:
    case Reason::kOtherApp:
    case Reason::kPermissionDenied:
    case Reason::kAssetUnreachable:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Inspection::AskAsTheToken() {
  observation_.unproven.push_back(kNoSecret);
  HttpRequest request = Request("/debug_token", "debug_token");
  request.bearer = value_.Clone();
  AddQuery(request, "input_token", value_.Reveal());
  const Reading reading = Ask(request);
  if (reading.error) {
    const Meaning meaning = MeaningOf(*reading.error, *reading.evidence.http_status);
    if (EndsTheLook(meaning)) return Conclude(meaning, reading.evidence);
    if (AskWhoItIs()) AskPermissions();
    return;
  }
  JudgeDebugToken(reading);
  if (!IsValid()) return;
  observation_.reason = Reason::kSelfReported;
  observation_.message = "The token reports itself valid.";
}

// True when the token answered for itself.
bool Inspection::AskWhoItIs() {
  HttpRequest request = Request("/me", "me");
  request.bearer = value_.Clone();
  AddQuery(request, "fields", "id,name");
  const Reading reading = Ask(request);
  if (reading.silence) {
    Conclude(*reading.silence, reading.evidence);
    return false;
  }
  if (reading.error) {
    const Meaning meaning = MeaningOf(*reading.error, *reading.evidence.http_status);
    const bool stands_for_no_user = meaning.reason == Reason::kOtherKind;
    if (!stands_for_no_user || meta().kind != MetaKind::kApp) {
      Conclude(meaning, reading.evidence);
      return false;
    }
    observation_.facts.kind = "app";
  } else {
    observation_.facts.user_id = IdAt(*reading.body, "id");
    if (observation_.facts.user_id.empty()) {
      Conclude(Reason::kBadReply, "The reply of /me names nobody.",
               "Nothing: it is tried again later. If it stays, check meta.endpoint.",
               reading.evidence);
      return false;
    }
  }
  observation_.unproven.push_back(
      "When the token expires could not be found out: Meta tells it to the app only.");
  Conclude(Reason::kSelfReported, "The token works; its expiry is not known.",
           "Configure app_id and app_secret to see the expiry and to renew the token.",
           reading.evidence);
  AskWhichApp();
  return IsValid();
}

void Inspection::AskWhichApp() {
  HttpRequest request = Request("/app", "app");
  request.bearer = value_.Clone();
  AddQuery(request, "fields", "id,name");
  const Reading reading = Ask(request);
  if (reading.body) observation_.facts.app_id = IdAt(*reading.body, "id");
  if (observation_.facts.app_id.empty() && meta().app_id.empty()) {
    observation_.unproven.push_back("Which app the token belongs to could not be found out.");
  }
  JudgeIdentity();
}

void Inspection::AskPermissions() {
  if (meta().required_scopes.empty() || observation_.facts.kind == "app") return;
  HttpRequest request = Request("/me/permissions", "permissions");
  request.bearer = value_.Clone();
  const Reading reading = Ask(request);
  const Json* list = reading.body ? FindArray(*reading.body, "data") : nullptr;
  if (list == nullptr) {
    observation_.unproven.push_back("Which permissions the token has could not be found out.");
    return;
  }
  for (const Json& item : *list) {
    const std::string permission = WordAt(item, "permission");
    if (!permission.empty() && WordAt(item, "status") == "granted") {
      observation_.facts.scopes.push_back(permission);
    }
  }
  JudgeScopes();
}

}  // namespace tokenwarden::meta

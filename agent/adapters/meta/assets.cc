// The configured assets: only reading the node itself proves that the token may use it.
#include <algorithm>
#include <iterator>

#include "agent/adapters/meta/health.h"
#include "agent/adapters/meta/inspection.h"

namespace tokenwarden::meta {
namespace {

constexpr const char* kPhoneFields =
    "id,display_phone_number,verified_name,status,name_status,quality_rating,"
    "code_verification_status,account_mode,platform_type,throughput,health_status";
constexpr const char* kBusinessFields =
    "id,name,account_review_status,business_verification_status,health_status";

// What a field's value tells an operator. Values that are not listed tell nothing.
struct FieldRow {
  std::string_view field;
  std::string_view value;  // lower case: Meta's own pages spell some of them both ways
  std::string_view id;
  Severity severity;
  std::string_view message;
  std::string_view action;
};
constexpr std::string_view kManager = "Look at the number in WhatsApp Manager.";
constexpr FieldRow kFieldRows[] = {
    {"status", "pending", "phone_pending", Severity::kWarn,
     "The phone number's registration is pending.", kManager},
    {"status", "unverified", "phone_pending", Severity::kWarn,
     "The phone number is not verified yet.", kManager},
    {"status", "disconnected", "phone_disconnected", Severity::kFail,
     "The phone number is disconnected and cannot send.", "Register the number again."},
    {"status", "banned", "phone_banned", Severity::kFail,
     "The phone number is banned and cannot send.",
     "Open Business Support Home and ask for a review."},
    {"status", "deleted", "phone_gone", Severity::kFail, "The phone number was deleted.",
     "Configure a living phone number id."},
    {"status", "migrated", "phone_gone", Severity::kFail,
     "The phone number moved to another account.", "Configure the id that it has there."},
    {"status", "flagged", "phone_degraded", Severity::kWarn,
     "The phone number is flagged for low quality; it still sends.", kManager},
    {"status", "restricted", "phone_degraded", Severity::kWarn,
     "The phone number is restricted; it still sends, less.", kManager},
    {"status", "rate_limited", "phone_degraded", Severity::kWarn,
     "The phone number is rate limited; it still sends, less.", kManager},
    {"quality_rating", "red", "quality_red", Severity::kWarn,
     "The phone number's quality rating is red.",
     "Improve what is sent before the number is limited."},
    {"quality_rating", "yellow", "quality_yellow", Severity::kInfo,
     "The phone number's quality rating is yellow.", "Watch what is sent; the next step is red."},
    {"name_status", "declined", "name_declined", Severity::kWarn, "The display name was declined.",
     "Submit another display name in WhatsApp Manager."},
    {"account_review_status", "pending", "review_pending", Severity::kWarn,
     "The WhatsApp Business Account is still under review.", "Wait for Meta's review."},
    {"account_review_status", "rejected", "review_rejected", Severity::kFail,
     "The WhatsApp Business Account was rejected in review.",
     "Open Business Support Home and ask for another review."},
    {"account_review_status", "restricted", "review_restricted", Severity::kFail,
     "The WhatsApp Business Account is restricted.", "Open Business Support Home."},
    {"business_verification_status", "not_verified", "business_not_verified", Severity::kInfo,
     "The business is not verified.", "Verify it in Meta Business Suite to raise the limits."},
    {"business_verification_status", "unverified", "business_not_verified", Severity::kInfo,
     "The business is not verified.", "Verify it in Meta Business Suite to raise the limits."},
    {"business_verification_status", "pending", "business_verification_pending", Severity::kInfo,
     "The verification of the business is pending.", "Wait for Meta's review."},
    {"business_verification_status", "pending_need_more_info", "business_verification_pending",
     Severity::kWarn, "Meta wants more information to verify the business.",
     "Answer it in Meta Business Suite."},
    {"business_verification_status", "rejected", "business_verification_failed", Severity::kWarn,
     "The verification of the business was rejected.", "Correct it in Meta Business Suite."},
    {"business_verification_status", "failed", "business_verification_failed", Severity::kWarn,
     "The verification of the business failed.", "Correct it in Meta Business Suite."},
    {"business_verification_status", "expired", "business_verification_failed", Severity::kWarn,
     "The verification of the business expired.", "Renew it in Meta Business Suite."},
    {"business_verification_status", "revoked", "business_verification_failed", Severity::kWarn,
     "The verification of the business was revoked.", "Open Business Support Home."},
};

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// A number that was just taken on shows odd states until Meta has prepared it.
bool IsBeingProvisioned(const Json& node) {
  return WordAt(node, "platform_type") == "NOT_APPLICABLE";
}

bool FailedOnAField(const Reading& reading) {
  if (!reading.error) return false;
  const ErrorRow* row =
      FindError(reading.error->code, reading.error->subcode, reading.error->message);
  return row != nullptr && row->text == "nonexisting field";
}

std::string JoinCodes(const std::vector<std::int64_t>& codes) {
  std::string text;
  for (const std::int64_t code : codes) text += (text.empty() ? "" : ", ") + std::to_string(code);
  return text;
}

std::vector<Finding> ReadFields(const Json& node) {
  std::vector<Finding> findings;
  const bool provisioning = IsBeingProvisioned(node);
  for (const FieldRow& row : kFieldRows) {
    if (LowerCase(WordAt(node, row.field)) != row.value) continue;
    findings.push_back(Finding{std::string(row.id), provisioning ? Severity::kInfo : row.severity,
                               std::string(row.message), std::string(row.action)});
  }
  return findings;
}

}  // namespace

void Inspection::ProveAssets() {
  if (observation_.facts.kind == "app") return;
  if (!meta().phone_number_id.empty()) ProvePhoneNumber();
  if (!meta().business_account_id.empty() && !silenced_) ProveBusinessAccount();
}

void Inspection::ProvePhoneNumber() {
  const std::string& id = meta().phone_number_id;
  HttpRequest request = TokenRequest("/" + id, "phone_number");
  AddQuery(request, "fields", kPhoneFields);
  Reading reading = Ask(request);
  // One field that a version does not know fails the whole call; the default set always works.
  if (FailedOnAField(reading)) reading = Ask(TokenRequest("/" + id, "phone_number"));
  if (!AcceptAsset(reading, "phone number", id)) return;
  for (Finding& finding : ReadFields(*reading.body))
    observation_.findings.push_back(std::move(finding));
  JudgeHealth(*reading.body, "phone number " + id);
}

void Inspection::ProveBusinessAccount() {
  const std::string& id = meta().business_account_id;
  HttpRequest request = TokenRequest("/" + id, "business_account");
  AddQuery(request, "fields", kBusinessFields);
  Reading reading = Ask(request);
  if (FailedOnAField(reading)) reading = Ask(TokenRequest("/" + id, "business_account"));
  if (!AcceptAsset(reading, "WhatsApp Business Account", id)) {
    if (observation_.reason == Reason::kAssetUnreachable) {
      observation_.message += WhyAccountIsRefused();
    }
    return;
  }
  for (Finding& finding : ReadFields(*reading.body))
    observation_.findings.push_back(std::move(finding));
  JudgeHealth(*reading.body, "WhatsApp Business Account " + id);
  AskSubscribedApps();
}

// True when the node was read. Otherwise the reason becomes the verdict: a required asset that
// could not be proven leaves nothing to pass on, and silence about it is still silence.
bool Inspection::AcceptAsset(const Reading& reading, const std::string& what,
                             const std::string& id) {
  if (reading.body && IdAt(*reading.body, "id") == id) return true;
  ConcludeUnread(reading,
                 {Reason::kBadReply, "The reply names another object.", "Check meta.endpoint."},
                 what + " " + id);
  return false;
}

// `meaning`: of a reply that is neither an error nor silence.
void Inspection::ConcludeUnread(const Reading& reading, Meaning meaning, const std::string& what) {
  if (reading.silence) meaning = *reading.silence;
  if (reading.error) meaning = MeaningOf(*reading.error, *reading.evidence.http_status);
  meaning.message = "Reading " + what + " with the token: " + meaning.message;
  const bool silent =
      VerdictOf(meaning.reason.value_or(Reason::kBadReply)) == Verdict::kIndeterminate;
  if (silent) {
    observation_.unproven.push_back("Whether the token reaches " + what + " could not be proven.");
  }
  Conclude(meaning, reading.evidence);
}

// Any answer that is not an error will do: what the path means is the operator's business.
void Inspection::CallCanary() {
  const Reading reading = Ask(TokenRequest(meta().canary, "canary"));
  if (!reading.body) ConcludeUnread(reading, {Reason::kBadReply, "", ""}, meta().canary);
}

void Inspection::JudgeHealth(const Json& node, const std::string& what) {
  if (IsBeingProvisioned(node)) return;
  const HealthReading health = ReadHealth(node);
  const std::string codes = health.codes.empty() ? "" : " (codes " + JoinCodes(health.codes) + ")";
  if (health.worst == Health::kBlocked) {
    Evidence evidence = observation_.evidence;
    evidence.endpoint = "health_status";
    Conclude(Reason::kHealthBlocked,
             "The token lives, but Meta blocks sending for " + what + codes + ".",
             "Look at the account's health in WhatsApp Manager and in Business Support Home.",
             evidence);
  } else if (health.worst == Health::kLimited) {
    AddFinding("health_limited", Severity::kWarn, "Meta limits sending for " + what + codes + ".",
               "Look at the account's health in WhatsApp Manager.");
  }
}

void Inspection::AskSubscribedApps() {
  const std::string& id = meta().business_account_id;
  const Reading reading = Ask(TokenRequest("/" + id + "/subscribed_apps", "subscribed_apps"));
  const Json* list = reading.body ? FindArray(*reading.body, "data") : nullptr;
  if (list == nullptr) {
    observation_.unproven.push_back("Which apps receive the webhooks of " + id +
                                    " could not be found out.");
    return;
  }
  const std::string action = "Subscribe the app: POST /" + id + "/subscribed_apps with this token.";
  if (list->empty()) {
    return AddFinding("no_subscribed_app", Severity::kWarn,
                      "No app receives the webhooks of WhatsApp Business Account " + id +
                          ": messages can be sent, and nothing comes in.",
                      action);
  }
  const std::string& own = observation_.facts.app_id;
  const bool ours = std::any_of(list->begin(), list->end(), [&](const Json& item) {
    const Json* app = FindObject(item, "whatsapp_business_api_data");
    return app != nullptr && IdAt(*app, "id") == own;
  });
  if (!ours && !own.empty()) {
    AddFinding("other_subscribed_app", Severity::kInfo,
               "Another app than the token's receives the webhooks of " + id + ".", action);
  }
}

}  // namespace tokenwarden::meta

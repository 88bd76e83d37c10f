// Cases 24 to 27: phone numbers, accounts, health, test sends.
#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr int kManyPhones = 5;

Json ReadPhone(World& world, const char* fields) {
  const std::string token = Mint(world);
  Json call = PhoneCall(token);
  call["query"]["fields"] = fields;
  return Answer(world, token, call);
}

Json PhoneWith(World& world, const char* field, const char* value) {
  world.state.phones.at(kPhoneId).fields[field] = value;
  return ReadPhone(world, field);
}

Json PhoneWithout(World& world, const char* field, const char* asked) {
  world.state.phones.at(kPhoneId).fields.erase(field);
  return ReadPhone(world, asked);
}

std::string WabaPath(const char* edge) { return std::string("/v25.0/") + kWabaId + edge; }

Json Verification(World& world, const char* value) {
  world.state.wabas.at(kWabaId).fields["business_verification_status"] = value;
  const std::string token = Mint(world);
  return Answer(world, token,
                Get(WabaPath(""), token, Json{{"fields", "id,business_verification_status"}}));
}

Json NobodySubscribed(World& world) {
  world.state.wabas.at(kWabaId).subscriptions.clear();
  const std::string token = Mint(world);
  return Answer(world, token, Get(WabaPath("/subscribed_apps"), token));
}

// Five numbers, two to a page. The client builds the next request from cursors.after.
Json Paged(World& world, const char* paging) {
  Waba& waba = world.state.wabas.at(kWabaId);
  waba.paging = paging;
  for (int i = 2; i <= kManyPhones; ++i) {
    Phone phone = world.state.phones.at(kPhoneId);
    phone.id = "40000000000000" + std::to_string(i);
    phone.fields["display_phone_number"] = "+1 555-010-000" + std::to_string(i);
    waba.phones.push_back(phone.id);
    world.state.phones[phone.id] = phone;
  }
  const std::string token = Mint(world);
  return Answer(world, token, Get(WabaPath("/phone_numbers"), token, Json{{"limit", "2"}}));
}

Json HealthEntity(const char* type, const char* id, const char* can_send) {
  return Json{{"entity_type", type}, {"id", id}, {"can_send_message", can_send}};
}

Json HealthError(int code, const char* description, const char* solution) {
  Json error = {{"error_code", code}, {"error_description", description}};
  if (solution != nullptr) error["possible_solution"] = solution;
  return error;
}

Json Health(World& world, const char* overall, Json phone, Json waba) {
  world.state.phones.at(kPhoneId).health_status =
      Json{{"can_send_message", overall},
           {"entities",
            {std::move(phone), std::move(waba), HealthEntity("BUSINESS", kBusinessId, "AVAILABLE"),
             HealthEntity("APP", kAppId, "AVAILABLE")}}};
  return ReadPhone(world, "health_status");
}

Json HealthWithErrors(World& world, const char* can_send, Json errors) {
  Json waba = HealthEntity("WABA", kWabaId, can_send);
  waba["errors"] = std::move(errors);
  return Health(world, can_send, HealthEntity("PHONE_NUMBER", kPhoneId, "AVAILABLE"), waba);
}

Json SipOnly(World& world) {
  Json phone = HealthEntity("PHONE_NUMBER", kPhoneId, "AVAILABLE");
  phone["can_receive_call_sip"] = "BLOCKED";
  phone["errors"] = Json::array({HealthError(138024, "SIP is not configured.", nullptr)});
  return Health(world, "AVAILABLE", phone, HealthEntity("WABA", kWabaId, "AVAILABLE"));
}

Json Send(World& world, const char* outcome) {
  world.state.knobs.send_outcome = outcome;
  const std::string token = Mint(world);
  Json call = Post(std::string("/v25.0/") + kPhoneId + "/messages", token, Json());
  call.erase("form");
  call["json"] = Json{{"messaging_product", "whatsapp"},
                      {"to", "15550100002"},
                      {"type", "template"},
                      {"template", {{"name", "hello_world"}, {"language", {{"code", "en_US"}}}}}};
  return Answer(world, token, call);
}

}  // namespace

const std::vector<CaseVariant>& AssetCases() {
  static const std::vector<CaseVariant> variants = {
      {24, "unknown_field", "one unknown field fails the whole call",
       [](World& w) { return ReadPhone(w, "id,moon_phase"); }},
      {24, "pending", "status PENDING", [](World& w) { return PhoneWith(w, "status", "PENDING"); }},
      {24, "banned", "status BANNED", [](World& w) { return PhoneWith(w, "status", "BANNED"); }},
      {24, "no_status", "status asked for and absent",
       [](World& w) { return PhoneWithout(w, "status", "id,status"); }},
      {24, "provisioning", "platform NOT_APPLICABLE shortly after onboarding",
       [](World& w) { return PhoneWith(w, "platform_type", "NOT_APPLICABLE"); }},
      {24, "quality_unknown", "quality UNKNOWN",
       [](World& w) { return PhoneWith(w, "quality_rating", "UNKNOWN"); }},
      {24, "quality_na", "quality NA",
       [](World& w) { return PhoneWith(w, "quality_rating", "NA"); }},
      {24, "no_tier", "the deprecated tier is absent",
       [](World& w) { return PhoneWithout(w, "messaging_limit_tier", "id,messaging_limit_tier"); }},
      {24, "unreachable", "a number that this token cannot see: 100/33",
       [](World& w) {
         w.state.principals.at(kSystemUserId).assets.clear();
         return ReadPhone(w, "id");
       }},

      {25, "lower_case", "verification `verified`",
       [](World& w) { return Verification(w, "verified"); }},
      {25, "upper_case", "verification `VERIFIED`",
       [](World& w) { return Verification(w, "VERIFIED"); }},
      {25, "nobody_subscribed", "no app receives webhooks", NobodySubscribed},
      {25, "pages", "five numbers on three pages; `next` carries the token",
       [](World& w) { return Paged(w, "normal"); }},
      {25, "empty_page", "an empty page that still has `next`",
       [](World& w) { return Paged(w, "empty_page"); }},
      {25, "expired_cursor", "the second page: the cursor has expired",
       [](World& w) { return Paged(w, "expired_cursor"); }},

      {26, "blocked", "the account is BLOCKED: payment",
       [](World& w) {
         return HealthWithErrors(
             w, "BLOCKED",
             Json::array({HealthError(141006, "There is an error with the payment method.",
                                      "Fix payment")}));
       }},
      {26, "limited_with_errors", "LIMITED with `errors`",
       [](World& w) {
         return HealthWithErrors(
             w, "LIMITED",
             Json::array({HealthError(141010, "The Business has not passed business verification.",
                                      "Verify")}));
       }},
      {26, "errors_null", "`errors` is null",
       [](World& w) { return HealthWithErrors(w, "LIMITED", nullptr); }},
      {26, "no_possible_solution", "an error without possible_solution",
       [](World& w) {
         return HealthWithErrors(w, "BLOCKED",
                                 Json::array({HealthError(141006, "Payment.", nullptr)}));
       }},
      {26, "sip_only", "only calls by SIP are BLOCKED", SipOnly},
      {26, "overall_disagrees", "overall AVAILABLE, the account BLOCKED",
       [](World& w) {
         return Health(w, "AVAILABLE", HealthEntity("PHONE_NUMBER", kPhoneId, "AVAILABLE"),
                       HealthEntity("WABA", kWabaId, "BLOCKED"));
       }},

      {27, "131030", "recipient not in the allowed list",
       [](World& w) { return Send(w, "131030"); }},
      {27, "132001", "the template does not exist", [](World& w) { return Send(w, "132001"); }},
      {27, "133010", "the number is not registered", [](World& w) { return Send(w, "133010"); }},
      {27, "131042", "payment", [](World& w) { return Send(w, "131042"); }},
      {27, "131031", "the account is locked", [](World& w) { return Send(w, "131031"); }},
      {27, "131056", "too fast for this pair", [](World& w) { return Send(w, "131056"); }},
      {27, "accepted", "accepted, and never delivered",
       [](World& w) { return Send(w, "accepted"); }},
  };
  return variants;
}

}  // namespace tokenwarden::graph_simulator

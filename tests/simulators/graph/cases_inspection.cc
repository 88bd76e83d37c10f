// Cases 1 to 6, 22 and 23: what debug_token says.
#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr int kDay = 86400;

Json InspectText(World& world, const std::string& token) {
  return Answer(world, token, InspectCall(world, token));
}

Json InspectDead(World& world, const char* state) { return Inspect(world, Json{{"state", state}}); }

std::string Damaged(std::string token) {
  token[token.size() / 2] = token[token.size() / 2] == 'a' ? 'b' : 'a';
  return token;
}

Json InspectAs(World& world, const std::string& inspector) {
  const std::string token = Mint(world);
  Json answer =
      Answer(world, token, Get("/v25.0/debug_token", inspector, Json{{"input_token", token}}));
  answer["inspector"] = inspector;
  return answer;
}

Json PostDebugToken(World& world) {
  const std::string token = Mint(world);
  return Answer(world, token,
                Post("/v25.0/debug_token", Inspector(world), Json{{"input_token", token}}));
}

std::vector<std::string> ManyScopes() {
  std::vector<std::string> scopes = {kManagement, kMessaging};
  for (int i = 0; i < 300; ++i) scopes.push_back("ads_invented_" + std::to_string(i));
  return scopes;
}

Json Granular(World& world, const char* mode) {
  world.state.knobs.granular = mode;
  return Inspect(world, Json::object());
}

Json Edited(World& world, Json set) {
  return FaultyInspection(world, Json{{"kind", "edit"}, {"set", std::move(set)}});
}

Json Replaced(World& world, const char* from, const char* to) {
  return FaultyInspection(
      world, Json{{"kind", "edit"}, {"replace", Json::array({Json::array({from, to})})}});
}

Json ErrorDataAsString(World& world) {
  const std::string token = Mint(world);
  world.faults.Add(
      Json{{"fault",
            {{"kind", "graph_error"},
             {"code", 131030},
             {"message", "(#131030) Recipient phone number not in allowed list"},
             {"error_data", "{\"messaging_product\":\"whatsapp\",\"details\":\"no\"}"}}}});
  return Answer(world, token, PhoneCall(token));
}

}  // namespace

const std::vector<CaseVariant>& InspectionCases() {
  static const std::vector<CaseVariant> variants = {
      {1, "expired", "its time is over: 190/463, metadata and scopes kept",
       [](World& w) {
         return Inspect(w, Json{{"expires_in", -kDay}});
       }},
      {1, "password_changed", "190/460, metadata and scopes kept",
       [](World& w) { return InspectDead(w, "password_changed"); }},
      {1, "revoked", "190/466, no scopes, no issued_at",
       [](World& w) { return InspectDead(w, "revoked"); }},
      {1, "logged_out", "190/467", [](World& w) { return InspectDead(w, "logged_out"); }},
      {1, "deauthorized", "190/458", [](World& w) { return InspectDead(w, "deauthorized"); }},
      {1, "data_access_lapsed", "190/493",
       [](World& w) { return InspectDead(w, "data_access_lapsed"); }},
      {1, "damaged", "right alphabet, one letter wrong: cannot be decrypted, no metadata",
       [](World& w) { return InspectText(w, Damaged(Mint(w))); }},
      {1, "junk", "not a token at all: cannot be parsed",
       [](World& w) { return InspectText(w, "xxxx"); }},
      {1, "unknown_app", "an app token of an app that does not exist",
       [](World& w) { return InspectText(w, "123|abc"); }},
      {1, "wrong_signature", "an app token with the wrong secret: bad signature",
       [](World& w) { return InspectText(w, std::string(kAppId) + "|wrong"); }},

      {2, "subcode", "dead by expiry: the member is `subcode`",
       [](World& w) {
         return Inspect(w, Json{{"expires_in", -kDay}});
       }},
      {2, "bare", "the same without any subcode",
       [](World& w) {
         return Inspect(w, Json{{"expires_in", -kDay}, {"omit_subcode", true}});
       }},
      {2, "error_subcode", "in a call the member is `error_subcode`",
       [](World& w) {
         return UseMe(w, Json{{"expires_in", -kDay}});
       }},
      {2, "bare_error", "a call answered with a bare 190",
       [](World& w) {
         return UseMe(w, Json{{"expires_in", -kDay}, {"omit_subcode", true}});
       }},

      {3, "never", "expires_at 0 and alive",
       [](World& w) {
         return Inspect(w, Json{{"expires_in", 0}});
       }},
      {3, "never_dead", "expires_at 0 and dead: the password was changed",
       [](World& w) {
         return Inspect(w, Json{{"expires_in", 0}, {"state", "password_changed"}});
       }},
      {3, "app_token", "an app token has no expires_at",
       [](World& w) { return InspectText(w, Inspector(w)); }},
      {3, "garbage", "a token that cannot be parsed has no expires_at",
       [](World& w) { return InspectText(w, "xxxx"); }},

      {4, "no_issued_at", "a short-lived token: issued_at absent",
       [](World& w) {
         return Inspect(w, Json{{"kind", "user"}, {"expires_in", 3600}, {"omit_issued_at", true}});
       }},
      {4, "data_access_over", "valid, but the data access ended yesterday",
       [](World& w) {
         return Inspect(w, Json{{"kind", "user"}, {"data_access_expires_in", -kDay}});
       }},
      {4, "data_access_zero", "data_access_expires_at is 0",
       [](World& w) {
         return Inspect(w, Json{{"data_access_expires_in", 0}});
       }},
      {4, "data_access_absent", "data_access_expires_at is absent",
       [](World& w) {
         return Inspect(w, Json{{"omit_data_access", true}});
       }},

      {5, "wrong_app", "the inspector is another app's token",
       [](World& w) { return InspectAs(w, InspectorOf(w, kOtherAppId)); }},
      {5, "system_user", "the inspector is a plain system user",
       [](World& w) { return InspectAs(w, Mint(w)); }},
      {5, "missing", "no inspector at all", [](World& w) { return InspectAs(w, ""); }},
      {5, "expired", "the inspector has expired",
       [](World& w) {
         return InspectAs(w, Mint(w, Json{{"kind", "user"}, {"expires_in", -kDay}}));
       }},
      {5, "wrong_secret", "the app token is made with a wrong secret",
       [](World& w) { return InspectAs(w, std::string(kAppId) + "|wrong"); }},
      {5, "session_info", "the inspector is a debug-only token",
       [](World& w) {
         return InspectAs(w, Mint(w, Json{{"kind", "session_info"}}));
       }},

      {6, "post", "debug_token sent as POST", PostDebugToken},

      {22, "hundreds", "302 scopes",
       [](World& w) {
         return Inspect(w, Json{{"scopes", ManyScopes()}});
       }},
      {22, "none", "an empty list of scopes",
       [](World& w) {
         return Inspect(w, Json{{"scopes", Json::array()}});
       }},
      {22, "unknown_names", "scopes nobody has heard of",
       [](World& w) {
         return Inspect(w, Json{{"scopes", {kManagement, "manage_moon_phases"}}});
       }},
      {22, "granular_missing", "no granular_scopes at all",
       [](World& w) { return Granular(w, "missing"); }},
      {22, "granular_without_targets", "granular_scopes without target_ids",
       [](World& w) { return Granular(w, "no_targets"); }},
      {22, "granular_many_targets", "300 target_ids that are not ours",
       [](World& w) { return Granular(w, "many"); }},
      {22, "flat_only", "the permission stands in the flat list only",
       [](World& w) { return Granular(w, "flat_only"); }},

      {23, "numeric_ids", "ids are numbers",
       [](World& w) {
         w.state.knobs.ids = "number";
         return Inspect(w, Json::object());
       }},
      {23, "large_ids", "a numeric id above 2^53",
       [](World& w) {
         return Edited(w, Json{{"/data/user_id", 9007199254740993LL}});
       }},
      {23, "unknown_members", "members nobody has heard of",
       [](World& w) {
         return Edited(w, Json{{"/data/moon_phase", {{"now", "waxing"}}}, {"/extra", 1}});
       }},
      {23, "duplicate_keys", "is_valid twice: the last one counts",
       [](World& w) {
         return Replaced(w, "\"is_valid\":true", "\"is_valid\":false,\"is_valid\":true");
       }},
      {23, "null_member", "null where an object or a list is expected",
       [](World& w) {
         return Edited(w, Json{{"/data/granular_scopes", nullptr}, {"/data/metadata", nullptr}});
       }},
      {23, "null_data", "data itself is null",
       [](World& w) {
         return Edited(w, Json{{"/data", nullptr}});
       }},
      {23, "error_data_string", "error_data is a string of JSON", ErrorDataAsString},
      {23, "escapes", "slashes and other letters escaped",
       [](World& w) {
         return Edited(w, Json{{"/data/application", "Acme/B\xC3\xB6t"}});
       }},
      {23, "non_bmp", "a name outside the basic plane",
       [](World& w) {
         return Edited(w, Json{{"/data/application", "Acme \xF0\x9F\xA4\x96"}});
       }},
  };
  return variants;
}

}  // namespace tokenwarden::graph_simulator

// One fact per endpoint: what a well-behaved client sees.
#include <functional>

#include "tests/simulators/graph/text.h"
#include "tests/unit/simulators/graph/fixture.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kDay = 86400;

std::string Path(const std::string& id, const std::string& edge = "") {
  return "/v25.0/" + id + edge;
}

class GraphEndpoint : public GraphSimulator {};

TEST_F(GraphEndpoint, DebugTokenDescribesALivingSystemUserToken) {
  const Json data = Inspect(Mint(Json{{"expires_in", 10 * kDay}}));
  EXPECT_EQ(data["app_id"], kAppId);
  EXPECT_EQ(data["type"], "SYSTEM_USER");
  EXPECT_EQ(data["application"], "Acme Bot");
  EXPECT_EQ(data["is_valid"], true);
  EXPECT_EQ(data["user_id"], kSystemUserId);
  EXPECT_EQ(data["data_access_expires_at"], 0);
  EXPECT_EQ(data["expires_at"].get<std::int64_t>() - data["issued_at"].get<std::int64_t>(),
            10 * kDay);
  EXPECT_EQ(data["granular_scopes"][0]["target_ids"], Json::array({kWabaId}));
}

TEST_F(GraphEndpoint, DebugTokenAcceptsADeveloperOfTheApp) {
  const std::string developer = Mint(Json{{"kind", "user"}});
  const HttpAnswer answer = Get("/debug_token", developer, Json{{"input_token", Mint()}});
  EXPECT_EQ(answer.json["data"]["is_valid"], true);
}

TEST_F(GraphEndpoint, DebugTokenRefusesSelfInspectionOfASystemUserUnlessSwitchedOn) {
  const std::string token = Mint();
  EXPECT_EQ(Get("/debug_token", token, Json{{"input_token", token}}).json["error"]["code"], 100);
  Control("knobs", Json{{"self_inspection", true}});
  EXPECT_EQ(Get("/debug_token", token, Json{{"input_token", token}}).json["data"]["is_valid"],
            true);
}

TEST_F(GraphEndpoint, DebugTokenWantsAnInputToken) {
  const HttpAnswer answer = Get("/debug_token", Inspector());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json["error"]["message"], "(#100) The parameter input_token is required");
}

TEST_F(GraphEndpoint, ExchangeForksAndTheOldTokenLives) {
  const std::string old = Mint(Json{{"expires_in", 2 * kDay}});
  const HttpAnswer first = Exchange(old);
  const HttpAnswer second = Exchange(old);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_NE(first.json["access_token"], second.json["access_token"]);
  EXPECT_EQ(Inspect(old)["is_valid"], true);
  const Json made = Inspect(first.json["access_token"].get<std::string>());
  EXPECT_EQ(made["expires_at"].get<std::int64_t>() - made["issued_at"].get<std::int64_t>(),
            60 * kDay);
  EXPECT_EQ(Look("counts")["exchanges"], (Json{{"received", 2}, {"committed", 2}}));
}

TEST_F(GraphEndpoint, ExchangeByGetWorksToo) {
  const std::string old = Mint();
  const HttpAnswer answer = Get("/oauth/access_token", "", ExchangeForm(old));
  EXPECT_EQ(answer.json["token_type"], "bearer");
}

TEST_F(GraphEndpoint, ExchangeWithoutTheFlagDoesNotResetTheClockOfASystemUserToken) {
  const std::string old = Mint(Json{{"expires_in", 2 * kDay}});
  Json form = ExchangeForm(old);
  form.erase("set_token_expires_in_60_days");
  const HttpAnswer answer = Post("/oauth/access_token", "", form);
  EXPECT_EQ(Inspect(answer.json["access_token"].get<std::string>())["expires_at"],
            Inspect(old)["expires_at"]);
}

TEST_F(GraphEndpoint, AShortUserTokenIsExchangedForALongOne) {
  const std::string old = Mint(Json{{"kind", "user"}, {"expires_in", 3600}});
  Json form = ExchangeForm(old);
  form.erase("set_token_expires_in_60_days");
  const HttpAnswer answer = Post("/oauth/access_token", "", form);
  EXPECT_EQ(answer.json["expires_in"], 5183944);
}

TEST_F(GraphEndpoint, StrictExchangeKillsTheOldTokenAtTheCommit) {
  Control("knobs", Json{{"exchange_mode", "strict"}});
  const std::string old = Mint();
  EXPECT_EQ(Exchange(old).status, 200);
  EXPECT_EQ(Get("/me", old).json["error"]["error_subcode"], 466);
}

TEST_F(GraphEndpoint, ExchangeInModeSameGivesTheSameSuccessorAgain) {
  Control("knobs", Json{{"exchange_mode", "same"}});
  const std::string old = Mint();
  EXPECT_EQ(Exchange(old).json["access_token"], Exchange(old).json["access_token"]);
}

TEST_F(GraphEndpoint, ClientCredentialsGiveAnAppTokenThatIsNotTheSecret) {
  const HttpAnswer answer = Post("/oauth/access_token", "",
                                 Json{{"grant_type", "client_credentials"},
                                      {"client_id", kAppId},
                                      {"client_secret", Secret()}});
  const std::string token = answer.json["access_token"].get<std::string>();
  EXPECT_EQ(token.substr(0, 16), std::string(kAppId) + "|");
  EXPECT_EQ(token.size(), 16U + 27U);
  EXPECT_FALSE(answer.json.contains("expires_in"));
  EXPECT_EQ(Get("/app", token, Json{{"fields", "id,name"}}).json,
            (Json{{"id", kAppId}, {"name", "Acme Bot"}}));
}

TEST_F(GraphEndpoint, ALoginCodeBuysOneToken) {
  const std::string code = Control("codes", Json::object())["code"].get<std::string>();
  const Json form = {{"client_id", kAppId}, {"client_secret", Secret()}, {"code", code}};
  const HttpAnswer first = Post("/oauth/access_token", "", form);
  EXPECT_EQ(Inspect(first.json["access_token"].get<std::string>())["expires_at"], 0);
  EXPECT_EQ(Post("/oauth/access_token", "", form).json["error"]["error_subcode"], 36009);
}

TEST_F(GraphEndpoint, RevokeKillsAtOnce) {
  const std::string victim = Mint();
  const HttpAnswer answer =
      Get("/oauth/revoke", Mint(),
          Json{{"client_id", kAppId}, {"client_secret", Secret()}, {"revoke_token", victim}});
  EXPECT_EQ(answer.json, (Json{{"success", true}}));
  EXPECT_EQ(Get("/me", victim).json["error"]["error_subcode"], 466);
}

TEST_F(GraphEndpoint, DeletingTheTokensOfASystemUserKillsThemAll) {
  const std::string one = Mint();
  const std::string two = Mint();
  EXPECT_EQ(Delete(Path(kSystemUserId, "/access_tokens"), one).json["success"], true);
  EXPECT_EQ(Get("/me", two).json["error"]["error_subcode"], 466);
}

TEST_F(GraphEndpoint, GenerationNeedsAProofAndGivesATokenWithoutExpiry) {
  const std::string admin = Mint();
  Json form = {{"business_app", kAppId},
               {"scope", "whatsapp_business_messaging"},
               {"set_token_expires_in_60_days", "true"}};
  EXPECT_EQ(Post(Path(kSystemUserId, "/access_tokens"), admin, form).json["error"]["code"], 100);
  form["appsecret_proof"] = Hex(HmacSha256(Secret(), admin));
  const HttpAnswer answer = Post(Path(kSystemUserId, "/access_tokens"), admin, form);
  EXPECT_EQ(answer.json.size(), 1U);
  const Json made = Inspect(answer.json["access_token"].get<std::string>());
  EXPECT_EQ(made["scopes"], Json::array({"whatsapp_business_messaging"}));
  form["scope"] = "fly_to_the_moon";
  EXPECT_EQ(Post(Path(kSystemUserId, "/access_tokens"), admin, form).json["error"]["code"], 3962);
}

TEST_F(GraphEndpoint, TheBusinessCanGenerateToo) {
  const HttpAnswer answer =
      Post(Path(kBusinessId, "/system_user_access_tokens"), Mint(),
           Json{{"system_user_id", kSystemUserId}, {"scope", "whatsapp_business_management"}});
  EXPECT_EQ(Inspect(answer.json["access_token"].get<std::string>())["expires_at"], 0);
}

TEST_F(GraphEndpoint, AnAppCanBeInstalledOnASystemUser) {
  EXPECT_EQ(Post(Path(kSystemUserId, "/applications"), Mint(), Json{{"business_app", kAppId}})
                .json["success"],
            true);
}

TEST_F(GraphEndpoint, MePermissionsListsFiltersAndDrops) {
  const std::string token = Mint();
  const Json all = Get("/me/permissions", token).json["data"];
  EXPECT_EQ(all[0], (Json{{"permission", "whatsapp_business_management"}, {"status", "granted"}}));
  Delete("/me/permissions/whatsapp_business_management", token);
  const HttpAnswer filtered = Get("/me/permissions", token, Json{{"status", "declined"}});
  EXPECT_EQ(
      filtered.json["data"],
      Json::array({Json{{"permission", "whatsapp_business_management"}, {"status", "declined"}}}));
  Delete("/me/permissions", token);
  EXPECT_EQ(Get("/me", token).json["error"]["code"], 190);
}

TEST_F(GraphEndpoint, MeNeedsAUser) {
  EXPECT_EQ(Get("/me", Mint()).json, (Json{{"id", kSystemUserId}, {"name", "rotator-bot"}}));
  EXPECT_EQ(Get("/me", Mint(Json{{"kind", "page"}})).json["id"], kPageId);
  EXPECT_EQ(Get("/me", Inspector()).json["error"]["code"], 2500);
  EXPECT_EQ(Get("/me", "").json["error"]["code"], 2500);
}

TEST_F(GraphEndpoint, ANodeWithoutATokenIsCode104) {
  EXPECT_EQ(Get(Path(kPhoneId), "").json["error"]["code"], 104);
}

TEST_F(GraphEndpoint, PageTokensAreDerivedFromTheUser) {
  const std::string user = Mint(Json{{"kind", "user"}});
  const std::string listed =
      Get("/me/accounts", user).json["data"][0]["access_token"].get<std::string>();
  const HttpAnswer page = Get(Path(kPageId), user, Json{{"fields", "access_token"}});
  EXPECT_EQ(page.json["access_token"], listed);
  EXPECT_EQ(Inspect(listed)["type"], "PAGE");
  EXPECT_EQ(Inspect(listed)["profile_id"], kPageId);
  EXPECT_EQ(Inspect(listed)["expires_at"], 0);
}

TEST_F(GraphEndpoint, APageTokenOfAShortLivedUserExpiresWithIt) {
  const std::string user = Mint(Json{{"kind", "user"}, {"expires_in", 3600}});
  const std::string page =
      Get("/me/accounts", user).json["data"][0]["access_token"].get<std::string>();
  EXPECT_EQ(Inspect(page)["expires_at"], Inspect(user)["expires_at"]);
}

TEST_F(GraphEndpoint, ThePhoneNumberHasDefaultFieldsAndHealth) {
  const std::string token = Mint();
  const Json node = Get(Path(kPhoneId), token).json;
  EXPECT_EQ(node["throughput"]["level"], "STANDARD");
  EXPECT_FALSE(node.contains("status"));
  const Json health =
      Get(Path(kPhoneId), token, Json{{"fields", "id,status,health_status{can_send_message}"}})
          .json;
  EXPECT_EQ(health["status"], "CONNECTED");
  EXPECT_EQ(health["health_status"]["entities"].size(), 4U);
}

TEST_F(GraphEndpoint, TheAccountIsReadWithItsFields) {
  const Json node =
      Get(Path(kWabaId), Mint(), Json{{"fields", "id,name,account_review_status"}}).json;
  EXPECT_EQ(node,
            (Json{{"name", "Acme WABA"}, {"account_review_status", "APPROVED"}, {"id", kWabaId}}));
}

TEST_F(GraphEndpoint, ATokenWithoutTheScopeIsRefusedWithTheScopeNamed) {
  const std::string token = Mint(Json{{"scopes", {"whatsapp_business_messaging"}}});
  const HttpAnswer answer = Get(Path(kPhoneId), token);
  EXPECT_EQ(answer.json["error"]["code"], 200);
}

TEST_F(GraphEndpoint, ATokenForAnotherAccountDoesNotSeeThePhoneNumber) {
  const Json granular =
      Json::array({Json{{"scope", "whatsapp_business_management"}, {"target_ids", {"1"}}}});
  const HttpAnswer answer = Get(Path(kPhoneId), Mint(Json{{"granular_scopes", granular}}));
  EXPECT_EQ(answer.json["error"]["error_subcode"], 33);
}

// Follows the cursors, not the addresses.
std::vector<std::string> AllPhones(const std::function<Json(const std::string&)>& page) {
  std::vector<std::string> ids;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const Json body = page(after);
    for (const Json& phone : body["data"]) ids.push_back(phone["id"].get<std::string>());
    if (!body["paging"].contains("next")) break;
    after = body["paging"]["cursors"]["after"].get<std::string>();
  }
  return ids;
}

TEST_F(GraphEndpoint, PhoneNumbersArePagedAndAnEmptyPageLosesNone) {
  for (const char* variant : {"pages", "empty_page"}) {
    const Json selected = Control(std::string("cases/25?variant=") + variant);
    const auto ids = AllPhones([&](const std::string& after) {
      Json call = selected["call"];
      if (!after.empty()) call["query"]["after"] = after;
      return Send(call).json;
    });
    EXPECT_EQ(ids.size(), 5U) << variant;
    EXPECT_EQ(ids.back(), "400000000000005");
  }
}

TEST_F(GraphEndpoint, AnExpiredCursorIsCode100) {
  Json call = Control("cases/25?variant=expired_cursor")["call"];
  const Json first = Send(call).json;
  call["query"]["after"] = first["paging"]["cursors"]["after"];
  EXPECT_EQ(Send(call).json["error"]["code"], 100);
}

TEST_F(GraphEndpoint, SubscriptionsComeAndGo) {
  const std::string token = Mint();
  const std::string path = Path(kWabaId, "/subscribed_apps");
  EXPECT_EQ(Get(path, token).json["data"][0]["whatsapp_business_api_data"]["id"], kAppId);
  const std::string uri = "https://hooks.example.test/wa";
  Post(path, token, Json{{"override_callback_uri", uri}, {"verify_token", "invented"}});
  EXPECT_EQ(Get(path, token).json["data"][0]["override_callback_uri"], uri);
  Delete(path, token);
  EXPECT_EQ(Get(path, token).json, (Json{{"data", Json::array()}}));
}

TEST_F(GraphEndpoint, AMethodFieldTurnsAPostIntoADelete) {
  const std::string token = Mint();
  Post(Path(kWabaId, "/subscribed_apps"), token, Json{{"method", "delete"}});
  EXPECT_EQ(Get(Path(kWabaId, "/subscribed_apps"), token).json["data"].size(), 0U);
}

TEST_F(GraphEndpoint, TheTokenMayComeInQueryFormOrHeader) {
  const std::string token = Mint();
  EXPECT_EQ(Get("/me", "", Json{{"access_token", token}}).status, 200);
  EXPECT_EQ(Send(Json{{"path", "/me"}, {"headers", {{"Authorization", "OAuth " + token}}}}).status,
            200);
  EXPECT_EQ(Post(Path(kWabaId, "/subscribed_apps"), "", Json{{"access_token", token}}).status, 200);
}

TEST_F(GraphEndpoint, StatusesCanBeSuppressed) {
  const HttpAnswer answer = Get("/me", "", Json{{"suppress_response_codes", "true"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json["error"]["code"], 2500);
}

TEST_F(GraphEndpoint, TheDateHeaderFollowsTheSimulatedClock) {
  Control("clock", Json{{"set", 1767225600}, {"freeze", true}});
  EXPECT_EQ(Get("/me", Mint()).headers["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
  Control("clock", Json{{"advance_seconds", 3600}});
  EXPECT_EQ(Get("/me", Mint()).headers["date"], "Thu, 01 Jan 2026 01:00:00 GMT");
}

TEST_F(GraphEndpoint, SkewCasesMoveTheDate) {
  const std::int64_t now = Clock{}.Now();
  Control("cases/20?variant=hours_ahead");
  const std::int64_t date = curl_getdate(Get("/me", "").headers["date"].c_str(), nullptr);
  EXPECT_GE(date - now, 3 * 3600);
  EXPECT_LT(date - now, 3 * 3600 + 60);
}

}  // namespace
}  // namespace tokenwarden::graph_simulator

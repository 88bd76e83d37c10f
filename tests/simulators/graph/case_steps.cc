#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {

Json Answer(World& world, const std::string& token, Json call, Json then) {
  return Json{{"url", world.base_url},
              {"app_id", kAppId},
              {"app_secret", SecretOf(world, kAppId)},
              {"inspector", Inspector(world)},
              {"system_user_id", kSystemUserId},
              {"page_id", kPageId},
              {"business_id", kBusinessId},
              {"waba_id", kWabaId},
              {"phone_number_id", kPhoneId},
              {"token", token},
              {"call", std::move(call)},
              {"then", std::move(then)}};
}

Json Get(const std::string& path, const std::string& bearer, Json query) {
  return Json{{"method", "GET"}, {"path", path}, {"bearer", bearer}, {"query", std::move(query)}};
}

Json Post(const std::string& path, const std::string& bearer, Json form) {
  return Json{{"method", "POST"}, {"path", path}, {"bearer", bearer}, {"form", std::move(form)}};
}

std::string Mint(World& world, const Json& wish) { return MintToken(world, wish).value; }

std::string SecretOf(const World& world, const char* app_id) {
  return world.state.apps.at(app_id).secret;
}

std::string InspectorOf(const World& world, const char* app_id) {
  return std::string(app_id) + "|" + SecretOf(world, app_id);
}

std::string Inspector(const World& world) { return InspectorOf(world, kAppId); }

Json InspectCall(const World& world, const std::string& token) {
  return Get("/v25.0/debug_token", Inspector(world), Json{{"input_token", token}});
}

Json ExchangeCall(const World& world, const std::string& token) {
  return Post("/v25.0/oauth/access_token", "",
              Json{{"grant_type", "fb_exchange_token"},
                   {"client_id", kAppId},
                   {"client_secret", SecretOf(world, kAppId)},
                   {"fb_exchange_token", token},
                   {"set_token_expires_in_60_days", "true"}});
}

Json PhoneCall(const std::string& token) { return Get(std::string("/v25.0/") + kPhoneId, token); }

Json Inspect(World& world, const Json& wish) {
  const std::string token = Mint(world, wish);
  return Answer(world, token, InspectCall(world, token));
}

Json UseMe(World& world, const Json& wish) {
  const std::string token = Mint(world, wish);
  return Answer(world, token, Get("/v25.0/me", token));
}

Json Exchanged(World& world, const Json& wish) {
  const std::string token = Mint(world, wish);
  return Answer(world, token, ExchangeCall(world, token));
}

Json FaultyInspection(World& world, const Json& fault) {
  world.faults.Add(Json{{"path", "/debug_token"}, {"fault", fault}});
  return Inspect(world, Json::object());
}

Json FaultyMe(World& world, const Json& fault) {
  world.faults.Add(Json{{"fault", fault}});
  return UseMe(world, Json::object());
}

}  // namespace tokenwarden::graph_simulator

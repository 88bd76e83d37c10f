#include "tests/simulators/graph/world.h"

#include <stdexcept>

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;

Json PhoneFields() {
  return Json{{"verified_name", "Acme Pizza"},
              {"code_verification_status", "VERIFIED"},
              {"display_phone_number", "+1 555-010-0001"},
              {"quality_rating", "GREEN"},
              {"platform_type", "CLOUD_API"},
              {"throughput", {{"level", "STANDARD"}}},
              {"status", "CONNECTED"},
              {"name_status", "APPROVED"},
              {"account_mode", "LIVE"},
              {"is_official_business_account", false},
              {"is_pin_enabled", true},
              {"whatsapp_business_manager_messaging_limit", "TIER_2K"},
              {"webhook_configuration", {{"application", "https://hooks.example.test/wa"}}}};
}

Json WabaFields() {
  return Json{{"name", "Acme WABA"},
              {"timezone_id", "1"},
              {"message_template_namespace", "ab12cd34_0000_0000_0000_ab12cd34ef56"},
              {"currency", "USD"},
              {"account_review_status", "APPROVED"},
              {"business_verification_status", "verified"},
              {"status", "ACTIVE"},
              {"country", "US"},
              {"ownership_type", "SELF"},
              {"owner_business_info", {{"id", kBusinessId}, {"name", "Acme"}}}};
}

void AddApp(State& state, const char* id, const char* name, std::string secret) {
  App app;
  app.id = id;
  app.name = name;
  app.secret = std::move(secret);
  state.apps[id] = std::move(app);
}

void AddPrincipal(State& state, const char* id, const char* kind, const char* name) {
  Principal principal;
  principal.id = id;
  principal.kind = kind;
  principal.name = name;
  principal.business = kBusinessId;
  if (principal.kind != "page") {
    principal.installed_apps = {kAppId, kOtherAppId};
    principal.assets = {kWabaId, kPageId};
  }
  if (principal.kind == "user") principal.developer_of = {kAppId};
  state.principals[id] = std::move(principal);
}

void AddAccount(State& state) {
  Waba waba;
  waba.id = kWabaId;
  waba.business = kBusinessId;
  waba.fields = WabaFields();
  waba.phones = {kPhoneId};
  waba.subscriptions = {{kAppId, ""}};
  state.wabas[kWabaId] = std::move(waba);
  Phone phone;
  phone.id = kPhoneId;
  phone.waba = kWabaId;
  phone.fields = PhoneFields();
  state.phones[kPhoneId] = std::move(phone);
}

struct KindDefaults {
  const char* kind;
  std::int64_t lifetime;  // 0 = never
  bool data_access;       // ninety days after issue; else 0
  const char* principal;
};

constexpr KindDefaults kKinds[] = {
    {"system_user", 60 * kDay, false, kSystemUserId},
    {"business_integration", 0, false, kSystemUserId},
    {"user", 60 * kDay, true, kUserId},
    {"whatsapp_test", kDay, true, kUserId},
    {"page", 0, true, kPageId},
    {"session_info", kHour, true, kUserId},
    {"app", 0, false, ""},
};

const KindDefaults& DefaultsOf(const std::string& kind) {
  for (const KindDefaults& defaults : kKinds) {
    if (kind == defaults.kind) return defaults;
  }
  throw std::invalid_argument(
      "there is no token kind `" + kind +
      "`; use system_user, business_integration, user, whatsapp_test, page, "
      "session_info or app");
}

std::vector<std::string> DefaultScopes(const std::string& kind) {
  if (kind == "app") return {};
  if (kind == "page") return {"pages_show_list", "pages_messaging", "public_profile"};
  return {"whatsapp_business_management", "whatsapp_business_messaging", "public_profile"};
}

std::optional<std::int64_t> Moment(const Json& wish, const char* absent, const char* in,
                                   std::int64_t now, std::int64_t fallback) {
  if (wish.value(absent, false)) return std::nullopt;
  if (!wish.contains(in)) return fallback == 0 ? 0 : now + fallback;
  if (wish[in].is_null()) return std::nullopt;
  const std::int64_t seconds = wish[in].get<std::int64_t>();
  return seconds == 0 ? 0 : now + seconds;
}

}  // namespace

World::World(WorldOptions given)
    : options(std::move(given)), mint(options.seed), journal(options.journal_file) {
  Reset();
}

void World::Reset() {
  state = State();
  mint = TokenMint(options.seed);
  faults.Clear();
  journal.Clear();
  const std::string made = mint.AppSecret();
  AddApp(state, kAppId, "Acme Bot", options.app_secret.empty() ? made : options.app_secret);
  AddApp(state, kOtherAppId, "Another App", mint.AppSecret());
  AddPrincipal(state, kSystemUserId, "system_user", "rotator-bot");
  AddPrincipal(state, kUserId, "user", "Alex Example");
  AddPrincipal(state, kPageId, "page", "Acme Pizza");
  AddAccount(state);
  MintToken(*this, Json::object());
  if (!options.state.is_null()) LoadState(options.state, state);
}

Token& MintToken(World& world, const Json& wish) {
  const std::string kind = wish.value("kind", "system_user");
  const KindDefaults& defaults = DefaultsOf(kind);
  const std::int64_t now = world.state.clock.Now();
  Token token;
  token.kind = kind;
  token.app = wish.value("app", kAppId);
  token.principal = wish.value("principal", defaults.principal);
  token.owner = wish.value("owner", kind == "page" ? kUserId : "");
  token.issued_at = wish.value("issued_at", now);
  if (wish.value("omit_issued_at", false)) token.issued_at = std::nullopt;
  token.expires_at = Moment(wish, "omit_expires_at", "expires_in", now, defaults.lifetime);
  const std::int64_t data_access = defaults.data_access ? 90 * kDay : 0;
  token.data_access_expires_at =
      Moment(wish, "omit_data_access", "data_access_expires_in", now, data_access);
  token.scopes = wish.value("scopes", DefaultScopes(kind));
  token.granular_scopes = wish.value("granular_scopes", Json());
  token.state = wish.value("state", "live");
  token.omit_subcode = wish.value("omit_subcode", false);
  token.recovers_after_uses = wish.value("recovers_after_uses", 0);
  const std::int64_t recovers_in = wish.value("recovers_in", std::int64_t{0});
  token.recovers_at = recovers_in == 0 ? 0 : now + recovers_in;
  if (wish.contains("uses_left")) token.uses_left = wish["uses_left"].get<int>();
  auto app = world.state.apps.find(token.app);
  if (app == world.state.apps.end()) throw std::invalid_argument("there is no app " + token.app);
  token.secret_epoch = app->second.secret_epoch;
  token.value = kind == "app" ? world.mint.AppToken(token.app) : world.mint.UserToken(token.app);
  if (wish.contains("value")) token.value = wish["value"].get<std::string>();
  std::string value = token.value;
  return world.state.tokens.insert_or_assign(std::move(value), std::move(token)).first->second;
}

}  // namespace tokenwarden::graph_simulator

#include "tests/simulators/graph/control.h"

#include <array>
#include <stdexcept>

#include "tests/simulators/graph/call.h"
#include "tests/simulators/graph/cases.h"
#include "tests/simulators/graph/replies.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

// Readable JSON: people look at these with curl.
Reply Show(const Json& document, int status = 200) {
  Reply reply = TextReply(status, "application/json; charset=UTF-8",
                          document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  reply.document = document;
  return reply;
}

Reply Refuse(int status, const std::string& message) {
  return Show(Json{{"control_error", message}}, status);
}

std::string Wanted(const Json& body, const char* name) {
  if (body.contains(name)) return body[name].get<std::string>();
  throw std::invalid_argument(std::string("member `") + name + "` is missing");
}

App& AppNamed(World& world, const std::string& id) {
  auto found = world.state.apps.find(id);
  if (found == world.state.apps.end()) throw std::invalid_argument("there is no app " + id);
  return found->second;
}

template <typename T>
T& Named(std::map<std::string, T>& all, const std::string& id, const char* what) {
  auto found = all.find(id);
  if (found == all.end())
    throw std::invalid_argument(std::string("there is no ") + what + " " + id);
  return found->second;
}

Reply Mint(World& world, const Request& request) {
  const Token& token = MintToken(world, request.json);
  return Show(Json{{"token", token.value},
                   {"kind", token.kind},
                   {"app_id", token.app},
                   {"principal", token.principal},
                   {"expires_at", token.expires_at ? Json(*token.expires_at) : Json()}});
}

void CheckState(const std::string& word) {
  if (word == "live") return;
  std::string all = "live";
  for (const SessionState& state : SessionStates()) {
    if (state.word == word) return;
    all += ", " + std::string(state.word);
  }
  throw std::invalid_argument("there is no token state `" + word + "`; use one of: " + all);
}

Reply Kill(World& world, const Request& request) {
  const std::string word = request.json.value("state", "revoked");
  CheckState(word);
  if (request.json.contains("principal")) {
    const std::string person = request.json["principal"].get<std::string>();
    const int killed = KillTokensOf(world.state, person, request.json.value("app", ""), word);
    return Show(Json{{"killed", killed}, {"state", word}});
  }
  Token& token = Named(world.state.tokens, Wanted(request.json, "token"), "such token");
  token.state = word;
  token.omit_subcode = request.json.value("omit_subcode", token.omit_subcode);
  token.recovers_after_uses = request.json.value("recovers_after_uses", 0);
  const std::int64_t recovers_in = request.json.value("recovers_in", std::int64_t{0});
  token.recovers_at = recovers_in == 0 ? 0 : world.state.clock.Now() + recovers_in;
  return Show(Json{{"killed", 1}, {"state", word}});
}

Reply SetClock(World& world, const Request& request) {
  Clock& clock = world.state.clock;
  const Json& body = request.json;
  if (body.contains("offset_seconds")) {
    clock.frozen_at = std::nullopt;
    clock.offset_seconds = body["offset_seconds"].get<std::int64_t>();
  }
  if (body.contains("advance_seconds")) {
    const std::int64_t step = body["advance_seconds"].get<std::int64_t>();
    if (clock.frozen_at) clock.frozen_at = *clock.frozen_at + step;
    clock.offset_seconds += step;
  }
  if (body.contains("set")) {
    clock.frozen_at = std::nullopt;
    clock.offset_seconds += body["set"].get<std::int64_t>() - clock.Now();
  }
  if (body.value("freeze", false)) clock.frozen_at = clock.Now();
  return Show(Json{{"now", clock.Now()},
                   {"offset_seconds", clock.offset_seconds},
                   {"frozen", clock.frozen_at.has_value()}});
}

Reply AddFaults(World& world, const Request& request) {
  if (request.method == "DELETE") world.faults.Clear();
  if (request.method == "POST") {
    const Json list = request.json.is_array() ? request.json : Json::array({request.json});
    for (const Json& fault : list) world.faults.Add(fault);
  }
  return Show(world.faults.List());
}

void ChangeApp(World& world, const Json& wish) {
  App& app = AppNamed(world, wish.value("id", kAppId));
  app.require_proof = wish.value("require_proof", app.require_proof);
  app.disabled = wish.value("disabled", app.disabled);
  app.call_limit = wish.value("call_limit", app.call_limit);
  if (!wish.contains("rotate_secret") || wish["rotate_secret"] == false) return;
  const Json& secret = wish["rotate_secret"];
  app.secret = secret.is_string() ? secret.get<std::string>() : world.mint.AppSecret();
  if (wish.value("kill_tokens", false)) ++app.secret_epoch;
  auto& tokens = world.state.tokens;
  for (auto it = tokens.begin(); it != tokens.end();) {
    const bool generated = it->second.kind == "app" && it->second.app == app.id;
    it = generated ? tokens.erase(it) : std::next(it);
  }
}

// Members set to null are taken away.
void MergeFields(const Json& wish, Json& fields) {
  if (wish.contains("fields")) fields.merge_patch(wish["fields"]);
}

void ChangeAsset(World& world, const Json& wish) {
  const std::string id = Wanted(wish, "id");
  if (auto phone = world.state.phones.find(id); phone != world.state.phones.end()) {
    MergeFields(wish, phone->second.fields);
    if (wish.contains("health_status")) phone->second.health_status = wish["health_status"];
    return;
  }
  Waba& waba = Named(world.state.wabas, id, "phone number or account");
  MergeFields(wish, waba.fields);
  if (wish.contains("health_status")) waba.health_status = wish["health_status"];
  waba.paging = wish.value("paging", waba.paging);
  if (wish.value("subscribed", true)) return;
  waba.subscriptions.clear();
}

void ForEach(const Json& one_or_many, World& world, void (*change)(World&, const Json&)) {
  const Json list = one_or_many.is_array() ? one_or_many : Json::array({one_or_many});
  for (const Json& wish : list) change(world, wish);
}

Reply SetKnobs(World& world, const Request& request) {
  Json knobs = request.json;
  if (knobs.contains("app")) ForEach(knobs["app"], world, ChangeApp);
  if (knobs.contains("asset")) ForEach(knobs["asset"], world, ChangeAsset);
  knobs.erase("app");
  knobs.erase("asset");
  LoadKnobs(knobs, world.state.knobs);
  return Show(ToJson(world.state.knobs));
}

Reply AddCode(World& world, const Request& request) {
  LoginCode code;
  code.code = world.mint.LoginCode();
  code.app = request.json.value("app", kAppId);
  code.principal = request.json.value("principal", kSystemUserId);
  code.scopes = request.json.value(
      "scopes",
      std::vector<std::string>{"whatsapp_business_management", "whatsapp_business_messaging"});
  code.expires_in = request.json.value("expires_in", std::int64_t{0});
  world.state.codes[code.code] = code;
  return Show(Json{{"code", code.code}});
}

Json WholeState(World& world) {
  Json state = ToJson(world.state);
  state["url"] = world.base_url;
  state["faults"] = world.faults.List();
  return state;
}

Reply ShowState(World& world, const Request& request) {
  if (request.method == "PUT") LoadState(request.json, world.state);
  return Show(WholeState(world));
}

Reply Reset(World& world, const Request&) {
  world.Reset();
  return Show(WholeState(world));
}

Reply ShowJournal(World& world, const Request& request) {
  const std::string since = Find(request.query, "since").value_or("0");
  return Show(world.journal.Entries(IsDigits(since) ? std::stoull(since) : 0));
}

Reply ShowCounts(World& world, const Request&) { return Show(world.journal.Counts()); }

Reply Cases(World& world, const Request& request) {
  const auto parts = Split(request.path, '/');
  if (parts.size() < 3) return Show(ListCases());
  const int number = IsDigits(parts[2]) ? std::stoi(parts[2].substr(0, 4)) : 0;
  return Show(SelectCase(world, number, Find(request.query, "variant").value_or("")));
}

struct ControlRow {
  std::string_view methods;
  std::string_view path;
  Reply (*handler)(World&, const Request&);
};

Reply Help(World& world, const Request&) {
  return TextReply(200, "text/plain; charset=utf-8", ControlHelp(world.base_url));
}

constexpr std::array kControls = {
    ControlRow{"GET", "/_control", Help},
    ControlRow{"GET", "/_control/", Help},
    ControlRow{"GET PUT", "/_control/state", ShowState},
    ControlRow{"POST", "/_control/reset", Reset},
    ControlRow{"POST", "/_control/tokens", Mint},
    ControlRow{"POST", "/_control/tokens/kill", Kill},
    ControlRow{"POST", "/_control/codes", AddCode},
    ControlRow{"POST", "/_control/clock", SetClock},
    ControlRow{"GET POST DELETE", "/_control/faults", AddFaults},
    ControlRow{"POST", "/_control/knobs", SetKnobs},
    ControlRow{"GET", "/_control/journal", ShowJournal},
    ControlRow{"GET", "/_control/counts", ShowCounts},
    ControlRow{"GET", "/_control/cases", Cases},
    ControlRow{"POST", "/_control/cases/*", Cases},
};

}  // namespace

Reply Control(World& world, const Request& request) {
  Request usable = request;
  if (usable.json.is_null()) usable.json = Json::object();
  const bool broken = request.json.is_null() && !request.body.empty();
  if (broken) return Refuse(400, "the body is not JSON");
  for (const ControlRow& row : kControls) {
    if (!GlobMatches(row.path, request.path)) continue;
    if (row.methods.find(request.method) == std::string_view::npos) continue;
    try {
      return row.handler(world, usable);
    } catch (const std::exception& error) {
      return Refuse(400, std::string("nothing was done: ") + error.what());
    }
  }
  return Refuse(404, "there is no " + request.method + " " + request.path + "; see GET /_control");
}

}  // namespace tokenwarden::graph_simulator

// The state as JSON, both ways. One list of members per struct, so the two directions cannot
// disagree.
#include <chrono>
#include <stdexcept>
#include <type_traits>

#include "tests/simulators/graph/model.h"

namespace tokenwarden::graph_simulator {
namespace {

template <typename V>
void Members(App& a, V&& v) {
  v("id", a.id), v("name", a.name), v("secret", a.secret), v("require_proof", a.require_proof);
  v("disabled", a.disabled), v("secret_epoch", a.secret_epoch), v("call_limit", a.call_limit);
  v("calls", a.calls), v("window_start", a.window_start);
}

template <typename V>
void Members(Principal& p, V&& v) {
  v("id", p.id), v("kind", p.kind), v("name", p.name), v("business", p.business);
  v("installed_apps", p.installed_apps), v("developer_of", p.developer_of), v("assets", p.assets);
  v("declined", p.declined);
}

template <typename V>
void Members(Token& t, V&& v) {
  v("value", t.value), v("app", t.app), v("principal", t.principal), v("owner", t.owner);
  v("kind", t.kind), v("issued_at", t.issued_at), v("expires_at", t.expires_at);
  v("data_access_expires_at", t.data_access_expires_at), v("scopes", t.scopes);
  v("granular_scopes", t.granular_scopes), v("state", t.state), v("omit_subcode", t.omit_subcode);
  v("recovers_after_uses", t.recovers_after_uses), v("recovers_at", t.recovers_at);
  v("uses_left", t.uses_left);
  v("secret_epoch", t.secret_epoch), v("successor", t.successor);
}

template <typename V>
void Members(Subscription& s, V&& v) {
  v("app", s.app), v("override_callback_uri", s.override_callback_uri);
}

template <typename V>
void Members(Waba& w, V&& v) {
  v("id", w.id), v("business", w.business), v("fields", w.fields),
      v("health_status", w.health_status);
  v("phones", w.phones), v("subscriptions", w.subscriptions), v("paging", w.paging);
}

template <typename V>
void Members(Phone& p, V&& v) {
  v("id", p.id), v("waba", p.waba), v("fields", p.fields), v("health_status", p.health_status);
}

template <typename V>
void Members(LoginCode& c, V&& v) {
  v("code", c.code), v("app", c.app), v("principal", c.principal), v("scopes", c.scopes);
  v("expires_in", c.expires_in), v("used", c.used);
}

template <typename V>
void Members(Clock& c, V&& v) {
  v("offset_seconds", c.offset_seconds), v("frozen_at", c.frozen_at);
}

template <typename V>
void Members(Knobs& k, V&& v) {
  v("status_mode", k.status_mode), v("throttle_status", k.throttle_status);
  v("exchange_mode", k.exchange_mode), v("exchange_reply", k.exchange_reply);
  v("never_exchange_trap", k.never_exchange_trap);
  v("sixty_days_mandatory", k.sixty_days_mandatory);
  v("expires_in_shortfall", k.expires_in_shortfall),
      v("revoke_accepts_post", k.revoke_accepts_post);
  v("success_reply", k.success_reply), v("ids", k.ids), v("granular", k.granular);
  v("self_inspection", k.self_inspection), v("echo_tokens", k.echo_tokens);
  v("www_authenticate", k.www_authenticate), v("default_version", k.default_version);
  v("send_outcome", k.send_outcome), v("latency_ms", k.latency_ms);
  v("usage_headers", k.usage_headers), v("usage_after", k.usage_after);
}

template <typename T, typename = void>
struct HasMembers : std::false_type {};
template <typename T>
struct HasMembers<T, std::void_t<decltype(Members(std::declval<T&>(), [](const char*, auto&) {}))>>
    : std::true_type {};

template <typename T>
Json Encode(T& value);

template <typename T>
Json Encode(std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <typename T>
Json Encode(std::vector<T>& values) {
  Json list = Json::array();
  for (T& value : values) list.push_back(Encode(value));
  return list;
}

template <typename T>
Json Encode(T& value) {
  if constexpr (HasMembers<T>::value) {
    Json object = Json::object();
    Members(value, [&](const char* name, auto& member) { object[name] = Encode(member); });
    return object;
  } else {
    return Json(value);
  }
}

template <typename T>
void Decode(const Json& json, T& value);

template <typename T>
void Decode(const Json& json, std::optional<T>& value) {
  value = json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

template <typename T>
void Decode(const Json& json, std::vector<T>& values) {
  values.clear();
  for (const Json& item : json) Decode(item, values.emplace_back());
}

template <typename T>
void DecodeMembers(const Json& json, T& value) {
  std::size_t known = 0;
  Members(value, [&](const char* name, auto& member) {
    auto it = json.find(name);
    if (it == json.end()) return;
    ++known;
    try {
      Decode(*it, member);
    } catch (const Json::exception&) {
      throw std::invalid_argument(std::string("member `") + name + "` has the wrong type");
    }
  });
  if (known == json.size()) return;
  for (const auto& item : json.items()) {
    bool found = false;
    Members(value, [&](const char* name, auto&) { found = found || item.key() == name; });
    if (!found) throw std::invalid_argument("there is no member `" + item.key() + "` here");
  }
}

template <typename T>
void Decode(const Json& json, T& value) {
  if constexpr (HasMembers<T>::value) {
    if (!json.is_object()) throw std::invalid_argument("an object was expected");
    DecodeMembers(json, value);
  } else if constexpr (std::is_same_v<T, Json>) {
    value = json;
  } else {
    value = json.get<T>();
  }
}

template <typename T>
Json EncodeAll(std::map<std::string, T> values) {
  Json list = Json::array();
  for (auto& entry : values) list.push_back(Encode(entry.second));
  return list;
}

template <typename T>
void DecodeAll(const Json& document, const char* name, std::string T::*key,
               std::map<std::string, T>& values) {
  auto list = document.find(name);
  if (list == document.end()) return;
  for (const Json& item : *list) {
    T value;
    Decode(item, value);
    values[value.*key] = std::move(value);
  }
}

}  // namespace

std::int64_t Clock::Now() const {
  if (frozen_at) return *frozen_at;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() + offset_seconds;
}

Json ToJson(const Knobs& knobs) {
  Knobs copy = knobs;
  return Encode(copy);
}

Json ToJson(const State& state) {
  Clock clock = state.clock;
  return Json{{"now", clock.Now()},
              {"clock", Encode(clock)},
              {"knobs", ToJson(state.knobs)},
              {"apps", EncodeAll(state.apps)},
              {"principals", EncodeAll(state.principals)},
              {"wabas", EncodeAll(state.wabas)},
              {"phones", EncodeAll(state.phones)},
              {"tokens", EncodeAll(state.tokens)},
              {"codes", EncodeAll(state.codes)}};
}

void LoadKnobs(const Json& document, Knobs& knobs) {
  Knobs changed = knobs;
  Decode(document, changed);
  knobs = changed;
}

void LoadState(const Json& document, State& state) {
  if (!document.is_object()) throw std::invalid_argument("the state is not a JSON object");
  State changed = state;
  if (document.contains("clock")) Decode(document["clock"], changed.clock);
  if (document.contains("knobs")) Decode(document["knobs"], changed.knobs);
  DecodeAll(document, "apps", &App::id, changed.apps);
  DecodeAll(document, "principals", &Principal::id, changed.principals);
  DecodeAll(document, "wabas", &Waba::id, changed.wabas);
  DecodeAll(document, "phones", &Phone::id, changed.phones);
  DecodeAll(document, "tokens", &Token::value, changed.tokens);
  DecodeAll(document, "codes", &LoginCode::code, changed.codes);
  state = std::move(changed);
}

}  // namespace tokenwarden::graph_simulator

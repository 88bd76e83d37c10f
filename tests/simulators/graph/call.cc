#include "tests/simulators/graph/call.h"

#include <algorithm>
#include <cstdlib>

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kProofLifetime = 300;
constexpr std::size_t kShortestPlausibleToken = 40;

std::string ShownToken(const State& state, const std::string& value) {
  return state.knobs.echo_tokens ? "Malformed access token " + value : "";
}

// A string nobody minted: what the service says about it depends only on how it looks.
TokenReading ReadStranger(State& state, const std::string& value) {
  const std::size_t pipe = value.find('|');
  const bool app_form = pipe != std::string::npos && IsDigits(value.substr(0, pipe));
  if (app_form) {
    auto app = state.apps.find(value.substr(0, pipe));
    if (app == state.apps.end()) {
      return {value, nullptr, nullptr, MakeError(Failure::kUnknownAppOfToken)};
    }
    if (app->second.disabled)
      return {value, &app->second, nullptr, MakeError(Failure::kAppDisabled)};
    if (value.substr(pipe + 1) == app->second.secret) return {value, &app->second, nullptr, {}};
    return {value, nullptr, nullptr, MakeError(Failure::kBadSignature)};
  }
  const bool plausible = value.substr(0, 3) == "EAA" && IsAlphanumeric(value) &&
                         value.size() >= kShortestPlausibleToken;
  GraphError error = MakeError(plausible ? Failure::kCannotDecrypt : Failure::kCannotParse);
  const std::string echo = ShownToken(state, value);
  if (!echo.empty()) error.message = echo;
  return {value, nullptr, nullptr, error};
}

// States that come or go with use do so here.
void CountUse(Token& token, std::int64_t now) {
  if (token.uses_left && *token.uses_left == 0 && token.state == "live") token.state = "expired";
  if (token.uses_left && *token.uses_left > 0) --*token.uses_left;
  if (token.recovers_at != 0 && now >= token.recovers_at) token.state = "live";
  if (token.recovers_after_uses > 0 && --token.recovers_after_uses == 0) token.state = "live";
}

std::optional<Failure> DeathOf(const Token& token, std::int64_t now) {
  for (const SessionState& state : SessionStates()) {
    if (state.word == token.state) return state.failure;
  }
  const bool ends = token.expires_at.has_value() && *token.expires_at != 0;
  if (ends && now >= *token.expires_at) return Failure::kExpired;
  return std::nullopt;
}

GraphError SessionError(const Token& token, Failure failure, std::int64_t now) {
  const std::int64_t end = token.expires_at.value_or(0);
  const std::int64_t said = end != 0 && end <= now ? end : now - 60;
  GraphError error = MakeError(failure, {PacificTime(said), PacificTime(now), token.app});
  if (token.omit_subcode) error.subcode = 0;
  return error;
}

std::optional<std::int64_t> Number(const std::string& text) {
  if (!IsDigits(text) || text.size() > 18) return std::nullopt;
  return std::stoll(text);
}

bool ProofMatches(const Call& call, const std::string& proof) {
  const std::string& secret = call.caller.app->secret;
  const auto time_text = call.request.Param("appsecret_time");
  if (!time_text) return proof == Hex(HmacSha256(secret, call.caller.value));
  const auto time = Number(*time_text);
  if (!time || std::llabs(call.now - *time) > kProofLifetime) return false;
  return proof == Hex(HmacSha256(secret, call.caller.value + "|" + *time_text));
}

// Explicit targets of the scope, when the token names any.
bool TargetsAllow(const Token& token, const std::string& scope, const std::string& asset) {
  if (!token.granular_scopes.is_array()) return true;
  for (const Json& entry : token.granular_scopes) {
    if (entry.value("scope", "") != scope || !entry.contains("target_ids")) continue;
    const Json& ids = entry["target_ids"];
    return std::find(ids.begin(), ids.end(), Json(asset)) != ids.end();
  }
  return true;
}

Json Targets(const State& state, const Token& token, const std::string& scope) {
  Json ids = Json::array();
  auto principal = state.principals.find(token.principal);
  if (principal == state.principals.end()) return ids;
  const bool pages = scope.rfind("pages_", 0) == 0;
  for (const std::string& asset : principal->second.assets) {
    const bool is_waba = state.wabas.count(asset) > 0;
    if (is_waba != pages) ids.push_back(asset);
  }
  return ids;
}

bool IsGranular(const std::string& scope) {
  return scope.rfind("whatsapp_business_", 0) == 0 || scope.rfind("pages_", 0) == 0;
}

Json ManyIds() {
  Json ids = Json::array();
  for (int i = 0; i < 300; ++i) ids.push_back(std::to_string(200000000001000LL + i));
  return ids;
}

}  // namespace

Reply Fail(Call& call, const GraphError& error) {
  return ErrorReply(error, call.knobs(), call.mint);
}

Reply Fail(Call& call, Failure failure, std::initializer_list<std::string> arguments) {
  return Fail(call, MakeError(failure, arguments));
}

Reply Unsupported(Call& call) {
  const std::string id = call.path.empty() ? std::string() : call.path.front();
  return Fail(call, Failure::kUnsupportedRequest, {Lower(call.request.method), id});
}

TokenReading ReadToken(State& state, const std::string& value, std::int64_t now) {
  auto found = state.tokens.find(value);
  if (found == state.tokens.end()) return ReadStranger(state, value);
  Token& token = found->second;
  auto app = state.apps.find(token.app);
  if (app == state.apps.end()) {
    return {value, nullptr, &token, MakeError(Failure::kUnknownAppOfToken)};
  }
  TokenReading reading{value, &app->second, &token, {}};
  if (app->second.disabled) {
    reading.error = MakeError(Failure::kAppDisabled);
  } else if (token.secret_epoch != app->second.secret_epoch) {
    reading.error = MakeError(Failure::kBadSignature);
  } else {
    CountUse(token, now);
    if (auto death = DeathOf(token, now)) reading.error = SessionError(token, *death, now);
  }
  return reading;
}

std::optional<std::string> CallerToken(const Request& request) {
  const std::string header = request.Header("authorization");
  for (const char* scheme : {"bearer ", "oauth "}) {
    const std::string_view prefix = scheme;
    if (Lower(header.substr(0, prefix.size())) == prefix) return header.substr(prefix.size());
  }
  return request.Param("access_token");
}

std::optional<GraphError> CheckProof(const Call& call, bool body_counts) {
  if (call.caller.app == nullptr) return std::nullopt;
  auto proof = Find(call.request.query, "appsecret_proof");
  if (!proof && body_counts) proof = call.request.Param("appsecret_proof");
  if (proof) {
    if (ProofMatches(call, *proof)) return std::nullopt;
    return MakeError(Failure::kProofWrong);
  }
  const bool required = call.caller.app->require_proof && !call.caller.IsAppToken();
  if (required) return MakeError(Failure::kProofMissing);
  return std::nullopt;
}

std::optional<GraphError> CheckClient(const Call& call, App** app) {
  const auto id = call.request.Param("client_id");
  if (!id) return MakeError(Failure::kMissingClientId);
  auto found = call.state.apps.find(*id);
  if (found == call.state.apps.end() || found->second.disabled) {
    return MakeError(Failure::kUnknownApp);
  }
  if (call.request.Param("client_secret").value_or("") != found->second.secret) {
    return MakeError(Failure::kWrongSecret);
  }
  *app = &found->second;
  return std::nullopt;
}

std::optional<GraphError> CheckAsset(const Call& call, const std::string& asset,
                                     const std::string& object, const std::string& scope) {
  const auto unreachable = [&] {
    return MakeError(Failure::kUnsupportedRequest, {Lower(call.request.method), object});
  };
  if (call.caller.IsAppToken()) return unreachable();
  const Token& token = *call.caller.token;
  auto principal = call.state.principals.find(token.principal);
  const bool assigned = principal != call.state.principals.end() &&
                        Contains(principal->second.assets, asset) &&
                        TargetsAllow(token, scope, asset);
  if (!assigned) return unreachable();
  if (Contains(token.scopes, scope)) return std::nullopt;
  if (scope == "whatsapp_business_messaging") return MakeError(Failure::kMessagingDenied);
  return MakeError(Failure::kPermissionMissing, {scope});
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Json GranularScopes(const State& state, const Token& token) {
  if (!token.granular_scopes.is_null()) return token.granular_scopes;
  const std::string& mode = state.knobs.granular;
  Json list = Json::array();
  if (mode == "flat_only") {
    list.push_back(Json{{"scope", "business_management"}});
    list.push_back(Json{{"scope", "whatsapp_business_manage_events"}});
    return list;
  }
  for (const std::string& scope : token.scopes) {
    if (!IsGranular(scope)) continue;
    Json entry = {{"scope", scope}};
    if (mode == "normal") entry["target_ids"] = Targets(state, token, scope);
    if (mode == "many") entry["target_ids"] = ManyIds();
    list.push_back(std::move(entry));
  }
  return mode == "missing" || list.empty() ? Json() : list;
}

Token& IssueToken(Call& call, Token like) {
  like.value = like.kind == "app" ? call.mint.AppToken(like.app) : call.mint.UserToken(like.app);
  like.state = "live";
  like.omit_subcode = false;
  like.recovers_after_uses = 0;
  like.recovers_at = 0;
  like.uses_left = std::nullopt;
  like.successor.clear();
  auto app = call.state.apps.find(like.app);
  if (app != call.state.apps.end()) like.secret_epoch = app->second.secret_epoch;
  std::string value = like.value;
  return call.state.tokens.insert_or_assign(std::move(value), std::move(like)).first->second;
}

int KillTokensOf(State& state, const std::string& principal, const std::string& app,
                 const std::string& word) {
  int killed = 0;
  for (auto& entry : state.tokens) {
    Token& token = entry.second;
    const bool his = token.principal == principal || token.owner == principal;
    if (!his || (!app.empty() && token.app != app)) continue;
    token.state = word;
    ++killed;
  }
  return killed;
}

}  // namespace tokenwarden::graph_simulator

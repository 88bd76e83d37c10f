// GET|POST /oauth/access_token and /oauth/revoke.
//
// An exchange is committed at the moment the new token is in the state; what happens to the reply
// afterwards does not undo it.
#include "tests/simulators/graph/endpoints.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kSixtyDays = 60 * 86400;
constexpr std::int64_t kNinetyDays = 90 * 86400;
constexpr std::int64_t kShortExchange = 2 * 3600;

bool IsTrue(const std::optional<std::string>& value) {
  return value && (*value == "true" || *value == "1");
}

bool IsSystemUser(const Token& token) {
  return token.kind == "system_user" || token.kind == "business_integration";
}

// When a token that is exchanged now ends; 0 = never.
std::int64_t NewExpiry(const Call& call, const Token& old) {
  const std::int64_t old_end = old.expires_at.value_or(0);
  const bool flag = IsTrue(call.request.Param("set_token_expires_in_60_days"));
  if (call.knobs().exchange_reply == "shorter_expiry") return call.now + kShortExchange;
  if (old.kind == "page") return old_end;
  if (!IsSystemUser(old)) return old_end == 0 ? 0 : call.now + kSixtyDays;
  if (flag) return call.now + kSixtyDays;
  // Without the flag the clock of a sixty-day token is not reset.
  if (old_end != 0) return old_end;
  return call.knobs().never_exchange_trap ? call.now + kSixtyDays : 0;
}

Json ExchangeBody(const Call& call, const Token& token) {
  const Knobs& knobs = call.knobs();
  const std::string& shape = knobs.exchange_reply;
  Json body = {{"access_token", token.value}, {"token_type", "bearer"}};
  if (shape == "no_access_token") body.erase("access_token");
  const std::int64_t end = token.expires_at.value_or(0);
  if (end == 0 || shape == "no_expires_in") return body;
  const std::int64_t left = end - call.now;
  const std::int64_t said =
      left > knobs.expires_in_shortfall ? left - knobs.expires_in_shortfall : left;
  if (shape == "expires") {
    body["expires"] = said;
  } else if (shape == "expires_in_string") {
    body["expires_in"] = std::to_string(said);
  } else {
    body["expires_in"] = shape == "expires_in_zero" ? 0 : said;
  }
  return body;
}

Reply ExchangeReply(const Call& call, const Token& token) {
  if (call.knobs().exchange_reply != "text_query") return JsonReply(ExchangeBody(call, token));
  const std::int64_t left = token.expires_at.value_or(0) - call.now;
  const std::string expires = left > 0 ? "&expires=" + std::to_string(left) : "";
  return TextReply(200, "text/plain; charset=UTF-8", "access_token=" + token.value + expires);
}

Token& Successor(Call& call, Token& old) {
  const Knobs& knobs = call.knobs();
  if (knobs.exchange_reply == "same_token" || old.kind == "page") return old;
  auto known = call.state.tokens.find(old.successor);
  if (knobs.exchange_mode == "same" && known != call.state.tokens.end()) return known->second;
  Token like = old;
  like.issued_at = call.now;
  like.expires_at = NewExpiry(call, old);
  if (old.kind == "whatsapp_test") like.kind = "user";
  if (!IsSystemUser(old)) like.data_access_expires_at = call.now + kNinetyDays;
  Token& made = IssueToken(call, std::move(like));
  old.successor = made.value;
  if (knobs.exchange_mode == "strict") old.state = "revoked";
  return made;
}

Reply Exchange(Call& call, const App& app) {
  const auto value = call.request.Param("fb_exchange_token");
  if (!value || value->empty()) return Fail(call, Failure::kMissingExchangeToken);
  const TokenReading old = ReadToken(call.state, *value, call.now);
  if (old.error) return Fail(call, *old.error);
  if (old.app != &app) return Fail(call, Failure::kForeignToken, {app.id});
  if (old.IsAppToken()) return Fail(call, Failure::kCannotParse);
  const bool flag = IsTrue(call.request.Param("set_token_expires_in_60_days"));
  if (call.knobs().sixty_days_mandatory && IsSystemUser(*old.token) && !flag) {
    return Fail(call, Failure::kSixtyDaysMandatory);
  }
  Token& made = Successor(call, *old.token);
  Reply reply = ExchangeReply(call, made);
  reply.committed = "exchange";
  reply.issued = made.value;
  return reply;
}

Reply ClientCredentials(Call& call, const App& app) {
  Token like;
  like.app = app.id;
  like.kind = "app";
  const Token& made = IssueToken(call, std::move(like));
  return JsonReply(Json{{"access_token", made.value}, {"token_type", "bearer"}});
}

Reply RedeemCode(Call& call, const App& app, const std::string& code) {
  auto found = call.state.codes.find(code);
  if (found == call.state.codes.end() || found->second.app != app.id) {
    return Fail(call, Failure::kUnknownCode);
  }
  LoginCode& login = found->second;
  if (login.used) return Fail(call, Failure::kCodeUsed);
  login.used = true;
  Token like;
  like.app = app.id;
  like.principal = login.principal;
  like.kind = "business_integration";
  like.issued_at = call.now;
  like.expires_at = login.expires_in == 0 ? 0 : call.now + login.expires_in;
  like.data_access_expires_at = 0;
  like.scopes = login.scopes;
  Reply reply = JsonReply(ExchangeBody(call, IssueToken(call, std::move(like))));
  reply.committed = "code";
  return reply;
}

}  // namespace

Reply AccessToken(Call& call) {
  if (call.request.method == "DELETE") return Unsupported(call);
  App* app = nullptr;
  if (auto error = CheckClient(call, &app)) return Fail(call, *error);
  const std::string grant = call.request.Param("grant_type").value_or("");
  if (grant == "fb_exchange_token") return Exchange(call, *app);
  if (grant == "client_credentials") return ClientCredentials(call, *app);
  const auto code = call.request.Param("code");
  if (code && (grant.empty() || grant == "authorization_code"))
    return RedeemCode(call, *app, *code);
  return Fail(call, Failure::kUnsupportedGrant, {grant});
}

Reply RevokeToken(Call& call) {
  const bool allowed = call.request.method == "GET" ||
                       (call.request.method == "POST" && call.knobs().revoke_accepts_post);
  if (!allowed) return Unsupported(call);
  App* app = nullptr;
  if (auto error = CheckClient(call, &app)) return Fail(call, *error);
  if (call.caller.app != app) return Fail(call, Failure::kForeignToken, {app->id});
  const auto value = call.request.Param("revoke_token");
  if (!value || value->empty()) return Fail(call, Failure::kMissingParameter, {"revoke_token"});
  const TokenReading victim = ReadToken(call.state, *value, call.now);
  if (victim.error) return Fail(call, *victim.error);
  if (victim.app != app) return Fail(call, Failure::kForeignToken, {app->id});
  if (victim.token == nullptr) return Fail(call, Failure::kBadParameter, {"revoke_token"});
  victim.token->state = "revoked";
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "revoke";
  return reply;
}

}  // namespace tokenwarden::graph_simulator

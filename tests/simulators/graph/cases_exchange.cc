// Cases 7 to 13 and 30: exchange, generation and revocation.
#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr int kDay = 86400;

Json ReplyShape(World& world, const char* shape) {
  world.state.knobs.exchange_reply = shape;
  return Exchanged(world, Json{{"expires_in", 10 * kDay}});
}

Json ExchangeWith(World& world, const char* member, const std::string& value) {
  Json answer = Exchanged(world, Json{{"expires_in", 10 * kDay}});
  answer["call"]["form"][member] = value;
  return answer;
}

Json WithoutClientId(World& world) {
  Json answer = Exchanged(world, Json{{"expires_in", 10 * kDay}});
  answer["call"]["form"].erase("client_id");
  return answer;
}

Json NeverExchanged(World& world, bool trap) {
  world.state.knobs.never_exchange_trap = trap;
  Json answer = Exchanged(world, Json{{"expires_in", 0}});
  answer["call"]["form"].erase("set_token_expires_in_60_days");
  return answer;
}

// The first exchange is hit, the ones after it are not.
Json LostReply(World& world, const Json& fault) {
  world.faults.Add(
      Json{{"path", "/oauth/access_token"}, {"nth", 1}, {"times", 1}, {"fault", fault}});
  const std::string token = Mint(world, Json{{"expires_in", 10 * kDay}});
  const Json call = ExchangeCall(world, token);
  return Answer(world, token, call, Json::array({Get("/v25.0/me", token), call}));
}

Json OldLives(World& world) {
  const std::string token = Mint(world, Json{{"expires_in", 10 * kDay}});
  return Answer(world, token, ExchangeCall(world, token), Json::array({Get("/v25.0/me", token)}));
}

Json RevokeCall(const World& world, const std::string& caller, const std::string& victim) {
  return Get("/v25.0/oauth/revoke", caller,
             Json{{"client_id", kAppId},
                  {"client_secret", SecretOf(world, kAppId)},
                  {"revoke_token", victim}});
}

Json Revoked(World& world) {
  const std::string victim = Mint(world);
  const std::string caller = Mint(world);
  return Answer(world, victim, RevokeCall(world, caller, victim),
                Json::array({Get("/v25.0/me", victim), Get("/v25.0/me", caller)}));
}

Json RevokeSelf(World& world) {
  const std::string token = Mint(world);
  return Answer(world, token, RevokeCall(world, token, token),
                Json::array({Get("/v25.0/me", token)}));
}

Json RevokeDead(World& world) {
  const std::string victim = Mint(world, Json{{"state", "revoked"}});
  return Answer(world, victim, RevokeCall(world, Mint(world), victim));
}

Json RevokeSpelt(World& world, const char* spelling) {
  world.state.knobs.success_reply = spelling;
  return Revoked(world);
}

Json RevokeByPost(World& world, bool accepted) {
  world.state.knobs.revoke_accepts_post = accepted;
  Json answer = Revoked(world);
  Json& call = answer["call"];
  call["method"] = "POST";
  call["form"] = call["query"];
  call.erase("query");
  return answer;
}

Json Generated(World& world, bool mandatory, bool flag) {
  world.state.knobs.sixty_days_mandatory = mandatory;
  const std::string caller = Mint(world);
  Json form = {{"business_app", kAppId},
               {"scope", std::string(kManagement) + "," + kMessaging},
               {"appsecret_proof", Hex(HmacSha256(SecretOf(world, kAppId), caller))}};
  if (flag) form["set_token_expires_in_60_days"] = "true";
  const std::string path = std::string("/v25.0/") + kSystemUserId + "/access_tokens";
  return Answer(world, caller, Post(path, caller, form));
}

Json TwoAtOnce(World& world, const char* mode) {
  world.state.knobs.exchange_mode = mode;
  const std::string token = Mint(world, Json{{"expires_in", 10 * kDay}});
  const Json call = ExchangeCall(world, token);
  return Answer(world, token, call, Json::array({call, Get("/v25.0/me", token)}));
}

// The calls still use the secret from before the rotation.
Json SecretRotated(World& world, Json (*call)(const World&, const std::string&), bool kill_tokens) {
  const std::string token = Mint(world, Json{{"expires_in", 10 * kDay}});
  const Json sent = call(world, token);
  App& app = world.state.apps.at(kAppId);
  app.secret = world.mint.AppSecret();
  if (kill_tokens) ++app.secret_epoch;
  return Answer(world, token, sent, Json::array({Get("/v25.0/me", token)}));
}

Json AppDisabled(World& world, Json (*call)(const World&, const std::string&)) {
  const std::string token = Mint(world, Json{{"expires_in", 10 * kDay}});
  world.state.apps.at(kAppId).disabled = true;
  return Answer(world, token, call(world, token), Json::array({Get("/v25.0/me", token)}));
}

}  // namespace

const std::vector<CaseVariant>& ExchangeCases() {
  static const std::vector<CaseVariant> variants = {
      {7, "no_expires_in", "no expiry in the reply",
       [](World& w) { return ReplyShape(w, "no_expires_in"); }},
      {7, "expires", "`expires` instead of `expires_in`",
       [](World& w) { return ReplyShape(w, "expires"); }},
      {7, "expires_in_string", "expires_in is a string",
       [](World& w) { return ReplyShape(w, "expires_in_string"); }},
      {7, "expires_in_zero", "expires_in is 0 although the token lives for sixty days",
       [](World& w) { return ReplyShape(w, "expires_in_zero"); }},
      {7, "text_query", "text/plain: access_token=…&expires=…",
       [](World& w) { return ReplyShape(w, "text_query"); }},
      {7, "same_token", "the same string comes back",
       [](World& w) { return ReplyShape(w, "same_token"); }},
      {7, "shorter_expiry", "the new token lives for two hours, the old one for ten days",
       [](World& w) { return ReplyShape(w, "shorter_expiry"); }},
      {7, "no_access_token", "HTTP 200 without access_token",
       [](World& w) { return ReplyShape(w, "no_access_token"); }},

      {8, "expired", "the token has expired: 190/463",
       [](World& w) {
         return Exchanged(w, Json{{"expires_in", -kDay}});
       }},
      {8, "revoked", "the token was revoked: 190/466",
       [](World& w) {
         return Exchanged(w, Json{{"state", "revoked"}});
       }},
      {8, "other_app", "the token belongs to another app",
       [](World& w) {
         return Exchanged(w, Json{{"app", kOtherAppId}, {"expires_in", 10 * kDay}});
       }},
      {8, "wrong_secret", "code 1 about the client secret",
       [](World& w) { return ExchangeWith(w, "client_secret", "wrong"); }},
      {8, "unknown_app", "code 101",
       [](World& w) { return ExchangeWith(w, "client_id", "999999999999999"); }},
      {8, "no_client_id", "code 101, client_id missing", WithoutClientId},
      {8, "garbage", "the token cannot be parsed",
       [](World& w) { return ExchangeWith(w, "fb_exchange_token", "xxxx"); }},

      {9, "trap", "hands out a sixty-day token for a never-expiring one",
       [](World& w) { return NeverExchanged(w, true); }},
      {9, "no_trap", "hands out another never-expiring one",
       [](World& w) { return NeverExchanged(w, false); }},

      {10, "drop", "the connection closes without a byte",
       [](World& w) {
         return LostReply(w, Json{{"kind", "drop_after_commit"}});
       }},
      {10, "cut", "the body stops in the middle",
       [](World& w) {
         return LostReply(w, Json{{"kind", "drop_mid_body"}, {"bytes", 60}});
       }},
      {10, "reset", "the connection is reset",
       [](World& w) {
         return LostReply(w, Json{{"kind", "reset"}, {"commit", true}});
       }},
      {10, "hang", "headers, then silence",
       [](World& w) {
         return LostReply(w, Json{{"kind", "hang_after_headers"}});
       }},
      {10, "html", "a proxy answers 502 although the work was done",
       [](World& w) {
         return LostReply(w, Json{{"kind", "html_502"}, {"commit", true}});
       }},

      {11, "old_lives", "after the exchange the old token still works", OldLives},
      {11, "revoked_dies", "after oauth/revoke the next use is 190/466", Revoked},

      {12, "caller_is_victim", "a token revokes itself", RevokeSelf},
      {12, "dead_victim", "the victim is dead already", RevokeDead},
      {12, "object", "success is {\"success\":true}",
       [](World& w) { return RevokeSpelt(w, "object"); }},
      {12, "bare_true", "success is true", [](World& w) { return RevokeSpelt(w, "true"); }},
      {12, "by_post", "revoke as a POST form", [](World& w) { return RevokeByPost(w, true); }},
      {12, "post_refused", "revoke as a POST form is refused",
       [](World& w) { return RevokeByPost(w, false); }},

      {13, "flag_missing", "the flag is mandatory and was not sent",
       [](World& w) { return Generated(w, true, false); }},
      {13, "flag_sent", "success without an expiry in the reply",
       [](World& w) { return Generated(w, true, true); }},
      {13, "not_mandatory", "without the flag: a never-expiring token",
       [](World& w) { return Generated(w, false, false); }},

      {30, "two_at_once", "two exchanges of one token: two new tokens, the old one lives",
       [](World& w) { return TwoAtOnce(w, "fork"); }},
      {30, "two_at_once_same", "two exchanges of one token: the same new token",
       [](World& w) { return TwoAtOnce(w, "same"); }},
      {30, "two_at_once_strict", "the second exchange finds the old token dead",
       [](World& w) { return TwoAtOnce(w, "strict"); }},
      {30, "secret_rotated", "inspection with the old secret: bad signature, the token lives",
       [](World& w) { return SecretRotated(w, InspectCall, false); }},
      {30, "secret_rotated_exchange", "exchange with the old secret: code 1, the token lives",
       [](World& w) { return SecretRotated(w, ExchangeCall, false); }},
      {30, "secret_rotated_tokens_die", "the rotation took the app's tokens with it",
       [](World& w) { return SecretRotated(w, ExchangeCall, true); }},
      {30, "app_disabled", "inspection for a disabled app: 190 about the application",
       [](World& w) { return AppDisabled(w, InspectCall); }},
      {30, "app_disabled_exchange", "exchange for a disabled app: 101",
       [](World& w) { return AppDisabled(w, ExchangeCall); }},
  };
  return variants;
}

}  // namespace tokenwarden::graph_simulator

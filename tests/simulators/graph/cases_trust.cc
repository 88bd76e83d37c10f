// Cases 20, 21, 28, 29, 31 and 32: clocks, proofs, checkpoints, versions, pasted tokens, pages.
#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {
namespace {

Json Skewed(World& world, std::int64_t seconds) {
  world.state.clock.offset_seconds += seconds;
  return Inspect(world, Json::object());
}

std::string Proof(const World& world, const std::string& message) {
  return Hex(HmacSha256(SecretOf(world, kAppId), message));
}

Json TimedProof(World& world, std::int64_t age) {
  const std::string token = Mint(world);
  const std::string time = std::to_string(world.state.clock.Now() - age);
  const Json query = {{"appsecret_proof", Proof(world, token + "|" + time)},
                      {"appsecret_time", time}};
  return Answer(world, token, Get("/v25.0/me", token, query));
}

Json DiesBetween(World& world) {
  const std::string token = Mint(world, Json{{"uses_left", 1}});
  return Answer(world, token, InspectCall(world, token), Json::array({Get("/v25.0/me", token)}));
}

Json ExpiresNow(World& world) {
  world.state.clock.frozen_at = world.state.clock.Now();
  const std::string token = Mint(world);
  world.state.tokens.at(token).expires_at = world.state.clock.Now();
  return Answer(world, token, InspectCall(world, token));
}

Json RequireProof(World& world, std::string (*make)(World&, const std::string&)) {
  world.state.apps.at(kAppId).require_proof = true;
  const std::string token = Mint(world);
  const std::string proof = make(world, token);
  const Json query = proof.empty() ? Json::object() : Json{{"appsecret_proof", proof}};
  return Answer(world, token, Get("/v25.0/me", token, query));
}

std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

Json ProofInBody(World& world) {
  world.state.apps.at(kAppId).require_proof = true;
  const std::string token = Mint(world);
  const std::string path = std::string("/v25.0/") + kWabaId + "/subscribed_apps";
  return Answer(world, token, Post(path, token, Json{{"appsecret_proof", Proof(world, token)}}));
}

Json UnaskedWrongProof(World& world) {
  const std::string token = Mint(world);
  return Answer(
      world, token,
      Get("/v25.0/me", token, Json{{"appsecret_proof", Hex(HmacSha256("wrong", token))}}));
}

Json Checkpoint(World& world, const char* state) {
  Json answer = UseMe(world, Json{{"state", state}, {"recovers_after_uses", 2}});
  answer["then"] = Json::array({answer["call"]});
  return answer;
}

Json Versioned(World& world, const std::string& prefix) {
  const std::string token = Mint(world);
  return Answer(world, token, Get(prefix + "/me", token));
}

// A token as it was pasted: the client should see what is wrong before it sends it.
Json Pasted(World& world, std::string (*spoil)(const std::string&)) {
  const std::string token = spoil(Mint(world));
  return Answer(world, token, InspectCall(world, token));
}

Json LongToken(World& world) {
  const std::string plain = Mint(world);
  const std::string value = plain.substr(0, plain.size() - 4) + plain.substr(3, 100) + "ZDZD";
  const std::string token = Mint(world, Json{{"value", value}});
  return Answer(world, token, InspectCall(world, token));
}

Json EncodedPipe(World& world) {
  const std::string token = std::string(kAppId) + "%7C" + SecretOf(world, kAppId);
  return Answer(world, token, InspectCall(world, token));
}

Json PageCase(World& world, const char* page_state, const char* parent_state) {
  const std::string parent = Mint(world, Json{{"kind", "user"}, {"state", parent_state}});
  const std::string page = Mint(world, Json{{"kind", "page"}, {"state", page_state}});
  Json answer = Answer(world, page, InspectCall(world, page),
                       Json::array({Get("/v25.0/me", page), Get("/v25.0/me", parent)}));
  answer["parent_token"] = parent;
  return answer;
}

}  // namespace

const std::vector<CaseVariant>& TrustCases() {
  static const std::vector<CaseVariant> variants = {
      {20, "minutes_ahead", "the server's Date is five minutes ahead",
       [](World& w) { return Skewed(w, 300); }},
      {20, "minutes_behind", "five minutes behind", [](World& w) { return Skewed(w, -300); }},
      {20, "hours_ahead", "three hours ahead", [](World& w) { return Skewed(w, 3 * 3600); }},
      {20, "hours_behind", "three hours behind", [](World& w) { return Skewed(w, -3 * 3600); }},
      {20, "stale_proof", "a proof of ten minutes ago",
       [](World& w) { return TimedProof(w, 600); }},
      {20, "fresh_proof", "a proof of now", [](World& w) { return TimedProof(w, 0); }},
      {20, "dies_between", "valid when inspected, expired when used", DiesBetween},
      {20, "expires_now", "expires_at is this very second", ExpiresNow},

      {21, "missing", "no proof",
       [](World& w) {
         return RequireProof(w, [](World&, const std::string&) { return std::string(); });
       }},
      {21, "wrong_secret", "made with another secret",
       [](World& w) {
         return RequireProof(
             w, [](World&, const std::string& token) { return Hex(HmacSha256("wrong", token)); });
       }},
      {21, "other_token", "made for another token",
       [](World& w) {
         return RequireProof(
             w, [](World& world, const std::string&) { return Proof(world, Mint(world)); });
       }},
      {21, "upper_case", "right, but in upper-case hexadecimal",
       [](World& w) {
         return RequireProof(w, [](World& world, const std::string& token) {
           return UpperCase(Proof(world, token));
         });
       }},
      {21, "only_in_body", "right, but in the body of a POST that ignores it there", ProofInBody},
      {21, "right", "right: the call works",
       [](World& w) {
         return RequireProof(
             w, [](World& world, const std::string& token) { return Proof(world, token); });
       }},
      {21, "unasked_wrong", "not required, but wrong", UnaskedWrongProof},

      {28, "checkpoint", "459 twice, then the same token works",
       [](World& w) { return Checkpoint(w, "checkpoint"); }},
      {28, "blocking", "490, then the same token works",
       [](World& w) { return Checkpoint(w, "blocking_checkpoint"); }},
      {28, "unconfirmed", "464, then the same token works",
       [](World& w) { return Checkpoint(w, "unconfirmed"); }},

      {29, "expired", "v19.0 is served by the oldest version that lives",
       [](World& w) { return Versioned(w, "/v19.0"); }},
      {29, "unknown", "v99.0 does not exist", [](World& w) { return Versioned(w, "/v99.0"); }},
      {29, "none", "no version: the app's default", [](World& w) { return Versioned(w, ""); }},

      {31, "spaces", "a space before and after",
       [](World& w) { return Pasted(w, [](const std::string& t) { return " " + t + " "; }); }},
      {31, "newline", "a line end after it",
       [](World& w) { return Pasted(w, [](const std::string& t) { return t + "\n"; }); }},
      {31, "quotes", "in quotes",
       [](World& w) { return Pasted(w, [](const std::string& t) { return "\"" + t + "\""; }); }},
      {31, "bearer", "with `Bearer ` before it",
       [](World& w) { return Pasted(w, [](const std::string& t) { return "Bearer " + t; }); }},
      {31, "truncated", "seven characters short",
       [](World& w) {
         return Pasted(w, [](const std::string& t) { return t.substr(0, t.size() - 7); });
       }},
      {31, "undefined", "the word undefined",
       [](World& w) {
         return Pasted(w, [](const std::string&) { return std::string("undefined"); });
       }},
      {31, "long", "longer than 255 characters, and valid", LongToken},
      {31, "encoded_pipe", "an app token with %7C in it", EncodedPipe},

      {32, "role_lost", "the user lost the role on the page: 492",
       [](World& w) { return PageCase(w, "role_lost", "live"); }},
      {32, "parent_dead", "the parent is dead, the page token lives",
       [](World& w) { return PageCase(w, "live", "logged_out"); }},
  };
  return variants;
}

}  // namespace tokenwarden::graph_simulator

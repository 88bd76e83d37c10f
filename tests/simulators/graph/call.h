// One request on its way through the simulated service, and the checks that endpoints share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulators/graph/errors.h"
#include "tests/simulators/graph/model.h"
#include "tests/simulators/graph/replies.h"
#include "tests/simulators/graph/token_mint.h"

namespace tokenwarden::graph_simulator {

// What a token string turned out to be. `app` and `token` may be known although `error` is set.
struct TokenReading {
  std::string value;
  App* app = nullptr;
  Token* token = nullptr;  // null for an app token in its literal form
  std::optional<GraphError> error;

  bool IsAppToken() const { return token == nullptr || token->kind == "app"; }
};

struct Call {
  State& state;
  TokenMint& mint;
  const Request& request;
  std::vector<std::string> path;  // without the version
  std::int64_t now = 0;
  std::string version;  // effective
  TokenReading caller;  // set where the route needs a caller

  const Knobs& knobs() const { return state.knobs; }
};

Reply Fail(Call& call, const GraphError& error);
Reply Fail(Call& call, Failure failure, std::initializer_list<std::string> arguments = {});
// 100/33 about the first part of the path, with the request's verb.
Reply Unsupported(Call& call);

// Parse, signature and app, session: in this order. Counts as a use of the token.
TokenReading ReadToken(State& state, const std::string& value, std::int64_t now);

// The token in the Authorization header, the query or the form; nullopt when there is none.
std::optional<std::string> CallerToken(const Request& request);

// appsecret_proof of the caller's token. In a body it counts only where the route says so.
std::optional<GraphError> CheckProof(const Call& call, bool body_counts);

// client_id and client_secret; sets `app`.
std::optional<GraphError> CheckClient(const Call& call, App** app);

// May the caller read or use this WhatsApp account? `object` is the id named in the answer.
std::optional<GraphError> CheckAsset(const Call& call, const std::string& asset,
                                     const std::string& object, const std::string& scope);

bool Contains(const std::vector<std::string>& list, const std::string& item);
Json GranularScopes(const State& state, const Token& token);

// A new token like `like`, with its own string; remembered in the state.
Token& IssueToken(Call& call, Token like);
// The page's token for the owner of `parent`: the living one, or a new one.
Token& PageTokenFor(Call& call, const Token& parent, const Principal& page);
// All tokens of the principal (for one app, or any when `app` is empty) take this state.
int KillTokensOf(State& state, const std::string& principal, const std::string& app,
                 const std::string& word);

}  // namespace tokenwarden::graph_simulator

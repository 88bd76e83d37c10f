#include "tests/simulators/graph/router.h"

#include <algorithm>
#include <array>

#include "tests/simulators/graph/endpoints.h"
#include "tests/simulators/graph/text.h"
#include "tests/simulators/graph/versions.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kUsageWindow = 3600;
constexpr int kUsageShownFrom = 50;  // percent

enum class CallerRule { kRequired, kFromClient };

struct RouteRow {
  std::string_view pattern;  // `*` stands for one part
  Reply (*handler)(Call&);
  CallerRule caller;
  Failure without_caller;
  bool proof_in_body;
};

constexpr std::array kRoutes = {
    RouteRow{"debug_token", DebugToken, CallerRule::kRequired, Failure::kNotAnInspector, false},
    RouteRow{"oauth/access_token", AccessToken, CallerRule::kFromClient, Failure::kTokenRequired,
             false},
    RouteRow{"oauth/revoke", RevokeToken, CallerRule::kRequired, Failure::kTokenRequired, false},
    RouteRow{"me", Me, CallerRule::kRequired, Failure::kNoActiveUser, false},
    RouteRow{"me/accounts", MyAccounts, CallerRule::kRequired, Failure::kNoActiveUser, false},
    RouteRow{"me/permissions", MyPermissions, CallerRule::kRequired, Failure::kNoActiveUser, false},
    RouteRow{"me/permissions/*", MyPermissions, CallerRule::kRequired, Failure::kNoActiveUser,
             false},
    RouteRow{"app", ThisApp, CallerRule::kRequired, Failure::kTokenRequired, false},
    RouteRow{"*", Node, CallerRule::kRequired, Failure::kTokenRequired, false},
    RouteRow{"*/accounts", MyAccounts, CallerRule::kRequired, Failure::kTokenRequired, false},
    RouteRow{"*/permissions", MyPermissions, CallerRule::kRequired, Failure::kTokenRequired, false},
    RouteRow{"*/permissions/*", MyPermissions, CallerRule::kRequired, Failure::kTokenRequired,
             false},
    RouteRow{"*/access_tokens", SystemUserTokens, CallerRule::kRequired, Failure::kTokenRequired,
             true},
    RouteRow{"*/system_user_access_tokens", BusinessTokens, CallerRule::kRequired,
             Failure::kTokenRequired, true},
    RouteRow{"*/applications", InstallApplication, CallerRule::kRequired, Failure::kTokenRequired,
             true},
    RouteRow{"*/phone_numbers", PhoneNumbers, CallerRule::kRequired, Failure::kTokenRequired,
             false},
    RouteRow{"*/subscribed_apps", SubscribedApps, CallerRule::kRequired, Failure::kTokenRequired,
             false},
    RouteRow{"*/messages", Messages, CallerRule::kRequired, Failure::kTokenRequired, false},
};

bool Matches(std::string_view pattern, const std::vector<std::string>& path) {
  const auto parts = Split(pattern, '/');
  if (parts.size() != path.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != "*" && parts[i] != path[i]) return false;
  }
  return true;
}

const RouteRow* FindRoute(const std::vector<std::string>& path) {
  auto row = std::find_if(kRoutes.begin(), kRoutes.end(),
                          [&](const RouteRow& route) { return Matches(route.pattern, path); });
  return row == kRoutes.end() ? nullptr : &*row;
}

// Counts the call for its app and says in percent how much of the hour's budget is used; -1 = no
// budget.
std::int64_t CountCall(Call& call) {
  const std::string id = call.caller.app == nullptr ? "" : call.caller.app->id;
  auto found = call.state.apps.find(id);
  if (found == call.state.apps.end() || found->second.call_limit == 0) return -1;
  App& app = found->second;
  if (call.now - app.window_start >= kUsageWindow) {
    app.window_start = call.now;
    app.calls = 0;
  }
  ++app.calls;
  return app.calls * 100 / app.call_limit;
}

void AddUsage(std::int64_t percent, Reply& reply) {
  if (percent < kUsageShownFrom) return;
  const Json usage = {
      {"call_count", percent}, {"total_time", percent / 2}, {"total_cputime", percent / 3}};
  reply.headers.emplace_back("X-App-Usage", usage.dump());
}

// The next set of scripted usage headers. Answers true when the script says that the limit is
// reached.
bool TakeUsageScript(Knobs& knobs, Params& headers) {
  if (knobs.usage_headers.empty()) return false;
  for (const auto& item : knobs.usage_headers.front().items()) {
    headers.emplace_back(item.key(), item.value().is_string() ? item.value().get<std::string>()
                                                              : item.value().dump());
  }
  const bool last = knobs.usage_headers.size() == 1;
  if (last && knobs.usage_after == "throttle") return true;
  if (!last || knobs.usage_after == "none") knobs.usage_headers.erase(knobs.usage_headers.begin());
  return false;
}

// Token and proof; a reply when the call ends here.
std::optional<Reply> Admit(Call& call, const RouteRow& route) {
  if (route.caller == CallerRule::kFromClient) return std::nullopt;
  const auto value = CallerToken(call.request);
  if (!value || value->empty()) return Fail(call, route.without_caller);
  call.caller = ReadToken(call.state, *value, call.now);
  if (call.caller.error) return Fail(call, *call.caller.error);
  if (auto error = CheckProof(call, route.proof_in_body)) return Fail(call, *error);
  return std::nullopt;
}

Reply Answer(Call& call) {
  const RouteRow* route = FindRoute(call.path);
  if (route == nullptr) {
    std::string unknown;
    for (const std::string& part : call.path) unknown += "/" + part;
    return Fail(call, Failure::kUnknownPath, {unknown});
  }
  std::optional<Reply> refusal = Admit(call, *route);
  const std::int64_t percent = CountCall(call);
  Reply reply;
  if (percent >= 100) {
    reply = Fail(call, Failure::kAppThrottled);
  } else {
    reply = refusal ? std::move(*refusal) : route->handler(call);
  }
  AddUsage(percent, reply);
  return reply;
}

void AddUsualHeaders(const Call& call, Reply& reply) {
  reply.headers.emplace_back("facebook-api-version", call.version);
  reply.headers.emplace_back("x-fb-request-id", call.mint.TraceId());
  reply.headers.emplace_back("x-fb-trace-id", call.mint.TraceId());
  reply.headers.emplace_back("x-fb-rev", "1030000001");
  reply.headers.emplace_back("Cache-Control", "private, no-cache, no-store, must-revalidate");
  reply.headers.emplace_back("Pragma", "no-cache");
  reply.headers.emplace_back("Expires", "Sat, 01 Jan 2000 00:00:00 GMT");
  reply.headers.emplace_back("Vary", "Accept-Encoding");
}

void FinishBody(const Call& call, Reply& reply) {
  const bool suppress = call.request.Param("suppress_response_codes").value_or("") == "true";
  if (suppress && reply.error_code != 0) reply.status = 200;
  if (call.knobs().ids != "number" || reply.document.is_null()) return;
  MakeIdsNumeric(reply.document);
  reply.body = Render(reply.document);
}

}  // namespace

Reply Route(State& state, TokenMint& mint, const Request& request) {
  Call call{state, mint, request, Split(request.path, '/'), state.clock.Now(), "", {}};
  std::string asked = state.knobs.default_version;
  if (!call.path.empty() && LooksLikeVersion(call.path.front())) {
    asked = call.path.front();
    call.path.erase(call.path.begin());
  }
  const auto version = EffectiveVersion(asked, call.now);
  call.version = version.value_or(state.knobs.default_version);
  Params usage;
  Reply reply;
  if (!version) {
    reply = Fail(call, Failure::kUnknownPath, {"/" + asked});
  } else if (TakeUsageScript(state.knobs, usage)) {
    reply = Fail(call, Failure::kAppThrottled);
  } else {
    reply = Answer(call);
  }
  FinishBody(call, reply);
  AddUsualHeaders(call, reply);
  reply.headers.insert(reply.headers.end(), usage.begin(), usage.end());
  return reply;
}

}  // namespace tokenwarden::graph_simulator

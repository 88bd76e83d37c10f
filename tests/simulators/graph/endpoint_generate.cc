// Tokens of system users: generate one, kill all, install an app.
#include <algorithm>
#include <array>

#include "tests/simulators/graph/endpoints.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::int64_t kSixtyDays = 60 * 86400;

constexpr std::array<std::string_view, 14> kScopePrefixes = {"ads_",
                                                             "attribution_read",
                                                             "business_management",
                                                             "catalog_management",
                                                             "commerce_account_",
                                                             "instagram_",
                                                             "leads_retrieval",
                                                             "page_events",
                                                             "pages_",
                                                             "private_computation_access",
                                                             "publish_video",
                                                             "read_",
                                                             "whatsapp_business_",
                                                             "public_profile"};

bool IsKnownScope(const std::string& scope) {
  return std::any_of(kScopePrefixes.begin(), kScopePrefixes.end(),
                     [&](std::string_view prefix) { return scope.rfind(prefix, 0) == 0; });
}

Principal* SystemUser(Call& call, const std::string& id) {
  auto found = call.state.principals.find(id);
  const bool usable = found != call.state.principals.end() && found->second.kind == "system_user";
  return usable ? &found->second : nullptr;
}

// The caller may act on a principal of its own business.
bool SameBusiness(const Call& call, const Principal& target) {
  if (call.caller.IsAppToken()) return false;
  auto caller = call.state.principals.find(call.caller.token->principal);
  return caller != call.state.principals.end() && caller->second.business == target.business;
}

Reply Generate(Call& call, const Principal& target, const std::string& app_id) {
  if (!Contains(target.installed_apps, app_id)) return Fail(call, Failure::kAppNotInstalled);
  const auto scope = call.request.Param("scope");
  if (!scope || scope->empty()) return Fail(call, Failure::kMissingParameter, {"scope"});
  Token like;
  for (const std::string& name : Split(*scope, ',')) {
    if (!IsKnownScope(name)) return Fail(call, Failure::kBadPermissionName, {name});
    like.scopes.push_back(name);
  }
  const std::string flag = call.request.Param("set_token_expires_in_60_days").value_or("false");
  const bool sixty_days = flag == "true" || flag == "1";
  if (!sixty_days && call.knobs().sixty_days_mandatory) {
    return Fail(call, Failure::kSixtyDaysMandatory);
  }
  like.app = app_id;
  like.principal = target.id;
  like.kind = "system_user";
  like.issued_at = call.now;
  like.expires_at = sixty_days ? call.now + kSixtyDays : 0;
  like.data_access_expires_at = 0;
  Reply reply = JsonReply(Json{{"access_token", IssueToken(call, std::move(like)).value}});
  reply.committed = "generate";
  return reply;
}

Reply KillAll(Call& call, const Principal& target) {
  KillTokensOf(call.state, target.id, call.caller.app->id, "revoked");
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "kill_all";
  return reply;
}

}  // namespace

Reply SystemUserTokens(Call& call) {
  Principal* target = SystemUser(call, call.path[0]);
  if (target == nullptr || !SameBusiness(call, *target)) return Unsupported(call);
  if (call.request.method == "DELETE") return KillAll(call, *target);
  if (call.request.method != "POST") return Unsupported(call);
  if (!call.request.Param("appsecret_proof")) return Fail(call, Failure::kProofMissing);
  const auto app = call.request.Param("business_app");
  if (!app) return Fail(call, Failure::kMissingParameter, {"business_app"});
  return Generate(call, *target, *app);
}

Reply BusinessTokens(Call& call) {
  if (call.request.method != "POST") return Unsupported(call);
  const auto id = call.request.Param("system_user_id");
  if (!id) return Fail(call, Failure::kMissingParameter, {"system_user_id"});
  Principal* target = SystemUser(call, *id);
  const bool ours =
      target != nullptr && target->business == call.path[0] && SameBusiness(call, *target);
  if (!ours) return Unsupported(call);
  return Generate(call, *target, call.caller.app->id);
}

Reply InstallApplication(Call& call) {
  Principal* target = SystemUser(call, call.path[0]);
  if (target == nullptr || !SameBusiness(call, *target)) return Unsupported(call);
  if (call.request.method != "POST") return Unsupported(call);
  const auto app = call.request.Param("business_app");
  if (!app) return Fail(call, Failure::kMissingParameter, {"business_app"});
  if (call.state.apps.count(*app) == 0) return Fail(call, Failure::kBadParameter, {"business_app"});
  if (!Contains(target->installed_apps, *app)) target->installed_apps.push_back(*app);
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "install";
  return reply;
}

}  // namespace tokenwarden::graph_simulator

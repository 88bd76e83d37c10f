// What a token says about itself: /me, /me/accounts, /me/permissions, /app.
#include <algorithm>

#include "tests/simulators/graph/endpoints.h"

namespace tokenwarden::graph_simulator {
namespace {

const Principal* CallerPrincipal(const Call& call) {
  if (call.caller.IsAppToken()) return nullptr;
  auto found = call.state.principals.find(call.caller.token->principal);
  return found == call.state.principals.end() ? nullptr : &found->second;
}

Json PermissionRow(const std::string& name, const char* status) {
  return Json{{"permission", name}, {"status", status}};
}

Reply ListPermissions(Call& call, const Principal& person) {
  const auto name = Find(call.request.query, "permission");
  const auto status = Find(call.request.query, "status");
  Json rows = Json::array();
  const auto add = [&](const std::string& scope, const char* word) {
    if ((name && *name != scope) || (status && *status != word)) return;
    rows.push_back(PermissionRow(scope, word));
  };
  for (const std::string& scope : call.caller.token->scopes) add(scope, "granted");
  for (const std::string& scope : person.declined) add(scope, "declined");
  return JsonReply(Json{{"data", rows}});
}

// One permission, or all of them: then the app is no longer authorised and its tokens die.
Reply DropPermissions(Call& call, const std::string& name) {
  const std::string person = call.caller.token->principal;
  const std::string app = call.caller.token->app;
  if (name.empty()) {
    KillTokensOf(call.state, person, app, "revoked");
  } else {
    for (auto& entry : call.state.tokens) {
      Token& token = entry.second;
      if (token.principal != person || token.app != app) continue;
      auto& scopes = token.scopes;
      scopes.erase(std::remove(scopes.begin(), scopes.end(), name), scopes.end());
    }
    call.state.principals[person].declined.push_back(name);
  }
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "permissions";
  return reply;
}

}  // namespace

Reply Me(Call& call) {
  if (call.request.method != "GET") return Unsupported(call);
  const Principal* person = CallerPrincipal(call);
  if (person == nullptr) return Fail(call, Failure::kNoActiveUser);
  return JsonReply(Json{{"id", person->id}, {"name", person->name}});
}

Reply MyAccounts(Call& call) {
  if (call.request.method != "GET") return Unsupported(call);
  const Principal* person = CallerPrincipal(call);
  if (person == nullptr) return Fail(call, Failure::kNoActiveUser);
  const Token caller = *call.caller.token;
  Json pages = Json::array();
  for (const std::string& asset : person->assets) {
    auto page = call.state.principals.find(asset);
    if (page == call.state.principals.end() || page->second.kind != "page") continue;
    pages.push_back(Json{{"access_token", PageTokenFor(call, caller, page->second).value},
                         {"category", "Restaurant"},
                         {"name", page->second.name},
                         {"id", page->second.id},
                         {"tasks", {"MANAGE", "MESSAGING"}}});
  }
  return JsonReply(Json{{"data", pages}});
}

Reply MyPermissions(Call& call) {
  const Principal* person = CallerPrincipal(call);
  if (person == nullptr) return Fail(call, Failure::kNoActiveUser);
  if (call.request.method == "GET") return ListPermissions(call, *person);
  if (call.request.method != "DELETE") return Unsupported(call);
  return DropPermissions(call, call.path.size() > 2 ? call.path[2] : "");
}

Reply ThisApp(Call& call) {
  if (call.request.method != "GET") return Unsupported(call);
  const App& app = *call.caller.app;
  Json body = {{"id", app.id}, {"name", app.name}};
  if (!Find(call.request.query, "fields")) {
    body["category"] = "Business";
    body["link"] = "https://www.facebook.com/games/?app_id=" + app.id;
  }
  return JsonReply(std::move(body));
}

}  // namespace tokenwarden::graph_simulator

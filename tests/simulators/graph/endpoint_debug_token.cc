// GET /debug_token: HTTP 200 for living, dead and garbage input alike; 400 only about the caller.
#include <map>

#include "tests/simulators/graph/endpoints.h"

namespace tokenwarden::graph_simulator {
namespace {

std::string TypeOf(const Token& token) {
  static const std::map<std::string, std::string> types = {{"page", "PAGE"},
                                                           {"app", "APP"},
                                                           {"system_user", "SYSTEM_USER"},
                                                           {"business_integration", "SYSTEM_USER"}};
  auto type = types.find(token.kind);
  return type == types.end() ? "USER" : type->second;
}

// May this caller ask about tokens of that app?
std::optional<GraphError> CheckInspector(const Call& call, const TokenReading& input) {
  const TokenReading& caller = call.caller;
  if (caller.IsAppToken()) {
    if (input.app == nullptr || input.app == caller.app) return std::nullopt;
    return MakeError(Failure::kInspectorOfOtherApp);
  }
  if (call.knobs().self_inspection && input.value == caller.value) return std::nullopt;
  auto person = call.state.principals.find(caller.token->principal);
  const App* asked = input.app == nullptr ? caller.app : input.app;
  if (person != call.state.principals.end() && person->second.kind == "user" &&
      Contains(person->second.developer_of, asked->id)) {
    return std::nullopt;
  }
  return MakeError(Failure::kNotAnInspector);
}

Json ErrorMember(const GraphError& error) {
  Json member = {{"code", error.code}, {"message", error.message}};
  if (error.subcode != 0) member["subcode"] = error.subcode;
  return member;
}

bool MetadataHidden(const TokenReading& input) {
  if (input.app == nullptr) return true;
  const bool signature = input.error && input.error->code == 190 && input.error->subcode == 0 &&
                         input.error->message.find("signature") != std::string::npos;
  return signature || (input.app->disabled && input.error);
}

Json DescribeApp(const TokenReading& input) {
  return Json{{"app_id", input.app->id},
              {"type", "APP"},
              {"application", input.app->name},
              {"is_valid", true},
              {"scopes", Json::array()}};
}

void DescribeOwner(const Token& token, Json& data) {
  if (token.kind == "page") data["profile_id"] = token.principal;
  data["user_id"] = token.owner.empty() ? token.principal : token.owner;
}

Json DescribeToken(const Call& call, const TokenReading& input) {
  const Token& token = *input.token;
  const bool revoked = token.state == "revoked";
  Json data = {{"app_id", token.app}, {"type", TypeOf(token)}, {"application", input.app->name}};
  if (token.data_access_expires_at) data["data_access_expires_at"] = *token.data_access_expires_at;
  if (input.error) data["error"] = ErrorMember(*input.error);
  if (token.expires_at) data["expires_at"] = *token.expires_at;
  data["is_valid"] = !input.error.has_value();
  if (token.issued_at && !revoked) data["issued_at"] = *token.issued_at;
  data["scopes"] = revoked ? Json::array() : Json(token.scopes);
  const Json granular = GranularScopes(call.state, token);
  if (!granular.is_null() && !revoked) data["granular_scopes"] = granular;
  DescribeOwner(token, data);
  return data;
}

Json Describe(const Call& call, const TokenReading& input) {
  if (input.error && MetadataHidden(input)) {
    return Json{
        {"error", ErrorMember(*input.error)}, {"is_valid", false}, {"scopes", Json::array()}};
  }
  if (input.IsAppToken()) return DescribeApp(input);
  return DescribeToken(call, input);
}

}  // namespace

Reply DebugToken(Call& call) {
  if (call.request.method != "GET") return Unsupported(call);
  const bool session_info =
      call.caller.token != nullptr && call.caller.token->kind == "session_info";
  if (session_info) return Fail(call, Failure::kDebugOnlyToken);
  const auto value = Find(call.request.query, "input_token");
  if (!value || value->empty()) return Fail(call, Failure::kMissingParameter, {"input_token"});
  const TokenReading input = ReadToken(call.state, *value, call.now);
  if (auto error = CheckInspector(call, input)) return Fail(call, *error);
  return JsonReply(Json{{"data", Describe(call, input)}});
}

}  // namespace tokenwarden::graph_simulator

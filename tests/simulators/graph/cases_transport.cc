// Cases 14 to 19: statuses, headers, throttling, strange bodies and broken connections.
#include "tests/simulators/graph/case_steps.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr int kDay = 86400;

Json DeadCall(World& world, const char* mode) {
  world.state.knobs.status_mode = mode;
  return UseMe(world, Json{{"expires_in", -kDay}});
}

Json ThrottledCall(World& world, int status) {
  world.state.knobs.throttle_status = status;
  world.state.knobs.usage_headers = Json::array({Json{{"X-App-Usage", "{\"call_count\":100}"}}});
  world.state.knobs.usage_after = "throttle";
  return UseMe(world, Json::object());
}

Json EchoedToken(World& world) {
  world.state.knobs.echo_tokens = true;
  const std::string token = Mint(world) + "x";
  return Answer(world, token, Get("/v25.0/me", token));
}

std::string AppUsage(int percent) {
  const std::string value = std::to_string(percent);
  return "{\"call_count\":" + value + ",\"total_time\":25,\"total_cputime\":25}";
}

Json Creeping(World& world) {
  for (int percent : {70, 90, 100, 101}) {
    world.state.knobs.usage_headers.push_back(Json{{"X-App-Usage", AppUsage(percent)}});
  }
  world.state.knobs.usage_after = "throttle";
  Json answer = UseMe(world, Json::object());
  const Json call = answer["call"];
  answer["then"] = Json::array({call, call, call});
  return answer;
}

Json UsageHeader(World& world, const char* name, const std::string& value) {
  world.state.knobs.usage_headers = Json::array({Json{{name, value}}});
  return UseMe(world, Json::object());
}

Json BusinessUsage() {
  const auto entry = [](const char* type, int calls, int regain) {
    return Json{{"type", type},
                {"call_count", calls},
                {"total_cputime", 1},
                {"total_time", 1},
                {"estimated_time_to_regain_access", regain}};
  };
  return Json{{kWabaId, {entry("whatsapp", 1, 0), entry("whatsapp_business_management", 100, 19)}},
              {"200000000000002", {entry("whatsapp_business_management", 12, 0)}}};
}

Json CallLimit(World& world) {
  world.state.apps.at(kAppId).call_limit = 4;
  Json answer = UseMe(world, Json::object());
  const Json call = answer["call"];
  answer["then"] = Json::array({call, call, call});
  return answer;
}

Json Transient(World& world, const Json& fault) { return FaultyMe(world, fault); }

Json TransientOnce(World& world) {
  world.faults.Add(Json{{"times", 1},
                        {"fault",
                         {{"kind", "graph_error"},
                          {"code", 1},
                          {"message", "An unknown error occurred"},
                          {"http", 500}}}});
  Json answer = UseMe(world, Json::object());
  answer["then"] = Json::array({answer["call"]});
  return answer;
}

template <char const* Kind>
Json Body(World& world) {
  return FaultyInspection(world, Json{{"kind", Kind}});
}

Json TlsFailure(World& world) {
  Json answer = UseMe(world, Json::object());
  answer["url"] = "https" + world.base_url.substr(world.base_url.find(':'));
  return answer;
}

constexpr char kHtml502[] = "html_502";
constexpr char kHtml503[] = "html_503";
constexpr char kEmpty500[] = "empty_500";
constexpr char kTruncated[] = "truncated_json";
constexpr char kUnavailable[] = "service_unavailable_200";
constexpr char kErrorIn200[] = "error_in_200";
constexpr char kJavascript[] = "text_javascript";
constexpr char kBom[] = "bom";
constexpr char kGzip[] = "gzip";

}  // namespace

const std::vector<CaseVariant>& TransportCases() {
  static const std::vector<CaseVariant> variants = {
      {14, "graph", "an expired token as HTTP 400", [](World& w) { return DeadCall(w, "graph"); }},
      {14, "whatsapp", "the same as HTTP 401", [](World& w) { return DeadCall(w, "whatsapp"); }},
      {14, "throttle_400", "code 4 as HTTP 400", [](World& w) { return ThrottledCall(w, 400); }},
      {14, "throttle_403", "code 4 as HTTP 403", [](World& w) { return ThrottledCall(w, 403); }},
      {14, "throttle_429", "code 4 as HTTP 429", [](World& w) { return ThrottledCall(w, 429); }},

      {15, "message", "the header repeats the message",
       [](World& w) { return DeadCall(w, "graph"); }},
      {15, "token_echoed", "message and header repeat the token", EchoedToken},
      {15, "invalid_request", "a throttle says invalid_request",
       [](World& w) { return ThrottledCall(w, 403); }},

      {16, "creeping", "70, 90, 100 percent, then code 4", Creeping},
      {16, "business", "two accounts, two entries for one of them, access regained in 19 minutes",
       [](World& w) {
         return UsageHeader(w, "X-Business-Use-Case-Usage", BusinessUsage().dump());
       }},
      {16, "malformed", "a header that is not JSON",
       [](World& w) { return UsageHeader(w, "X-App-Usage", "{\"call_count\":"); }},
      {16, "percent_text", "a header in its old spelling",
       [](World& w) { return UsageHeader(w, "X-Page-Usage", "17%"); }},
      {16, "no_header", "no usage header at all",
       [](World& w) { return UseMe(w, Json::object()); }},
      {16, "call_limit", "a budget of four calls in an hour", CallLimit},

      {17, "code_2", "code 2, type OAuthException, HTTP 500",
       [](World& w) {
         return Transient(w, Json{{"kind", "graph_error"},
                                  {"code", 2},
                                  {"message", "(#2) Service temporarily unavailable"},
                                  {"is_transient", true},
                                  {"http", 500}});
       }},
      {17, "code_1_once", "code 1 that is gone at the second try", TransientOnce},
      {17, "unknown_transient", "an unknown code that says is_transient",
       [](World& w) {
         return Transient(w, Json{{"kind", "graph_error"},
                                  {"code", 987654},
                                  {"message", "(#987654) Something"},
                                  {"is_transient", true}});
       }},

      {18, "html_502", "a page of HTML, HTTP 502", Body<kHtml502>},
      {18, "html_503", "a page of HTML, HTTP 503", Body<kHtml503>},
      {18, "empty_500", "HTTP 500, no body", Body<kEmpty500>},
      {18, "truncated_json", "half of the JSON, well framed", Body<kTruncated>},
      {18, "service_unavailable_200", "HTTP 200 with the words Service Unavailable",
       Body<kUnavailable>},
      {18, "error_in_200", "HTTP 200 with an error in it", Body<kErrorIn200>},
      {18, "text_javascript", "JSON under text/javascript", Body<kJavascript>},
      {18, "bom", "JSON after a byte order mark", Body<kBom>},
      {18, "gzip", "compressed, although nobody asked", Body<kGzip>},

      {19, "slow", "two seconds before anything happens",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "slow"}, {"delay_ms", 2000}});
       }},
      {19, "drip", "the body comes a few bytes at a time",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "slow"}, {"drip_bytes", 4}, {"drip_ms", 20}});
       }},
      {19, "hang", "headers, then silence",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "hang_after_headers"}});
       }},
      {19, "reset", "connection reset",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "reset"}});
       }},
      {19, "drop", "connection closed without a byte",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "drop_before_commit"}});
       }},
      {19, "tls_failure", "no TLS behind an https address", TlsFailure},
      {19, "redirect", "redirected to another host",
       [](World& w) {
         return FaultyMe(w, Json{{"kind", "redirect"}});
       }},
  };
  return variants;
}

}  // namespace tokenwarden::graph_simulator

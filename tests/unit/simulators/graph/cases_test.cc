// Every case of the simulator, what it really puts on the wire, in one table.
//
// Words of an expectation: an HTTP status or `!closed`, `!reset`, `!partial`, `!timeout`, `!tls`
// first; then
// `/pointer=value` a member of the body, `-/pointer` a member that must be absent, `@name~text` a
// header that contains the text (`_` stands for a space), `-@name` a header that is absent, `~text`
// the body contains it.
// `;` separates the case's call from the calls that follow it.
#include "tests/simulators/graph/cases.h"

#include <map>
#include <set>

#include "tests/simulators/graph/text.h"
#include "tests/unit/simulators/graph/fixture.h"

namespace tokenwarden::graph_simulator {
namespace {

struct Expected {
  int number;
  const char* variant;
  const char* wire;
};

constexpr Expected kExpected[] = {
    {1, "expired",
     "200 /data/is_valid=false /data/error/code=190 /data/error/subcode=463 "
     "/data/scopes/0=whatsapp_business_management /data/type=SYSTEM_USER -/data/error/type "
     "-/data/error/fbtrace_id ~Session_has_expired_on"},
    {1, "password_changed",
     "200 /data/is_valid=false /data/error/subcode=460 /data/app_id=100000000000001 "
     "/data/scopes/0=whatsapp_business_management"},
    {1, "revoked",
     "200 /data/is_valid=false /data/error/subcode=466 /data/scopes=[] -/data/issued_at "
     "/data/app_id=100000000000001"},
    {1, "logged_out", "200 /data/is_valid=false /data/error/subcode=467"},
    {1, "deauthorized",
     "200 /data/is_valid=false /data/error/subcode=458 ~application_100000000000001."},
    {1, "data_access_lapsed", "200 /data/is_valid=false /data/error/subcode=493"},
    {1, "damaged",
     "200 /data/is_valid=false /data/error/code=190 -/data/error/subcode ~could_not_be_decrypted "
     "-/data/app_id -/data/type -/data/expires_at /data/scopes=[]"},
    {1, "junk",
     "200 /data/is_valid=false /data/error/code=190 ~Cannot_parse_access_token -/data/app_id "
     "/data/scopes=[]"},
    {1, "unknown_app", "200 /data/is_valid=false ~Cannot_get_application_info -/data/app_id"},
    {1, "wrong_signature",
     "200 /data/is_valid=false ~Invalid_OAuth_access_token_signature. -/data/app_id"},
    {2, "subcode", "200 /data/error/subcode=463 -/data/error/error_subcode"},
    {2, "bare", "200 /data/is_valid=false /data/error/code=190 -/data/error/subcode"},
    {2, "error_subcode",
     "400 /error/code=190 /error/error_subcode=463 -/error/subcode /error/type=OAuthException"},
    {2, "bare_error", "400 /error/code=190 -/error/error_subcode"},
    {3, "never", "200 /data/is_valid=true /data/expires_at=0"},
    {3, "never_dead", "200 /data/is_valid=false /data/expires_at=0 /data/error/subcode=460"},
    {3, "app_token",
     "200 /data/is_valid=true /data/type=APP -/data/expires_at -/data/user_id /data/scopes=[]"},
    {3, "garbage", "200 /data/is_valid=false -/data/expires_at"},
    {4, "no_issued_at", "200 /data/is_valid=true /data/type=USER -/data/issued_at"},
    {4, "data_access_over", "200 /data/is_valid=true"},
    {4, "data_access_zero", "200 /data/is_valid=true /data/data_access_expires_at=0"},
    {4, "data_access_absent", "200 /data/is_valid=true -/data/data_access_expires_at"},
    {5, "wrong_app", "400 /error/code=100 ~did_not_match_the_Viewing_App -/data"},
    {5, "system_user", "400 /error/code=100 ~must_provide_an_app_access_token -/data"},
    {5, "missing", "400 /error/code=100 ~must_provide_an_app_access_token"},
    {5, "expired", "400 /error/code=190 /error/error_subcode=463 -/data"},
    {5, "wrong_secret", "400 /error/code=190 ~signature -/data"},
    {5, "session_info", "400 /error/code=190 ~Debug_only"},
    {6, "post",
     "400 /error/code=100 /error/error_subcode=33 /error/type=GraphMethodException "
     "~Unsupported_post_request"},
    {7, "no_expires_in", "200 -/expires_in -/expires /token_type=bearer"},
    {7, "expires", "200 -/expires_in /expires=5183944"},
    {7, "expires_in_string", "200 ~\"expires_in\":\"5183944\""},
    {7, "expires_in_zero", "200 /expires_in=0"},
    {7, "text_query", "200 @content-type~text/plain ~access_token=EAA ~&expires="},
    {7, "same_token", "200 /access_token=TOKEN"},
    {7, "shorter_expiry", "200 /expires_in=7144"},
    {7, "no_access_token", "200 -/access_token /token_type=bearer"},
    {8, "expired", "400 /error/code=190 /error/error_subcode=463"},
    {8, "revoked", "400 /error/code=190 /error/error_subcode=466"},
    {8, "other_app", "400 /error/code=190 ~does_not_belong_to_application"},
    {8, "wrong_secret", "400 /error/code=1 -/error/error_subcode ~Error_validating_client_secret."},
    {8, "unknown_app", "400 /error/code=101 ~Error_validating_application."},
    {8, "no_client_id", "400 /error/code=101 ~Missing_client_id"},
    {8, "garbage", "400 /error/code=190 ~Cannot_parse"},
    {9, "trap", "200 /expires_in=5183944"},
    {9, "no_trap", "200 -/expires_in"},
    {10, "drop", "!closed; 200 /id=300000000000001; 200 /expires_in=5183944"},
    {10, "cut", "!partial; 200 /id=300000000000001; 200 /expires_in=5183944"},
    {10, "reset", "!reset; 200 /id=300000000000001; 200 /expires_in=5183944"},
    {10, "hang", "!timeout; 200 /id=300000000000001; 200 /expires_in=5183944"},
    {10, "html", "502 ~<html>; 200 /id=300000000000001; 200 /expires_in=5183944"},
    {11, "old_lives", "200 /expires_in=5183944; 200 /id=300000000000001"},
    {11, "revoked_dies",
     "200 /success=true; 400 /error/code=190 /error/error_subcode=466; 200 /id=300000000000001"},
    {12, "caller_is_victim", "200 /success=true; 400 /error/error_subcode=466"},
    {12, "dead_victim", "400 /error/code=190 /error/error_subcode=466"},
    {12, "object", "200 /success=true"},
    {12, "bare_true", "200 =true"},
    {12, "by_post", "200 /success=true"},
    {12, "post_refused", "400 /error/code=100 /error/error_subcode=33"},
    {13, "flag_missing", "400 /error/code=100 ~set_token_expires_in_60_days"},
    {13, "flag_sent", "200 ~EAA -/expires_in"},
    {13, "not_mandatory", "200 ~EAA -/expires_in"},
    {14, "graph", "400 /error/code=190 /error/error_subcode=463"},
    {14, "whatsapp", "401 /error/code=190 /error/error_subcode=463"},
    {14, "throttle_400", "400 /error/code=4 /error/is_transient=true"},
    {14, "throttle_403", "403 /error/code=4 /error/is_transient=true"},
    {14, "throttle_429", "429 /error/code=4 /error/is_transient=true"},
    {15, "message",
     "400 "
     "@www-authenticate~OAuth_\"Facebook_Platform\"_\"invalid_token\"_\"Error_validating_access_"
     "token:"},
    {15, "token_echoed", "400 @www-authenticate~TOKEN /error/code=190 ~Malformed_access_token_EAA"},
    {15, "invalid_request",
     "403 @www-authenticate~\"invalid_request\"_\"(#4)_Application_request_limit_reached\""},
    {16, "creeping",
     "200 @x-app-usage~\"call_count\":70; 200 @x-app-usage~\"call_count\":90; 200 "
     "@x-app-usage~\"call_count\":100; 403 /error/code=4 /error/is_transient=true"},
    {16, "business",
     "200 @x-business-use-case-usage~\"estimated_time_to_regain_access\":19 "
     "@x-business-use-case-usage~200000000000002"},
    {16, "malformed", "200 @x-app-usage~{\"call_count\":"},
    {16, "percent_text", "200 @x-page-usage~17%"},
    {16, "no_header", "200 -@x-app-usage -@x-business-use-case-usage"},
    {16, "call_limit",
     "200 -@x-app-usage; 200 @x-app-usage~\"call_count\":50; 200 @x-app-usage~\"call_count\":75; "
     "403 /error/code=4 @x-app-usage~\"call_count\":100"},
    {17, "code_2", "500 /error/code=2 /error/type=OAuthException /error/is_transient=true"},
    {17, "code_1_once", "500 /error/code=1 -/error/is_transient; 200 /id=300000000000001"},
    {17, "unknown_transient", "400 /error/code=987654 /error/is_transient=true"},
    {18, "html_502", "502 @content-type~text/html ~<html>"},
    {18, "html_503", "503 @content-type~text/html ~<html>"},
    {18, "empty_500", "500 @content-length~0"},
    {18, "truncated_json", "200 @content-type~application/json =null ~{\"data\":"},
    {18, "service_unavailable_200", "200 ~Service_Unavailable"},
    {18, "error_in_200", "200 /error/code=2"},
    {18, "text_javascript", "200 @content-type~text/javascript /data/is_valid=true"},
    {18, "bom", "200 ~\xEF\xBB\xBF{"},
    {18, "gzip", "200 @content-encoding~gzip ~\x1f\x8b"},
    {19, "slow", "!timeout"},
    {19, "drip", "200 /id=300000000000001"},
    {19, "hang", "!timeout"},
    {19, "reset", "!reset"},
    {19, "drop", "!closed"},
    {19, "tls_failure", "!tls"},
    {19, "redirect", "302 @location~http://other-host.example.test/"},
    {20, "minutes_ahead", "200 /data/is_valid=true @date~GMT"},
    {20, "minutes_behind", "200 /data/is_valid=true @date~GMT"},
    {20, "hours_ahead", "200 /data/is_valid=true @date~GMT"},
    {20, "hours_behind", "200 /data/is_valid=true @date~GMT"},
    {20, "stale_proof",
     "400 /error/code=100 /error/type=GraphMethodException ~Invalid_appsecret_proof"},
    {20, "fresh_proof", "200 /id=300000000000001"},
    {20, "dies_between", "200 /data/is_valid=true; 400 /error/code=190 /error/error_subcode=463"},
    {20, "expires_now", "200 /data/is_valid=false /data/error/subcode=463"},
    {21, "missing",
     "400 /error/code=100 /error/type=GraphMethodException ~require_an_appsecret_proof"},
    {21, "wrong_secret", "400 /error/code=100 ~Invalid_appsecret_proof"},
    {21, "other_token", "400 /error/code=100 ~Invalid_appsecret_proof"},
    {21, "upper_case", "400 /error/code=100 ~Invalid_appsecret_proof"},
    {21, "only_in_body", "400 /error/code=100 ~require_an_appsecret_proof"},
    {21, "right", "200 /id=300000000000001"},
    {21, "unasked_wrong", "400 /error/code=100 ~Invalid_appsecret_proof"},
    {22, "hundreds", "200 /data/is_valid=true /data/scopes/301=ads_invented_299"},
    {22, "none", "200 /data/is_valid=true /data/scopes=[]"},
    {22, "unknown_names", "200 /data/scopes/1=manage_moon_phases"},
    {22, "granular_missing", "200 /data/is_valid=true -/data/granular_scopes"},
    {22, "granular_without_targets",
     "200 /data/granular_scopes/0/scope=whatsapp_business_management "
     "-/data/granular_scopes/0/target_ids"},
    {22, "granular_many_targets", "200 /data/granular_scopes/0/target_ids/299=200000000001299"},
    {22, "flat_only",
     "200 /data/scopes/0=whatsapp_business_management "
     "/data/granular_scopes/0/scope=business_management "
     "/data/granular_scopes/1/scope=whatsapp_business_manage_events -/data/granular_scopes/2"},
    {23, "numeric_ids", "200 ~\"app_id\":100000000000001, ~\"user_id\":300000000000001"},
    {23, "large_ids", "200 ~\"user_id\":9007199254740993"},
    {23, "unknown_members", "200 /data/moon_phase/now=waxing /extra=1 /data/is_valid=true"},
    {23, "duplicate_keys", "200 ~\"is_valid\":false,\"is_valid\":true"},
    {23, "null_member", "200 /data/granular_scopes=null /data/metadata=null /data/is_valid=true"},
    {23, "null_data", "200 /data=null"},
    {23, "error_data_string", "400 /error/code=131030 ~\"error_data\":\"{\\\"messaging_product"},
    {23, "escapes", "200 ~Acme\\/B\\u00f6t"},
    {23, "non_bmp", "200 ~Acme_\\ud83e\\udd16"},
    {24, "unknown_field",
     "400 /error/code=100 "
     "~nonexisting_field_(moon_phase)_on_node_type_(WhatsAppBusinessPhoneNumber)"},
    {24, "pending", "200 /status=PENDING"},
    {24, "banned", "200 /status=BANNED"},
    {24, "no_status", "200 -/status /id=400000000000001"},
    {24, "provisioning", "200 /platform_type=NOT_APPLICABLE"},
    {24, "quality_unknown", "200 /quality_rating=UNKNOWN"},
    {24, "quality_na", "200 /quality_rating=NA"},
    {24, "no_tier", "200 -/messaging_limit_tier /id=400000000000001"},
    {24, "unreachable",
     "400 /error/code=100 /error/error_subcode=33 /error/type=GraphMethodException "
     "~Unsupported_get_request._Object_with_ID_'400000000000001'"},
    {25, "lower_case", "200 /business_verification_status=verified"},
    {25, "upper_case", "200 /business_verification_status=VERIFIED"},
    {25, "nobody_subscribed", "200 /data=[]"},
    {25, "pages", "200 /data/1/id=400000000000002 -/data/2 ~access_token=TOKEN"},
    {25, "empty_page", "200 /data/1/id=400000000000002 ~access_token=TOKEN"},
    {25, "expired_cursor", "200 /data/1/id=400000000000002 ~access_token=TOKEN"},
    {26, "blocked",
     "200 /health_status/can_send_message=BLOCKED "
     "/health_status/entities/1/errors/0/error_code=141006"},
    {26, "limited_with_errors",
     "200 /health_status/can_send_message=LIMITED "
     "/health_status/entities/1/errors/0/error_code=141010 "
     "-/health_status/entities/1/additional_info"},
    {26, "errors_null", "200 /health_status/entities/1/errors=null"},
    {26, "no_possible_solution",
     "200 /health_status/entities/1/errors/0/error_code=141006 "
     "-/health_status/entities/1/errors/0/possible_solution"},
    {26, "sip_only",
     "200 /health_status/can_send_message=AVAILABLE "
     "/health_status/entities/0/can_receive_call_sip=BLOCKED"},
    {26, "overall_disagrees",
     "200 /health_status/can_send_message=AVAILABLE "
     "/health_status/entities/1/can_send_message=BLOCKED"},
    {27, "131030", "400 /error/code=131030 /error/error_data/messaging_product=whatsapp"},
    {27, "132001", "400 /error/code=132001"},
    {27, "133010", "400 /error/code=133010"},
    {27, "131042", "400 /error/code=131042"},
    {27, "131031", "403 /error/code=131031"},
    {27, "131056", "400 /error/code=131056"},
    {27, "accepted", "200 /messages/0/message_status=accepted /contacts/0/wa_id=15550100002"},
    {28, "checkpoint", "400 /error/code=190 /error/error_subcode=459; 200 /id=300000000000001"},
    {28, "blocking", "400 /error/code=190 /error/error_subcode=490; 200 /id=300000000000001"},
    {28, "unconfirmed", "400 /error/code=190 /error/error_subcode=464; 200 /id=300000000000001"},
    {29, "expired", "200 @facebook-api-version~v21.0"},
    {29, "unknown", "400 /error/code=2500 ~Unknown_path_components:_\\/v99.0"},
    {29, "none", "200 @facebook-api-version~v25.0"},
    {30, "two_at_once", "200 ~EAA; 200 ~EAA; 200 /id=300000000000001"},
    {30, "two_at_once_same", "200 ~EAA; 200 ~EAA; 200 /id=300000000000001"},
    {30, "two_at_once_strict",
     "200 ~EAA; 400 /error/code=190 /error/error_subcode=466; 400 /error/code=190"},
    {30, "secret_rotated",
     "400 /error/code=190 ~Invalid_OAuth_access_token_signature.; 200 /id=300000000000001"},
    {30, "secret_rotated_exchange", "400 /error/code=1 ~client_secret; 200 /id=300000000000001"},
    {30, "secret_rotated_tokens_die", "400 /error/code=1; 400 /error/code=190 ~signature"},
    {30, "app_disabled", "400 /error/code=190 ~Error_validating_application; 400 /error/code=190"},
    {30, "app_disabled_exchange", "400 /error/code=101; 400 /error/code=190"},
    {31, "spaces", "200 /data/is_valid=false ~Cannot_parse"},
    {31, "newline", "200 /data/is_valid=false ~Cannot_parse"},
    {31, "quotes", "200 /data/is_valid=false ~Cannot_parse"},
    {31, "bearer", "200 /data/is_valid=false ~Cannot_parse"},
    {31, "truncated", "200 /data/is_valid=false ~could_not_be_decrypted"},
    {31, "undefined", "200 /data/is_valid=false ~Cannot_parse"},
    {31, "long", "200 /data/is_valid=true"},
    {31, "encoded_pipe", "200 /data/is_valid=false ~Cannot_parse"},
    {32, "role_lost",
     "200 /data/is_valid=false /data/error/subcode=492 /data/type=PAGE "
     "/data/profile_id=600000000000001; 400 /error/error_subcode=492; 200 /id=300000000000002"},
    {32, "parent_dead",
     "200 /data/is_valid=true /data/type=PAGE /data/user_id=300000000000002; 200 "
     "/id=600000000000001; 400 /error/error_subcode=467"},
};

const std::map<std::string, std::set<CURLcode>>& Failures() {
  static const std::map<std::string, std::set<CURLcode>> failures = {
      {"!closed", {CURLE_GOT_NOTHING}},
      {"!reset", {CURLE_RECV_ERROR, CURLE_SEND_ERROR}},
      {"!partial", {CURLE_PARTIAL_FILE, CURLE_RECV_ERROR}},
      {"!timeout", {CURLE_OPERATION_TIMEDOUT}},
      {"!tls", {CURLE_SSL_CONNECT_ERROR}},
  };
  return failures;
}

std::string Spaced(std::string text) {
  for (char& c : text) {
    if (c == '_') c = ' ';
  }
  return text;
}

// Underscores of an expectation may be spaces or themselves: both sides are compared with spaces.
bool HasText(const std::string& where, const std::string& text) {
  return Spaced(where).find(Spaced(text)) != std::string::npos;
}

std::string Shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void CheckMember(const HttpAnswer& answer, const std::string& word) {
  const std::size_t equals = word.find('=');
  const Json::json_pointer pointer(word.substr(0, equals));
  ASSERT_TRUE(answer.json.contains(pointer) || word.front() == '=')
      << word << " in " << answer.body;
  EXPECT_EQ(Shown(answer.json[pointer]), word.substr(equals + 1)) << word << " in " << answer.body;
}

void CheckWord(const HttpAnswer& answer, const std::string& word) {
  if (word.rfind("-@", 0) == 0) {
    EXPECT_EQ(answer.headers.count(word.substr(2)), 0U) << word;
  } else if (word.front() == '-') {
    EXPECT_FALSE(answer.json.contains(Json::json_pointer(word.substr(1))))
        << word << " in " << answer.body;
  } else if (word.front() == '@') {
    const std::size_t tilde = word.find('~');
    auto header = answer.headers.find(word.substr(1, tilde - 1));
    ASSERT_NE(header, answer.headers.end()) << word;
    EXPECT_TRUE(HasText(header->second, word.substr(tilde + 1)))
        << word << " in " << header->second;
  } else if (word.front() == '~') {
    EXPECT_TRUE(HasText(answer.body, word.substr(1))) << word << " in " << answer.body;
  } else {
    CheckMember(answer, word);
  }
}

void CheckWire(const HttpAnswer& answer, std::string expected, const std::string& token) {
  for (std::size_t at = expected.find("TOKEN"); at != std::string::npos;
       at = expected.find("TOKEN")) {
    expected.replace(at, 5, token);
  }
  const auto words = Split(expected, ' ');
  ASSERT_FALSE(words.empty());
  if (auto failure = Failures().find(words[0]); failure != Failures().end()) {
    EXPECT_EQ(failure->second.count(answer.result), 1U)
        << words[0] << ": " << curl_easy_strerror(answer.result) << ", status " << answer.status;
    return;
  }
  ASSERT_EQ(answer.result, CURLE_OK) << curl_easy_strerror(answer.result);
  EXPECT_EQ(std::to_string(answer.status), words[0]) << answer.body;
  for (std::size_t i = 1; i < words.size(); ++i) CheckWord(answer, words[i]);
}

std::string NameOf(const testing::TestParamInfo<Expected>& info) {
  return "Case" + std::to_string(info.param.number) + "_" + info.param.variant;
}

class GraphSimulatorCase : public GraphSimulator, public testing::WithParamInterface<Expected> {};

TEST_P(GraphSimulatorCase, PutsTheDocumentedShapeOnTheWire) {
  const Expected& expected = GetParam();
  const std::string path =
      "cases/" + std::to_string(expected.number) + "?variant=" + expected.variant;
  const Json selected = Control(path);
  client_.set_fresh_connections(true);
  client_.set_base_url(selected["url"].get<std::string>());
  std::vector<Json> calls = {selected["call"]};
  for (const Json& call : selected["then"]) calls.push_back(call);
  const auto wires = Split(expected.wire, ';');
  ASSERT_LE(wires.size(), calls.size());
  for (std::size_t i = 0; i < wires.size(); ++i) {
    const bool will_wait = wires[i].find("!timeout") != std::string::npos;
    client_.set_timeout_ms(will_wait ? 300 : 10000);
    CheckWire(Send(calls[i]), wires[i], selected["token"].get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(All, GraphSimulatorCase, testing::ValuesIn(kExpected), NameOf);

TEST_F(GraphSimulator, HasAnExpectationForEveryVariantOfEveryCase) {
  std::set<std::pair<int, std::string>> expected;
  for (const Expected& row : kExpected) expected.emplace(row.number, row.variant);
  std::set<std::pair<int, std::string>> offered;
  std::set<int> numbers;
  for (const Json& entry : Look("cases")) {
    const int number = entry["case"].get<int>();
    numbers.insert(number);
    EXPECT_FALSE(entry["sentence"].get<std::string>().empty());
    for (const Json& variant : entry["variants"]) {
      offered.emplace(number, variant["name"].get<std::string>());
    }
  }
  EXPECT_EQ(numbers.size(), 32U);
  EXPECT_EQ(offered, expected);
}

}  // namespace
}  // namespace tokenwarden::graph_simulator

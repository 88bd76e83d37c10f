// How a case tells a client what to do: ids, tokens, and the requests to send, as JSON.
#pragma once

#include <string>

#include "tests/simulators/graph/cases.h"
#include "tests/simulators/graph/errors.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {

inline constexpr char kManagement[] = "whatsapp_business_management";
inline constexpr char kMessaging[] = "whatsapp_business_messaging";

// Members of a case's answer: url, app_id, app_secret, inspector (the literal app token),
// system_user_id, page_id, business_id, waba_id, phone_number_id, token, call, then (further calls,
// in order). A call: {method, path, query, bearer, form | json}; absent members mean: none.
Json Answer(World& world, const std::string& token, Json call, Json then = Json::array());

Json Get(const std::string& path, const std::string& bearer, Json query = Json::object());
Json Post(const std::string& path, const std::string& bearer, Json form);

std::string Mint(World& world, const Json& wish = Json::object());
std::string Inspector(const World& world);  // the app token in its literal form
std::string InspectorOf(const World& world, const char* app_id);
std::string SecretOf(const World& world, const char* app_id);
Json InspectCall(const World& world, const std::string& token);
Json ExchangeCall(const World& world, const std::string& token);
Json PhoneCall(const std::string& token);

Json Inspect(World& world, const Json& wish);    // mint, then debug_token
Json UseMe(World& world, const Json& wish);      // mint, then /me
Json Exchanged(World& world, const Json& wish);  // mint, then exchange
// Mint a token and ask debug_token, /me or the phone number under this fault.
Json FaultyInspection(World& world, const Json& fault);
Json FaultyMe(World& world, const Json& fault);

// The parts of the table.
const std::vector<CaseVariant>& InspectionCases();  // 1-6, 22, 23
const std::vector<CaseVariant>& ExchangeCases();    // 7-13, 30
const std::vector<CaseVariant>& TransportCases();   // 14-19
const std::vector<CaseVariant>& TrustCases();       // 20, 21, 28, 29, 31, 32
const std::vector<CaseVariant>& AssetCases();       // 24-27

}  // namespace tokenwarden::graph_simulator

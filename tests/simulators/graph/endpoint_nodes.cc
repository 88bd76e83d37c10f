// GET /{id}: phone numbers, WhatsApp accounts, pages, people, apps. Fields are chosen like the
// service does: one unknown name fails the whole call.
#include <set>

#include "tests/simulators/graph/endpoints.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

struct NodeType {
  std::string name;
  std::string default_fields;
  std::string other_fields;
};

const NodeType kPhoneType = {
    "WhatsAppBusinessPhoneNumber",
    "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,"
    "throughput,id",
    "status,name_status,new_name_status,account_mode,is_official_business_account,is_pin_enabled,"
    "messaging_limit_tier,whatsapp_business_manager_messaging_limit,webhook_configuration,"
    "last_onboarded_time,is_on_biz_app,health_status,certificate,new_certificate,country_dial_code,"
    "eligibility_for_api_business_global_search,search_visibility,is_preverified_number"};

const NodeType kWabaType = {
    "WhatsAppBusinessAccount", "id,name,timezone_id,message_template_namespace,currency",
    "account_review_status,business_verification_status,status,country,ownership_type,"
    "owner_business_info,on_behalf_of_business_info,primary_funding_id,health_status,"
    "whatsapp_business_manager_messaging_limit,is_enabled_for_insights"};

const NodeType kPersonType = {"User", "id,name", ""};
const NodeType kPageType = {"Page", "id,name", "access_token,category"};
const NodeType kAppType = {"Application", "id,name,category,link", ""};

// Names at the top level of `a,b{c,d},e.limit(5)`.
std::vector<std::string> FieldNames(const std::string& fields) {
  std::vector<std::string> names(1);
  int depth = 0;
  bool skipping = false;
  for (char c : fields) {
    if (c == '{' || c == '(') ++depth;
    if (c == ',' && depth == 0) {
      names.emplace_back();
      skipping = false;
    } else if (depth > 0 || c == '.') {
      skipping = true;
    } else if (!skipping && c != ' ') {
      names.back() += c;
    }
    if (c == '}' || c == ')') --depth;
  }
  return names;
}

Reply Selected(Call& call, const NodeType& type, const Json& node) {
  const auto asked = Find(call.request.query, "fields");
  const std::vector<std::string> defaults = Split(type.default_fields, ',');
  const std::vector<std::string> others = Split(type.other_fields, ',');
  const auto names = asked && !asked->empty() ? FieldNames(*asked) : defaults;
  Json chosen = Json::object();
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (!Contains(defaults, name) && !Contains(others, name)) {
      return Fail(call, Failure::kUnknownField, {name, type.name});
    }
    if (node.contains(name) && name != "id") chosen[name] = node[name];
  }
  chosen["id"] = node["id"];
  return JsonReply(std::move(chosen));
}

Json Entity(const char* type, const std::string& id) {
  return Json{{"entity_type", type}, {"id", id}, {"can_send_message", "AVAILABLE"}};
}

Json HealthyStatus(const Call& call, const Waba& waba, const Phone* phone) {
  Json entities = Json::array();
  if (phone != nullptr) entities.push_back(Entity("PHONE_NUMBER", phone->id));
  entities.push_back(Entity("WABA", waba.id));
  entities.push_back(Entity("BUSINESS", waba.business));
  entities.push_back(Entity("APP", call.caller.app->id));
  return Json{{"can_send_message", "AVAILABLE"}, {"entities", entities}};
}

Json PhoneDocument(const Call& call, const Phone& phone) {
  Json node = phone.fields;
  node["id"] = phone.id;
  auto waba = call.state.wabas.find(phone.waba);
  if (!phone.health_status.is_null()) {
    node["health_status"] = phone.health_status;
  } else if (waba != call.state.wabas.end()) {
    node["health_status"] = HealthyStatus(call, waba->second, &phone);
  }
  return node;
}

Reply PhoneNode(Call& call, const Phone& phone) {
  auto error = CheckAsset(call, phone.waba, phone.id, "whatsapp_business_management");
  if (error) return Fail(call, *error);
  return Selected(call, kPhoneType, PhoneDocument(call, phone));
}

Reply WabaNode(Call& call, const Waba& waba) {
  auto error = CheckAsset(call, waba.id, waba.id, "whatsapp_business_management");
  if (error) return Fail(call, *error);
  Json node = waba.fields;
  node["id"] = waba.id;
  node["health_status"] =
      waba.health_status.is_null() ? HealthyStatus(call, waba, nullptr) : waba.health_status;
  return Selected(call, kWabaType, node);
}

Reply PersonNode(Call& call, const Principal& person) {
  Json node = {{"name", person.name}, {"id", person.id}};
  if (person.kind != "page") return Selected(call, kPersonType, node);
  node["category"] = "Restaurant";
  const std::string fields = Find(call.request.query, "fields").value_or("");
  if (Contains(FieldNames(fields), "access_token") && !call.caller.IsAppToken()) {
    const Token caller = *call.caller.token;
    auto owner = call.state.principals.find(caller.principal);
    const bool has_role =
        owner != call.state.principals.end() && Contains(owner->second.assets, person.id);
    if (has_role) node["access_token"] = PageTokenFor(call, caller, person).value;
  }
  return Selected(call, kPageType, node);
}

constexpr std::string_view kCursor = "cursor:";
constexpr std::size_t kEmptyPageShown = 1000000;

// Position after the cursor; nullopt when the cursor is none of ours.
std::optional<std::size_t> Position(const std::string& cursor) {
  const std::string text = FromBase64(cursor);
  const bool ours = text.rfind(kCursor, 0) == 0 && IsDigits(text.substr(kCursor.size())) &&
                    text.size() < kCursor.size() + 9;
  if (!ours) return std::nullopt;
  return std::stoul(text.substr(kCursor.size()));
}

std::string Cursor(std::size_t position) {
  return Base64(std::string(kCursor) + std::to_string(position));
}

// The service's own habit: the next address carries the caller's token in clear.
std::string NextPage(const Call& call, std::size_t limit, const std::string& after) {
  return "http://" + call.request.Header("host") + "/" + call.version + "/" + call.path[0] +
         "/phone_numbers?access_token=" + UrlEncode(call.caller.value) +
         "&limit=" + std::to_string(limit) + "&after=" + UrlEncode(after);
}

std::size_t PageSize(const Call& call) {
  const std::string limit = Find(call.request.query, "limit").value_or("25");
  const std::size_t size = IsDigits(limit) && limit.size() < 6 ? std::stoul(limit) : 25;
  return std::max<std::size_t>(1, std::min<std::size_t>(size, 100));
}

Reply PhonePage(Call& call, const Waba& waba, std::size_t begin) {
  const std::size_t limit = PageSize(call);
  // A cursor past the marker says that the empty page in the middle was already shown.
  const bool shown = begin >= kEmptyPageShown;
  const std::size_t first = std::min(shown ? begin - kEmptyPageShown : begin, waba.phones.size());
  const bool empty = waba.paging == "empty_page" && first > 0 && !shown;
  const std::size_t end = empty ? first : std::min(first + limit, waba.phones.size());
  Json data = Json::array();
  for (std::size_t i = first; i < end; ++i) {
    auto phone = call.state.phones.find(waba.phones[i]);
    if (phone != call.state.phones.end()) data.push_back(PhoneDocument(call, phone->second));
  }
  for (Json& item : data) item.erase("health_status");
  const std::string after = Cursor(empty || shown ? end + kEmptyPageShown : end);
  Json paging = {{"cursors", {{"before", Cursor(first)}, {"after", after}}}};
  if (end < waba.phones.size()) paging["next"] = NextPage(call, limit, after);
  return JsonReply(Json{{"data", data}, {"paging", paging}});
}

}  // namespace

Token& PageTokenFor(Call& call, const Token& parent, const Principal& page) {
  for (auto& entry : call.state.tokens) {
    Token& token = entry.second;
    const bool same = token.kind == "page" && token.principal == page.id &&
                      token.owner == parent.principal && token.app == parent.app;
    if (same && token.state == "live") return token;
  }
  const std::int64_t left = parent.expires_at.value_or(0) - call.now;
  const bool short_lived = left > 0 && left <= 86400;
  Token like;
  like.app = parent.app;
  like.principal = page.id;
  like.owner = parent.principal;
  like.kind = "page";
  like.issued_at = call.now;
  like.expires_at = short_lived ? *parent.expires_at : 0;
  like.data_access_expires_at = parent.data_access_expires_at;
  like.scopes = parent.scopes;
  return IssueToken(call, std::move(like));
}

Reply Node(Call& call) {
  const std::string& id = call.path[0];
  if (call.request.method != "GET") return Unsupported(call);
  const State& state = call.state;
  if (auto phone = state.phones.find(id); phone != state.phones.end()) {
    return PhoneNode(call, phone->second);
  }
  if (auto waba = state.wabas.find(id); waba != state.wabas.end()) {
    return WabaNode(call, waba->second);
  }
  if (auto person = state.principals.find(id); person != state.principals.end()) {
    return PersonNode(call, person->second);
  }
  if (id == call.caller.app->id) {
    const std::string link = "https://www.facebook.com/games/?app_id=" + id;
    return Selected(call, kAppType,
                    Json{{"id", id}, {"name", call.caller.app->name}, {"link", link}});
  }
  return Unsupported(call);
}

Reply PhoneNumbers(Call& call) {
  auto waba = call.state.wabas.find(call.path[0]);
  if (waba == call.state.wabas.end() || call.request.method != "GET") return Unsupported(call);
  auto error = CheckAsset(call, waba->first, waba->first, "whatsapp_business_management");
  if (error) return Fail(call, *error);
  const std::string after = Find(call.request.query, "after").value_or("");
  if (after.empty()) return PhonePage(call, waba->second, 0);
  if (waba->second.paging == "expired_cursor") return Fail(call, Failure::kCursorExpired);
  const auto begin = Position(after);
  if (!begin) return Fail(call, Failure::kBadParameter, {"after"});
  return PhonePage(call, waba->second, *begin);
}

}  // namespace tokenwarden::graph_simulator

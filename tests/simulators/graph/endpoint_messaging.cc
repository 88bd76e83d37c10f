// /{account}/subscribed_apps and /{phone}/messages.
#include "tests/simulators/graph/endpoints.h"
#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

Reply ListSubscriptions(Call& call, const Waba& waba) {
  Json rows = Json::array();
  for (const Subscription& subscription : waba.subscriptions) {
    auto app = call.state.apps.find(subscription.app);
    const std::string name = app == call.state.apps.end() ? "" : app->second.name;
    const std::string link = "https://www.facebook.com/games/?app_id=" + subscription.app;
    Json row = {
        {"whatsapp_business_api_data", {{"id", subscription.app}, {"name", name}, {"link", link}}}};
    if (!subscription.override_callback_uri.empty()) {
      row["override_callback_uri"] = subscription.override_callback_uri;
    }
    rows.push_back(std::move(row));
  }
  return JsonReply(Json{{"data", rows}});
}

std::vector<Subscription>::iterator FindSubscription(Waba& waba, const std::string& app) {
  auto it = waba.subscriptions.begin();
  while (it != waba.subscriptions.end() && it->app != app) ++it;
  return it;
}

Reply Subscribe(Call& call, Waba& waba) {
  const std::string uri = call.request.Param("override_callback_uri").value_or("");
  auto known = FindSubscription(waba, call.caller.app->id);
  if (known == waba.subscriptions.end()) {
    if (!uri.empty()) return Fail(call, Failure::kNoBaseWebhook);
    waba.subscriptions.push_back({call.caller.app->id, ""});
  } else {
    known->override_callback_uri = uri;
  }
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "subscribe";
  return reply;
}

Reply Unsubscribe(Call& call, Waba& waba) {
  auto known = FindSubscription(waba, call.caller.app->id);
  if (known != waba.subscriptions.end()) waba.subscriptions.erase(known);
  Reply reply = SuccessReply(call.knobs());
  reply.committed = "unsubscribe";
  return reply;
}

std::string MessageId(Call& call) { return "wamid." + Base64(call.mint.TraceId()); }

Reply Accepted(Call& call, const std::string& to, const std::string& type) {
  Json message = {{"id", MessageId(call)}};
  if (type == "template") message["message_status"] = "accepted";
  Reply reply = JsonReply(Json{{"messaging_product", "whatsapp"},
                               {"contacts", Json::array({Json{{"input", to}, {"wa_id", to}}})},
                               {"messages", Json::array({message})}});
  reply.committed = "message";
  return reply;
}

}  // namespace

Reply SubscribedApps(Call& call) {
  auto waba = call.state.wabas.find(call.path[0]);
  if (waba == call.state.wabas.end()) return Unsupported(call);
  auto error = CheckAsset(call, waba->first, waba->first, "whatsapp_business_management");
  if (error) return Fail(call, *error);
  if (call.request.method == "GET") return ListSubscriptions(call, waba->second);
  if (call.request.method == "POST") return Subscribe(call, waba->second);
  if (call.request.method == "DELETE") return Unsubscribe(call, waba->second);
  return Unsupported(call);
}

Reply Messages(Call& call) {
  auto phone = call.state.phones.find(call.path[0]);
  if (phone == call.state.phones.end() || call.request.method != "POST") return Unsupported(call);
  auto error = CheckAsset(call, phone->second.waba, phone->first, "whatsapp_business_messaging");
  if (error) return Fail(call, *error);
  if (call.request.Param("messaging_product").value_or("") != "whatsapp") {
    return Fail(call, Failure::kMissingParameter, {"messaging_product"});
  }
  const std::string to = call.request.Param("to").value_or("");
  if (to.empty()) return Fail(call, Failure::kMissingParameter, {"to"});
  const std::string& outcome = call.knobs().send_outcome;
  if (outcome != "accepted") {
    return Fail(call, MessagingError(IsDigits(outcome) ? std::stoi(outcome) : 131000));
  }
  return Accepted(call, to, call.request.Param("type").value_or("text"));
}

}  // namespace tokenwarden::graph_simulator

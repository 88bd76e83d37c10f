#include "tests/simulators/graph/replies.h"

#include <set>

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

const std::set<std::string>& IdMembers() {
  static const std::set<std::string> names = {"id", "app_id", "user_id", "profile_id"};
  return names;
}

}  // namespace

std::string Render(const Json& document) {
  const std::string plain = document.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string text;
  text.reserve(plain.size() + 16);
  for (char c : plain) {
    if (c == '/') text += '\\';
    text += c;
  }
  return text;
}

Reply JsonReply(Json document) {
  Reply reply;
  reply.body = Render(document);
  reply.document = std::move(document);
  return reply;
}

Reply SuccessReply(const Knobs& knobs) {
  return JsonReply(knobs.success_reply == "true" ? Json(true) : Json{{"success", true}});
}

Reply TextReply(int status, std::string content_type, std::string body) {
  Reply reply;
  reply.status = status;
  reply.content_type = std::move(content_type);
  reply.body = std::move(body);
  return reply;
}

void MakeIdsNumeric(Json& document) {
  if (document.is_object()) {
    for (auto& item : document.items()) {
      Json& value = item.value();
      const bool is_id = IdMembers().count(item.key()) > 0 && value.is_string();
      if (is_id && IsDigits(value.get<std::string>()) && value.get<std::string>().size() < 20) {
        value = std::stoull(value.get<std::string>());
      } else {
        MakeIdsNumeric(value);
      }
    }
  } else if (document.is_array()) {
    for (Json& value : document) MakeIdsNumeric(value);
  }
}

}  // namespace tokenwarden::graph_simulator

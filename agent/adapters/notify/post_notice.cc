#include "agent/adapters/notify/post_notice.h"

#include <nlohmann/json.hpp>
#include <string>

namespace tokenwarden::notify {
namespace {

using Json = nlohmann::ordered_json;

std::string BodyOf(const Notice& notice) {
  Json json = Json::object();
  json["credential"] = notice.credential;
  json["tenant"] = notice.tenant.empty() ? Json() : Json(notice.tenant);
  json["generation"] = notice.generation;
  json["fingerprint"] = notice.fingerprint.text;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Status PostNotice(const NotifySpec& spec, const Notice& notice, HttpClient& http) {
  HttpRequest request;
  request.method = HttpRequest::Method::kPost;
  request.url = spec.url;
  request.body = BodyOf(notice);
  request.content_type = "application/json";
  request.endpoint_name = "notify";
  request.timeout = spec.timeout;
  request.exactly_once = true;  // a consumer that restarts on it must not be told twice
  auto reply = http.Send(request);
  if (!reply) return tl::make_unexpected(reply.error());
  if (reply->status >= 200 && reply->status < 300) return {};
  return MakeError(ErrorKind::kUnavailable, "http_status",
                   "cannot notify the consumer of " + notice.credential +
                       " by HTTP: it answered with status " + std::to_string(reply->status),
                   "Look at the consumer's own log.");
}

}  // namespace tokenwarden::notify

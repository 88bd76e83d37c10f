#include "tests/unit/simulators/graph/http_client.h"

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

std::string Encoded(const Json& params) {
  std::string text;
  for (const auto& item : params.items()) {
    if (!text.empty()) text += '&';
    text += UrlEncode(item.key()) + "=" + UrlEncode(item.value().get<std::string>());
  }
  return text;
}

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* answer) {
  static_cast<HttpAnswer*>(answer)->body.append(data, size * count);
  return size * count;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* answer) {
  const std::string line(data, size * count);
  const std::size_t colon = line.find(": ");
  if (colon != std::string::npos) {
    const std::string value = line.substr(colon + 2, line.find_last_not_of("\r\n") - colon - 1);
    static_cast<HttpAnswer*>(answer)->headers[Lower(line.substr(0, colon))] = value;
  }
  return size * count;
}

}  // namespace

HttpAnswer HttpClient::Send(const Json& call) {
  HttpAnswer answer;
  std::string url = base_url_ + call.value("path", "/");
  const Json query = call.value("query", Json::object());
  if (!query.empty()) url += "?" + Encoded(query);
  std::string body;
  curl_slist* headers = nullptr;
  if (call.contains("form")) body = Encoded(call["form"]);
  if (call.contains("json")) {
    body = call["json"].dump();
    headers = curl_slist_append(headers, "Content-Type: application/json");
  }
  const std::string bearer = call.value("bearer", "");
  if (!bearer.empty())
    headers = curl_slist_append(headers, ("Authorization: Bearer " + bearer).c_str());
  const Json extra = call.value("headers", Json::object());
  for (const auto& item : extra.items()) {
    const std::string line = item.key() + ": " + item.value().get<std::string>();
    headers = curl_slist_append(headers, line.c_str());
  }
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, timeout_ms_);
  curl_easy_setopt(curl_, CURLOPT_FRESH_CONNECT, fresh_ ? 1L : 0L);
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &answer);
  const std::string method = call.value("method", "GET");
  if (method != "GET") {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  answer.result = curl_easy_perform(curl_);
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_getinfo(curl_, CURLINFO_NUM_CONNECTS, &answer.new_connections);
  curl_slist_free_all(headers);
  answer.json = Json::parse(answer.body, nullptr, false);
  if (answer.json.is_discarded()) answer.json = Json();
  return answer;
}

}  // namespace tokenwarden::graph_simulator

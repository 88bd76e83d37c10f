// A small libcurl client for these tests: one request as described in JSON, one answer with
// everything in it.
#pragma once

#include <curl/curl.h>

#include <map>
#include <string>

#include "tests/simulators/graph/json.h"

namespace tokenwarden::graph_simulator {

struct HttpAnswer {
  CURLcode result = CURLE_OK;
  long status = 0;
  long new_connections = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  Json json;  // null when the body is not JSON
};

class HttpClient {
 public:
  explicit HttpClient(std::string base_url)
      : base_url_(std::move(base_url)), curl_(curl_easy_init()) {}
  ~HttpClient() { curl_easy_cleanup(curl_); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `call` is what a case answers: {method, path, query, bearer, form | json, headers}.
  HttpAnswer Send(const Json& call);

  void set_base_url(std::string url) { base_url_ = std::move(url); }
  // libcurl silently repeats a request, POST included, when a connection it used before dies
  // without a byte.
  void set_fresh_connections(bool fresh) { fresh_ = fresh; }
  void set_timeout_ms(long timeout) { timeout_ms_ = timeout; }

 private:
  std::string base_url_;
  CURL* curl_;
  long timeout_ms_ = 10000;
  bool fresh_ = false;
};

}  // namespace tokenwarden::graph_simulator

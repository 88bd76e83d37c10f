// A simulator on a free port in this process, with a client that talks to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/simulators/graph/server.h"
#include "tests/simulators/graph/world.h"
#include "tests/unit/simulators/graph/http_client.h"

namespace tokenwarden::graph_simulator {

class GraphSimulator : public testing::Test {
 protected:
  GraphSimulator() : GraphSimulator(Json()) {}
  explicit GraphSimulator(Json state)
      : service_({"a seed", "", std::move(state), ""}),
        server_(service_, {}),
        client_(server_.url()) {}

  HttpAnswer Send(const Json& call) { return client_.Send(call); }

  HttpAnswer Get(const std::string& path, const std::string& bearer, Json query = Json::object()) {
    return Send(Json{{"path", path}, {"bearer", bearer}, {"query", std::move(query)}});
  }
  HttpAnswer Post(const std::string& path, const std::string& bearer, Json form) {
    return Send(
        Json{{"method", "POST"}, {"path", path}, {"bearer", bearer}, {"form", std::move(form)}});
  }
  HttpAnswer Delete(const std::string& path, const std::string& bearer) {
    return Send(Json{{"method", "DELETE"}, {"path", path}, {"bearer", bearer}});
  }

  // A call of the control endpoint that must succeed.
  Json Control(const std::string& path, const Json& body = Json(),
               const std::string& method = "POST") {
    Json call = {{"method", method}, {"path", "/_control/" + path}};
    if (!body.is_null()) call["json"] = body;
    const HttpAnswer answer = Send(call);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
    return answer.json;
  }
  Json Look(const std::string& path) { return Control(path, Json(), "GET"); }

  std::string Mint(const Json& wish = Json::object()) {
    return Control("tokens", wish)["token"].get<std::string>();
  }
  std::string Secret() { return Look("state")["apps"][0]["secret"].get<std::string>(); }
  std::string Inspector() { return std::string(kAppId) + "|" + Secret(); }

  Json Inspect(const std::string& token) {
    return Get("/v25.0/debug_token", Inspector(), Json{{"input_token", token}}).json["data"];
  }

  Json ExchangeForm(const std::string& token) {
    return Json{{"grant_type", "fb_exchange_token"},
                {"client_id", kAppId},
                {"client_secret", Secret()},
                {"fb_exchange_token", token},
                {"set_token_expires_in_60_days", "true"}};
  }
  HttpAnswer Exchange(const std::string& token) {
    return Post("/v25.0/oauth/access_token", "", ExchangeForm(token));
  }

  Service service_;
  Server server_;
  HttpClient client_;
};

}  // namespace tokenwarden::graph_simulator

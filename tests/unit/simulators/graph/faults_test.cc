// Faults, journal and control: what is scripted happens, when it is due, and is written down.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/unit/simulators/graph/fixture.h"

namespace tokenwarden::graph_simulator {
namespace {

class GraphFaults : public GraphSimulator {};

TEST_F(GraphFaults, TheNthCallIsHitAndNoOther) {
  Control("faults",
          Json::array({Json{{"path", "/me"}, {"nth", 2}, {"fault", {{"kind", "empty_500"}}}}}));
  const std::string token = Mint();
  EXPECT_EQ(Get("/v25.0/me", token).status, 200);
  EXPECT_EQ(Get("/v25.0/me", token).status, 500);
  EXPECT_EQ(Get("/v25.0/me", token).status, 200);
}

TEST_F(GraphFaults, EverySecondCallIsHitSoManyTimes) {
  Control("faults", Json{{"path", "/me"}, {"every", 2}, {"times", 2}, {"fault", "empty_500"}});
  const std::string token = Mint();
  std::vector<long> statuses;
  for (int i = 0; i < 5; ++i) statuses.push_back(Get("/me", token).status);
  EXPECT_EQ(statuses, (std::vector<long>{500, 200, 500, 200, 200}));
}

TEST_F(GraphFaults, AFaultCanBeTiedToAMethodAndAParameter) {
  Control("faults", Json{{"path", "/oauth/access_token"},
                         {"method", "POST"},
                         {"where", {{"grant_type", "fb_exchange_token"}}},
                         {"fault", {{"kind", "html_502"}}}});
  const std::string token = Mint();
  EXPECT_EQ(Exchange(token).status, 502);
  EXPECT_EQ(Get("/oauth/access_token", "", ExchangeForm(token)).status, 200);
  const Json probe = {
      {"grant_type", "client_credentials"}, {"client_id", kAppId}, {"client_secret", Secret()}};
  EXPECT_EQ(Post("/oauth/access_token", "", probe).status, 200);
}

TEST_F(GraphFaults, ADropBeforeTheCommitChangesNothing) {
  client_.set_fresh_connections(true);
  Control("faults", Json{{"path", "/oauth/*"}, {"times", 1}, {"fault", "drop_before_commit"}});
  const std::string token = Mint();
  EXPECT_EQ(Exchange(token).result, CURLE_GOT_NOTHING);
  EXPECT_EQ(Look("counts")["exchanges"], (Json{{"received", 1}, {"committed", 0}}));
}

TEST_F(GraphFaults, ADropAfterTheCommitChangedEverything) {
  client_.set_fresh_connections(true);
  Control("faults", Json{{"path", "/oauth/*"}, {"times", 1}, {"fault", "drop_after_commit"}});
  const std::string token = Mint();
  const std::size_t before = Look("state")["tokens"].size();
  EXPECT_EQ(Exchange(token).result, CURLE_GOT_NOTHING);
  EXPECT_EQ(Look("state")["tokens"].size(), before + 1);
  const Json entry = Look("journal").back();
  EXPECT_EQ(entry["committed"], "exchange");
  EXPECT_EQ(entry["commit_number"], 1);
  EXPECT_EQ(entry["fault"], "drop_after_commit");
}

TEST_F(GraphFaults, ALateReplyHasCommittedLongBeforeItArrives) {
  Control("faults",
          Json{{"path", "/oauth/*"}, {"fault", {{"kind", "late_reply"}, {"delay_ms", 60000}}}});
  const std::string token = Mint();
  const Json form = ExchangeForm(token);
  HttpClient impatient(server_.url());
  impatient.set_timeout_ms(300);
  EXPECT_EQ(
      impatient.Send(Json{{"method", "POST"}, {"path", "/oauth/access_token"}, {"form", form}})
          .result,
      CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(Look("counts")["exchanges"]["committed"], 1);
}

TEST_F(GraphFaults, ASecondCopyOfAReplySpoilsTheConnectionOnly) {
  Control("faults", Json{{"path", "/me"}, {"times", 1}, {"fault", "answer_twice"}});
  const std::string token = Mint();
  const HttpAnswer first = Get("/me", token);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.json["id"], kSystemUserId);
}

TEST_F(GraphFaults, AnUnknownKindIsRefusedByName) {
  const HttpAnswer answer =
      Send(Json{{"method", "POST"}, {"path", "/_control/faults"}, {"json", {{"fault", "flood"}}}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("flood"), std::string::npos);
}

TEST_F(GraphFaults, AConnectionIsKeptAliveAndSaidSo) {
  const std::string token = Mint();
  Get("/me", token);
  EXPECT_EQ(Get("/me", token).new_connections, 0);
  const Json journal = Look("journal");
  EXPECT_EQ(journal[0]["connection"], journal[1]["connection"]);
}

TEST_F(GraphFaults, ParallelExchangesAreAllCountedAndAllDifferent) {
  const std::string token = Mint();
  const Json form = ExchangeForm(token);
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::string> got[kThreads];
  std::vector<std::thread> threads;
  for (auto& mine : got) {
    threads.emplace_back([&, list = &mine] {
      HttpClient client(server_.url());
      for (int i = 0; i < kEach; ++i) {
        const HttpAnswer answer =
            client.Send(Json{{"method", "POST"}, {"path", "/oauth/access_token"}, {"form", form}});
        list->push_back(answer.json.value("access_token", ""));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> different;
  for (const auto& mine : got) different.insert(mine.begin(), mine.end());
  EXPECT_EQ(different.size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(Look("counts")["exchanges"]["committed"], kThreads * kEach);
  std::set<int> commits;
  for (const Json& entry : Look("journal")) commits.insert(entry["commit_number"].get<int>());
  EXPECT_EQ(*commits.rbegin(), kThreads * kEach);
}

TEST_F(GraphFaults, StoppingDoesNotWaitForAHangingReply) {
  Control("faults", Json{{"fault", "hang_after_headers"}});
  auto second = std::make_unique<Server>(service_, ServerOptions{});
  HttpClient client(second->url());
  std::thread waiting([&] { client.Send(Json{{"path", "/me"}}); });
  while (Look("counts")["requests"] == 0) std::this_thread::yield();
  second.reset();
  waiting.join();
}

TEST_F(GraphFaults, ResetBringsBackTheSameBeginning) {
  const Json before = Look("state");
  Mint();
  Control("knobs", Json{{"status_mode", "whatsapp"}});
  Control("faults", Json{{"fault", "empty_500"}});
  const Json after = Control("reset");
  EXPECT_EQ(after["apps"], before["apps"]);
  EXPECT_EQ(after["knobs"], before["knobs"]);
  EXPECT_EQ(after["tokens"][0]["value"], before["tokens"][0]["value"]);
  EXPECT_EQ(after["faults"], Json::array());
}

TEST_F(GraphFaults, TheShownStateCanBeLoadedAgain) {
  Json state = Look("state");
  for (const char* extra : {"now", "url", "faults"}) state.erase(extra);
  state["apps"][0]["name"] = "Renamed";
  const Json loaded = Control("state", state, "PUT");
  EXPECT_EQ(loaded["apps"][0]["name"], "Renamed");
}

TEST_F(GraphFaults, UnknownMembersAreRefusedByName) {
  const HttpAnswer answer =
      Send(Json{{"method", "POST"}, {"path", "/_control/knobs"}, {"json", {{"statusmode", "x"}}}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("statusmode"), std::string::npos);
}

TEST_F(GraphFaults, KillingByPrincipalTakesPageTokensToo) {
  const std::string user = Mint(Json{{"kind", "user"}});
  const std::string page = Mint(Json{{"kind", "page"}});
  Control("tokens/kill", Json{{"principal", kUserId}, {"state", "password_changed"}});
  EXPECT_EQ(Get("/me", user).json["error"]["error_subcode"], 460);
  EXPECT_EQ(Get("/me", page).json["error"]["error_subcode"], 460);
}

TEST_F(GraphFaults, TokensLookLikeTheServicesOwn) {
  for (int i = 0; i < 20; ++i) {
    const std::string token = Mint();
    EXPECT_GE(token.size(), 180U);
    EXPECT_LE(token.size(), 220U);
    EXPECT_EQ(token.substr(0, 3), "EAA");
    EXPECT_EQ(token.substr(token.size() - 4), "ZDZD");
    EXPECT_EQ(
        token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        std::string::npos);
  }
}

TEST_F(GraphFaults, HelpShowsTheAddressToCopy) {
  const HttpAnswer answer = Send(Json{{"path", "/_control"}});
  EXPECT_NE(answer.body.find(server_.url() + "/_control/tokens"), std::string::npos);
}

TEST(GraphServer, RefusesToListenBeyondLoopback) {
  Service service({"a seed", "", Json(), ""});
  EXPECT_THROW(Server(service, ServerOptions{"0.0.0.0", 0, "", ""}), std::runtime_error);
}

TEST(GraphJournal, TheFileHoldsNoSecret) {
  const std::string file =
      testing::TempDir() + "graph-journal-" + std::to_string(getpid()) + ".jsonl";
  std::string token;
  std::string secret;
  {
    Service service({"a seed", "", Json(), file});
    Server server(service, {});
    HttpClient client(server.url());
    const Json state = client.Send(Json{{"path", "/_control/state"}}).json;
    token = state["tokens"][0]["value"].get<std::string>();
    secret = state["apps"][0]["secret"].get<std::string>();
    client.Send(Json{{"path", "/me"}, {"bearer", token}});
    client.Send(Json{{"path", "/debug_token"},
                     {"bearer", std::string(kAppId) + "|" + secret},
                     {"query", {{"input_token", token}}}});
    client.Send(Json{{"path", "/" + token}, {"bearer", token}});
    client.Send(Json{{"method", "POST"},
                     {"path", "/oauth/access_token"},
                     {"form",
                      {{"grant_type", "fb_exchange_token"},
                       {"client_id", kAppId},
                       {"client_secret", secret},
                       {"fb_exchange_token", token}}}});
  }
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  std::remove(file.c_str());
  EXPECT_NE(text.str().find("\"committed\":\"exchange\""), std::string::npos);
  EXPECT_NE(text.str().find("sha256:"), std::string::npos);
  EXPECT_EQ(text.str().find(token), std::string::npos);
  EXPECT_EQ(text.str().find(secret), std::string::npos);
}

}  // namespace
}  // namespace tokenwarden::graph_simulator

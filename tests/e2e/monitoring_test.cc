// The agent, a real Prometheus with the shipped rules, a real Alertmanager and a receiver of its
// notifications: what a person who is on call would get, and what the dashboard would show.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/integration/stage.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {
namespace {

using std::chrono::hours;

std::string SourceFile(const std::string& path) {
  std::ifstream file(std::string(TOKENWARDEN_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Encoded(const std::string& query) {
  std::string encoded;
  for (const char c : query) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    encoded += hex;
  }
  return encoded;
}

// Three credentials: one that nobody renews, one that dies, one whose copy somebody changes.
constexpr char kCredentials[] = R"(
  - name: ending
    meta: {app_id: "100000000000001", app_secret: {file: app_secret}, kind: system_user}
    source: {file: ending.txt}
    renew: {enabled: false}
    inspect: {every: 1s}
  - name: refused
    meta: {app_id: "100000000000001", app_secret: {file: app_secret}, kind: system_user}
    source: {file: refused.txt}
    renew: {enabled: false}
    inspect: {every: 1s}
  - name: drifting
    meta: {app_id: "100000000000001", app_secret: {file: app_secret}, kind: system_user}
    source: {file: drifting.txt}
    renew: {before: 14d}
    inspect: {every: 1s}
    sinks: [{file: {path: copy.txt, drift: alarm}}]
)";

class Monitoring : public testing::Test {
 protected:
  void SetUp() override {
    const TemporaryDirectory& room = stage_.room();
    room.Write("app_secret", stage_.issuer().app_secret());
    room.Write("ending.txt", stage_.issuer().MintEnding(hours(12), hours(24 * 10)));
    refused_ = stage_.issuer().MintEnding(hours(24 * 50), hours(24));
    room.Write("refused.txt", refused_);
    room.Write("drifting.txt", stage_.issuer().MintEnding(hours(24 * 40), hours(24)));
    stage_.WriteConfigText(kCredentials);
    stage_.StartAgent();
    ASSERT_TRUE(stage_.AwaitOk("/startupz"));
    StartReceiver();
    StartAlertmanager();
    StartPrometheus();
  }

  void StartReceiver() {
    receiver_ = std::make_unique<Server>(Server::Options{
        "receiver",
        {"/usr/bin/python3", std::string(TOKENWARDEN_SOURCE_DIR) + "/tests/e2e/webhook.py",
         room_.File("port"), room_.File("bodies")},
        {},
        room_.path()});
    receiver_->Await([&] { return !room_.Read("port").empty(); });
  }

  void StartAlertmanager() {
    const std::string address = "127.0.0.1:" + std::to_string(FreePort());
    room_.Write("am.yml",
                "route: {receiver: test, group_by: [alertname, credential], group_wait: 0s, "
                "group_interval: 1s, repeat_interval: 1h}\nreceivers: [{name: test, "
                "webhook_configs: [{url: 'http://127.0.0.1:" +
                    room_.Read("port") + "/', send_resolved: true}]}]\n");
    alertmanager_ = std::make_unique<Server>(
        Server::Options{"alertmanager",
                        {Tool("alertmanager"), "--config.file=" + room_.File("am.yml"),
                         "--storage.path=" + room_.File("am"), "--web.listen-address=" + address,
                         "--cluster.listen-address="},
                        {},
                        room_.path()});
    alertmanager_address_ = address;
    alertmanager_->Await([&] { return Get("http://" + address + "/-/ready").status == 200; });
  }

  void StartPrometheus() {
    // The shipped rules, with no patience: what is tested here is who is told, and of what.
    const std::string rules = SourceFile("charts/tokenwarden/files/rules.yaml");
    room_.Write("rules.yml", std::regex_replace(rules, std::regex("for: [0-9]+[mh]"), "for: 1s"));
    const std::string address = "127.0.0.1:" + std::to_string(FreePort());
    prometheus_url_ = "http://" + address;
    room_.Write(
        "prometheus.yml",
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        "alerting: {alertmanagers: [{static_configs: [{targets: ['" +
            alertmanager_address_ +
            "']}]}]}\nscrape_configs: [{job_name: tokenwarden, static_configs: [{targets: ['" +
            stage_.HttpAddress() + "']}]}]\n");
    prometheus_ = std::make_unique<Server>(
        Server::Options{"prometheus",
                        {Tool("prometheus"), "--config.file=" + room_.File("prometheus.yml"),
                         "--storage.tsdb.path=" + room_.File("tsdb"),
                         "--web.listen-address=" + address, "--log.level=warn"},
                        {},
                        room_.path()});
    prometheus_->Await([&] { return Get(prometheus_url_ + "/-/ready").status == 200; });
  }

  // A notification of that alert and credential in that status.
  bool WasTold(const std::string& alert, const std::string& credential,
               const std::string& status = "firing") {
    std::istringstream bodies(room_.Read("bodies"));
    for (std::string line; std::getline(bodies, line);) {
      const Json body = Json::parse(line, nullptr, false);
      if (body.is_discarded()) continue;
      for (const Json& each : body["alerts"]) {
        if (each["labels"]["alertname"] == alert && each["status"] == status &&
            each["labels"].value("credential", "") == credential) {
          summary_ = each["annotations"]["summary"];
          return true;
        }
      }
    }
    return false;
  }
  void ExpectTold(const std::string& alert, const std::string& credential,
                  const std::string& status = "firing") {
    EXPECT_TRUE(
        Eventually([&] { return WasTold(alert, credential, status); }, std::chrono::seconds(40)))
        << alert << " of " << credential << " was not " << status << "; told so far:\n"
        << room_.Read("bodies");
  }

  std::size_t ResultsOf(const std::string& query) {
    const Json reply = Json::parse(
        Get(prometheus_url_ + "/api/v1/query?query=" + Encoded(query)).body, nullptr, false);
    if (reply.is_discarded() || reply["status"] != "success") {
      ADD_FAILURE() << query << " was refused: " << reply.dump();
      return 1;
    }
    return reply["data"]["result"].size();
  }

  Stage stage_;
  TemporaryDirectory room_;
  std::string refused_;
  std::string summary_;
  std::string alertmanager_address_;
  std::string prometheus_url_;
  std::unique_ptr<Server> receiver_;
  std::unique_ptr<Server> alertmanager_;
  std::unique_ptr<Server> prometheus_;
};

TEST_F(Monitoring, TellsOfATokenThatEndsSoonOneThatIsRefusedAndASinkThatDrifted) {
  ExpectTold("TokenwardenTokenExpiresSoon", "ending");
  EXPECT_NE(summary_.find("The token of ending expires in 11h"), std::string::npos) << summary_;

  stage_.issuer().Control("tokens/kill", {{"token", refused_}, {"state", "password_changed"}});
  ExpectTold("TokenwardenTokenRejected", "refused");

  stage_.room().Write("copy.txt", "written-by-hand");
  ExpectTold("TokenwardenSinkDrifted", "drifting");
  EXPECT_NE(summary_.find("copy.txt"), std::string::npos) << summary_;
  stage_.room().Write("copy.txt", stage_.room().Read("drifting.txt"));
  ExpectTold("TokenwardenSinkDrifted", "drifting", "resolved");

  EXPECT_FALSE(WasTold("TokenwardenTokenRejected", "drifting"));
  EXPECT_FALSE(WasTold("TokenwardenTokenExpiresSoon", "refused"));
}

TEST_F(Monitoring, EveryQueryOfTheDashboardReturnsData) {
  const Json dashboard = Json::parse(SourceFile("charts/tokenwarden/files/dashboard.json"));
  stage_.Cli({"refresh", "drifting"});  // so that there is a renewal to show
  std::vector<std::string> queries;
  for (const Json& panel : dashboard["panels"]) {
    for (const Json& target : panel.value("targets", Json::array())) {
      std::string query = target["expr"];
      for (const char* name : {"$job", "$instance", "$provider"}) {
        query = std::regex_replace(query, std::regex(std::string("\\") + name), ".+");
      }
      queries.push_back(std::regex_replace(query, std::regex("\\$__rate_interval"), "10s"));
    }
  }
  ASSERT_GT(queries.size(), 20u);
  for (const std::string& query : queries) {
    EXPECT_TRUE(Eventually([&] { return ResultsOf(query) > 0; })) << query << " returns nothing";
  }
}

}  // namespace
}  // namespace tokenwarden::it

#include "agent/adapters/metrics/metrics_page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "agent/adapters/metrics/catalog.h"
#include "agent/adapters/metrics/gzip_parts.h"
#include "agent/adapters/metrics/process_stats.h"
#include "tests/fakes/fake_agent_api.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/adapters/metrics/exposition.h"

namespace tokenwarden::metrics {
namespace {

using Labels = std::map<std::string, std::string>;
const Instant kNow = FromUnix(1795168800);
const Labels kT = {{"credential", "whatsapp"}, {"provider", "meta"}, {"tenant", "acme"}};

Labels With(Labels labels, const Labels& more) {
  labels.insert(more.begin(), more.end());
  return labels;
}

class MetricsPageTest : public testing::Test {
 protected:
  MetricsPageTest() : clock_(kNow), page_(clock_, {"1.2.3", "abc", "gcc \"12\""}) {
    api_.SetTokens({FullTokenView("whatsapp", kNow)});
    page_.SetApi(api_);
  }

  std::string Text() {
    const auto text = Gunzip(*page_.RenderGzip());
    EXPECT_TRUE(text);
    return text.value_or("");
  }
  Exposition Read() {
    Exposition out = ReadExposition(Text());
    for (const std::string& fault : out.faults) ADD_FAILURE() << fault;
    return out;
  }
  void Tell(Event::Kind kind, const std::string& reason = "", const std::string& endpoint = "",
            int code = 0) {
    Event event;
    event.kind = kind;
    event.credential = "whatsapp";
    event.tenant = "acme";
    event.provider = "meta";
    event.reason = reason;
    event.endpoint = endpoint;
    event.code = code;
    event.sink = "dotenv";
    event.target = ".env#TOKEN";
    page_.On(event);
  }

  FakeClock clock_;
  FakeAgentApi api_;
  MetricsPage page_;
};

std::string LinesOf(const std::string& text, const std::string& prefix) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(prefix, 0) == 0) out += line + "\n";
  }
  return out;
}

TEST_F(MetricsPageTest, ShowsWhereAnUnfinishedRotationStands) {
  EXPECT_NE(Text().find("tokenwarden_token_rotation{credential=\"whatsapp\",provider=\"meta\","
                        "tenant=\"acme\",state=\"current\"} 1\n"),
            std::string::npos);
  TokenView idle = FullTokenView("whatsapp", kNow);
  idle.state.rotation.reset();
  api_.SetTokens({idle});
  EXPECT_EQ(Text().find("tokenwarden_token_rotation{"), std::string::npos);
}

TEST_F(MetricsPageTest, LeavesACredentialThatAnotherReplicaHoldsToIt) {
  TokenView mine = FullTokenView("whatsapp", kNow);
  TokenView theirs = FullTokenView("instagram", kNow);
  theirs.held_elsewhere = true;
  api_.SetTokens({mine, theirs});
  const std::string text = Text();
  EXPECT_NE(text.find("credential=\"whatsapp\""), std::string::npos);
  EXPECT_EQ(text.find("credential=\"instagram\""), std::string::npos);
}

TEST_F(MetricsPageTest, WritesEverythingAboutACredential) {
  const std::string t = "credential=\"whatsapp\",provider=\"meta\",tenant=\"acme\"";
  const std::string sink = t + ",sink=\"dotenv\",target=\".env#TOKEN\"";
  const std::string text = Text();
  EXPECT_EQ(LinesOf(text, "tokenwarden_token_"),
            "tokenwarden_token_info{" + t +
                ",token_kind=\"system_user\",account=\"200000000000001\","
                "lifetime=\"finite\",refreshable=\"true\"} 1\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"valid\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"expired\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"revoked\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"malformed\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"wrong_identity\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"under_scoped\"} 1\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"restricted\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"indeterminate\"} 0\n"
                "tokenwarden_token_state{" +
                t +
                ",state=\"pending\"} 0\n"
                "tokenwarden_token_indeterminate{" +
                t +
                ",reason=\"rate_limited\"} 1\n"
                "tokenwarden_token_expiry_timestamp_seconds{" +
                t +
                "} 1797760800\n"
                "tokenwarden_token_grant_expiry_timestamp_seconds{" +
                t +
                ",grant=\"data_access\"} 1796896800\n"
                "tokenwarden_token_deadline_timestamp_seconds{" +
                t +
                ",reason=\"data_access_expiry\"} 1796896800\n"
                "tokenwarden_token_issued_timestamp_seconds{" +
                t +
                "} 1792576800\n"
                "tokenwarden_token_refresh_due_timestamp_seconds{" +
                t +
                "} 1796032800\n"
                "tokenwarden_token_last_refresh_success_timestamp_seconds{" +
                t +
                "} 1794996000\n"
                "tokenwarden_token_last_check_timestamp_seconds{" +
                t +
                "} 1795165200\n"
                "tokenwarden_token_consecutive_refresh_failures{" +
                t +
                "} 2\n"
                "tokenwarden_token_rotation{" +
                t +
                ",state=\"current\"} 1\n"
                "tokenwarden_token_finding{" +
                t + ",finding=\"quality_red\",severity=\"warn\"} 1\n");
  EXPECT_EQ(LinesOf(text, "tokenwarden_sink_generation{") + LinesOf(text, "tokenwarden_sink_lag") +
                LinesOf(text, "tokenwarden_sink_last") + LinesOf(text, "tokenwarden_sink_drifted"),
            "tokenwarden_sink_generation{" + sink +
                "} 2\n"
                "tokenwarden_sink_lag_generations{" +
                sink +
                "} 1\n"
                "tokenwarden_sink_last_verified_timestamp_seconds{" +
                sink +
                "} 1795165200\n"
                "tokenwarden_sink_drifted{" +
                sink + "} 1\n");
  const Exposition page = Read();
  EXPECT_EQ(page.Find("tokenwarden_operator_needed", kT), "1");
  EXPECT_EQ(page.Find("tokenwarden_clock_skew_seconds", {}), "-2");
  EXPECT_EQ(page.Find("tokenwarden_tokens", {{"provider", "meta"}, {"lifetime", "finite"}}), "1");
  EXPECT_EQ(page.Find("tokenwarden_tokens", {{"provider", "meta"}, {"lifetime", "never"}}), "0");
}

TEST_F(MetricsPageTest, SaysNothingThatNobodyKnows) {
  TokenView fresh;
  fresh.name = "fresh";
  fresh.provider = "meta";
  api_.SetTokens({fresh});
  const Labels t = {{"credential", "fresh"}, {"provider", "meta"}};
  const Exposition page = Read();
  EXPECT_EQ(page.Find("tokenwarden_token_state", With(t, {{"state", "pending"}})), "1");
  EXPECT_EQ(page.Find("tokenwarden_token_info",
                      With(t, {{"lifetime", "unknown"}, {"refreshable", "false"}})),
            "1");
  EXPECT_EQ(page.Find("tokenwarden_operator_needed", t), "0");
  for (const MetricRow& row : Catalog()) {
    const bool time = row.name.find("token_") != std::string_view::npos &&
                      row.name.find("_timestamp_seconds") != std::string_view::npos;
    if (!time) continue;
    EXPECT_TRUE(page.families.at(std::string(row.name)).samples.empty()) << row.name;
  }
}

TEST_F(MetricsPageTest, HasNoExpiryForATokenThatNeverExpires) {
  TokenView view = FullTokenView("whatsapp", kNow);
  view.state.conclusive->facts.lifetime = Lifetime::kNever;
  view.state.conclusive->facts.expires_at.reset();
  view.deadline = {std::nullopt, DeadlineReason::kNever};
  api_.SetTokens({view});
  const Exposition page = Read();
  EXPECT_FALSE(page.Find("tokenwarden_token_expiry_timestamp_seconds", kT));
  EXPECT_TRUE(page.families.at("tokenwarden_token_deadline_timestamp_seconds").samples.empty());
}

TEST_F(MetricsPageTest, HasEveryMetricOfTheCatalogWithItsTypeAndLabels) {
  AgentVitals vitals;
  vitals.scheduler_pass_at = kNow;
  api_.SetVitals(vitals);
  Tell(Event::Kind::kPublishFailed, "disk_full");
  Tell(Event::Kind::kNotifyFailed, "timeout");
  Tell(Event::Kind::kInspected, "valid", "debug_token", 200);
  Event replied;
  replied.kind = Event::Kind::kIssuerReplied;
  replied.duration = std::chrono::seconds(1);
  page_.On(replied);
  const Exposition page = Read();
  EXPECT_EQ(page.families.size(), Catalog().size());
  for (const MetricRow& row : Catalog()) {
    const auto found = page.families.find(std::string(row.name));
    ASSERT_NE(found, page.families.end()) << row.name;
    EXPECT_EQ(found->second.type, ToString(row.type)) << row.name;
    EXPECT_EQ(found->second.help, row.help);
    ASSERT_FALSE(found->second.samples.empty()) << row.name;
    std::set<std::string> allowed = {"le"};
    std::istringstream labels{std::string(row.labels)};
    for (std::string label; std::getline(labels, label, ',');) {
      if (label == "T") allowed.insert({"credential", "provider", "tenant"});
      allowed.insert(label);
    }
    for (const auto& label : found->second.samples[0].labels) {
      EXPECT_EQ(allowed.count(label.first), 1u) << row.name << " " << label.first;
    }
  }
}

TEST_F(MetricsPageTest, StaysValidWhateverNamesHold) {
  TokenView view = FullTokenView("a\"b\\c\nd\xff{},=", kNow);
  view.tenant = "\xc3\xa9\x80";
  view.sinks[0].path = "we\"ird\n.env";
  view.state.conclusive->findings.push_back(view.state.conclusive->findings[0]);
  api_.SetTokens({view});
  const Exposition page = Read();
  const auto& samples = page.families.at("tokenwarden_operator_needed").samples;
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].labels.at("credential"), "a\"b\\c\nd\xef\xbf\xbd{},=");
  EXPECT_EQ(samples[0].labels.at("tenant"), "\xc3\xa9\xef\xbf\xbd");
}

TEST_F(MetricsPageTest, StartsItsCountersAtZero) {
  const Exposition page = Read();
  EXPECT_EQ(page.Find("tokenwarden_refresh_attempts_total", {{"provider", "meta"}}), "0");
  EXPECT_EQ(page.Find("tokenwarden_refresh_failures_total",
                      {{"provider", "meta"}, {"reason", "timeout"}}),
            "0");
  EXPECT_EQ(
      page.Find("tokenwarden_inspections_total", {{"provider", "meta"}, {"verdict", "revoked"}}),
      "0");
  EXPECT_EQ(page.Find("tokenwarden_sink_publish_attempts_total",
                      With(kT, {{"sink", "dotenv"}, {"target", ".env#TOKEN"}})),
            "0");
  EXPECT_EQ(page.Find("tokenwarden_log_messages_total", {{"level", "error"}}), "0");
  EXPECT_EQ(page.Find("tokenwarden_config_last_reload_successful", {}), "1");
  EXPECT_EQ(page.Find("tokenwarden_build_info",
                      {{"version", "1.2.3"}, {"revision", "abc"}, {"compiler", "gcc \"12\""}}),
            "1");
}

TEST_F(MetricsPageTest, CountsWhatHappened) {
  Tell(Event::Kind::kInspected, "valid", "debug_token", 200);
  Tell(Event::Kind::kStateChanged, "expired", "debug_token", 400);
  Tell(Event::Kind::kStateChanged, "submit");  // a value became current: no inspection
  Tell(Event::Kind::kRenewalStarted);
  clock_.Advance(Seconds(3));
  Tell(Event::Kind::kRenewalFailed, "timeout");
  Tell(Event::Kind::kPublished, "written");
  Tell(Event::Kind::kPublishFailed, "disk_full");
  Tell(Event::Kind::kConfigRejected);
  Tell(Event::Kind::kStoreFailed, "disk_full");
  Tell(Event::Kind::kRpcServed, "NOT_FOUND", "GetToken");
  const Exposition page = Read();
  const Labels meta = {{"provider", "meta"}};
  const Labels sink = With(kT, {{"sink", "dotenv"}, {"target", ".env#TOKEN"}});
  EXPECT_EQ(page.Find("tokenwarden_inspections_total", With(meta, {{"verdict", "valid"}})), "1");
  EXPECT_EQ(page.Find("tokenwarden_inspections_total", With(meta, {{"verdict", "expired"}})), "1");
  EXPECT_EQ(page.Find("tokenwarden_upstream_responses_total",
                      With(meta, {{"endpoint", "debug_token"}, {"code", "400"}})),
            "1");
  EXPECT_EQ(page.Find("tokenwarden_refresh_attempts_total", meta), "1");
  EXPECT_EQ(page.Find("tokenwarden_refresh_failures_total", With(meta, {{"reason", "timeout"}})),
            "1");
  EXPECT_EQ(page.Find("tokenwarden_refresh_duration_seconds_sum", meta), "3");
  EXPECT_EQ(page.Find("tokenwarden_refresh_duration_seconds_bucket", With(meta, {{"le", "2.5"}})),
            "0");
  EXPECT_EQ(page.Find("tokenwarden_refresh_duration_seconds_bucket", With(meta, {{"le", "5"}})),
            "1");
  EXPECT_EQ(page.Find("tokenwarden_sink_publish_attempts_total", sink), "2");
  EXPECT_EQ(
      page.Find("tokenwarden_sink_publish_failures_total", With(sink, {{"reason", "disk_full"}})),
      "1");
  EXPECT_EQ(page.Find("tokenwarden_config_last_reload_successful", {}), "0");
  EXPECT_EQ(page.Find("tokenwarden_store_errors_total", {{"reason", "disk_full"}}), "1");
  EXPECT_EQ(
      page.Find("tokenwarden_grpc_requests_total", {{"method", "GetToken"}, {"code", "NOT_FOUND"}}),
      "1");
  EXPECT_EQ(page.Find("tokenwarden_log_messages_total", {{"level", "info"}}), "10");
}

TEST_F(MetricsPageTest, BoundsTheWordsItTakesFromOutside) {
  for (int i = 0; i < 1000; ++i) Tell(Event::Kind::kRenewalFailed, "reason_" + std::to_string(i));
  Tell(Event::Kind::kRenewalFailed, "not a word\"\n");
  const auto family = Read().families.at("tokenwarden_refresh_failures_total");
  EXPECT_LE(family.samples.size(), 101u);
  EXPECT_NE(Read().Find("tokenwarden_refresh_failures_total",
                        {{"provider", "meta"}, {"reason", "_other"}}),
            std::nullopt);
}

TEST_F(MetricsPageTest, WalksOverCredentialsOnlyWhenSomethingChanged) {
  (void)Text();
  (void)Text();
  EXPECT_EQ(api_.visits(), 1);
  Tell(Event::Kind::kInspected, "valid");  // a counter moves without a walk
  EXPECT_EQ(
      Read().Find("tokenwarden_inspections_total", {{"provider", "meta"}, {"verdict", "valid"}}),
      "1");
  EXPECT_EQ(api_.visits(), 1);
  api_.SetTokens({FullTokenView("other", kNow)});
  const Exposition page = Read();
  EXPECT_EQ(api_.visits(), 2);
  EXPECT_EQ(page.families.at("tokenwarden_operator_needed").samples[0].labels.at("credential"),
            "other");
}

TEST_F(MetricsPageTest, ForgetsACredentialThatIsGone) {
  (void)Text();
  api_.SetTokens({});
  const Exposition page = Read();
  EXPECT_TRUE(page.families.at("tokenwarden_token_state").samples.empty());
  EXPECT_EQ(page.Find("tokenwarden_tokens", {{"provider", "meta"}, {"lifetime", "finite"}}), "0");
}

TEST_F(MetricsPageTest, CountsItsOwnSeries) {
  const Exposition page = Read();
  std::size_t samples = 0;
  for (const auto& family : page.families) samples += family.second.samples.size();
  EXPECT_EQ(page.Find("tokenwarden_metrics_series", {}), std::to_string(samples));
}

TEST_F(MetricsPageTest, IsReadWhileEventsComeInAndTokensChange) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      Tell(Event::Kind::kPublished, "written");
      api_.SetTokens({FullTokenView("whatsapp", kNow)});
    }
  });
  std::thread other_reader([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(Gunzip(*page_.RenderGzip()));
  });
  for (int i = 0; i < 20; ++i) (void)Read();
  other_reader.join();
  stop = true;
  writer.join();
}

TEST(MetricsPageAlone, ShowsTheProcessBeforeThereIsAnAgent) {
  FakeClock clock(kNow);
  MetricsPage page(clock, {});
  const Exposition read = ReadExposition(Gunzip(*page.RenderGzip()).value_or(""));
  EXPECT_TRUE(read.faults.empty());
  EXPECT_TRUE(read.Find("process_open_fds", {}));
}

TEST(ProcessStats, SaysWhatTheKernelSays) {
  const ProcessStats before = ReadProcessStats();
  const int fd = dup(0);
  const ProcessStats after = ReadProcessStats();
  close(fd);
  EXPECT_EQ(*after.open_fds, *before.open_fds + 1);
  EXPECT_GT(*after.resident_bytes, 1u << 20);
  EXPECT_GT(*after.virtual_bytes, *after.resident_bytes);
  EXPECT_GE(*after.cpu_seconds, 0);
  const double now = static_cast<double>(std::time(nullptr));
  EXPECT_LT(std::abs(now - *after.start_time_seconds), 3600);
  EXPECT_GE(*after.max_fds, *after.open_fds);
}

TEST(GzipParts, MakeOneMemberHoweverManyThereAre) {
  std::string expected;
  std::vector<GzipPart> parts;
  for (int i = 0; i < 5; ++i) {
    PartWriter writer;
    for (int line = 0; line < i * 1000; ++line) {
      const std::string text = "part " + std::to_string(i) + " line " + std::to_string(line) + "\n";
      writer.text() += text;
      writer.Spill();
      expected += text;
    }
    parts.push_back(writer.Finish());
  }
  GzipPart joined = parts[3];
  joined.Append(parts[4]);
  const auto text = Gunzip(JoinGzip({&parts[0], &parts[1], &parts[2], &joined}));
  ASSERT_TRUE(text);
  EXPECT_TRUE(*text == expected);
  EXPECT_EQ(Gunzip(JoinGzip({})), "");
}

TEST(Catalog, KeepsToTheConventionsOfPrometheus) {
  std::set<std::string_view> names;
  std::size_t position = 0;
  for (const MetricRow& row : Catalog()) {
    EXPECT_EQ(static_cast<std::size_t>(row.metric), position++) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const bool ours = row.name.rfind("tokenwarden_", 0) == 0;
    EXPECT_TRUE(ours || row.name.rfind("process_", 0) == 0) << row.name;
    const bool total = row.name.size() > 6 && row.name.substr(row.name.size() - 6) == "_total";
    EXPECT_EQ(total, row.type == Type::kCounter) << row.name;
    EXPECT_NE(row.name.find(row.unit), std::string_view::npos) << row.name;
    for (const char c : row.help) EXPECT_TRUE(c >= ' ' && c <= '~' && c != '\\') << row.name;
    EXPECT_EQ(row.help.back(), '.') << row.name;
  }
}

TEST(Catalog, IsWhatTheDocumentationSays) {
  std::ifstream file(TOKENWARDEN_SOURCE_DIR "/docs/metrics.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), RenderDocumentation()) << "run tokenwarden-metrics-doc > docs/metrics.md";
}

}  // namespace
}  // namespace tokenwarden::metrics

// Rotations as an operator sees them: brought back, published again, explained, re-keyed, revoked,
// restored; with the programs as they are shipped.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/integration/stage.h"

namespace tokenwarden::it {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr hours kDays2{48};
constexpr hours kDays58{58 * 24};

// An agent that has renewed once; the first value is still kept.
struct RenewedOnce : Stage {
  explicit RenewedOnce(const std::string& renew = "{before: 14d}", const std::string& more = "") {
    first = issuer().MintEnding(kDays2, kDays58);
    WriteEnv(first);
    WriteConfig(renew, more);
    StartAgent();
    AwaitGeneration(2);
    second = TokenInEnv();
  }
  bool AwaitGeneration(int generation) {
    const bool there = Eventually([&] { return Generation() == generation; });
    EXPECT_TRUE(there) << "generation " << generation << " never came; the agent says:\n"
                       << agent().err();
    PlantSecret(TokenInEnv());
    return there;
  }
  Json StatusOf(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"status", "whatsapp", "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished status = Cli(arguments);
    EXPECT_EQ(status.exit_code, 0) << status.out << status.err;
    return Json::parse(status.out, nullptr, false);
  }
  // Of the credential, once its sink holds it.
  int Generation() const {
    const Json status = StatusOf();
    if (!status.is_object()) return 0;
    const Json& token = status["tokens"][0];
    if (token["sinks"].empty()) return 0;  // nothing was looked at yet
    const bool in_place = token["sinks"][0]["generation"] == token["generation"];
    return in_place ? token["generation"].get<int>() : 0;
  }
  Json Rotation() const { return StatusOf({"--rotation"})["rotation"]; }
  std::string first;
  std::string second;
};

Finished Once(const Stage& stage, const std::vector<std::string>& more = {}) {
  std::vector<std::string> argv{"tokenwarden-agent", "--config",
                                stage.room().File("tokenwarden.yaml"), "--once"};
  argv.insert(argv.end(), more.begin(), more.end());
  return RunProgram({argv, stage.Environment(), stage.room().path(), ""});
}

TEST(Rollback, BringsThePreviousTokenBackAndDoesNotRenewItAtOnce) {
  RenewedOnce stage;
  const Finished back = stage.Cli({"rollback", "whatsapp"});
  ASSERT_EQ(back.exit_code, 0) << back.out << back.err;
  EXPECT_EQ(stage.TokenInEnv(), stage.first);
  EXPECT_NE(back.out.find("generation 3"), std::string::npos) << back.out;
  stage.StopAgent();
  EXPECT_EQ(Once(stage).exit_code, 0);
  EXPECT_EQ(stage.TokenInEnv(), stage.first) << "it ends soon, but a person chose it";
  EXPECT_EQ(stage.issuer().Exchanges(), 1);
}

TEST(Rollback, RefusesAPreviousTokenThatDied) {
  RenewedOnce stage;
  stage.issuer().Control("tokens/kill", {{"token", stage.first}, {"state", "revoked"}});
  const Finished refused = stage.Cli({"rollback", "whatsapp"});
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  EXPECT_EQ(stage.TokenInEnv(), stage.second);
}

TEST(Rollback, SaysWhenNothingIsKeptAnyMore) {
  RenewedOnce stage("{before: 14d}", "    settle: 0s\n");
  ASSERT_TRUE(Eventually([&] { return stage.Rotation()["state"] == "retired"; }));
  const Finished none = stage.Cli({"rollback", "whatsapp"});
  EXPECT_EQ(none.exit_code, 2) << none.out << none.err;
  EXPECT_NE(none.err.find("settle"), std::string::npos) << none.err;
}

TEST(StatusOfARotation, ShowsEveryDurableStepAndWhatHappensNext) {
  RenewedOnce stage;
  ASSERT_TRUE(Eventually([&] { return stage.Rotation()["state"] == "published"; }));
  const Json rotation = stage.Rotation();
  EXPECT_EQ(rotation["origin"], "refresh");
  EXPECT_EQ(rotation["from_generation"], 1);
  EXPECT_EQ(rotation["to_generation"], 2);
  std::string steps;
  for (const Json& step : rotation["steps"]) steps += step["state"].get<std::string>() + " ";
  EXPECT_EQ(steps, "intent requested received candidate proven current published ");
  EXPECT_NE(rotation["next"].get<std::string>().find("rollback"), std::string::npos);
  const Finished text = stage.Cli({"status", "whatsapp", "--rotation"});
  EXPECT_NE(text.out.find("received"), std::string::npos) << text.out;
}

TEST(StatusOfARotation, TellsOfALostReplyAndThatTheIssuerIsAskedAgain) {
  Stage stage;
  stage.issuer().Control("faults", Json::array({{{"path", "/oauth/access_token"},
                                                 {"nth", 1},
                                                 {"times", 1},
                                                 {"fault", {{"kind", "drop_after_commit"}}}}}));
  stage.WriteEnv(stage.issuer().MintEnding(kDays2, kDays58));
  stage.WriteConfig();
  stage.StartAgent();
  Json rotation;
  ASSERT_TRUE(Eventually([&] {
    const Finished status = stage.Cli({"status", "whatsapp", "--rotation", "--format", "json"});
    rotation = Json::parse(status.out, nullptr, false)["rotation"];
    return rotation.is_object() && rotation["state"] == "failed";
  })) << rotation.dump();
  EXPECT_EQ(rotation["steps"][2]["state"], "ambiguous") << rotation.dump();
  EXPECT_NE(rotation["note"].get<std::string>().find("reply was lost"), std::string::npos);
  EXPECT_FALSE(rotation["candidate_fingerprint"].is_string());
}

TEST(StatusOfASink, IsInTheMetricsAsWell) {
  RenewedOnce stage;
  const std::string sink =
      "{credential=\"whatsapp\",provider=\"meta\",sink=\"dotenv\",target="
      "\".env#WHATSAPP_ACCESS_TOKEN\"} ";
  ASSERT_TRUE(stage.AwaitPage("/metrics", "tokenwarden_sink_generation" + sink + "2"));
  const std::string page = stage.Page("/metrics").body;
  for (const std::string& line :
       {"tokenwarden_sink_lag_generations" + sink + "0", "tokenwarden_sink_drifted" + sink + "0",
        "tokenwarden_sink_last_verified_timestamp_seconds" + sink,
        "tokenwarden_sink_publish_attempts_total" + sink,
        std::string("tokenwarden_sink_publish_duration_seconds_count{sink=\"dotenv\"} ")}) {
    EXPECT_NE(page.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(page.find("tokenwarden_sink_publish_duration_seconds_count{sink=\"dotenv\"} 0"),
            std::string::npos)
      << "it is measured";
}

TEST(Sync, EndsADriftThatWasOnlyAlarmedAbout) {
  Stage stage;
  stage.WriteEnv(stage.issuer().MintEnding(hours(24 * 50), hours(24)));
  stage.WriteConfig("{before: 1d}", "    verify: {every: 1s}\n    inspect: {every: 1h}\n");
  std::string config = stage.room().Read("tokenwarden.yaml");
  const std::string sinks = "sinks: [";
  config.insert(config.find(sinks) + sinks.size(), "{file: {path: token, drift: alarm}}, ");
  stage.room().Write("tokenwarden.yaml", config);
  stage.StartAgent();
  const std::string token = stage.TokenInEnv();
  ASSERT_TRUE(stage.AwaitPage("/metrics",
                              "tokenwarden_sink_generation{credential=\"whatsapp\","
                              "provider=\"meta\",sink=\"file\",target=\"token\"} 1"));
  ASSERT_EQ(stage.room().Read("token").find(token), 0u);
  stage.room().Write("token", "by hand");
  ASSERT_TRUE(stage.AwaitPage("/metrics",
                              "tokenwarden_sink_drifted{credential=\"whatsapp\","
                              "provider=\"meta\",sink=\"file\",target=\"token\"} 1"));
  EXPECT_EQ(stage.room().Read("token"), "by hand");
  const Finished synced = stage.Cli({"sync", "whatsapp"});
  EXPECT_EQ(synced.exit_code, 0) << synced.out << synced.err;
  EXPECT_EQ(stage.room().Read("token").find(token), 0u);
  EXPECT_TRUE(stage.AwaitPage("/metrics", "target=\"token\"} 0"));
}

TEST(KeptAside, IsTakenWhenAnOperatorSaysWhy) {
  Stage stage;
  stage.issuer().Control("knobs", {{"exchange_reply", "shorter_expiry"}});
  const std::string first = stage.issuer().MintEnding(kDays2, kDays58);
  stage.WriteEnv(first);
  stage.WriteConfig();
  stage.StartAgent();
  Json rotation;
  ASSERT_TRUE(Eventually([&] {
    const Finished status = stage.Cli({"status", "whatsapp", "--rotation", "--format", "json"});
    rotation = Json::parse(status.out, nullptr, false)["rotation"];
    return rotation.is_object() && rotation["state"] == "refused";
  })) << rotation.dump();
  const Finished status = stage.Cli({"status"});
  EXPECT_NE(status.out.find("Time left: "), std::string::npos) << status.out;
  EXPECT_EQ(stage.Cli({"submit", "whatsapp", "--kept-aside"}).exit_code, 1);
  EXPECT_EQ(stage.TokenInEnv(), first);
  const Finished taken =
      stage.Cli({"submit", "whatsapp", "--kept-aside", "--accept-worse", "the app was moved"});
  EXPECT_EQ(taken.exit_code, 0) << taken.out << taken.err;
  EXPECT_NE(stage.TokenInEnv(), first);
  PlantSecret(stage.TokenInEnv());
}

TEST(Revocation, EndsTheOldTokenOnceTheNewOneHasSettled) {
  for (const bool by_post : {true, false}) {
    Stage stage;
    stage.issuer().Control("knobs", {{"revoke_accepts_post", by_post}});
    const std::string first = stage.issuer().MintEnding(kDays2, kDays58);
    stage.WriteEnv(first);
    stage.WriteConfig("{before: 14d, revoke_old: true}", "    settle: 0s\n");
    stage.StartAgent();
    const auto state_of = [&](const std::string& token) {
      const Json state = stage.issuer().State();
      for (const Json& each : state["tokens"]) {
        if (each["value"] == token) return each["state"].get<std::string>();
      }
      return std::string("unknown");
    };
    EXPECT_TRUE(Eventually([&] { return state_of(first) == "revoked"; })) << stage.agent().err();
    const std::string current = stage.TokenInEnv();
    PlantSecret(current);
    EXPECT_NE(current, first);
    EXPECT_EQ(state_of(current), "live");
    EXPECT_TRUE(stage.AwaitOk("/readyz"));
    stage.StopAgent();
  }
}

TEST(Revocation, IsRefusedByTheConfigurationForOtherKinds) {
  Stage stage;
  stage.WriteConfigText(
      "\n  - name: a\n    meta: {app_id: \"1\", app_secret: {env: S}, kind: user}\n"
      "    source: {env: T}\n    renew: {revoke_old: true}\n");
  const Finished validated = stage.Cli({"validate", stage.room().File("tokenwarden.yaml")});
  EXPECT_EQ(validated.exit_code, 2);
  EXPECT_NE(validated.err.find("revoke_old"), std::string::npos) << validated.err;
}

TEST(Canary, KeepsANewTokenBackThatCannotReadIt) {
  Stage stage;
  const std::string first = stage.issuer().MintEnding(hours(24 * 50), hours(24));
  stage.WriteEnv(first);
  stage.WriteConfig("{before: 1d}");
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/readyz"));
  stage.StopAgent();
  // From now on new values must read a node that does not exist.
  std::string config = stage.room().Read("tokenwarden.yaml");
  const std::string require = "require: {";
  config.insert(config.find(require) + require.size(), "canary: /999999999999999, ");
  stage.room().Write("tokenwarden.yaml", config);
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/readyz")) << "the token in use is not judged by it";
  const std::string fresh = stage.issuer().MintEnding(hours(24 * 60), seconds(0));
  const Finished refused = stage.Cli({"submit", "whatsapp"}, fresh);
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  EXPECT_EQ(stage.TokenInEnv(), first);
}

// ---- the key ----

TEST(Rekey, ChangesTheKeyInPlaceAndEverythingIsStillThere) {
  RenewedOnce stage;
  const std::string fingerprint = stage.StatusOf()["tokens"][0]["fingerprint"];
  const std::string config = stage.room().File("tokenwarden.yaml");
  const Finished in_use = stage.Cli({"rekey", "--config", config});
  EXPECT_EQ(in_use.exit_code, 1);
  EXPECT_NE(in_use.err.find(std::to_string(stage.agent().pid())), std::string::npos) << in_use.err;
  stage.StopAgent();
  const std::string key_before = stage.room().Read("state.key");
  const Finished changed = stage.Cli({"rekey", "--config", config});
  ASSERT_EQ(changed.exit_code, 0) << changed.out << changed.err;
  const std::string key_after = stage.room().Read("state.key");
  PlantSecret(key_after.substr(0, 64));
  EXPECT_NE(key_after, key_before);
  EXPECT_FALSE(std::filesystem::exists(stage.room().File("state.key.next")));
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/readyz"));
  EXPECT_EQ(stage.StatusOf()["tokens"][0]["fingerprint"], fingerprint)
      << "a value keeps its fingerprint";
  const Finished back = stage.Cli({"rollback", "whatsapp"});
  EXPECT_EQ(back.exit_code, 0) << back.out << back.err;
  EXPECT_EQ(stage.TokenInEnv(), stage.first) << "also the value before it was sealed anew";
  stage.StopAgent();
  // The old key opens nothing any more, and says so.
  stage.room().Write("state.key", key_before);
  const Finished refused = Once(stage);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("rekey"), std::string::npos) << refused.err;
}

TEST(Rekey, GivesCheckTheFingerprintsOfTheAgent) {
  RenewedOnce stage;
  stage.StopAgent();
  const std::string config = stage.room().File("tokenwarden.yaml");
  ASSERT_EQ(stage.Cli({"rekey", "--config", config}).exit_code, 0);
  PlantSecret(stage.room().Read("state.key").substr(0, 64));
  stage.StartAgent();
  ASSERT_TRUE(stage.AwaitOk("/readyz"));
  const std::string shown = stage.StatusOf()["tokens"][0]["fingerprint"];
  const Finished check = stage.Cli({"check", "--config", config, "--format", "json"});
  EXPECT_NE(check.out.find(shown), std::string::npos) << check.out << check.err;
}

// The file of the key changes in three steps. Wherever they end, an agent starts.
TEST(Rekey, LeavesAnAgentThatStartsWhereverItIsInterrupted) {
  RenewedOnce stage;
  stage.StopAgent();
  const std::string config = stage.room().File("tokenwarden.yaml");
  const std::string key_before = stage.room().Read("state.key");
  const std::string state_before = stage.room().Read("state/state.db");
  ASSERT_EQ(stage.Cli({"rekey", "--config", config}).exit_code, 0);
  const std::string key_after = stage.room().Read("state.key");
  PlantSecret(key_after.substr(0, 64));
  const std::string state_after = stage.room().Read("state/state.db");
  struct Point {
    const char* title;
    const std::string& key;
    const std::string* next;
    const std::string& state;
  };
  for (const Point& point : {Point{"the next key is made", key_before, &key_after, state_before},
                             Point{"the state is sealed", key_before, &key_after, state_after},
                             Point{"the key is in place", key_after, nullptr, state_after}}) {
    std::filesystem::remove(stage.room().File("state.key.next"));
    for (const char* suffix : {"-wal", "-shm"}) {
      std::filesystem::remove(stage.room().File(std::string("state/state.db") + suffix));
    }
    stage.room().Write("state.key", point.key);
    if (point.next != nullptr) {
      stage.room().Write("state.key.next", *point.next);
      chmod(stage.room().File("state.key.next").c_str(), 0600);
    }
    stage.room().Write("state/state.db", point.state);
    chmod(stage.room().File("state/state.db").c_str(), 0600);
    const Finished once = Once(stage);
    EXPECT_EQ(once.exit_code, 0) << point.title << "\n" << once.err;
    EXPECT_EQ(stage.TokenInEnv(), stage.second) << point.title;
    EXPECT_EQ(stage.issuer().Exchanges(), 1) << point.title;
    const Finished finished = stage.Cli({"rekey", "--config", config});
    EXPECT_EQ(finished.exit_code, 0) << point.title << "\n" << finished.out << finished.err;
    PlantSecret(stage.room().Read("state.key").substr(0, 64));
  }
}

TEST(Rekey, TakesAKeyByNameWhereTheOldOneIsNoFile) {
  RenewedOnce stage;
  stage.StopAgent();
  const std::string config = stage.room().File("tokenwarden.yaml");
  const std::string old_key = stage.room().Read("state.key");
  std::string text = stage.room().Read("tokenwarden.yaml");
  const std::string by_file = "{file: " + stage.room().File("state.key") + "}";
  text.replace(text.find(by_file), by_file.size(), "{command: [cat, state.key]}");
  stage.room().Write("tokenwarden.yaml", text);
  EXPECT_EQ(Once(stage).exit_code, 0) << "a program may print the key";
  EXPECT_EQ(stage.Cli({"rekey", "--config", config}).exit_code, 2) << "there is no file to replace";
  ASSERT_EQ(stage.Cli({"keygen", "new.key"}).exit_code, 0);
  PlantSecret(stage.room().Read("new.key").substr(0, 64));
  const Finished changed = stage.Cli({"rekey", "--config", config, "--new-key", "new.key"});
  EXPECT_EQ(changed.exit_code, 0) << changed.out << changed.err;
  const Finished again = stage.Cli({"rekey", "--config", config, "--new-key", "new.key"});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_NE(again.out.find("already"), std::string::npos) << again.out;
  EXPECT_EQ(Once(stage).exit_code, 2) << "the old key opens nothing";
  EXPECT_EQ(Once(stage, {"--key-command", "cat new.key"}).exit_code, 0) << "the flag wins";
}

TEST(StateKey, IsAClearRefusalWhenItsProgramFails) {
  RenewedOnce stage;
  stage.StopAgent();
  for (const char* command : {"no-such-program", "false", "echo not-a-key"}) {
    const Finished refused = Once(stage, {"--key-command", command});
    EXPECT_EQ(refused.exit_code, 2) << command;
    EXPECT_NE(refused.err.find("state key"), std::string::npos) << refused.err;
    EXPECT_EQ(refused.err.find("not-a-key"), std::string::npos) << "what it printed is not shown";
  }
  EXPECT_EQ(Once(stage).exit_code, 0) << "the state is as it was";
}

// ---- where the state is ----

TEST(State, IsRefusedInMemoryUnlessSomebodySaysWhy) {
  Stage stage;
  stage.WriteEnv(stage.issuer().MintEnding(hours(24 * 50), hours(24)));
  stage.WriteConfig("{before: 1d}");
  std::string pattern = "/dev/shm/tokenwarden.XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  std::string config = stage.room().Read("tokenwarden.yaml");
  const std::string path = stage.room().File("state/state.db");
  config.replace(config.find(path), path.size(), pattern + "/state.db");
  stage.room().Write("tokenwarden.yaml", config);
  const Finished allowed = Once(stage);
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_NE(allowed.err.find("a test"), std::string::npos) << "the reason is in the log";
  const std::string leave = ", allow_ephemeral_state: a test";
  config.erase(config.find(leave), leave.size());
  stage.room().Write("tokenwarden.yaml", config);
  const Finished refused = Once(stage);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("allow_ephemeral_state"), std::string::npos) << refused.err;
  std::filesystem::remove_all(pattern);
}

// What `sqlite3 state.db ".backup FILE"` does: SQLite's own copy, which sees the log too.
void CopyAsTheGuideSays(const std::string& from, const std::string& to) {
  sqlite3* source = nullptr;
  sqlite3* target = nullptr;
  ASSERT_EQ(sqlite3_open_v2(from.c_str(), &source, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_open(to.c_str(), &target), SQLITE_OK);
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
  ASSERT_NE(backup, nullptr);
  EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
  EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  sqlite3_close(target);
  sqlite3_close(source);
}

TEST(Backup, OfAStateInUseBringsEveryValueBack) {
  RenewedOnce stage;
  const std::string copy = stage.room().File("backup.db");
  CopyAsTheGuideSays(stage.room().File("state/state.db"), copy);
  stage.agent().Signal(SIGKILL);
  stage.agent().Finish();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(stage.room().File(std::string("state/state.db") + suffix));
  }
  stage.WriteEnv("undefined");  // nothing is left but the backup
  std::filesystem::rename(copy, stage.room().File("state/state.db"));
  chmod(stage.room().File("state/state.db").c_str(), 0600);
  stage.StartAgent();
  EXPECT_TRUE(Eventually([&] { return stage.TokenInEnv() == stage.second; }));
  EXPECT_EQ(stage.issuer().Exchanges(), 1);
}

TEST(Backup, OfFileAndLogTogetherBringsEveryValueBackAndALogAloneIsRefused) {
  RenewedOnce stage;
  stage.agent().Signal(SIGKILL);
  stage.agent().Finish();
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(stage.room().File(std::string("state/state.db") + suffix),
                               stage.room().File(std::string("kept.db") + suffix));
  }
  std::filesystem::remove(stage.room().File("state/state.db"));
  const Finished refused = Once(stage);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("newest values"), std::string::npos) << refused.err;
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::remove(stage.room().File(std::string("state/state.db") + suffix));
  }
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::rename(stage.room().File(std::string("kept.db") + suffix),
                            stage.room().File(std::string("state/state.db") + suffix));
    chmod(stage.room().File(std::string("state/state.db") + suffix).c_str(), 0600);
  }
  stage.WriteEnv("undefined");
  EXPECT_EQ(Once(stage).exit_code, 0);
  EXPECT_EQ(stage.TokenInEnv(), stage.second);
}

}  // namespace
}  // namespace tokenwarden::it

// The whole chain can fail: harm is planted in a real room after a real renewal, and is found.
#include "tests/crash/scene.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/crash/renewal_watch.h"

namespace tokenwarden::crash {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}
void WriteAll(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

struct Renewed : ::testing::Test {
  void SetUp() override {
    scene.Reset();
    old_env = ReadAll(scene.room() + "/.env");
    old_state = ReadAll(scene.room() + "/state/state.db");
    RenewalWatch watch(scene);
    ASSERT_EQ(Trace(scene.Victim(), watch).exit_code, 0) << scene.Output();
    durable = watch.reply_durable();
    EXPECT_TRUE(durable);
  }
  std::vector<Violation> Judged() { return Judge(scene.Gather(durable), Moment::kRecovered); }
  bool Found(Harm harm) {
    for (const Violation& each : Judged()) {
      if (each.harm == harm) return true;
    }
    return false;
  }

  it::Simulator issuer;
  Scene scene{issuer, Settings().front()};
  std::string old_env;
  std::string old_state;
  bool durable = false;
};

TEST_F(Renewed, IsSound) {
  EXPECT_TRUE(Judged().empty());
  EXPECT_NE(ReadAll(scene.room() + "/.env"), old_env);
}

TEST_F(Renewed, IsFoundOutWhenTheSinkHoldsTheOlderValue) {
  WriteAll(scene.room() + "/.env", old_env);
  EXPECT_TRUE(Found(Harm::kLost));
}

TEST_F(Renewed, IsFoundOutWhenTheSinkIsTorn) {
  WriteAll(scene.room() + "/.env", old_env.substr(0, old_env.size() / 2));
  EXPECT_TRUE(Found(Harm::kTorn));
}

TEST_F(Renewed, IsFoundOutWhenTheSinkHoldsWhatNobodyProved) {
  WriteAll(scene.room() + "/token", "a value from nowhere");
  EXPECT_TRUE(Found(Harm::kUnproven));
}

TEST_F(Renewed, IsFoundOutWhenTheStateIsAnOlderOne) {
  WriteAll(scene.room() + "/state/state.db", old_state);
  EXPECT_TRUE(Found(Harm::kLost));
}

TEST_F(Renewed, IsFoundOutWhenTheStateIsDamaged) {
  std::filesystem::resize_file(scene.room() + "/state/state.db", 6000);
  EXPECT_TRUE(Found(Harm::kLost));
}

TEST_F(Renewed, IsFoundOutWhenTheIssuerIsAskedAgain) {
  const std::string url = issuer.url() + "/oauth/access_token?grant_type=fb_exchange_token" +
                          "&client_id=100000000000001&client_secret=" + issuer.app_secret() +
                          "&fb_exchange_token=" + scene.Gather(durable).first;
  ASSERT_EQ(it::Get(url).status, 200);
  EXPECT_TRUE(Found(Harm::kExtraExchange));
}

}  // namespace
}  // namespace tokenwarden::crash

// The judge finds what it is there to find: each case plants one harm in sound evidence.
#include "tests/crash/invariants.h"

#include <gtest/gtest.h>

#include <functional>

namespace tokenwarden::crash {
namespace {

constexpr char kOld[] = "old-value";
constexpr char kNew[] = "new-value";
constexpr char kNewest[] = "newest-value";

std::string Env(const std::string& value) { return "A=1\nTOKEN='" + value + "'\nB=2\n"; }

// A renewal that went well.
Evidence Sound() {
  Evidence evidence;
  evidence.first = kOld;
  evidence.issued = {{kNew, true}};
  evidence.reply_durable = true;
  evidence.store.current = kNew;
  evidence.store.held = {kOld, kNew};
  evidence.store.settled = true;
  evidence.store.newest_rotation = "retired";
  evidence.sinks = {{".env", "A=1\nTOKEN='", "'\nB=2\n", {Env(kOld), Env(kNew)}},
                    {"token", "", "", {kOld, kNew}}};
  evidence.told = 1;
  return evidence;
}

// The issuer acted, and the agent ended before the reply was stored.
Evidence ReplyLost() {
  Evidence evidence = Sound();
  evidence.issued = {{kNew, false}};
  evidence.reply_durable = false;
  evidence.store.current = kOld;
  evidence.store.held = {kOld};
  evidence.store.settled = false;
  evidence.store.knows_of_a_request = true;
  evidence.store.newest_rotation = "requested";
  evidence.sinks[0].contents = {Env(kOld)};
  evidence.sinks[1].contents = {kOld};
  evidence.told = 0;
  return evidence;
}

struct Planted {
  const char* what;
  Evidence (*sound)();
  std::function<void(Evidence&)> plant;
  Moment moment;
  Harm harm;
};

const std::vector<Planted>& AllPlanted() {
  static const std::vector<Planted> all = {
      {"a sink goes back to the older value", Sound,
       [](Evidence& e) { e.sinks[0].contents.push_back(Env(kOld)); }, Moment::kInterrupted,
       Harm::kLost},
      {"a sink still holds the older value after a restart", Sound,
       [](Evidence& e) { e.sinks[1].contents = {kOld}; }, Moment::kRecovered, Harm::kLost},
      {"a sink is cut in the middle", Sound,
       [](Evidence& e) { e.sinks[0].contents.push_back(Env(kNew).substr(0, 15)); },
       Moment::kInterrupted, Harm::kTorn},
      {"a sink is empty for a moment", Sound,
       [](Evidence& e) {
         e.sinks[1].contents = {kOld, "", kNew};
       },
       Moment::kInterrupted, Harm::kTorn},
      {"a sink is gone", Sound, [](Evidence& e) { e.sinks[0].contents.push_back(""); },
       Moment::kInterrupted, Harm::kTorn},
      {"another line of the file is lost", Sound,
       [](Evidence& e) { e.sinks[0].contents.push_back("TOKEN='new-value'\nB=2\n"); },
       Moment::kInterrupted, Harm::kTorn},
      {"half of a value", Sound, [](Evidence& e) { e.sinks[1].contents.back() = "new-val"; },
       Moment::kInterrupted, Harm::kUnproven},
      {"a value is published before it is proven", Sound,
       [](Evidence& e) { e.issued[0].proven = false; }, Moment::kInterrupted, Harm::kUnproven},
      {"the stored reply is gone", Sound,
       [](Evidence& e) {
         e.store.held = {kOld};
         e.sinks[0].contents = {Env(kOld)};
         e.sinks[1].contents = {kOld};
       },
       Moment::kInterrupted, Harm::kLost},
      {"the old value stays current although the new one was stored", Sound,
       [](Evidence& e) {
         e.store.current = kOld;
         e.sinks[0].contents = {Env(kOld)};
         e.sinks[1].contents = {kOld};
       },
       Moment::kRecovered, Harm::kLost},
      {"a rotation hangs", Sound, [](Evidence& e) { e.store.is_unfinished = true; },
       Moment::kRecovered, Harm::kLost},
      {"the state cannot be opened", Sound,
       [](Evidence& e) { e.store.problem = "the state file is damaged"; }, Moment::kInterrupted,
       Harm::kLost},
      {"the issuer is asked again although the reply was stored", Sound,
       [](Evidence& e) {
         e.issued.push_back({kNewest, true});
       },
       Moment::kInterrupted, Harm::kExtraExchange},
      {"the consumer is told twice", Sound, [](Evidence& e) { e.told = 2; }, Moment::kRecovered,
       Harm::kExtraExchange},
      {"the issuer acted and no intent was durable", ReplyLost,
       [](Evidence& e) {
         e.store.knows_of_a_request = false;
         e.store.newest_rotation = "intent";
       },
       Moment::kInterrupted, Harm::kLost},
      {"the old value goes with the lost reply", ReplyLost,
       [](Evidence& e) { e.store.held.clear(); }, Moment::kInterrupted, Harm::kLost},
      {"a lost reply is asked for a third time", ReplyLost,
       [](Evidence& e) {
         e.issued = {{kNew, true}, {"second", true}, {kNewest, true}};
       },
       Moment::kInterrupted, Harm::kExtraExchange},
  };
  return all;
}

bool Has(const std::vector<Violation>& violations, Harm harm) {
  for (const Violation& each : violations) {
    if (each.harm == harm) return true;
  }
  return false;
}

TEST(Invariants, FindEachPlantedHarm) {
  for (const Planted& planted : AllPlanted()) {
    Evidence evidence = planted.sound();
    planted.plant(evidence);
    EXPECT_TRUE(Has(Judge(evidence, planted.moment), planted.harm)) << planted.what;
  }
}

TEST(Invariants, HoldForARenewalThatWentWell) {
  for (const Moment moment : {Moment::kInterrupted, Moment::kRecovered}) {
    EXPECT_TRUE(Judge(Sound(), moment).empty());
    EXPECT_TRUE(JudgePlaces(Sound()).empty());
  }
}

TEST(Invariants, AllowAReplyThatNobodyCouldKeepAndOneMoreQuestion) {
  EXPECT_TRUE(Judge(ReplyLost(), Moment::kInterrupted).empty());
  Evidence again = Sound();
  again.issued = {{kNew, false}, {kNewest, true}};
  again.reply_durable = false;
  again.store.current = kNewest;
  again.store.held = {kOld, kNewest};
  again.sinks[0].contents = {Env(kOld), Env(kNewest)};
  again.sinks[1].contents = {kOld, kNewest};
  EXPECT_TRUE(Judge(again, Moment::kRecovered).empty());
}

TEST(Invariants, NeverSayAValue) {
  for (const Planted& planted : AllPlanted()) {
    Evidence evidence = planted.sound();
    planted.plant(evidence);
    for (const Violation& each : Judge(evidence, planted.moment)) {
      EXPECT_EQ(each.what.find("-value"), std::string::npos) << each.what;
    }
  }
}

}  // namespace
}  // namespace tokenwarden::crash

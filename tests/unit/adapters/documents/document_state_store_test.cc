#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/adapters/documents/credential_document.h"
#include "agent/adapters/documents/roster.h"
#include "agent/adapters/documents/rotation_steps.h"
#include "agent/core/base64.h"
#include "tests/unit/adapters/documents/replicas.h"

namespace tokenwarden::documents {
namespace {

class Documents : public Replicas {};

// ---- what lies on the server ----

TEST_F(Documents, ShowPeopleEverythingButWhatIsSealed) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-one");
  const RotationId id = Begin(replica, "a", 1);
  Step(replica, id, To(RotationState::kRequested, "asked the issuer"));
  Step(replica, id, Received("a reply with value-two"));
  Step(replica, id, Candidate("value-two"));
  const std::string text = server_->Contents()["a"];
  for (const char* value : {"value-one", "value-two", "a reply"}) {
    EXPECT_EQ(text.find(value), std::string::npos) << value;
    EXPECT_EQ(text.find(ToBase64(value)), std::string::npos) << value;
  }
  const nlohmann::json document = nlohmann::json::parse(text);
  EXPECT_EQ(document["state"]["generation"], 1);
  EXPECT_EQ(document["rotations"][1]["state"], "candidate");
  EXPECT_EQ(document["rotations"][1]["steps"][1][2], "asked the issuer");
  EXPECT_TRUE(document["generations"][0].contains("sealed"));
}

TEST_F(Documents, DoNotOpenInAnotherPlace) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-a");
  MakeGeneration(replica, "b", 1, "value-b");
  nlohmann::json a = nlohmann::json::parse(server_->Contents()["a"]);
  const nlohmann::json b = nlohmann::json::parse(server_->Contents()["b"]);
  a["generations"][0]["sealed"] = b["generations"][0]["sealed"];
  server_->Overwrite("a", a.dump());
  const Replica another = Start();
  EXPECT_EQ(another->LoadValue("a", 1).error().kind, ErrorKind::kDataLoss);
  EXPECT_EQ(another->LoadValue("b", 1)->Reveal(), "value-b");
}

TEST_F(Documents, StaySmallHoweverLongTheyLive) {
  const Replica replica = Start();
  std::size_t after_fifty = 0;
  for (Generation generation = 1; generation <= 200; ++generation) {
    MakeGeneration(replica, "a", generation, std::string(200, 'v'));
    ASSERT_TRUE(replica->Retire("a", generation, kNow));
    ASSERT_TRUE(replica->ClaimNotification("a", "exec x", generation, kNow));
    ASSERT_TRUE(replica->Audit({kNow, "a", "promoted", std::string(100, 's')}));
    const std::size_t size = server_->Contents()["a"].size();
    if (generation == 50) after_fifty = size;
    if (generation > 50) {
      EXPECT_LT(size, after_fifty + 200) << generation;
    }
  }
  EXPECT_LT(after_fifty, 8u * 1024);
  EXPECT_EQ(replica->LoadAudit("a", 1000)->size(), 16u);
}

TEST_F(Documents, AreDamagedWhenTheyAreNotWhatWasWritten) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value");
  const std::string good = server_->Contents()["a"];
  nlohmann::json other_name = nlohmann::json::parse(good);
  other_name["state"]["name"] = "b";
  nlohmann::json no_base64 = nlohmann::json::parse(good);
  no_base64["generations"][0]["sealed"] = "%%%";
  nlohmann::json bad_word = nlohmann::json::parse(good);
  bad_word["rotations"][0]["state"] = "somewhere";
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[1]"), good.substr(0, good.size() / 2),
        other_name.dump(), no_base64.dump(), bad_word.dump()}) {
    server_->Overwrite("a", text);
    const Replica another = Start();
    EXPECT_EQ(another->TakeUp("a", 0).error().kind, ErrorKind::kDataLoss) << text;
    EXPECT_EQ(another->SaveState(StateOf("a")).error().kind, ErrorKind::kDataLoss) << text;
  }
}

TEST_F(Documents, OfANewerProgramAreLeftAlone) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value");
  nlohmann::json newer = nlohmann::json::parse(server_->Contents()["a"]);
  newer["format"] = 2;
  server_->Overwrite("a", newer.dump());
  EXPECT_EQ(Start()->SaveState(StateOf("a")).error().reason, "newer_format");
  EXPECT_EQ(server_->Contents()["a"], newer.dump());
}

// ---- opening ----

TEST_F(Documents, AreThereOnceTheyWereOpened) {
  MemoryDocumentStore documents(server_);
  EXPECT_FALSE(HasState(documents).value());
  Start();
  EXPECT_TRUE(HasState(documents).value());
}

TEST_F(Documents, RefuseAnotherKey) {
  Start();
  MemoryDocumentStore documents(server_);
  const auto other = crypto::MakeSealer(crypto::RandomKey());
  const auto opened = OpenStateStore(documents, *other, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "wrong_key");
}

TEST_F(Documents, CanBeOpenedByManyAtOnce) {
  std::vector<std::thread> starters;
  for (int i = 0; i < 12; ++i) {
    starters.emplace_back([this, i] {
      const Replica replica = Start();
      EXPECT_TRUE(replica->MarkAbsent({"a", "b", "own-" + std::to_string(i)}, kNow));
    });
  }
  for (std::thread& starter : starters) starter.join();
  const nlohmann::json roster = nlohmann::json::parse(server_->Contents()[kRosterName]);
  EXPECT_EQ(roster["credentials"].size(), 14u);
}

TEST_F(Documents, AreFoundByTheConfigurationWhenTheRosterIsLost) {
  MakeGeneration(Start(), "a", 1, "value");
  server_->Delete(kRosterName);
  Options options;
  options.credentials = {"a", "new"};
  const Replica replica = Start(options);
  ASSERT_EQ(replica->LoadStates()->size(), 1u);
  EXPECT_EQ(replica->LoadStates()->front().generation, 1u);
}

TEST_F(Documents, OfCredentialsThatAreForgottenHoldNothing) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value");
  ASSERT_TRUE(replica->MarkAbsent({}, kNow));
  ASSERT_TRUE(replica->MarkAbsent({}, kNow + kDay * 31));
  EXPECT_LT(server_->Contents()["a"].size(), 100u);
  EXPECT_TRUE(Start()->LoadStates()->empty());
  MakeGeneration(replica, "a", 1, "born again");
  EXPECT_EQ(Start()->LoadValue("a", 1)->Reveal(), "born again");
}

// ---- rotations by their ids ----

TEST_F(Documents, TellWhoseARotationIsByItsIdAlone) {
  const Replica replica = Start();
  std::vector<RotationId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(Begin(replica, "c" + std::to_string(i)));
  const Replica another = Start();
  for (int i = 0; i < 50; ++i) {
    EXPECT_LT(ids[i], RotationId{1} << 53);
    Result<Rotation> stepped = another->Advance(ids[i], Candidate("v"), kNow);
    ASSERT_TRUE(stepped) << stepped.error().message;
    EXPECT_EQ(stepped->credential, "c" + std::to_string(i));
  }
}

// Found by searching; both end in 32 equal bits.
TEST_F(Documents, TellRotationsApartWhoseCredentialsHashAlike) {
  std::map<std::uint32_t, std::string> names;
  std::string one, other;
  for (int i = 0; one.empty(); ++i) {
    const std::string name = "n" + std::to_string(i);
    const auto [found, fresh] = names.emplace(CredentialHashOf(name), name);
    if (!fresh) one = found->second, other = name;
  }
  const Replica replica = Start();
  const RotationId id = Begin(replica, other);
  ASSERT_TRUE(replica->SaveState(StateOf(one)));
  EXPECT_EQ(replica->Advance(id, Candidate("v"), kNow)->credential, other);
  EXPECT_EQ(Start()->LoadCandidate(id)->Reveal(), "v");
}

// ---- requests ----

TEST_F(Documents, CostOneWriteAStepAndNoReadWhileTheyAreHeld) {
  const Replica replica = Start();
  ASSERT_TRUE(replica->MarkAbsent({"a"}, kNow));
  MakeGeneration(replica, "a", 1, "value-1");
  const int reads = server_->reads(), writes = server_->writes();
  const RotationId id = Begin(replica, "a", 1);
  Step(replica, id, To(RotationState::kRequested));
  Step(replica, id, Received("reply"));
  Step(replica, id, Candidate("value-2"));
  Step(replica, id, To(RotationState::kProven));
  ASSERT_TRUE(replica->Promote(id, StateOf("a", 2), kNow));
  ASSERT_TRUE(replica->LoadValue("a", 2));
  ASSERT_TRUE(replica->LoadGenerations("a"));
  ASSERT_TRUE(replica->LoadLatestRotation("a"));
  ASSERT_TRUE(replica->SaveSink("a", SinkOf("x", 2)));
  Step(replica, id, To(RotationState::kPublished));
  EXPECT_EQ(server_->reads() - reads, 0);
  EXPECT_EQ(server_->writes() - writes, 8);
}

TEST_F(Documents, WriteNothingWhenNothingChanged) {
  const Replica replica = Start();
  MakeGeneration(replica, "a", 1, "value-1");
  ASSERT_TRUE(replica->SaveSink("a", SinkOf("x", 1)));
  const int writes = server_->writes();
  EXPECT_TRUE(replica->SaveSink("a", SinkOf("x", 1)));
  EXPECT_TRUE(replica->SaveState(StateOf("a", 1)));
  EXPECT_TRUE(replica->Retire("a", 1, kNow));
  EXPECT_TRUE(replica->ForgetSink("a", "y"));
  EXPECT_TRUE(replica->MarkAbsent({"a"}, kNow));
  EXPECT_EQ(server_->writes(), writes);
}

TEST_F(Documents, AreReadOnceEachAtTheStartByAFewReadersAtATime) {
  {
    const Replica replica = Start();
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i) names.push_back("c" + std::to_string(i));
    ASSERT_TRUE(replica->MarkAbsent(names, kNow));
    for (const std::string& name : names) ASSERT_TRUE(replica->SaveState(StateOf(name)));
  }
  const Replica replica = Start();
  std::atomic<int> now{0}, most{0};
  const int reads = server_->reads();
  server_->fault = [&](const std::string&, bool) {
    const int inside = ++now;
    int seen = most;
    while (inside > seen && !most.compare_exchange_weak(seen, inside)) {
    }
    std::this_thread::yield();
    --now;
    return Fault::kNone;
  };
  EXPECT_EQ(replica->LoadStates()->size(), 200u);
  EXPECT_EQ(server_->reads() - reads, 200);
  EXPECT_LE(most, 8);
  server_->fault = nullptr;
  TakeUp(replica, "c7");
  EXPECT_EQ(server_->reads() - reads, 201) << "a hold that is taken costs one";
}

TEST_F(Documents, LeaveMemoryWhenThereAreManyAndStayFenced) {
  Options options;
  options.shelf.most_in_memory = 2;
  const Replica replica = Start(options);
  for (int i = 0; i < 10; ++i) MakeGeneration(replica, "c" + std::to_string(i), 1, "value");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(replica->LoadValue("c" + std::to_string(i), 1)->Reveal(), "value");
  }
  const Replica other = Start();
  TakeUp(other, "c0");
  ASSERT_TRUE(other->SaveSink("c0", SinkOf("x", 1)));
  ExpectStale(replica->SaveSink("c0", SinkOf("y", 1)));
  EXPECT_TRUE(replica->SaveSink("c1", SinkOf("y", 1)));
}

}  // namespace
}  // namespace tokenwarden::documents

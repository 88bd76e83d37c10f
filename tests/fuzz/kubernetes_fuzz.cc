// What an API server answers about Secrets, Leases and workloads, in any shape and in any pieces.
#include "agent/adapters/kubernetes/client.h"
#include "agent/adapters/kubernetes/kubeconfig.h"
#include "agent/adapters/kubernetes/lease.h"
#include "agent/adapters/kubernetes/object_splitter.h"
#include "agent/adapters/kubernetes/own_writes.h"
#include "agent/adapters/kubernetes/rollout.h"
#include "agent/adapters/kubernetes/secret_documents.h"
#include "agent/adapters/kubernetes/secrets.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

void LookAtLease(std::string_view text) {
  auto object = kubernetes::ParseJson(text);
  if (!object) return;
  const kubernetes::Lease lease(std::move(*object));
  (void)lease.holder();
  fuzz::Require(lease.duration().count() >= 0, "a duration is positive");
  (void)lease.wish();
  (void)lease.shards();
  (void)lease.record();
  (void)kubernetes::EpochAfter(lease, FromUnix(1795168800));
  (void)lease.Renewed("2026-11-20T10:00:00.000001Z");
  (void)lease.Taken("us", std::chrono::seconds(15), 4, 7, "2026-11-20T10:00:00.000001Z");
}

// Cut anywhere, a stream gives the same objects.
void SplitStream(std::string_view text) {
  std::vector<std::string> whole;
  std::vector<std::string> pieces;
  kubernetes::ObjectSplitter first(4096);
  const bool fits = first.Add(text, [&](std::string_view object) { whole.emplace_back(object); });
  kubernetes::ObjectSplitter second(4096);
  bool fits_too = true;
  for (std::size_t at = 0; at < text.size() && fits_too; ++at) {
    fits_too = second.Add(text.substr(at, 1),
                          [&](std::string_view object) { pieces.emplace_back(object); });
  }
  fuzz::Require(fits == fits_too && whole == pieces, "pieces make no difference");
}

// Time passes while somebody waits for it.
class PassingClock : public FakeClock {
 public:
  using FakeClock::FakeClock;
  void WaitUntil(std::unique_lock<std::mutex>&, std::condition_variable&, Instant until,
                 const std::function<bool()>&) override {
    Set(until);
  }
};

// Each begins with the first reply.
class Conversation {
 public:
  explicit Conversation(std::string_view replies)
      : http_(replies), client_(Connected(), http_, clock_) {}
  kubernetes::Client& client() { return client_; }

 private:
  static kubernetes::Connection Connected() {
    kubernetes::Connection connection;
    connection.server = "https://kube.test";
    connection.default_namespace = "default";
    connection.identity = kubernetes::MakeTokenIdentity(Secret(fuzz::FakeToken()));
    return connection;
  }

  fuzz::Replaying http_;
  PassingClock clock_{FromUnix(1795168800)};
  kubernetes::Client client_;
};

void ReadAndApply(kubernetes::Client& client) {
  kubernetes::OwnWrites own_writes;
  kubernetes::Secrets secrets(client, own_writes);
  const kubernetes::SecretKey place{{"default", "whatsapp"}, "token"};
  fuzz::RequireClean(secrets.Read(place));
  const auto held = secrets.Get(place);
  fuzz::RequireClean(held);
  if (!held) return;
  fuzz::RequireClean(secrets.Apply(place, held->seen, Secret(fuzz::FakeToken()), {}, false));
}

void KeepDocuments(kubernetes::Client& client) {
  kubernetes::SecretDocuments documents(client, {"default", "state"});
  const auto read = documents.Read("token");
  fuzz::RequireClean(read);
  const bool there = read && *read;
  fuzz::RequireClean(documents.Write(
      "token", "{}", there ? std::optional<std::string>((*read)->version) : std::nullopt));
}

void ReplacePods(kubernetes::Client& client) {
  const auto workload = kubernetes::ParseWorkload("default/deployment/bot", "default");
  fuzz::Require(workload.has_value(), "a workload");
  const kubernetes::RolloutOrder order{*workload, {{"whatsapp", "hmac:2"}}, kDay};
  fuzz::RequireClean(kubernetes::RollOut(client, order));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  LookAtLease(text);
  SplitStream(text);
  ReadAndApply(Conversation(text).client());
  KeepDocuments(Conversation(text).client());
  ReplacePods(Conversation(text).client());
  return 0;
}

// replicas: agents share credentials by Leases of a real API server while they are killed, paused
// past their Lease and continued, and the API server is restarted; then everything is counted.
//
//   replicas [--agents N] [--credentials N] [--rotations N] [--shards N] [--lease SECONDS]
//            [--age SECONDS] [--strike-every MILLISECONDS] [--api-restarts N] [--vault] [--alone]
//            [--patience SECONDS] [--seed N] [--keep]
//
// The state lies in a Secret, or with --vault in Vault together with a second copy of each value.
// --alone: no Leases and a state of its own for each agent, so that the count must find something.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>

#include "tests/e2e/replicas/issuer_journal.h"
#include "tests/e2e/replicas/scene.h"
#include "tests/e2e/replicas/secret_history.h"
#include "tests/servers/fixture/toxiproxy.h"

namespace tokenwarden::replicas {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Options {
  Shape shape;
  int rotations = 60;
  int age_seconds = 8;
  int strike_every_ms = 2500;
  int api_restarts = 1;
  int patience_seconds = 300;
  bool keep = false;
  unsigned seed = 1;
};

// How long after its exchange arrived an agent is struck, at most: waiting for the reply, storing
// it, proving it, making it current, publishing it.
constexpr milliseconds kStrikeSpread{150};
constexpr milliseconds kTick{20};
constexpr milliseconds kLook{500};

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        random_(options.seed),
        scene_(options.shape),
        journal_(scene_.issuer()),
        history_(scene_.cluster(), kNamespace),
        fleet_(scene_.MakeSetting()),
        // Without Leases nothing ever settles.
        settling_(options.shape.with_leases ? seconds(180) : seconds(10)) {}

  int Main() {
    StartAgents();
    fleet_.RenewAtAge(std::to_string(options_.age_seconds) + "s");
    const Moment started = std::chrono::steady_clock::now();
    Disturb();
    const Moment disturbed = std::chrono::steady_clock::now();
    const Judgement judged = Settle();
    fleet_.Stop();
    it::ExpectNoSecret(fleet_.Logs(), "an agent");
    Tell(judged, std::chrono::duration<double>(disturbed - started).count());
    const bool leaked = testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed();
    const bool clean = judged.double_refreshes + judged.stale_overwrites + judged.behind == 0;
    if (!clean || leaked || options_.keep) Keep();
    return clean && !leaked && judged.rotations >= options_.rotations ? 0 : 1;
  }

 private:
  void StartAgents() {
    const std::string issuer = scene_.issuer().url().substr(std::string("http://").size());
    for (int i = 1; i <= options_.shape.agents; ++i) {
      const std::string name = "agent-" + std::to_string(i);
      const std::string address = toxiproxy_.AddProxy(name, issuer);
      journal_.Know(address, name);
      fleet_.Start(name, address);
    }
    if (!AwaitInPlace()) {
      throw std::runtime_error("the first values did not come:\n" + fleet_.Logs());
    }
  }

  // Every Secret holds the newest value, as far as the watch has seen.
  bool AwaitInPlace() {
    const Moment end = std::chrono::steady_clock::now() + settling_;
    while (std::chrono::steady_clock::now() < end) {
      fleet_.Revive();
      std::map<std::string, Place> places = scene_.Secrets();
      for (auto& [name, versions] : history_.SoFar()) {
        const auto place = places.find("secret " + name);
        if (place == places.end() || versions.empty()) continue;
        place->second.at_end = {versions.back()};
        place->second.history = std::move(versions);
      }
      if (JudgeThese(std::move(places)).behind == 0) return true;
      std::this_thread::sleep_for(kLook);
    }
    return false;
  }

  int Between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void Disturb() {
    const Moment end = std::chrono::steady_clock::now() + seconds(options_.patience_seconds);
    Moment next_strike = std::chrono::steady_clock::now();
    int restarts = 0;
    while (history_.Rotations() < options_.rotations) {
      const Moment now = std::chrono::steady_clock::now();
      if (now > end) {
        std::printf("gave up after %d rotations\n", history_.Rotations());
        return;
      }
      const std::vector<std::string> asking = journal_.Read();
      fleet_.Revive();
      if (history_.Rotations() * (options_.api_restarts + 1) >
          options_.rotations * (restarts + 1)) {
        ++restarts;
        fleet_.NoteRestartOfServer();
        scene_.cluster().api().Restart();
      }
      if (!asking.empty() && now >= next_strike) {
        Strike(asking[static_cast<std::size_t>(Between(0, static_cast<int>(asking.size()) - 1))]);
        next_strike = now + milliseconds(Between(options_.strike_every_ms / 2,
                                                 options_.strike_every_ms * 3 / 2));
      }
      std::this_thread::sleep_for(kTick);
    }
  }

  void Strike(const std::string& agent) {
    const std::vector<std::string> running = fleet_.Running();
    const bool runs = std::find(running.begin(), running.end(), agent) != running.end();
    const std::size_t least = static_cast<std::size_t>(options_.shape.agents + 1) / 2;
    if (!runs || running.size() <= least) return;
    std::this_thread::sleep_for(milliseconds(Between(0, static_cast<int>(kStrikeSpread.count()))));
    const int lease = options_.shape.lease_seconds * 1000;
    if (Between(0, 1) == 0) return fleet_.Kill(agent, milliseconds(Between(0, lease / 2)));
    fleet_.Pause(agent, milliseconds(lease + Between(200, lease)));
  }

  // Nobody disturbs any more and nothing is due; what was begun ends. Then everything is read.
  Judgement Settle() {
    fleet_.RenewAtAge("1d");
    fleet_.Revive(true);
    if (!AwaitInPlace()) std::printf("not settled in time\n");
    const Moment end = std::chrono::steady_clock::now() + settling_;
    Judgement judged = JudgeThese(ReadAll());
    while (judged.behind > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kLook);  // Vault is not watched
      judged = JudgeThese(ReadAll());
    }
    return judged;
  }

  // What is there, and how it came about.
  std::map<std::string, Place> ReadAll() {
    std::map<std::string, Place> places = scene_.Secrets();
    scene_.ReadSecrets(places);
    scene_.ReadVault(places);
    const std::string marker = "read-" + std::to_string(++reads_);
    scene_.cluster().Must({"-n", kNamespace, "create", "secret", "generic", marker});
    for (auto& [name, versions] : history_.UpTo(marker)) {
      const auto place = places.find("secret " + name);
      if (place != places.end()) place->second.history = std::move(versions);
    }
    return places;
  }

  Judgement JudgeThese(std::map<std::string, Place> places) {
    journal_.Read();
    Evidence evidence;
    evidence.first_values = scene_.first_values();
    evidence.exchanges = journal_.exchanges();
    evidence.interruptions = fleet_.interruptions();
    for (auto& each : places) evidence.places.push_back(std::move(each.second));
    return Judge(evidence, scene_.fingerprinter());
  }

  void Tell(const Judgement& judged, double took) const {
    for (const std::string& sentence : judged.sentences) std::printf("%s\n", sentence.c_str());
    std::printf(
        "agents=%d credentials=%d seconds=%.0f kills=%d pauses=%d api_restarts=%d "
        "shards_changed_hands=%d late_decisions_refused=%d lost_replies=%d\n",
        options_.shape.agents, options_.shape.credentials, took, fleet_.kills(), fleet_.pauses(),
        options_.api_restarts, fleet_.CountInLogs("a shard was gained"),
        fleet_.CountInLogs("reason=stale") + fleet_.CountInLogs("reason=newer_epoch"),
        judged.lost_replies);
    std::printf("rotations=%d double_refreshes=%d stale_overwrites=%d behind=%d\n",
                judged.rotations, judged.double_refreshes, judged.stale_overwrites, judged.behind);
  }

  // For a person to look at.
  void Keep() const {
    const std::filesystem::path kept = std::filesystem::temp_directory_path() /
                                       ("tokenwarden-replicas-" + std::to_string(getpid()));
    std::filesystem::create_directory(kept);
    for (const auto& file : std::filesystem::directory_iterator(fleet_.room().path())) {
      if (file.path().extension() != ".log") continue;
      std::filesystem::copy(file.path(), kept / file.path().filename());
    }
    std::printf("what the agents said is kept in %s\n", kept.c_str());
  }

  const Options options_;
  std::mt19937 random_;
  Scene scene_;
  it::Toxiproxy toxiproxy_;
  IssuerJournal journal_;
  SecretHistory history_;
  Fleet fleet_;
  const seconds settling_;
  int reads_ = 0;
};

int Main(int argc, char** argv) {
  Options options;
  bool alone = false;
  CLI::App cli("Agents that share credentials while they are killed, paused and continued.",
               "replicas");
  cli.add_option("--agents", options.shape.agents)->check(CLI::Range(2, 100));
  cli.add_option("--credentials", options.shape.credentials)->check(CLI::Range(1, 999));
  cli.add_option("--rotations", options.rotations)->check(CLI::PositiveNumber);
  cli.add_option("--shards", options.shape.shards)->check(CLI::Range(1, 256));
  cli.add_option("--lease", options.shape.lease_seconds)->check(CLI::Range(2, 600));
  cli.add_option("--age", options.age_seconds)->check(CLI::PositiveNumber);
  cli.add_option("--strike-every", options.strike_every_ms)->check(CLI::PositiveNumber);
  cli.add_option("--api-restarts", options.api_restarts)->check(CLI::NonNegativeNumber);
  cli.add_option("--patience", options.patience_seconds)->check(CLI::PositiveNumber);
  cli.add_option("--seed", options.seed);
  cli.add_flag("--keep", options.keep);
  cli.add_flag("--vault", options.shape.with_vault);
  cli.add_flag("--alone", alone);
  CLI11_PARSE(cli, argc, argv);
  options.shape.with_leases = !alone;
  return Run(options).Main();
}

}  // namespace
}  // namespace tokenwarden::replicas

int main(int argc, char** argv) {
  testing::InitGoogleTest();
  try {
    return tokenwarden::replicas::Main(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "replicas: %s\n", problem.what());
    return 1;
  }
}

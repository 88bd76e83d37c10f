// What a rotation costs beside what it cannot do without.
//
//   BENCH_ENDPOINT=URL BENCH_TOKEN=… BENCH_APP_SECRET=… rotation_bench DIRECTORY ROUNDS PER_ROUND
//
// rotation_durable: everything but the requests, against the very writes and flushes that its
// commits made, replayed on a file of the same disk.
// rotations_N: whole rotations into a `.env`, against a bare libcurl client that makes the same
// requests, the same writes and flushes, and replaces the same file as safely.
//
// What a rotation writes and flushes is recorded while it happens: the linker wraps the calls.
#include "tests/bench/rotation_sides.h"

namespace tokenwarden::bench {
namespace {

// The first round records what the peer replays.
Round MakeOurs(const Setting& setting) {
  auto rotations = std::make_shared<Rotations>(setting);
  auto recorded = std::make_shared<bool>(false);
  return [=](int count) {
    std::vector<std::size_t> writes;
    if (!*recorded) recording = &writes;
    for (int i = 0; i < count; ++i) rotations->Rotate();
    if (!*recorded) {
      recording = nullptr;
      *recorded = true;
      std::ofstream file(setting.File("recorded"));
      for (const std::size_t bytes : writes) file << bytes << '\n';
    }
    const double requests = rotations->TakeRequestTime();
    return setting.publishes ? 0.0 : requests;
  };
}

Round MakeBare(const Setting& setting) {
  struct Parts {
    std::unique_ptr<Replay> replay;
    std::unique_ptr<BareRequests> requests;
  };
  return [setting, parts = std::make_shared<Parts>()](int count) {
    if (!parts->replay) parts->replay = std::make_unique<Replay>(setting);
    if (setting.publishes && !parts->requests) {
      parts->requests = std::make_unique<BareRequests>(setting);
    }
    for (int i = 0; i < count; ++i) {
      const std::string token = setting.publishes ? parts->requests->Renew() : "";
      parts->replay->Rotate();
      if (setting.publishes) ReplaceSafely(setting, token);
    }
    return 0.0;
  };
}

// ---- rows ----

void Compare(const std::string& name, const std::string& peer, const std::string& limit,
             const Setting& setting, int rounds, int per_round) {
  mkdir(setting.directory.c_str(), 0700);
  Side bare([&] { return MakeBare(setting); });
  Side ours([&] { return MakeOurs(setting); });
  Series wall;
  Series cpu;
  ours.Run(kRecorded);
  bare.Run(kRecorded);
  for (int round = 0; round < rounds; ++round) {
    const Cost our_cost = ours.Run(per_round);
    const Cost bare_cost = bare.Run(per_round);
    wall.ours.push_back(our_cost.wall_us / 1000);
    wall.peer.push_back(bare_cost.wall_us / 1000);
    cpu.ours.push_back(our_cost.cpu_us / 1000);
    cpu.peer.push_back(bare_cost.cpu_us / 1000);
  }
  PrintRow(name, "ms each", peer, limit, wall);
  PrintRow(name + "_cpu", "ms each", peer, "", cpu);
}

int Main(char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a side that died is told of by Run
  const int rounds = Count(argv[2]);
  const int per_round = Count(argv[3]);
  Setting setting{Required("BENCH_ENDPOINT"), Required("BENCH_TOKEN"), Required("BENCH_APP_SECRET"),
                  std::string(argv[1]) + "/durable", false};
  Compare("rotation_durable", "the same writes and flushes", "1.3", setting, rounds, per_round);
  setting.directory = std::string(argv[1]) + "/published";
  setting.publishes = true;
  Compare("rotations_" + std::to_string(rounds * per_round), "bare libcurl, the same flushes",
          "1.5", setting, rounds, per_round);
  return 0;
}

}  // namespace

}  // namespace tokenwarden::bench

int main(int argc, char** argv) {
  return tokenwarden::bench::RunBench("rotation_bench", argc, argv, tokenwarden::bench::Main);
}

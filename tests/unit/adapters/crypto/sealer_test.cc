#include "agent/adapters/crypto/sealer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tokenwarden::crypto {
namespace {

StateKey KeyOf(char seed) {
  std::string bytes(kStateKeyBytes, seed);
  bytes.back() = 'z';
  return *ParseStateKey(Secret(bytes));
}

TEST(Sealer, OpensWhatItSealedWithAnySize) {
  const auto sealer = MakeSealer(KeyOf('s'));
  for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 500u, 70000u}) {
    const std::string value(size, 'v');
    Result<std::string> blob = sealer->Seal(Secret(value), "context");
    ASSERT_TRUE(blob);
    EXPECT_EQ(blob->size(), size + kSealOverhead);
    Result<Secret> opened = sealer->Open(*blob, "context");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->Reveal(), value);
  }
}

TEST(Sealer, NeverSealsTheSameWayTwice) {
  const auto sealer = MakeSealer(KeyOf('s'));
  EXPECT_NE(*sealer->Seal(Secret("value"), "c"), *sealer->Seal(Secret("value"), "c"));
}

TEST(Sealer, KeepsTheValueOutOfTheBlob) {
  const auto sealer = MakeSealer(KeyOf('s'));
  const std::string value = "a-value-that-is-easily-found";
  EXPECT_EQ(sealer->Seal(Secret(value), "c")->find(value), std::string::npos);
}

TEST(Sealer, OpensInItsOwnContextOnly) {
  const auto sealer = MakeSealer(KeyOf('s'));
  const std::string blob = *sealer->Seal(Secret("value"), "generation/a/1");
  for (const char* other : {"generation/a/2", "generation/b/1", "", "generation/a/1 "}) {
    EXPECT_EQ(sealer->Open(blob, other).error().reason, "damaged") << other;
  }
}

TEST(Sealer, TellsAWrongKeyFromDamage) {
  const std::string blob = *MakeSealer(KeyOf('s'))->Seal(Secret("value"), "c");
  Result<Secret> opened = MakeSealer(KeyOf('t'))->Open(blob, "c");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kDataLoss);
  EXPECT_EQ(opened.error().reason, "wrong_key");
}

TEST(Sealer, NoticesEveryFlippedBit) {
  const auto sealer = MakeSealer(KeyOf('s'));
  const std::string blob = *sealer->Seal(Secret("value"), "c");
  for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
    std::string changed = blob;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(sealer->Open(changed, "c")) << bit;
  }
}

TEST(Sealer, NoticesEveryTruncation) {
  const auto sealer = MakeSealer(KeyOf('s'));
  const std::string blob = *sealer->Seal(Secret("value"), "c");
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_EQ(sealer->Open(blob.substr(0, size), "c").error().kind, ErrorKind::kDataLoss) << size;
  }
}

TEST(Sealer, ServesManyThreadsAtOnce) {
  const auto sealer = MakeSealer(KeyOf('s'));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&sealer, &wrong, i] {
      for (int round = 0; round < 200; ++round) {
        const std::string value = std::to_string(i) + "/" + std::to_string(round);
        Result<std::string> blob = sealer->Seal(Secret(value), value);
        if (!blob || sealer->Open(*blob, value)->Reveal() != value) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tokenwarden::crypto

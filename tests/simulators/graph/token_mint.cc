#include "tests/simulators/graph/token_mint.h"

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::string_view kBase62 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kTraceAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/+";
constexpr std::size_t kShortest = 180;
constexpr std::size_t kLengths = 41;
constexpr std::size_t kFixedCharacters = 3 + 7 + 4;  // EAA, the app's prefix, ZDZD

std::string Letters(std::string_view key, std::string_view label, std::size_t size) {
  std::string text;
  for (int block = 0; text.size() < size; ++block) {
    for (char c : HmacSha256(key, std::string(label) + "/" + std::to_string(block))) {
      if (text.size() < size) text += kBase62[static_cast<unsigned char>(c) % kBase62.size()];
    }
  }
  return text;
}

}  // namespace

std::string TokenMint::Next(std::string_view label, std::size_t size) {
  return Letters(seed_, std::string(label) + "/" + std::to_string(++counter_), size);
}

std::string TokenMint::UserToken(std::string_view app_id) {
  const std::string random = Next("user", kShortest + kLengths);
  const std::size_t length =
      kShortest + static_cast<unsigned char>(random.front()) % kLengths - kFixedCharacters;
  return "EAA" + Letters("prefix", app_id, 7) + random.substr(0, length) + "ZDZD";
}

std::string TokenMint::AppToken(std::string_view app_id) {
  return std::string(app_id) + "|" + Next("app", 27);
}

std::string TokenMint::AppSecret() {
  return Hex(HmacSha256(seed_, "secret/" + std::to_string(++counter_))).substr(0, 32);
}

std::string TokenMint::LoginCode() { return "AQ" + Next("code", 60); }

std::string TokenMint::TraceId() {
  std::string id = "A";
  std::uint64_t state = ++traces_ * 0x9E3779B97F4A7C15ULL;
  while (id.size() < 23) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    id += kTraceAlphabet[(state >> 40) % kTraceAlphabet.size()];
  }
  return id;
}

}  // namespace tokenwarden::graph_simulator

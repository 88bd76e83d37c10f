#include "agent/core/base64.h"

#include <gtest/gtest.h>

namespace tokenwarden {
namespace {

// RFC 4648, section 10.
TEST(Base64, GivesTheResultsOfThePublishedVectors) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text)->Reveal(), bytes);
  }
}

TEST(Base64, KeepsEveryByteAtEveryLength) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
    EXPECT_EQ(FromBase64(ToBase64(bytes))->Reveal(), bytes) << bytes.size();
  }
}

TEST(Base64, ReadsBothAlphabetsAndMissingPaddingAndNothingElse) {
  EXPECT_EQ(FromBase64("aGk")->Reveal(), "hi");
  EXPECT_EQ(FromBase64("-_8=")->Reveal(), FromBase64("+/8=")->Reveal());
  for (const char* bad : {"a", "a===", "aG k", "=====", "aGk\n"}) {
    EXPECT_FALSE(FromBase64(bad)) << bad;
  }
}

}  // namespace
}  // namespace tokenwarden

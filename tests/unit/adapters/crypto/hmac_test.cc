#include "agent/adapters/crypto/hmac.h"

#include <gtest/gtest.h>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/text_codec.h"

namespace tokenwarden::crypto {
namespace {

std::string Hex(std::string_view text) { return std::string(FromHex(text)->Reveal()); }

struct Vector {
  std::string key;
  std::string message;
  std::string expected;
};

// RFC 4231, section 4.
TEST(Mac, GivesTheResultsOfThePublishedVectors) {
  const Vector vectors[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  const auto mac = MakeMac();
  for (const Vector& vector : vectors) {
    EXPECT_EQ(mac->HmacSha256Hex(vector.key, vector.message), vector.expected);
  }
}

// RFC 5869, A.3 (no salt, no info): the first block.
TEST(DeriveKey, GivesTheResultOfThePublishedVector) {
  const Secret input{std::string(22, '\x0b')};
  EXPECT_EQ(ToHex(DeriveKey(input, "").Reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(DeriveKey, GivesAnotherKeyForAnotherPurpose) {
  const Secret input{"0123456789abcdefghijklmnopqrstuv"};
  EXPECT_FALSE(DeriveKey(input, "a").EqualsInConstantTime(DeriveKey(input, "b")));
}

TEST(Fingerprinter, IsAShortHexTextThatDependsOnValueAndKey) {
  const StateKey key = RandomKey();
  const auto one = MakeFingerprinter(key);
  const Fingerprint first = one->Of(Secret("value"));
  EXPECT_EQ(first.text.size(), std::string("hmac:").size() + 16);
  EXPECT_EQ(first.text.substr(0, 5), "hmac:");
  EXPECT_EQ(first.text.find_first_not_of("0123456789abcdef", 5), std::string::npos);
  EXPECT_EQ(first, MakeFingerprinter(key)->Of(Secret("value")));
  EXPECT_NE(first, one->Of(Secret("valuf")));
  EXPECT_NE(first, MakeFingerprinter(RandomKey())->Of(Secret("value")));
}

TEST(TextCodec, TurnsTextIntoBytesOrSaysNo) {
  EXPECT_EQ(Hex("00fF10"), std::string("\x00\xff\x10", 3));
  for (const char* bad : {"0", "0g", "0x12", " 00"}) EXPECT_FALSE(FromHex(bad)) << bad;
}

}  // namespace
}  // namespace tokenwarden::crypto

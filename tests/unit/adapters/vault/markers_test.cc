#include "agent/adapters/vault/markers.h"

#include <gtest/gtest.h>

namespace tokenwarden::vault {
namespace {

PublishMarker MarkerOf(std::uint64_t epoch, Generation generation,
                       const std::string& credential = "whatsapp") {
  PublishMarker marker;
  marker.credential = credential;
  marker.generation = generation;
  marker.fingerprint.text = "hmac:1";
  marker.epoch = epoch;
  return marker;
}

Texts Written(std::uint64_t epoch, Generation generation, const std::string& key = "k") {
  return MarkersFor(MarkerOf(epoch, generation), key, "");
}

TEST(VaultMarkers, AreTheWordsThatPeopleLookFor) {
  const Texts expected = {{"tokenwarden_generation", "7"},
                          {"tokenwarden_fingerprint", "hmac:1"},
                          {"tokenwarden_epoch", "5"},
                          {"tokenwarden_credential", "whatsapp"},
                          {"tokenwarden_key", "k"}};
  EXPECT_EQ(Written(5, 7), expected);
}

TEST(VaultMarkers, LeaveOutWhatIsEmptySinceVaultRefusesIt) {
  PublishMarker marker = MarkerOf(0, 1, "");
  marker.fingerprint.text.clear();
  for (const auto& [word, text] : MarkersFor(marker, "k", "")) EXPECT_NE(text, "") << word;
}

TEST(VaultMarkers, FurtherKeysOfASecretHaveWordsOfTheirOwn) {
  Texts there = Written(0, 9, "first");
  EXPECT_EQ(SlotOf(there, "first"), "");
  const std::string slot = SlotOf(there, "second");
  EXPECT_EQ(slot, ".second");
  EXPECT_TRUE(CheckFence(there, MarkerOf(0, 2), "second", "t"));
  for (const auto& [word, text] : MarkersFor(MarkerOf(0, 2), "second", slot)) there[word] = text;
  EXPECT_EQ(there.at("tokenwarden_generation"), "9");
  EXPECT_EQ(there.at("tokenwarden_generation.second"), "2");
  EXPECT_FALSE(CheckFence(there, MarkerOf(0, 1), "second", "t"));
  EXPECT_TRUE(CheckFence(there, MarkerOf(0, 10), "first", "t"));
}

TEST(VaultMarkers, FitVaultsBoundsAlsoForALongKey) {
  const std::string key(300, 'k');
  for (const auto& [word, text] :
       MarkersFor(MarkerOf(1, 1), key, SlotOf(Written(0, 1, "first"), key))) {
    EXPECT_LE(word.size(), 128u) << word;
  }
}

TEST(VaultMarkers, RefuseWhoeverWasDeposed) {
  EXPECT_EQ(CheckFence(Written(5, 7), MarkerOf(4, 8), "k", "t").error().reason, "newer_epoch");
  EXPECT_EQ(CheckFence(Written(5, 7), MarkerOf(5, 6), "k", "t").error().reason, "newer_generation");
  EXPECT_TRUE(CheckFence(Written(5, 7), MarkerOf(5, 7), "k", "t"));
  EXPECT_TRUE(CheckFence(Written(5, 7), MarkerOf(6, 1), "k", "t"));
  EXPECT_TRUE(CheckFence({}, MarkerOf(0, 1), "k", "t"));
}

TEST(VaultMarkers, OfAnotherCredentialDoNotCount) {
  EXPECT_TRUE(CheckFence(Written(5, 7), MarkerOf(0, 1, "renamed"), "k", "t"));
}

TEST(VaultMarkers, ThatSomebodyDamagedDoNotCount) {
  Texts there = Written(5, 7);
  there["tokenwarden_epoch"] = "five";
  there["tokenwarden_generation"] = "99999999999999999999999";
  EXPECT_TRUE(CheckFence(there, MarkerOf(0, 1), "k", "t"));
}

TEST(VaultMarkers, AreDisplacedByOlderOnesOnly) {
  EXPECT_TRUE(WasDisplaced(Written(1, 9), MarkerOf(2, 7), "k"));
  EXPECT_TRUE(WasDisplaced(Written(2, 6), MarkerOf(2, 7), "k"));
  EXPECT_TRUE(WasDisplaced({}, MarkerOf(2, 7), "k"));
  EXPECT_FALSE(WasDisplaced(Written(2, 7), MarkerOf(2, 7), "k"));
  EXPECT_FALSE(WasDisplaced(Written(3, 1), MarkerOf(2, 7), "k"));
}

}  // namespace
}  // namespace tokenwarden::vault

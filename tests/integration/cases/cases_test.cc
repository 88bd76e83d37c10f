// Every awkward case of the simulated service, seen through the real HTTP client and the provider.
#include "tests/simulators/graph/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "agent/core/result.h"
#include "agent/core/verdict.h"
#include "tests/integration/cases/stage.h"

namespace tokenwarden::cases {

static std::string Title(const Row& row) {
  return "case " + std::to_string(row.number) + ", " + std::string(row.variant) + ": " +
         std::string(row.sentence);
}

// GoogleTest finds it by this name.
void PrintTo(const Row& row, std::ostream* out) { *out << Title(row); }

namespace {

using Named = std::pair<int, std::string>;

std::vector<std::string> WordsIn(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool IsSilent(std::string_view sees) { return sees.rfind("indeterminate/", 0) == 0; }
bool IsDead(std::string_view sees) {
  const auto verdict = ParseVerdict(sees.substr(0, sees.find('/')));
  return verdict && tokenwarden::IsDead(*verdict);
}

// Throttles, odd bodies and broken connections: answers that say nothing about a token.
bool IsAboutTransport(const Row& row) {
  return (row.number >= 16 && row.number <= 19) || row.number == 10 ||
         row.variant.rfind("throttle", 0) == 0 || row.variant == "invalid_request";
}

// Long enough to be no coincidence; the middle, because what is quoted is cut at its ends.
std::string MiddleOf(const std::string& secret) {
  constexpr std::size_t kTelling = 12;
  if (secret.size() < kTelling) return "";
  return secret.substr((secret.size() - kTelling) / 2, kTelling);
}

bool SaysASecret(const Told& told) {
  return std::any_of(told.secrets.begin(), told.secrets.end(), [&told](const std::string& secret) {
    const std::string middle = MiddleOf(secret);
    return !middle.empty() && told.everything_said.find(middle) != std::string::npos;
  });
}

// Tokens travel in the header; only the inspected one must be in the address.
void ExpectNoTokenInAddresses(const Told& told) {
  for (const Json& request : told.requests) {
    EXPECT_FALSE(request["query"].contains("access_token")) << request["path"];
    EXPECT_FALSE(request["query"].contains("client_secret")) << request["path"];
    const bool inspection =
        request["path"].get<std::string>().find("debug_token") != std::string::npos;
    if (inspection) {
      EXPECT_EQ(request["method"], "GET");
    }
  }
}

void ExpectFacts(const Row& row, const Told& told) {
  for (const std::string& fact : WordsIn(row.also)) {
    const std::size_t equals = fact.find('=');
    const auto found = told.also.find(fact.substr(0, equals));
    ASSERT_NE(found, told.also.end()) << "nobody tells " << fact;
    EXPECT_EQ(found->first + "=" + found->second, fact);
  }
}

void ExpectBothLive(const Row& row, const Told& told) {
  const bool got_one = row.renewal == "renewed" || row.renewal == "same";
  if (!got_one || told.also.count("new") == 0) return;
  if (row.also.find("new=") == std::string_view::npos) {
    EXPECT_EQ(told.also.at("new"), "accepted");
  }
  if (row.also.find("old=") == std::string_view::npos && told.also.count("old") > 0) {
    EXPECT_EQ(told.also.at("old"), "valid/confirmed");
  }
}

class EveryCase : public testing::TestWithParam<Row> {};

TEST_P(EveryCase, IsJudgedAsItsRowSays) {
  const Row& row = GetParam();
  SCOPED_TRACE(Title(row));
  Stage stage;
  const Told told = stage.Play(row);
  EXPECT_EQ(told.sees, row.sees);
  EXPECT_EQ(told.findings, row.findings);
  EXPECT_EQ(told.renewal, row.renewal);
  ExpectFacts(row, told);
  if (row.sees == "valid/self_reported") {
    EXPECT_NE(told.also.at("unproven"), "0");
  }
  ExpectBothLive(row, told);
  EXPECT_FALSE(SaysASecret(told));
  ExpectNoTokenInAddresses(told);
  if (HasFailure()) ADD_FAILURE() << "What was said:\n" << told.everything_said;
}

std::string NameOf(const testing::TestParamInfo<Row>& info) {
  // The row's place tells apart rows of the same variant.
  const std::string number = std::to_string(info.param.number);
  return "Case" + std::string(2 - std::min<std::size_t>(2, number.size()), '0') + number + "_" +
         std::string(info.param.variant) + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Table, EveryCase, testing::ValuesIn(Rows()), NameOf);

TEST(CasesTable, HasARowForEveryVariantOfTheSimulatorAndForNoOther) {
  std::set<Named> offered;
  for (const auto& variant : graph_simulator::CaseVariants()) {
    offered.emplace(variant.number, variant.name);
  }
  std::set<Named> judged;
  for (const Row& row : Rows()) {
    const Named named(row.number, row.variant);
    EXPECT_EQ(offered.count(named), 1u) << "the simulator does not offer it: " << Title(row);
    judged.insert(named);
  }
  for (const Named& named : offered) {
    EXPECT_EQ(judged.count(named), 1u) << "no row: case " << named.first << ", " << named.second;
  }
}

TEST(CasesTable, WouldNoticeASecretInWhatIsSaid) {
  Told told;
  told.secrets = {"wrong", std::string(30, 'a') + "0123456789ab" + std::string(30, 'z')};
  told.everything_said = "The app secret is wrong.";
  EXPECT_FALSE(SaysASecret(told)) << "a short word is no secret";
  told.everything_said = "Malformed access token aaa0123456789abzzz";
  EXPECT_TRUE(SaysASecret(told)) << "a part is a leak as well";
}

TEST(CasesTable, CoversAllThirtyTwoCases) {
  std::set<int> numbers;
  for (const Row& row : Rows()) numbers.insert(row.number);
  EXPECT_EQ(numbers.size(), 32u);
  EXPECT_EQ(numbers.size(), graph_simulator::CaseTitles().size());
}

TEST(CasesTable, SpeaksInTheWordsOfTheProduct) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(Title(row));
    const std::size_t slash = row.sees.find('/');
    ASSERT_NE(slash, std::string_view::npos);
    const auto verdict = ParseVerdict(row.sees.substr(0, slash));
    const auto reason = ParseReason(row.sees.substr(slash + 1));
    ASSERT_TRUE(verdict && reason) << row.sees;
    const bool data_access = *reason == Reason::kDataAccessExpired;
    EXPECT_TRUE(VerdictOf(*reason) == *verdict || data_access) << row.sees;
    EXPECT_FALSE(row.sentence.empty());
  }
}

TEST(CasesTable, NeverCallsATokenDeadForWhatTheTransportDid) {
  for (const Row& row : Rows()) {
    if (IsAboutTransport(row)) {
      EXPECT_FALSE(IsDead(row.sees)) << Title(row);
    }
  }
}

TEST(CasesTable, SaysWhatOneRenewalBringsForEveryCaseAboutRenewal) {
  for (const Row& row : Rows()) {
    const bool about_renewal = (row.number >= 7 && row.number <= 13) || row.number == 30;
    if (about_renewal) {
      EXPECT_FALSE(row.renewal.empty()) << Title(row);
    }
  }
}

TEST(CasesTable, NeverRenewsOnWhatCouldNotBeTold) {
  for (const Row& row : Rows()) {
    const bool got_one = row.renewal == "renewed" || row.renewal == "same";
    if (IsSilent(row.sees)) {
      EXPECT_FALSE(got_one) << Title(row);
    }
  }
}

}  // namespace
}  // namespace tokenwarden::cases

#include "agent/adapters/meta/error_table.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/adapters/meta/canned.h"

namespace tokenwarden::meta {
namespace {

// What the issuer's message may hold; none of it may come back.
constexpr const char* kEcho = "planted-echo";

std::string MessageFor(const ErrorRow& row) {
  return std::string(kEcho) + " " + std::string(row.text);
}

std::string Describe(const ErrorRow& row) {
  return std::to_string(row.first) + "/" + (row.subcode ? std::to_string(*row.subcode) : "any") +
         " " + std::string(row.text);
}

TEST(ErrorTable, FindsEveryRowByItsOwnCase) {
  for (const ErrorRow& row : ErrorRows()) {
    for (const std::int64_t code : {row.first, row.last}) {
      EXPECT_EQ(FindError(code, row.subcode, MessageFor(row)), &row) << Describe(row);
    }
  }
}

TEST(ErrorTable, EveryRowTellsAPersonWhatItMeans) {
  for (const ErrorRow& row : ErrorRows()) {
    EXPECT_LE(row.first, row.last) << Describe(row);
    EXPECT_FALSE(row.meaning.empty()) << Describe(row);
    EXPECT_FALSE(row.http.empty()) << Describe(row);
    EXPECT_TRUE(!row.reason || !row.action.empty()) << Describe(row);
    for (const char c : row.text) EXPECT_FALSE(c >= 'A' && c <= 'Z') << Describe(row);
  }
}

TEST(ErrorTable, TransientRowsNeverConcludeAnything) {
  for (const ErrorRow& row : ErrorRows()) {
    if (row.error_class != ErrorClass::kTransient || !row.reason) continue;
    EXPECT_EQ(VerdictOf(*row.reason), Verdict::kIndeterminate) << Describe(row);
  }
}

TEST(ErrorTable, OnlySessionCodesCallATokenDead) {
  const std::set<std::int64_t> session_codes = {0, 102, 190, 450, 452};
  for (const ErrorRow& row : ErrorRows()) {
    if (!row.reason || !IsDead(VerdictOf(*row.reason))) continue;
    EXPECT_EQ(session_codes.count(row.first), 1u) << Describe(row);
    EXPECT_EQ(row.first, row.last) << Describe(row);
  }
}

// Each row where it says something about a token: as the error of an inspected token.
TEST(ErrorTable, EveryRowGivesItsVerdictInDebugToken) {
  for (const ErrorRow& row : ErrorRows()) {
    Bench bench;
    std::string body = R"({"data":{"is_valid":false,"error":{"code":)" + std::to_string(row.first) +
                       R"(,"message":")" + MessageFor(row) + "\"";
    if (row.subcode) body += R"(,"subcode":)" + std::to_string(*row.subcode);
    bench.http.Answer("debug_token", 200, body + "}}}");
    const Observation seen = bench.Inspect();
    // `is_valid: false` stands, also beside a code that says nothing against the token.
    const bool says_more = row.reason && row.reason != Reason::kBadReply;
    const Reason expected = says_more ? *row.reason : Reason::kSessionInvalid;
    EXPECT_EQ(seen.reason, expected) << Describe(row);
    EXPECT_EQ(seen.verdict, VerdictOf(expected)) << Describe(row);
    EXPECT_EQ(seen.evidence.code, row.first) << Describe(row);
    EXPECT_EQ(seen.evidence.subcode, row.subcode) << Describe(row);
    EXPECT_EQ(AllText(seen).find(kEcho), std::string::npos) << Describe(row);
  }
}

// And as the answer to a request made with a token that debug_token had called living.
TEST(ErrorTable, EveryRowGivesItsVerdictOnANodeRead) {
  for (const ErrorRow& row : ErrorRows()) {
    if (row.text == "nonexisting field") continue;  // asked again with fewer fields
    Bench bench;
    bench.spec.meta.phone_number_id = kPhoneId;
    bench.http.Answer("debug_token", 200, LivingBody());
    bench.http.Answer("phone_number", 400, ErrorBody(row.first, row.subcode, MessageFor(row)));
    const Observation seen = bench.Inspect();
    const Reason expected = row.reason.value_or(Reason::kBadReply);
    EXPECT_EQ(seen.reason, expected) << Describe(row);
    EXPECT_EQ(seen.verdict, VerdictOf(expected)) << Describe(row);
    EXPECT_EQ(seen.evidence.endpoint, "phone_number") << Describe(row);
    EXPECT_EQ(seen.evidence.trace_id, "AbCdEf") << Describe(row);
    EXPECT_EQ(AllText(seen).find(kEcho), std::string::npos) << Describe(row);
    EXPECT_EQ(seen.facts.expires_at, FromUnix(1797760800)) << "known facts stay: " << Describe(row);
  }
}

// A refusal of our own app token concludes nothing about the inspected token, with one exception.
TEST(ErrorTable, NoRowJudgesTheTokenWhenOurInspectorIsRefused) {
  for (const ErrorRow& row : ErrorRows()) {
    Bench bench;
    bench.http.Answer("debug_token", 400, ErrorBody(row.first, row.subcode, MessageFor(row)));
    bench.http.Answer("client_credentials", 200,
                      R"({"access_token":"1|generated","token_type":"bearer"})");
    const Observation seen = bench.Inspect();
    if (row.reason == Reason::kOtherApp) {
      EXPECT_EQ(Words(seen), "wrong_identity/other_app") << Describe(row);
    } else {
      EXPECT_EQ(seen.verdict, Verdict::kIndeterminate) << Describe(row) << Words(seen);
    }
    EXPECT_EQ(AllText(seen).find(kEcho), std::string::npos) << Describe(row);
  }
}

struct Fact {
  std::int64_t code;
  std::optional<std::int64_t> subcode;
  const char* message;
  const char* reason;  // empty: says nothing against the token
};

// Written from Meta's messages, apart from the table.
TEST(ErrorTable, KnowsTheMessagesThatMustBeRead) {
  const Fact facts[] = {
      {1, {}, "Error validating client secret.", "inspector"},
      {1, {}, "An unknown error occurred", "outage"},
      {100,
       {},
       "(#100) API calls from the server require an appsecret_proof argument",
       "inspector"},
      {100, {}, "Invalid appsecret_proof provided in the API argument", "inspector"},
      {100,
       {},
       "(#100) You must provide an app access token, or a user access token that is an owner or "
       "developer of the app",
       "inspector"},
      {100,
       {},
       "(#100) You must provide an app access token or a user access token that is an owner",
       "inspector"},
      {100, {}, "(#100) The App_id in the input_token did not match the Viewing App", "other_app"},
      {100, 33, "Unsupported get request. Object with ID '1' does not exist", "asset_unreachable"},
      {190,
       {},
       "Error validating application. Cannot get application info due to a system error.",
       "app_restricted"},
      {190, {}, "Invalid OAuth access token signature.", "bad_signature"},
      {190, {}, "Invalid OAuth access token - Cannot parse access token", "cannot_parse"},
      {190, {}, "Malformed access token XYZ", "cannot_parse"},
      {190, {}, "Error validating access token: Session key is malformed.", "cannot_parse"},
      {190, {}, "The access token could not be decrypted", "undecryptable"},
      {190, {}, "Invalid OAuth access token - Debug only access token", "other_kind"},
      {190, {}, "The access token does not belong to application 1", "other_app"},
      {190,
       {},
       "Error validating access token: The user has not authorized application 1.",
       "app_removed"},
      {190, {}, "The session is invalid because the user logged out.", "logged_out"},
      {190, {}, "Invalid OAuth access token.", "session_invalid"},
      {190, 463, "whatever changed their password", "session_expired"},
      {190, 460, "whatever has expired", "password_changed"},
      {190, 999, "Invalid OAuth 2.0 Access Token", "session_invalid"},
      {102, {}, "", "session_invalid"},
      {2500,
       {},
       "An active access token must be used to query information about the current user.",
       "other_kind"},
      {2500, {}, "Unknown path components: /x", "bad_reply"},
      {80007, {}, "", "rate_limited"},
      {80008, {}, "", "rate_limited"},
      {200, {}, "(#200) Permissions error", "permission_denied"},
      {270, {}, "", "app_restricted"},
      {299, {}, "", "permission_denied"},
      {131030, {}, "(#131030) Recipient phone number not in allowed list", ""},
      {133010, {}, "", ""},
      {131005, {}, "", "permission_denied"},
      {368, {}, "", "account_blocked"},
  };
  for (const Fact& fact : facts) {
    const ErrorRow* row = FindError(fact.code, fact.subcode, fact.message);
    ASSERT_NE(row, nullptr) << fact.code << " " << fact.message;
    EXPECT_EQ(row->reason ? ToString(*row->reason) : "", fact.reason)
        << fact.code << " " << fact.message;
  }
  EXPECT_EQ(FindError(424242, std::nullopt, ""), nullptr);
}

TEST(ErrorTable, RepliesWithoutAnErrorAreAlwaysIndeterminate) {
  for (const ReplyRow& row : ReplyRows()) {
    EXPECT_EQ(VerdictOf(row.reason), Verdict::kIndeterminate);
    EXPECT_FALSE(row.meaning.empty());
    EXPECT_FALSE(row.action.empty());
    const int status = row.first_status == 0 ? 200 : row.first_status;
    const BodyKind body = row.body == BodyKind::kAny ? BodyKind::kOther : row.body;
    EXPECT_EQ(&FindReply(status, body), &row) << row.meaning;
  }
}

}  // namespace
}  // namespace tokenwarden::meta

#include "agent/adapters/vault/error_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokenwarden::vault {
namespace {

Answer AnswerOf(int status, const std::string& error) {
  Answer answer;
  answer.status = status;
  answer.body = WipedJson(Json{{"errors", {error}}});
  return answer;
}

Call ReadCall() {
  Call call;
  call.path = "secret/data/a";
  call.attempted = "read secret/a";
  return call;
}

// Each row is reached by its own status and text: none is shadowed by one before it.
TEST(VaultErrors, EveryRowIsReachedByItsOwnStatusAndText) {
  for (const ErrorRow& row : ErrorRows()) {
    const int status = row.status == 0 ? 418 : row.status;
    const Error error = Explain(ReadCall(), AnswerOf(status, std::string(row.text)));
    const std::string which = std::to_string(status) + " " + std::string(row.text);
    EXPECT_EQ(error.reason, row.reason) << which;
    EXPECT_EQ(error.kind, row.kind) << which;
    EXPECT_NE(error.message.find(row.seen), std::string::npos) << which;
    EXPECT_NE(error.message.find("read secret/a (GET secret/data/a)"), std::string::npos) << which;
    EXPECT_NE(error.message.find("HTTP " + std::to_string(status)), std::string::npos) << which;
    EXPECT_EQ(error.action, row.action) << which;
    EXPECT_FALSE(row.action.empty()) << which;
  }
}

struct Seen {
  int status;
  const char* text;
  const char* reason;
};
// As a Vault 1.21 worded them.
constexpr Seen kSeen[] = {
    {400, "check-and-set parameter did not match the current version", "conflict"},
    {400, "check-and-set parameter required for this call", "cas_required"},
    {400, "error parsing check-and-set parameter", "bad_cas"},
    {400, "invalid role or secret ID", "login_refused"},
    {400, "role \"zz\" could not be found", "no_such_role"},
    {400, "invalid role name \"zz\"", "no_such_role"},
    {400, "client certificate must be supplied", "login_refused"},
    {400, "failed to match all constraints for this login certificate", "login_refused"},
    {400, "error validating token: error verifying token signature: x", "login_refused"},
    {400, "wrapping token is not valid or does not exist", "wrapping_token_used"},
    {500, "error decrementing wrapping token's use-count: x", "wrapping_token_used"},
    {400, "batch tokens cannot be renewed", "not_renewable"},
    {403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n", "dead_token"},
    {403, "1 error occurred:\n\t* permission denied\n\n", "permission_denied"},
    {403, "invalid audience (aud) claim: audience claim does not match any expected audience",
     "login_refused"},
    {403,
     "preflight capability check returned 403, please ensure client's policies grant access "
     "to path \"kv1/\"",
     "no_mount_or_no_access"},
    {404, "no handler for route \"x/data/a\". route entry not found.", "no_mount"},
    {413, "http: request body too large", "too_large"},
    {429, "request path \"kv1/x\": rate limit quota exceeded", "rate_limited"},
    {500, "local node not active but active cluster node not found", "no_leader"},
    {500,
     "put failed due to value being too large, max value size for key logical/1/a is 1048576, "
     "got 2000000",
     "too_large"},
    {500, "JSON string value exceeds allowed length", "too_large"},
    {500, "JSON object exceeds allowed entry count", "too_large"},
    {500, "JSON input exceeds allowed nesting depth", "too_large"},
    {500, "invalid character 'b' looking for beginning of value", "bad_request"},
    {503, "Vault is sealed", "sealed"},
};

TEST(VaultErrors, KnowTheTextsOfARealServer) {
  for (const Seen& seen : kSeen) {
    EXPECT_EQ(Explain(ReadCall(), AnswerOf(seen.status, seen.text)).reason, seen.reason)
        << seen.text;
  }
}

TEST(VaultErrors, NeverRepeatWhatTheServerWrote) {
  for (const Seen& seen : kSeen) {
    const Error error = Explain(ReadCall(), AnswerOf(seen.status, seen.text));
    EXPECT_EQ(error.message.find("logical"), std::string::npos);
    EXPECT_EQ(error.message.find(seen.text), std::string::npos) << error.message;
  }
}

TEST(VaultErrors, OutagesAreNeverARefusal) {
  for (const int status : {307, 308, 412, 472, 473, 474, 500, 501, 502, 503, 504, 530}) {
    EXPECT_EQ(Explain(ReadCall(), AnswerOf(status, "anything")).kind, ErrorKind::kUnavailable)
        << status;
  }
  EXPECT_EQ(Explain(ReadCall(), AnswerOf(429, "quota")).kind, ErrorKind::kResourceExhausted);
}

TEST(VaultErrors, SayHowLongTheServerWantsToBeLeftAlone) {
  Answer answer = AnswerOf(429, "quota");
  answer.retry_after = Seconds(7);
  EXPECT_NE(Explain(ReadCall(), answer).message.find("7 seconds"), std::string::npos);
}

TEST(VaultErrors, ADeadTokenIsToldFromAPolicyThatIsTooNarrow) {
  EXPECT_TRUE(
      IsDeadToken(AnswerOf(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token")));
  EXPECT_FALSE(IsDeadToken(AnswerOf(403, "1 error occurred:\n\t* permission denied\n\n")));
  EXPECT_FALSE(IsDeadToken(AnswerOf(400, "invalid token")));
  EXPECT_TRUE(
      IsConflict(AnswerOf(400, "check-and-set parameter did not match the current version")));
}

TEST(VaultErrors, OnlyAnEmptyListOfErrorsMeansThatNothingIsThere) {
  Answer answer;
  answer.status = 404;
  answer.body = WipedJson(Json{{"errors", Json::array()}});
  EXPECT_TRUE(IsPlainAbsence(answer));
  answer.body.json["warnings"] = {"Invalid path for a versioned K/V secrets engine"};
  EXPECT_FALSE(IsPlainAbsence(answer));
  EXPECT_FALSE(IsPlainAbsence(AnswerOf(404, "no handler for route")));
  answer.body = WipedJson();
  EXPECT_FALSE(IsPlainAbsence(answer));
}

}  // namespace
}  // namespace tokenwarden::vault

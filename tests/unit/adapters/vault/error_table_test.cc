#include "agent/adapters/vault/error_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace tokenwarden::vault {
namespace {

HttpReply Reply(int status, const std::string& error) {
  HttpReply reply;
  reply.status = status;
  reply.headers = {{"content-type", "application/json"}};
  reply.body = nlohmann::json({{"errors", {error}}}).dump();
  return reply;
}

// Each row is reached by its own status and text: none is shadowed by one before it.
TEST(VaultErrors, EveryRowIsReachedByItsOwnStatusAndText) {
  for (const ErrorRow& row : ErrorRows()) {
    const int status = row.status == 0 ? 418 : row.status;
    const Error error = ExplainReply(Reply(status, std::string(row.text)), "read secret/a");
    EXPECT_EQ(error.reason, row.reason) << status << " " << row.text;
    EXPECT_EQ(error.kind, row.kind) << status << " " << row.text;
    EXPECT_NE(error.message.find("read secret/a"), std::string::npos);
    EXPECT_NE(error.message.find(std::to_string(status)), std::string::npos);
    EXPECT_FALSE(error.action.empty()) << row.reason;
  }
}

TEST(VaultErrors, NeverRepeatWhatTheServerWrote) {
  const Error error =
      ExplainReply(Reply(500,
                         "put failed due to value being too large, max value size for key "
                         "logical/7f3/secret is 1048576"),
                   "write secret/a");
  EXPECT_EQ(error.reason, "too_large");
  EXPECT_EQ(error.message.find("logical"), std::string::npos);
}

TEST(VaultErrors, OutagesAreNeverARefusal) {
  for (const int status : {307, 412, 472, 473, 500, 502, 503, 504}) {
    EXPECT_EQ(ExplainReply(Reply(status, "anything"), "read secret/a").kind,
              ErrorKind::kUnavailable)
        << status;
  }
  EXPECT_EQ(ExplainReply(Reply(429, "quota"), "read secret/a").kind, ErrorKind::kResourceExhausted);
}

TEST(VaultErrors, ADeadTokenIsToldFromAPolicyThatIsTooNarrow) {
  EXPECT_TRUE(
      IsDeadToken(Reply(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token")));
  EXPECT_FALSE(IsDeadToken(Reply(403, "1 error occurred:\n\t* permission denied\n\n")));
  EXPECT_TRUE(IsConflict(Reply(400, "check-and-set parameter did not match the current version")));
}

}  // namespace
}  // namespace tokenwarden::vault

#include "agent/adapters/curl/ca_stores.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/unit/adapters/curl/raw_server.h"

namespace tokenwarden::curl {
namespace {

TEST(CaStores, ParseAFileOnceAndAgainAfterFiveMinutes) {
  char name[] = "/tmp/tokenwarden-test-XXXXXX";
  close(mkstemp(name));
  std::ofstream(name) << MakeCertificate().certificate_pem;
  CaStores stores;
  const CaStores::TimePoint start{std::chrono::hours(1)};
  const auto first = stores.Get(name, start);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(stores.Get(name, start + std::chrono::seconds(299)), first);
  EXPECT_NE(stores.Get(name, start + std::chrono::seconds(300)), first);
  unlink(name);
}

TEST(CaStores, GiveNothingForAFileThatHoldsNoCertificate) {
  CaStores stores;
  EXPECT_EQ(stores.Get("/nonexistent/ca.pem", {}), nullptr);
  EXPECT_EQ(stores.Get("/dev/null", {}), nullptr);
}

}  // namespace
}  // namespace tokenwarden::curl

#include "agent/adapters/grpc/address.h"

#include <gtest/gtest.h>

namespace tokenwarden::grpc_adapter {
namespace {

TEST(GrpcAddress, ReadsUnixPathsAndLoopback) {
  const struct {
    const char* text;
    const char* shown;
  } rows[] = {
      {"unix:///run/a.sock", "unix:///run/a.sock"},
      {"unix:/run/a.sock", "unix:///run/a.sock"},
      {"127.0.0.1:9465", "127.0.0.1:9465"},
      {"127.1.2.3:1", "127.1.2.3:1"},
      {"localhost:80", "127.0.0.1:80"},
      {"[::1]:9465", "[::1]:9465"},
  };
  for (const auto& row : rows) {
    const auto address = ParseAddress(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->Text(), row.shown);
  }
}

TEST(GrpcAddress, RefusesWhatItCannotUseAndSaysWhy) {
  const struct {
    std::string text;
    const char* reason;
    const char* says;
  } rows[] = {
      {"", "bad_address", "no port"},
      {"unix:", "bad_address", "not absolute"},
      {"unix://relative.sock", "bad_address", "not absolute"},
      {"unix:///" + std::string(200, 'a'), "bad_address", "at most 107 bytes"},
      {"127.0.0.1:", "bad_address", "port"},
      {"127.0.0.1:70000", "bad_address", "port"},
      {"127.0.0.1:80x", "bad_address", "port"},
      {"0.0.0.0:9465", "tcp_needs_mtls",
       "TCP needs mTLS, which this version does not have; use unix://"},
      {"[::]:9465", "tcp_needs_mtls", "TCP needs mTLS"},
      {"example.com:9465", "tcp_needs_mtls", "TCP needs mTLS"},
  };
  for (const auto& row : rows) {
    const auto address = ParseAddress(row.text);
    ASSERT_FALSE(address) << row.text;
    EXPECT_EQ(address.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(address.error().reason, row.reason) << row.text;
    EXPECT_NE(address.error().message.find(row.says), std::string::npos) << address.error().message;
    EXPECT_FALSE(address.error().action.empty());
  }
}

}  // namespace
}  // namespace tokenwarden::grpc_adapter

// Addresses to listen on, as people write them.
#include "agent/adapters/http/accept_encoding.h"
#include "agent/adapters/http/listen_address.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::Text(data, size));
  (void)http::AcceptsGzip(text);
  const Result<http::ListenAddress> address = http::ParseListenAddress(text);
  if (!address) {
    fuzz::Require(address.error().reason == "bad_address", "why");
    return 0;
  }
  const Result<http::ListenAddress> again = http::ParseListenAddress(address->Text());
  fuzz::Require(again && again->Text() == address->Text(), "an address is written as it is read");
  return 0;
}

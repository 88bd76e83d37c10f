// What Meta answers to a renewal, and what is stored of it before anybody parses it.
#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/app/reply_codec.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

void RequireStoredWhole(const HttpReply& reply) {
  for (const auto& [name, value] : reply.headers) {
    // What no HTTP client of ours gives out.
    if (fuzz::Holds(name + value, "\r") || fuzz::Holds(name, ":") || name.empty()) return;
  }
  const Result<HttpReply> read = DecodeReply(EncodeReply(reply));
  fuzz::Require(read && read->body == reply.body && read->status == reply.status,
                "the stored reply is the reply");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Mac> mac = crypto::MakeMac();
  static const std::unique_ptr<Provider> provider =
      meta::MakeProvider(*mac, {"http://127.0.0.1:1"});
  const HttpReply reply = fuzz::ReplyOf(fuzz::Text(data, size));
  RequireStoredWhole(reply);
  const Result<RenewedValue> renewed = provider->ParseRenewal(reply);
  if (renewed) {
    fuzz::Require(!renewed->value.empty(), "a new value is not empty");
    fuzz::Require(!renewed->expires_in || renewed->expires_in->count() >= 0,
                  "lifetimes are positive");
  } else {
    const Error& error = renewed.error();
    fuzz::Require(!error.reason.empty() && !error.message.empty(), "a refusal says why");
    fuzz::Require(!fuzz::Holds(error.message + error.action, fuzz::FakeToken()),
                  "and repeats no token");
  }
  return 0;
}

// A stored reply: bytes that were sealed by us, and yet may be anything.
#include "agent/app/reply_codec.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<HttpReply> reply = DecodeReply(Secret(fuzz::Text(data, size)));
  if (!reply) {
    fuzz::Require(reply.error().reason == "bad_stored_reply", "damage is called damage");
    return 0;
  }
  const Result<HttpReply> again = DecodeReply(EncodeReply(*reply));
  fuzz::Require(again && again->status == reply->status && again->body == reply->body &&
                    again->headers == reply->headers,
                "what was read is written the same");
  return 0;
}

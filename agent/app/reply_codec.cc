#include "agent/app/reply_codec.h"

#include <charconv>
#include <string>

namespace tokenwarden {
namespace {

constexpr std::string_view kMagic = "tokenwarden-reply/1 ";

tl::unexpected<Error> Damaged() {
  return MakeError(ErrorKind::kDataLoss, "bad_stored_reply",
                   "the stored reply of the issuer cannot be read back",
                   "restore the state file from a backup, or submit a new value by hand");
}

// Cuts the text up to the next line end off `rest`.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

Secret EncodeReply(const HttpReply& reply) {
  std::string text(kMagic);
  text += std::to_string(reply.status) + "\n";
  for (const auto& [name, value] : reply.headers) text += name + ":" + value + "\n";
  text += "\n" + reply.body;
  return Secret::TakeFrom(text);
}

Result<HttpReply> DecodeReply(const Secret& stored) {
  std::string_view rest = stored.Reveal();
  std::string_view line;
  HttpReply reply;
  if (!TakeLine(rest, line) || line.substr(0, kMagic.size()) != kMagic) return Damaged();
  line.remove_prefix(kMagic.size());
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), reply.status);
  if (parsed.ec != std::errc() || parsed.ptr != line.data() + line.size()) return Damaged();
  while (true) {
    if (!TakeLine(rest, line)) return Damaged();
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Damaged();
    reply.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  reply.body = std::string(rest);
  return reply;
}

}  // namespace tokenwarden

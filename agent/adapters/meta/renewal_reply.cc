// Every form of reply that a new token has come in.
#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/adapters/meta/graph_reply.h"
#include "agent/adapters/meta/renewal.h"

namespace tokenwarden::meta {
namespace {

constexpr std::size_t kLongestToken = 4096;
constexpr std::string_view kLegacyStart = "access_token=";

// Never a default: what a reply does not say, inspection of the new token will.
std::optional<Seconds> LifetimeFrom(std::optional<std::int64_t> seconds) {
  if (!seconds || *seconds <= 0 || *seconds > kMaxUnixSeconds) return std::nullopt;
  return Seconds(*seconds);
}

bool IsToken(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::optional<RenewedValue> ReadToken(Json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto token = object.find("access_token");
  if (token == object.end() || !token->is_string()) return std::nullopt;
  auto& text = token->get_ref<std::string&>();
  if (!IsToken(text)) return std::nullopt;
  RenewedValue renewed;
  renewed.value = Secret::TakeFrom(text);
  const auto expires_in = IntegerAt(object, "expires_in");
  renewed.expires_in = LifetimeFrom(expires_in ? expires_in : IntegerAt(object, "expires"));
  return renewed;
}

std::optional<RenewedValue> ReadJsonToken(Json& document) {
  if (auto renewed = ReadToken(document)) return renewed;
  if (!document.is_object()) return std::nullopt;
  const auto data = document.find("data");
  return data == document.end() ? std::nullopt : ReadToken(*data);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Room first, so that the string never moves and leaves a copy behind.
std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded = text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
                         HexValue(text[i + 2]) >= 0;
    if (encoded) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view FieldOf(std::string_view body, std::string_view name) {
  while (!body.empty()) {
    const std::string_view field = body.substr(0, body.find('&'));
    if (field.size() > name.size() && field.substr(0, name.size()) == name &&
        field[name.size()] == '=') {
      return field.substr(name.size() + 1);
    }
    body.remove_prefix(std::min(body.size(), field.size() + 1));
  }
  return {};
}

// `access_token=…&expires=…`, as old versions answered.
std::optional<RenewedValue> ReadLegacyToken(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r')) body.remove_suffix(1);
  if (body.substr(0, kLegacyStart.size()) != kLegacyStart) return std::nullopt;
  std::string token = PercentDecode(FieldOf(body, "access_token"));
  if (!IsToken(token)) {
    WipeString(token);
    return std::nullopt;
  }
  RenewedValue renewed;
  renewed.value = Secret::TakeFrom(token);
  for (const char* name : {"expires_in", "expires"}) {
    const std::string_view text = FieldOf(body, name);
    std::int64_t seconds = 0;
    const auto [stopped, problem] =
        std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_number = problem == std::errc() && stopped == text.data() + text.size();
    if (is_number && !renewed.expires_in) renewed.expires_in = LifetimeFrom(seconds);
  }
  return renewed;
}

ErrorKind KindOf(Reason reason) {
  switch (reason) {
    case Reason::kRateLimited:
      return ErrorKind::kResourceExhausted;
    case Reason::kInspector:
      return ErrorKind::kInvalidArgument;
    case Reason::kOutage:
    case Reason::kBlocked:
    case Reason::kClock:
      return ErrorKind::kUnavailable;
    default:
      return ErrorKind::kFailedPrecondition;
  }
}

tl::unexpected<Error> Refused(const Meaning& meaning, const Evidence& evidence) {
  const Reason reason = meaning.reason.value_or(Reason::kBadReply);
  std::string message = "Meta did not renew the token: " + meaning.message;
  if (!message.empty() && message.back() == '.') message.pop_back();
  if (evidence.code) {
    message += " (code " + std::to_string(*evidence.code);
    if (evidence.subcode) message += ", subcode " + std::to_string(*evidence.subcode);
    if (!evidence.trace_id.empty()) message += ", trace " + evidence.trace_id;
    message += ")";
  } else if (evidence.http_status) {
    message += " (HTTP " + std::to_string(*evidence.http_status) + ")";
  }
  message += ".";
  return MakeError(KindOf(reason), std::string(ToString(reason)), std::move(message),
                   meaning.action);
}

}  // namespace

Result<RenewedValue> ParseRenewalReply(const HttpReply& reply) {
  Reading reading = ReadReply(reply, "renewal", Instant{});
  if (reading.error) {
    return Refused(MeaningOf(*reading.error, reply.status), reading.evidence);
  }
  if (reading.body) {
    if (auto renewed = ReadJsonToken(*reading.body)) return std::move(*renewed);
  } else if (reply.status == 200) {
    if (auto renewed = ReadLegacyToken(reply.body)) return std::move(*renewed);
  }
  // The issuer may have made a token that we cannot read: not a clear no.
  Meaning meaning{Reason::kBadReply, "The reply holds no token.",
                  "The old token stays in use; it is tried again later."};
  if (reading.silence) meaning = *reading.silence;
  auto refused = Refused(meaning, reading.evidence);
  if (refused.value().kind == ErrorKind::kFailedPrecondition) {
    refused.value().kind = ErrorKind::kUnavailable;
  }
  return refused;
}

}  // namespace tokenwarden::meta

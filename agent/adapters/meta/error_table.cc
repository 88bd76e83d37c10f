#include "agent/adapters/meta/error_table.h"

#include <algorithm>
#include <string>

#include "agent/core/words.h"

namespace tokenwarden::meta {
namespace {

constexpr Word<ErrorClass> kClasses[] = {
    {ErrorClass::kTransient, "transient"},
    {ErrorClass::kPermanent, "permanent"},
    {ErrorClass::kOperator, "operator"},
};

constexpr Word<BodyKind> kBodyKinds[] = {
    {BodyKind::kAny, "any"},
    {BodyKind::kEmpty, "empty"},
    {BodyKind::kHtml, "HTML"},
    {BodyKind::kUnavailableText, "text: service unavailable"},
    {BodyKind::kJson, "JSON without an error"},
    {BodyKind::kOther, "cut or other text"},
};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

std::string_view ToString(ErrorClass error_class) { return WordFor(kClasses, error_class); }
std::string_view ToString(BodyKind kind) { return WordFor(kBodyKinds, kind); }

const ErrorRow* FindError(std::int64_t code, std::optional<std::int64_t> subcode,
                          std::string_view message) {
  const std::string text = LowerCase(message);
  for (const ErrorRow& row : ErrorRows()) {
    if (code < row.first || code > row.last) continue;
    if (row.subcode && row.subcode != subcode) continue;
    if (text.find(row.text) == std::string::npos) continue;
    return &row;
  }
  return nullptr;
}

BodyKind KindOfBody(std::string_view body) {
  const std::size_t start = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos) return BodyKind::kEmpty;
  if (body[start] == '<') return BodyKind::kHtml;
  if (body[start] == '{' || body[start] == '[') return BodyKind::kJson;
  const std::string text = LowerCase(body.substr(start, 1024));
  return text.find("service unavailable") != std::string::npos ? BodyKind::kUnavailableText
                                                               : BodyKind::kOther;
}

const std::vector<ReplyRow>& ReplyRows() {
  static const std::vector<ReplyRow> rows = {
      {300, 399, BodyKind::kAny, Reason::kBlocked,
       "Something redirected the request elsewhere; it was not followed.",
       "Check meta.endpoint, and whether a proxy or captive portal stands in between."},
      {407, 407, BodyKind::kAny, Reason::kBlocked, "A proxy asked for a password.",
       "Check https_proxy and no_proxy in the environment."},
      {429, 429, BodyKind::kAny, Reason::kRateLimited, "Too many requests were sent.",
       "Nothing: it is tried again later."},
      {511, 511, BodyKind::kAny, Reason::kBlocked, "A captive portal asks for a login.",
       "Log in to the network of this machine."},
      {500, 599, BodyKind::kAny, Reason::kOutage, "The service is down or overloaded.",
       "Nothing: it is tried again later."},
      {100, 599, BodyKind::kUnavailableText, Reason::kOutage, "The service is unavailable.",
       "Nothing: it is tried again later."},
      {100, 499, BodyKind::kHtml, Reason::kBlocked,
       "A web page came instead of an answer: a firewall, proxy or captive portal.",
       "Check what stands between this machine and the issuer."},
      {0, 999, BodyKind::kEmpty, Reason::kBadReply, "The reply was empty.",
       "Nothing: it is tried again later."},
      {0, 999, BodyKind::kJson, Reason::kBadReply,
       "The reply was cut off or has another shape than expected.",
       "Nothing: it is tried again later. If it stays, check meta.endpoint and meta.api_version."},
      {0, 999, BodyKind::kAny, Reason::kBadReply, "The reply could not be read.",
       "Check meta.endpoint."},
  };
  return rows;
}

const ReplyRow& FindReply(int status, BodyKind body) {
  for (const ReplyRow& row : ReplyRows()) {
    const bool body_fits = row.body == BodyKind::kAny || row.body == body;
    if (status >= row.first_status && status <= row.last_status && body_fits) return row;
  }
  return ReplyRows().back();
}

}  // namespace tokenwarden::meta

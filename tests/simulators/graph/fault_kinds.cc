// The kinds of faults: a table of small functions that build or spoil a reply.
#include <zlib.h>

#include <array>

#include "tests/simulators/graph/faults.h"
#include "tests/simulators/graph/replies.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::string_view kHtml =
    "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Sorry, something went wrong."
    "</h1><p>We're working on getting this fixed as soon as we can.</p></body></html>\n";

void SetWhole(Reply& reply, int status, std::string_view type, std::string_view body) {
  reply.status = status;
  reply.content_type = std::string(type);
  reply.body = std::string(body);
  reply.document = Json();
}

void AddHeaders(const Json& detail, Reply& reply) {
  const Json headers = detail.value("headers", Json::object());
  for (const auto& header : headers.items()) {
    reply.headers.emplace_back(header.key(), header.value().get<std::string>());
  }
}

void StatusBody(const Json& detail, const FaultContext&, Reply& reply) {
  SetWhole(reply, detail.value("status", 200),
           detail.value("content_type", "application/json; charset=UTF-8"),
           detail.value("body", ""));
  AddHeaders(detail, reply);
}

void Html502(const Json&, const FaultContext&, Reply& reply) {
  SetWhole(reply, 502, "text/html; charset=utf-8", kHtml);
}

void Html503(const Json&, const FaultContext&, Reply& reply) {
  SetWhole(reply, 503, "text/html; charset=utf-8", kHtml);
}

void Empty500(const Json&, const FaultContext&, Reply& reply) { SetWhole(reply, 500, "", ""); }

void ServiceUnavailable200(const Json&, const FaultContext&, Reply& reply) {
  SetWhole(reply, 200, "text/plain", "Service Unavailable");
}

GraphError ErrorFrom(const Json& detail) {
  GraphError error;
  error.code = detail.value("code", 2);
  error.subcode = detail.value("subcode", 0);
  error.type = detail.value("type", "OAuthException");
  error.message = detail.value(
      "message", "(#" + std::to_string(error.code) + ") Service temporarily unavailable");
  error.transient = detail.value("is_transient", false);
  error.http_status = detail.value("http", 0);
  if (detail.contains("error_data")) error.error_data = detail["error_data"];
  return error;
}

void GraphErrorReply(const Json& detail, const FaultContext& context, Reply& reply) {
  const std::string committed = reply.committed;
  reply = ErrorReply(ErrorFrom(detail), context.knobs, context.mint);
  reply.committed = committed;
}

void ErrorIn200(const Json& detail, const FaultContext& context, Reply& reply) {
  GraphErrorReply(detail, context, reply);
  reply.status = 200;
}

void TruncatedJson(const Json& detail, const FaultContext&, Reply& reply) {
  reply.body.resize(std::min(reply.body.size(), detail.value("bytes", reply.body.size() / 2)));
}

void TextJavascript(const Json&, const FaultContext&, Reply& reply) {
  reply.content_type = "text/javascript; charset=UTF-8";
}

void Bom(const Json&, const FaultContext&, Reply& reply) { reply.body.insert(0, "\xEF\xBB\xBF"); }

void Gzip(const Json&, const FaultContext&, Reply& reply) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, reply.body.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(reply.body.data());
  stream.avail_in = static_cast<uInt>(reply.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  reply.body = std::move(packed);
  reply.headers.emplace_back("Content-Encoding", "gzip");
}

// The pause before the work is the caller's: see Fault `delay_ms`.
void Slow(const Json& detail, const FaultContext&, Reply& reply) {
  reply.wire.drip_bytes = detail.value("drip_bytes", std::size_t{0});
  reply.wire.drip_ms = detail.value("drip_ms", reply.wire.drip_bytes > 0 ? 50 : 0);
}

void LateReply(const Json& detail, const FaultContext&, Reply& reply) {
  reply.wire.delay_ms = detail.value("delay_ms", 2000);
}

void HangAfterHeaders(const Json&, const FaultContext&, Reply& reply) {
  reply.wire.ending = Wire::Ending::kHang;
}

void Reset(const Json&, const FaultContext&, Reply& reply) {
  reply.wire.ending = Wire::Ending::kReset;
}

void Drop(const Json&, const FaultContext&, Reply& reply) {
  reply.wire.ending = Wire::Ending::kDrop;
}

void DropMidBody(const Json& detail, const FaultContext&, Reply& reply) {
  reply.wire.ending = Wire::Ending::kCut;
  reply.wire.cut_after = detail.value("bytes", reply.body.size() / 2);
}

void AnswerTwice(const Json&, const FaultContext&, Reply& reply) { reply.wire.twice = true; }

void Redirect(const Json& detail, const FaultContext&, Reply& reply) {
  SetWhole(reply, detail.value("status", 302), "text/html", "");
  reply.headers.emplace_back("Location",
                             detail.value("location", "http://other-host.example.test/elsewhere"));
}

void ReplaceText(const Json& pairs, std::string& body) {
  for (const Json& pair : pairs) {
    const std::string from = pair.at(0).get<std::string>();
    const std::string to = pair.at(1).get<std::string>();
    for (std::size_t at = body.find(from); at != std::string::npos && !from.empty();
         at = body.find(from, at + to.size())) {
      body.replace(at, from.size(), to);
    }
  }
}

void Edit(const Json& detail, const FaultContext&, Reply& reply) {
  const Json set = detail.value("set", Json::object());
  for (const auto& item : set.items()) {
    reply.document[Json::json_pointer(item.key())] = item.value();
  }
  for (const Json& pointer : detail.value("remove", Json::array())) {
    const Json::json_pointer place(pointer.get<std::string>());
    if (reply.document.contains(place)) {
      reply.document[place.parent_pointer()].erase(place.back());
    }
  }
  if (!reply.document.is_null()) reply.body = Render(reply.document);
  ReplaceText(detail.value("replace", Json::array()), reply.body);
}

void Headers(const Json& detail, const FaultContext&, Reply& reply) { AddHeaders(detail, reply); }

}  // namespace

const std::vector<FaultKind>& FaultKinds() {
  static const std::vector<FaultKind> kinds = {
      {"status_body", false, "answers {status, body, content_type, headers}", StatusBody},
      {"html_502", false, "a page of HTML from some proxy, HTTP 502", Html502},
      {"html_503", false, "the same with HTTP 503", Html503},
      {"empty_500", false, "HTTP 500 without a body", Empty500},
      {"service_unavailable_200", false, "HTTP 200 with the text `Service Unavailable`",
       ServiceUnavailable200},
      {"graph_error", false,
       "an error answer {code, subcode, type, message, is_transient, http, error_data}",
       GraphErrorReply},
      {"error_in_200", false, "the same with HTTP 200", ErrorIn200},
      {"redirect", false, "302 (or {status}) to {location}", Redirect},
      {"reset", false, "the connection is reset", Reset},
      {"drop_before_commit", false, "the connection closes and nothing was done", Drop},
      {"drop_after_commit", true, "the work is done, then the connection closes without a byte",
       Drop},
      {"drop_mid_body", true, "closes after {bytes} of the body (half of it)", DropMidBody},
      {"hang_after_headers", true, "headers, then silence until the client leaves",
       HangAfterHeaders},
      {"slow", true, "waits {delay_ms} before the work; body in pieces {drip_bytes, drip_ms}",
       Slow},
      {"late_reply", true, "does the work at once and answers {delay_ms} (2000) later", LateReply},
      {"answer_twice", true, "a second, unasked copy of the reply follows", AnswerTwice},
      {"truncated_json", true, "a well-formed reply whose body stops at {bytes} (half of it)",
       TruncatedJson},
      {"text_javascript", true, "content type text/javascript", TextJavascript},
      {"bom", true, "a byte order mark before the body", Bom},
      {"gzip", true, "gzip, asked for or not", Gzip},
      {"edit", true,
       "changes the body: {set: {pointer: value}, remove: [pointer], replace: [[from, to]]}", Edit},
      {"headers", true, "adds {headers}", Headers},
  };
  return kinds;
}

}  // namespace tokenwarden::graph_simulator

// CannedHttp: an HttpClient with prepared replies per endpoint, and a record of what was sent.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::meta {

struct SentRequest {
  std::string endpoint;
  HttpRequest::Method method = HttpRequest::Method::kGet;
  std::string url;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> form;
  std::string bearer;
  bool exactly_once = false;
};

class CannedHttp : public HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // Replies of one endpoint come in the order given; the last one stays.
  void Answer(const std::string& endpoint, int status, std::string body, Headers headers = {}) {
    HttpReply reply;
    reply.status = status;
    reply.body = std::move(body);
    reply.headers = std::move(headers);
    replies_[endpoint].push_back(std::move(reply));
  }
  void Fail(const std::string& endpoint, ErrorKind kind, std::string reason) {
    replies_[endpoint].push_back(
        MakeError(kind, std::move(reason), "Asked for " + endpoint + ": it failed.", "Wait."));
  }

  Result<HttpReply> Send(const HttpRequest& request) override {
    SentRequest sent;
    sent.endpoint = request.endpoint_name;
    sent.method = request.method;
    sent.url = request.url;
    for (const auto& [name, value] : request.query) sent.query[name] = value.Reveal();
    for (const auto& [name, value] : request.form) sent.form[name] = value.Reveal();
    if (request.bearer) sent.bearer = request.bearer->Reveal();
    sent.exactly_once = request.exactly_once;
    sent_.push_back(std::move(sent));
    auto& replies = replies_[request.endpoint_name];
    if (replies.empty()) {
      return MakeError(ErrorKind::kUnavailable, "connect", "Nobody answers.");
    }
    Result<HttpReply> reply = replies.front();
    if (replies.size() > 1) replies.pop_front();
    return reply;
  }

  const std::vector<SentRequest>& sent() const { return sent_; }
  const SentRequest* Find(const std::string& endpoint) const {
    for (const SentRequest& sent : sent_) {
      if (sent.endpoint == endpoint) return &sent;
    }
    return nullptr;
  }
  int CountOf(const std::string& endpoint) const {
    int count = 0;
    for (const SentRequest& sent : sent_) count += sent.endpoint == endpoint ? 1 : 0;
    return count;
  }

 private:
  std::map<std::string, std::deque<Result<HttpReply>>> replies_;
  std::vector<SentRequest> sent_;
};

inline constexpr const char* kAppId = "100000000000001";
inline constexpr const char* kUserId = "300000000000001";
inline constexpr const char* kPhoneId = "400000000000001";
inline constexpr const char* kBusinessId = "200000000000001";

// Built, not written: a literal of that form would look like a leak.
inline std::string FakeToken(const std::string& tail = "ZDZD") {
  std::string token = "EA";
  token += "A";
  for (int i = 0; i < 20; ++i) token += "Fake" + std::to_string(i);
  return token + tail;
}
inline std::string FakeAppSecret() { return "fake-app-secret-of-a-test"; }

// One credential and what an inspection or renewal of it needs.
class Bench {
 public:
  Bench()
      : mac(crypto::MakeMac()),
        provider(MakeProvider(*mac, {})),
        app_secret(Secret(FakeAppSecret())) {
    spec.name = "whatsapp";
    spec.meta.app_id = kAppId;
    spec.meta.kind = MetaKind::kSystemUser;
  }

  ProviderContext context() const {
    return ProviderContext{spec, app_secret, parent_token, generate_token, now};
  }
  Observation Inspect(const std::string& token = FakeToken()) {
    const Secret value{std::string_view(token)};
    return provider->Inspect(context(), value, http);
  }

  CredentialSpec spec;
  std::unique_ptr<Mac> mac;
  std::unique_ptr<Provider> provider;
  std::optional<Secret> app_secret;
  std::optional<Secret> parent_token;
  std::optional<Secret> generate_token;
  Instant now = FromUnix(1795168800);  // 2026-11-20T10:00:00Z
  CannedHttp http;
};

// The body of a living sixty-day system-user token, expiring thirty days after the bench's `now`.
inline std::string LivingBody(const std::string& more = "") {
  return R"({"data":{"app_id":"100000000000001","type":"SYSTEM_USER","application":"Acme Bot",)"
         R"("data_access_expires_at":0,"expires_at":1797760800,"is_valid":true,"issued_at":1792576800,)"
         R"("scopes":["whatsapp_business_management","whatsapp_business_messaging","public_profile"],)"
         R"("granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["200000000000001"]}],)"
         R"("user_id":"300000000000001")" +
         more + "}}";
}

inline std::string ErrorBody(std::int64_t code, std::optional<std::int64_t> subcode,
                             const std::string& message, const std::string& more = "") {
  std::string body = R"({"error":{"message":")" + message + R"(","type":"OAuthException","code":)" +
                     std::to_string(code);
  if (subcode) body += R"(,"error_subcode":)" + std::to_string(*subcode);
  return body + more + R"(,"fbtrace_id":"AbCdEf"}})";
}

inline std::string Words(const Observation& seen) {
  return std::string(ToString(seen.verdict)) + "/" + std::string(ToString(seen.reason));
}

inline const Finding* FindFinding(const Observation& seen, const std::string& id) {
  for (const Finding& finding : seen.findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

// Everything of an observation that may reach a person or a log.
inline std::string AllText(const Observation& seen) {
  std::string text = seen.message + "\n" + seen.action + "\n" + seen.evidence.endpoint + "\n" +
                     seen.evidence.trace_id + "\n" + seen.facts.kind + seen.facts.app_id +
                     seen.facts.user_id + seen.facts.profile_id;
  for (const Finding& finding : seen.findings)
    text += "\n" + finding.id + finding.message + finding.action;
  for (const std::string& sentence : seen.unproven) text += "\n" + sentence;
  for (const std::string& scope : seen.facts.scopes) text += "\n" + scope;
  return text;
}

}  // namespace tokenwarden::meta

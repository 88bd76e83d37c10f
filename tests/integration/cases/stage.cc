#include "tests/integration/cases/stage.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/meta/meta_provider.h"
#include "agent/core/acceptance.h"

namespace tokenwarden::cases {
namespace {

// Every run happens on the same day: 2026-11-20T10:00:00Z.
constexpr long long kToday = 1795168800;

long long OffsetToToday() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return kToday - std::chrono::duration_cast<Seconds>(now).count();
}

Json StateOfToday(long long offset) { return Json{{"clock", {{"offset_seconds", offset}}}}; }

std::string Words(const Observation& seen) {
  return std::string(ToString(seen.verdict)) + "/" + std::string(ToString(seen.reason));
}

std::string Words(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += (text.empty() ? "" : " ") + finding.id + ":" + std::string(ToString(finding.severity));
  }
  return text;
}

std::string Words(const Error& error) {
  return std::string(ToString(error.kind)) + " " + error.reason;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string Number(const std::optional<Seconds>& seconds) {
  return seconds ? std::to_string(seconds->count()) : "none";
}

void Say(const Observation& seen, Told& told) {
  std::string& text = told.everything_said;
  const TokenFacts& facts = seen.facts;
  text += seen.message + "\n" + seen.action + "\n" + seen.evidence.endpoint + "\n" +
          seen.evidence.trace_id + "\n" + facts.kind + "\n" + facts.app_id + "\n" + facts.user_id +
          "\n" + facts.profile_id + "\n";
  for (const Finding& each : seen.findings) {
    text += each.id + "\n" + each.message + "\n" + each.action + "\n";
  }
  for (const std::string& sentence : seen.unproven) text += sentence + "\n";
  text += Joined(facts.scopes) + "\n" + Joined(seen.missing_scopes) + "\n";
}

void Say(const Error& error, Told& told) {
  told.everything_said += error.reason + "\n" + error.message + "\n" + error.action + "\n";
}

void Plant(const std::optional<Secret>& secret, Told& told) {
  if (secret) told.secrets.emplace_back(secret->Reveal());
}

void Plant(const Scene& scene, Told& told) {
  told.secrets.push_back(scene.value);
  for (const char* name : {"token", "app_secret", "inspector", "parent_token"}) {
    const auto member = scene.answer.find(name);
    if (member != scene.answer.end()) told.secrets.push_back(member->get<std::string>());
  }
  Plant(scene.app_secret, told);
  Plant(scene.parent_token, told);
  Plant(scene.generate_token, told);
}

// A request as a case describes it: {method, path, query, bearer, form | json}.
HttpRequest RequestOf(const Json& call, const std::string& url) {
  HttpRequest request;
  request.method = call.value("method", "GET") == "POST" ? HttpRequest::Method::kPost
                                                         : HttpRequest::Method::kGet;
  request.url = url + call.at("path").get<std::string>();
  request.endpoint_name = "somebody_else";
  const auto add = [&call](const char* name, auto& parameters) {
    const auto members = call.find(name);
    if (members == call.end()) return;
    for (const auto& item : members->items()) {
      parameters.emplace_back(item.key(), Secret(item.value().template get<std::string>()));
    }
  };
  add("query", request.query);
  add("form", request.form);
  if (call.contains("bearer")) request.bearer = Secret(call["bearer"].get<std::string>());
  if (!call.contains("json")) return request;
  request.body = call["json"].dump();
  request.content_type = "application/json";
  return request;
}

// What the agent remembers of a look from before something changed.
Observation EarlierLook(const Scene& scene, Instant now) {
  Observation seen;
  seen.verdict = Verdict::kValid;
  seen.reason = Reason::kConfirmed;
  seen.facts.kind = "system_user";
  seen.facts.app_id = scene.spec.meta.app_id;
  seen.facts.lifetime = *scene.earlier_look;
  if (seen.facts.lifetime == Lifetime::kFinite) seen.facts.expires_at = now + 10 * kDay;
  seen.facts.scopes = {"whatsapp_business_management", "whatsapp_business_messaging",
                       "public_profile"};
  return seen;
}

}  // namespace

Stage::Stage()
    : clock_offset_(OffsetToToday()),
      service_({"a seed", "", StateOfToday(clock_offset_), ""}),
      server_(service_, {}),
      mac_(crypto::MakeMac()),
      provider_(meta::MakeProvider(*mac_, {})),
      http_(curl::MakeHttpClient({})) {}

Json Stage::Control(const std::string& method, const std::string& path, Json body,
                    graph_simulator::Params query) {
  graph_simulator::Request request;
  request.method = method;
  request.path = "/_control/" + path;
  request.query = std::move(query);
  request.json = std::move(body);
  const graph_simulator::Reply reply = service_.Handle(request, stop_);
  if (reply.status != 200) throw std::runtime_error(path + ": " + reply.body);
  return reply.document;
}

// The service's clock stands still from here on; ours shows what it would without the case's skew.
Instant Stage::OurNow() {
  const Json clock = Control("POST", "clock", Json{{"freeze", true}});
  const long long skew = clock["offset_seconds"].get<long long>() - clock_offset_;
  return FromUnix(clock["now"].get<long long>() - skew);
}

ProviderContext Stage::ContextOf(const Scene& scene) {
  return {scene.spec,           scene.app_secret,           scene.parent_token,
          scene.generate_token, now_ + scene.our_clock_off, scene.timeout};
}

Observation Stage::Look(const Scene& scene, const std::string& value, Told& told) {
  const Secret secret{std::string_view(value)};
  Observation seen = provider_->Inspect(ContextOf(scene), secret, *http_);
  Say(seen, told);
  return seen;
}

void Stage::SendAsSomebodyElse(const Scene& scene) {
  const Json& call = scene.answer["call"];
  if (auto reply = http_->Send(RequestOf(call, server_.url())); !reply) {
    throw std::runtime_error("the case's own call: " + reply.error().message);
  }
}

void Stage::NoteLook(const Scene& scene, const Observation& seen, Told& told) {
  told.sees = Words(seen);
  told.findings = Words(seen.findings);
  told.also["lifetime"] = std::string(ToString(seen.facts.lifetime));
  told.also["unproven"] = std::to_string(seen.unproven.size());
  told.also["user"] = seen.facts.user_id;
  told.also["missing"] = Joined(seen.missing_scopes);
  told.also["skew"] = Number(seen.clock_skew);
  told.also["retry_after"] = Number(seen.retry_after);
  bool data_access = false;
  for (const ClockReading& clock : seen.facts.other_clocks) {
    data_access = data_access || clock.reason == DeadlineReason::kDataAccessExpiry;
  }
  told.also["data_access"] = data_access ? "yes" : "no";
  const Capabilities capabilities = provider_->CapabilitiesOf(ContextOf(scene), &seen);
  told.also["replaceable"] = capabilities.can_replace_dead ? "yes" : "no";
  told.everything_said += capabilities.cannot_refresh_why + "\n";
}

void Stage::Compare(const Scene& scene, const Observation& before, const RenewedValue& renewed,
                    Told& told) {
  const std::string value(renewed.value.Reveal());
  told.secrets.push_back(value);
  told.renewal = value == scene.value ? "same" : "renewed";
  told.also["expires_in"] = Number(renewed.expires_in);
  const Observation candidate = Look(scene, value, told);
  std::optional<Observation> current;
  if (before.verdict == Verdict::kValid) current = before;
  const auto refused = JudgeCandidate(scene.spec, candidate, current, now_);
  told.also["new"] = refused ? std::string(ToString(refused->refusal)) : "accepted";
  if (refused) told.everything_said += refused->sentence + "\n";
}

void Stage::Renew(const Scene& scene, const Observation& seen, Told& told) {
  const Secret value{std::string_view(scene.value)};
  const Observation basis = scene.earlier_look ? EarlierLook(scene, now_) : seen;
  Result<Renewal> renewal = provider_->BuildRenewal(ContextOf(scene), value, basis);
  if (!renewal) {
    told.renewal = "not_attempted " + renewal.error().reason;
    return Say(renewal.error(), told);
  }
  if (auto* made = std::get_if<Secret>(&*renewal)) {
    return Compare(scene, seen, RenewedValue{std::move(*made), std::nullopt}, told);
  }
  const Result<HttpReply> reply = http_->Send(std::get<HttpRequest>(*renewal));
  if (!reply) {
    told.renewal = Words(reply.error());
    Say(reply.error(), told);
  } else if (auto renewed = provider_->ParseRenewal(*reply)) {
    Compare(scene, seen, *renewed, told);
  } else {
    told.renewal = Words(renewed.error());
    Say(renewed.error(), told);
  }
  told.also["old"] = Words(Look(scene, scene.value, told));
}

Told Stage::Play(const Row& row) {
  Scene scene = UsualScene(Control("POST", "cases/" + std::to_string(row.number), Json::object(),
                                   {{"variant", std::string(row.variant)}}));
  for (const Step& step : row.steps) step(scene);
  now_ = OurNow();
  Told told;
  Plant(scene, told);
  if (scene.others_call_first) SendAsSomebodyElse(scene);
  const std::size_t before = Control("GET", "journal").size();
  Observation seen;
  for (int look = 0; look < scene.looks; ++look) seen = Look(scene, scene.value, told);
  NoteLook(scene, seen, told);
  const Json journal = Control("GET", "journal");
  told.also["looked"] = std::to_string(journal.size() - before);
  told.requests.assign(journal.begin() + static_cast<std::ptrdiff_t>(before), journal.end());
  if (scene.others_call_between) SendAsSomebodyElse(scene);
  if (!row.renewal.empty()) Renew(scene, seen, told);
  const Json exchanges = Control("GET", "counts")["exchanges"];
  told.also["received"] = exchanges["received"].dump();
  told.also["committed"] = exchanges["committed"].dump();
  return told;
}

}  // namespace tokenwarden::cases

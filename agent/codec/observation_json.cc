#include "agent/codec/observation_json.h"

#include <utility>

#include "agent/codec/json_fields.h"

namespace tokenwarden::codec {
namespace {

tl::unexpected<Error> Damaged(const std::string& what) {
  return MakeError(ErrorKind::kDataLoss, "damaged", "a stored observation " + what,
                   "the next inspection replaces it; restore a backup if the message stays");
}

json FactsToJson(const TokenFacts& facts) {
  json to = json::object();
  Put(to, "kind", facts.kind);
  Put(to, "app_id", facts.app_id);
  Put(to, "user_id", facts.user_id);
  Put(to, "profile_id", facts.profile_id);
  to["lifetime"] = ToString(facts.lifetime);
  Put(to, "expires_at", facts.expires_at);
  Put(to, "issued_at", facts.issued_at);
  Put(to, "scopes", facts.scopes);
  for (const ClockReading& clock : facts.other_clocks) {
    to["other_clocks"].push_back({{"reason", ToString(clock.reason)}, {"at", ToUnix(clock.at)}});
  }
  return to;
}

TokenFacts FactsFromJson(const json& from) {
  TokenFacts facts;
  facts.kind = Text(from, "kind");
  facts.app_id = Text(from, "app_id");
  facts.user_id = Text(from, "user_id");
  facts.profile_id = Text(from, "profile_id");
  facts.lifetime = Known(ParseLifetime(Text(from, "lifetime")));
  facts.expires_at = Time(from, "expires_at");
  facts.issued_at = Time(from, "issued_at");
  facts.scopes = Texts(from, "scopes");
  for (const json& clock : Part(from, "other_clocks")) {
    facts.other_clocks.push_back({Known(ParseDeadlineReason(Text(clock, "reason"))),
                                  FromUnix(Whole<std::int64_t>(clock.at("at")))});
  }
  return facts;
}

json EvidenceToJson(const Evidence& evidence) {
  json to = json::object();
  Put(to, "endpoint", evidence.endpoint);
  PutNumber(to, "http_status", evidence.http_status);
  PutNumber(to, "code", evidence.code);
  PutNumber(to, "subcode", evidence.subcode);
  Put(to, "trace_id", evidence.trace_id);
  to["observed_at"] = ToUnix(evidence.observed_at);
  return to;
}

Evidence EvidenceFromJson(const json& from) {
  return {Text(from, "endpoint"),
          NumberOf<int>(from, "http_status"),
          NumberOf<std::int64_t>(from, "code"),
          NumberOf<std::int64_t>(from, "subcode"),
          Text(from, "trace_id"),
          FromUnix(Whole<std::int64_t>(from.at("observed_at")))};
}

}  // namespace

Observation ObservationFrom(const json& from) {
  Observation seen;
  seen.verdict = Known(ParseVerdict(Text(from, "verdict")));
  seen.reason = Known(ParseReason(Text(from, "reason")));
  seen.message = Text(from, "message");
  seen.action = Text(from, "action");
  seen.facts = FactsFromJson(from.at("facts"));
  seen.missing_scopes = Texts(from, "missing_scopes");
  for (const json& finding : Part(from, "findings")) {
    seen.findings.push_back({Text(finding, "id"), Known(ParseSeverity(Text(finding, "severity"))),
                             Text(finding, "message"), Text(finding, "action")});
  }
  seen.unproven = Texts(from, "unproven");
  seen.evidence = EvidenceFromJson(from.at("evidence"));
  seen.retry_after = Duration(from, "retry_after");
  seen.clock_skew = Duration(from, "clock_skew");
  return seen;
}

json JsonOf(const Observation& seen) {
  json to = json::object();
  to["verdict"] = ToString(seen.verdict);
  to["reason"] = ToString(seen.reason);
  Put(to, "message", seen.message);
  Put(to, "action", seen.action);
  to["facts"] = FactsToJson(seen.facts);
  Put(to, "missing_scopes", seen.missing_scopes);
  for (const Finding& finding : seen.findings) {
    to["findings"].push_back({{"id", finding.id},
                              {"severity", ToString(finding.severity)},
                              {"message", finding.message},
                              {"action", finding.action}});
  }
  Put(to, "unproven", seen.unproven);
  to["evidence"] = EvidenceToJson(seen.evidence);
  Put(to, "retry_after", seen.retry_after);
  Put(to, "clock_skew", seen.clock_skew);
  return to;
}

std::string ToJson(const Observation& seen) {
  // An issuer's sentence may hold bytes that are not UTF-8.
  return JsonOf(seen).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Observation> ParseObservation(const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return Damaged("is not JSON");
  try {
    return ObservationFrom(parsed);
  } catch (const json::exception&) {
    return Damaged("does not have the expected form");
  }
}

}  // namespace tokenwarden::codec

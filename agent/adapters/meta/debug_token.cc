#include "agent/adapters/meta/debug_token.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/meta/inspection.h"
#include "agent/adapters/meta/paste.h"

namespace tokenwarden::meta {
namespace {

constexpr std::size_t kMaxScopes = 2000;

std::optional<Instant> DateAt(const Json& data, std::string_view key) {
  const auto seconds = IntegerAt(data, key);
  if (!seconds || *seconds <= 0 || *seconds > kMaxUnixSeconds) return std::nullopt;
  return FromUnix(*seconds);
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::vector<std::string> ReadScopes(const Json& data) {
  std::vector<std::string> scopes;
  const Json* list = FindArray(data, "scopes");
  if (list == nullptr) return scopes;
  for (const Json& item : *list) {
    std::string scope = SafeWord(item);
    if (!scope.empty() && scopes.size() < kMaxScopes) scopes.push_back(std::move(scope));
  }
  return scopes;
}

Lifetime ReadLifetime(const Json& data, const TokenFacts& facts) {
  if (facts.expires_at) return Lifetime::kFinite;
  if (IntegerAt(data, "expires_at") == 0) return Lifetime::kNever;
  const bool lives_as_the_secret = facts.kind == "app" && Find(data, "expires_at") == nullptr;
  return lives_as_the_secret ? Lifetime::kNever : Lifetime::kUnknown;
}

}  // namespace

TokenFacts ReadFacts(const Json& data) {
  TokenFacts facts;
  facts.kind = LowerCase(WordAt(data, "type"));
  facts.app_id = IdAt(data, "app_id");
  facts.user_id = IdAt(data, "user_id");
  facts.profile_id = IdAt(data, "profile_id");
  facts.expires_at = DateAt(data, "expires_at");
  facts.issued_at = DateAt(data, "issued_at");
  facts.scopes = ReadScopes(data);
  facts.lifetime = ReadLifetime(data, facts);
  if (const auto data_access = DateAt(data, "data_access_expires_at")) {
    facts.other_clocks.push_back({DeadlineReason::kDataAccessExpiry, *data_access});
  }
  return facts;
}

void Inspection::JudgeDebugToken(const Reading& reading) {
  if (reading.silence) return Conclude(*reading.silence, reading.evidence);
  const Json* data = FindObject(*reading.body, "data");
  const auto is_valid = data == nullptr ? std::nullopt : FlagAt(*data, "is_valid");
  observation_.evidence = reading.evidence;
  if (!is_valid) {
    return Conclude(
        Reason::kBadReply, "The reply of debug_token does not say whether the token is valid.",
        "Nothing: it is tried again later. If it stays, check meta.endpoint.", reading.evidence);
  }
  observation_.facts = ReadFacts(*data);
  if (!*is_valid) return JudgeDead(*data);
  Conclude(Reason::kConfirmed, "Meta confirms the token.", "", reading.evidence);
  JudgeTimes();
  JudgeIdentity();
  JudgeScopes();
  ReadScopeTargets(*data);
}

void Inspection::JudgeDead(const Json& data) {
  Evidence evidence = observation_.evidence;
  const Json* object = FindObject(data, "error");
  const auto error = object == nullptr ? std::nullopt : ReadErrorObject(*object);
  Meaning meaning{Reason::kSessionInvalid, "Meta says that the token is not valid, and not why.",
                  "Log in again or generate a new token, then: tokenwarden submit NAME < file."};
  if (error) {
    evidence.code = error->code;
    evidence.subcode = error->subcode;
    const Meaning said = MeaningOf(*error, evidence.http_status.value_or(200));
    // `is_valid: false` is the answer; a code that says nothing more does not take it back.
    if (said.reason && said.reason != Reason::kBadReply) meaning = said;
  }
  const auto& expires_at = observation_.facts.expires_at;
  if (meaning.reason == Reason::kSessionInvalid && expires_at && *expires_at <= IssuerNow()) {
    meaning.reason = Reason::kSessionExpired;
    meaning.message = "The token has expired; it is too late to exchange it.";
  }
  const auto app_token = SplitAppToken(value_.Reveal());
  if (meaning.reason == Reason::kAppRestricted && app_token && app_token->app_id != meta().app_id) {
    meaning = Meaning{Reason::kOtherApp, "This app token names an app that Meta does not know.",
                      "Use the token of the configured app."};
  }
  Conclude(meaning, evidence);
}

// Meta says valid; the dates may say that it no longer is, by its clock or by ours.
void Inspection::JudgeTimes() {
  const Evidence evidence = observation_.evidence;
  const auto is_over = [](Instant at, Instant clock) { return at <= clock; };
  const auto depends_on_clock = [&](Instant at) {
    return ClocksDisagree() && is_over(at, now()) != is_over(at, IssuerNow());
  };
  const auto conclude_clock = [&] {
    Conclude(Reason::kClock,
             "Our clock and Meta's disagree by " + FormatDuration(*observation_.clock_skew) +
                 ", and the token ends in between.",
             "Set the clock of this machine, then check again.", evidence);
  };
  const TokenFacts& facts = observation_.facts;
  if (facts.expires_at && depends_on_clock(*facts.expires_at)) return conclude_clock();
  if (facts.expires_at && is_over(*facts.expires_at, IssuerNow())) {
    return Conclude(Reason::kSessionExpired, "The token has expired at this moment.",
                    "Make a new token and hand it over: tokenwarden submit NAME < file.", evidence);
  }
  for (const ClockReading& clock : facts.other_clocks) {
    if (clock.reason != DeadlineReason::kDataAccessExpiry) continue;
    if (depends_on_clock(clock.at)) return conclude_clock();
    if (!is_over(clock.at, IssuerNow())) continue;
    Conclude(Verdict::kRestricted, Reason::kDataAccessExpired,
             "The token lives, but the app's access to the user's data ended " +
                 FormatDuration(IssuerNow() - clock.at) + " ago.",
             "The user must log in to the app again; exchanging the token does not help.",
             evidence);
  }
}

void Inspection::JudgeIdentity() {
  const Evidence evidence = observation_.evidence;
  const TokenFacts& facts = observation_.facts;
  const auto differs = [](const std::string& expected, const std::string& seen) {
    return !expected.empty() && !seen.empty() && expected != seen;
  };
  if (differs(meta().app_id, facts.app_id)) {
    return Conclude(
        Reason::kOtherApp,
        "The token belongs to app " + facts.app_id + ", not to app " + meta().app_id + ".",
        "Use a token of the configured app, or correct app_id.", evidence);
  }
  const std::string wanted =
      meta().kind == MetaKind::kAny ? "" : std::string(ToString(meta().kind));
  if (differs(wanted, facts.kind)) {
    return Conclude(Reason::kOtherKind,
                    "This is a token of kind " + facts.kind + "; " + wanted + " is configured.",
                    "Use a token of the configured kind, or correct the kind.", evidence);
  }
  if (differs(meta().user_id, facts.user_id)) {
    return Conclude(
        Reason::kOtherUser,
        "The token stands for user " + facts.user_id + ", not for " + meta().user_id + ".",
        "Use a token of the configured user, or correct user_id.", evidence);
  }
  if (differs(meta().page_id, facts.profile_id)) {
    return Conclude(
        Reason::kOtherUser,
        "The token stands for page " + facts.profile_id + ", not for " + meta().page_id + ".",
        "Use a token of the configured page, or correct page_id.", evidence);
  }
  const auto note_unproven = [&](const char* what, const std::string& expected,
                                 const std::string& seen) {
    if (expected.empty() || !seen.empty()) return;
    observation_.unproven.push_back(std::string("Meta did not say which ") + what +
                                    " the token has, so it could not be compared.");
  };
  note_unproven("app", meta().app_id, facts.app_id);
  note_unproven("kind", wanted, facts.kind);
  note_unproven("user", meta().user_id, facts.user_id);
}

// The flat list decides presence: granular_scopes is known to lose entries that still hold.
void Inspection::JudgeScopes() {
  const TokenFacts& facts = observation_.facts;
  std::string names;
  for (const std::string& scope : meta().required_scopes) {
    if (std::find(facts.scopes.begin(), facts.scopes.end(), scope) != facts.scopes.end()) continue;
    observation_.missing_scopes.push_back(scope);
    names += (names.empty() ? "" : ", ") + scope;
  }
  if (names.empty()) return;
  Conclude(Reason::kScopeMissing, "The token lacks the required permission " + names + ".",
           "Generate a token with it (Business settings > System users > Generate token), then: "
           "tokenwarden submit NAME < file.",
           observation_.evidence);
}

}  // namespace tokenwarden::meta

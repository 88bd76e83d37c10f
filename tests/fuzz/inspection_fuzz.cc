// What Meta answers when it is asked about a token: replies, error replies, headers, in any shape.
#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/meta/meta_provider.h"
#include "tests/fuzz/replies.h"

using namespace tokenwarden;  // NOLINT: a program of its own

namespace {

void RequireClean(const std::string& text) {
  fuzz::Require(!fuzz::Holds(text, fuzz::FakeToken()), "the token is not repeated");
  fuzz::Require(!fuzz::Holds(text, fuzz::FakeSecret()), "the app secret is not repeated");
  for (const char c : text) fuzz::Require(static_cast<unsigned char>(c) >= ' ', "one line of text");
}

void RequireSound(const Observation& seen) {
  RequireClean(seen.message);
  RequireClean(seen.action);
  RequireClean(seen.evidence.trace_id);
  RequireClean(seen.facts.kind + seen.facts.app_id + seen.facts.user_id + seen.facts.profile_id);
  for (const Finding& finding : seen.findings)
    RequireClean(finding.id + finding.message + finding.action);
  for (const std::string& sentence : seen.unproven) RequireClean(sentence);
  for (const std::string& scope : seen.facts.scopes) RequireClean(scope);
  fuzz::Require(!seen.message.empty(), "a verdict says why");
  const bool judged = seen.verdict != Verdict::kIndeterminate && seen.evidence.endpoint != "local";
  fuzz::Require(!judged || seen.evidence.http_status, "only an answer is a verdict");
  if (seen.facts.expires_at) (void)FormatUtc(*seen.facts.expires_at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Mac> mac = crypto::MakeMac();
  static const std::unique_ptr<Provider> provider =
      meta::MakeProvider(*mac, {"http://127.0.0.1:1"});
  CredentialSpec spec;
  spec.name = "fuzz";
  spec.meta.app_id = "100000000000001";
  spec.meta.required_scopes = {"whatsapp_business_messaging"};
  spec.meta.phone_number_id = "400000000000001";
  spec.meta.business_account_id = "200000000000001";
  const std::optional<Secret> none;
  const std::optional<Secret> app_secret{Secret(fuzz::FakeSecret())};
  const Secret value(fuzz::FakeToken());
  for (const std::optional<Secret>* secret : {&app_secret, &none}) {
    const ProviderContext context{spec, *secret, none, none, FromUnix(1795168800)};
    fuzz::Replaying http(fuzz::Text(data, size));
    const Observation seen = provider->Inspect(context, value, http);
    fuzz::Require(http.sent() <= 12, "a look asks a bounded number of times");
    RequireSound(seen);
    (void)EarliestDeadline(seen.facts);
    (void)provider->CapabilitiesOf(context, &seen);
  }
  return 0;
}

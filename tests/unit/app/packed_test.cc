#include "agent/app/packed.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokenwarden {
namespace {

CredentialSpec FullSpec() {
  CredentialSpec spec;
  spec.name = "whatsapp";
  spec.tenant = "acme";
  spec.labels = {{"team", "bots"}, {"empty", ""}};
  spec.meta.app_id = "100000000000001";
  spec.meta.app_secret = SecretRef{SecretRef::Kind::kDotenv, ".env", "APP_SECRET"};
  spec.meta.kind = MetaKind::kPage;
  spec.meta.endpoint = "https://graph.example";
  spec.meta.api_version = "v25.0";
  spec.meta.required_scopes = {"a", "", "b"};
  spec.meta.user_id = "1";
  spec.meta.phone_number_id = "2";
  spec.meta.business_account_id = "3";
  spec.meta.generate_system_user_id = "4";
  spec.meta.generate_token = SecretRef{SecretRef::Kind::kEnv, "GENERATE", ""};
  spec.meta.generate_scopes = {"c"};
  spec.meta.page_id = "5";
  spec.meta.parent_token = SecretRef{SecretRef::Kind::kFile, "/run/parent", ""};
  spec.meta.send_appsecret_time = true;
  spec.meta.ca_file = "/etc/ca.pem";
  const VaultAuthSpec auth{VaultAuthSpec::Kind::kAppRole,
                           "approle",
                           SecretRef{SecretRef::Kind::kEnv, "A", ""},
                           "/run/token",
                           SecretRef{SecretRef::Kind::kEnv, "B", ""},
                           SecretRef{SecretRef::Kind::kEnv, "C", ""},
                           "role",
                           "/run/jwt",
                           SecretRef{SecretRef::Kind::kEnv, "D", ""},
                           "name",
                           "/run/cert",
                           "/run/key",
                           true};
  spec.source = SourceSpec{SourceKind::kFile, "/run/token", "", auth};
  spec.renew = {false, Seconds{0}, 90 * kDay};
  spec.inspect_every = kHour;
  spec.settle = Seconds{0};
  spec.sinks = {{SinkKind::kFile, "/run/t", "k", 0640u, FileFormat::kJson, Drift::kAlarm, kMinute},
                {SinkKind::kDotenv, ".env", "TOKEN", std::nullopt, FileFormat::kRaw, Drift::kAdopt,
                 Seconds{0}, auth, false}};
  spec.notify = {{NotifyKind::kHttp,
                  {"a", "b"},
                  "pid",
                  "USR1",
                  "bot",
                  "http://127.0.0.1",
                  kMinute,
                  "ns/deployment/bot",
                  kHour}};
  return spec;
}

Observation FullObservation() {
  Observation seen;
  seen.verdict = Verdict::kUnderScoped;
  seen.reason = Reason::kScopeMissing;
  seen.message = std::string(300, 'm');
  seen.action = std::string("with a \0 byte", 13);
  seen.facts = {"system_user",
                "1",
                "2",
                "3",
                Lifetime::kFinite,
                FromUnix(0),
                FromUnix(-1),
                {"s"},
                {{DeadlineReason::kDataAccessExpiry, FromUnix(kMaxUnixSeconds)}}};
  seen.missing_scopes = {"x", "y"};
  seen.findings = {{"quality_red", Severity::kFail, "message", "action"}};
  seen.unproven = {"the identity"};
  seen.evidence = {"debug_token",
                   400,
                   std::numeric_limits<std::int64_t>::min(),
                   std::numeric_limits<std::int64_t>::max(),
                   "trace",
                   FromUnix(1795262400)};
  seen.retry_after = Seconds{127};
  seen.clock_skew = Seconds{-128};
  return seen;
}

CredentialState FullState() {
  CredentialState state;
  state.name = "whatsapp";
  state.generation = std::numeric_limits<Generation>::max();
  state.fingerprint.text = "hmac:0123456789abcdef";
  state.generation_since = FromUnix(1);
  state.origin = Origin::kRollback;
  state.conclusive = FullObservation();
  state.silence = Observation{};
  state.inspect = {FromUnix(1), FromUnix(2), 3, FromUnix(4), "error", "reason"};
  state.renew = {std::nullopt, std::nullopt, 0xffffffffu, std::nullopt, "", ""};
  state.sinks = {{".env#TOKEN", 7, FromUnix(8), true, 9, FromUnix(10), "error", "reason"}};
  state.rotation = RotationState::kAmbiguous;
  state.reply_lost_at = FromUnix(10);
  state.operator_need = OperatorNeed{"refused", "do something", FromUnix(11)};
  state.refused_fingerprint.text = "hmac:fedcba9876543210";
  state.spec_digest = "0123456789abcdef";
  return state;
}

TEST(Packed, GivesEveryMemberOfASpecificationBack) {
  EXPECT_EQ(UnpackSpec(Pack(FullSpec())), FullSpec());
  EXPECT_EQ(UnpackSpec(Pack(CredentialSpec{})), CredentialSpec{});
}

TEST(Packed, GivesEveryMemberOfAStateBack) {
  EXPECT_EQ(UnpackState(Pack(FullState())), FullState());
  EXPECT_EQ(UnpackState(Pack(CredentialState{})), CredentialState{});
}

TEST(Packed, TakesLittleForWhatIsAbsent) {
  EXPECT_LT(Pack(CredentialSpec{}).size(), 48u);
  EXPECT_LT(Pack(CredentialState{}).size(), 48u);
}

TEST(Packed, HasNoSpareCapacity) {
  const std::string bytes = Pack(FullState());
  EXPECT_EQ(bytes.capacity(), bytes.size());
}

}  // namespace
}  // namespace tokenwarden

// Issuer: mints, renews, inspects and kills values, after one of the five rotation models, by true
// time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/state.h"
#include "agent/ports/http_client.h"
#include "agent/ports/provider.h"

namespace tokenwarden::simulation {

struct World;

struct Token {
  Instant born{};
  std::optional<Instant> ends;
  bool dead = false;
  bool of_another_user = false;
  bool lacks_scope = false;
  bool good = false;                  // nothing is wrong with it
  std::optional<Instant> used_up_at;  // when it was exchanged
  std::string successor;
};

// What happens to the next renewal request.
enum class Fate {
  kAnswered,
  kConnectRefused,
  kLostBefore,     // the issuer never saw it
  kLostAfter,      // carried out, and the connection was lost
  kCutBody,        // carried out, and half a body arrived
  kAnsweredTwice,  // the issuer minted two values and sent the second
  kLate,           // carried out, after our deadline
  kThrottled,
  kGatewayPage,  // carried out or not: a gateway answered instead
  kRefused,      // a clear no
  kSilentAfter,  // answered, and then an outage begins
};
inline constexpr int kFates = 11;

// What the next minted value is like.
enum class Quality { kGood, kDead, kShort, kNeverEnding, kWrongUser, kLacksScope, kSameValue };
inline constexpr int kQualities = 7;

class Issuer {
 public:
  explicit Issuer(World& world) : world_(world) {}

  std::string Mint(Quality quality, std::optional<Seconds> life);
  // Nullptr for bytes that were never minted.
  const Token* Find(std::string_view value) const;
  void Kill(const std::string& value);
  bool Lives(std::string_view value) const;
  // Of the right user, with the required scope, and alive.
  bool IsFit(std::string_view value) const;
  bool EndsEver(std::string_view value) const;

  Result<HttpReply> Renew(const HttpRequest& request);
  Observation Inspect(const ProviderContext& context, const Secret& value);
  Capabilities CapabilitiesOf(const Observation* conclusive) const;

  Fate next_fate = Fate::kAnswered;
  Quality next_quality = Quality::kGood;
  std::optional<Reason> silence;

 private:
  HttpReply CarryOut(const std::string& presented);
  std::string Successor(Token& old, const std::string& presented);
  void RevokeFamily();
  Observation Silent(Observation seen) const;
  Observation Judge(Observation seen, const ProviderContext& context, const Secret& value);

  World& world_;
  std::vector<Token> tokens_;
};

// The ports, as one agent sees them.
class IssuerPorts : public Provider, public HttpClient {
 public:
  IssuerPorts(World& world, int agent) : world_(world), agent_(agent) {}

  std::string_view Name() const override { return "meta"; }
  Capabilities CapabilitiesOf(const ProviderContext&, const Observation* seen) const override;
  Observation Inspect(const ProviderContext&, const Secret&, HttpClient&) const override;
  Result<Renewal> BuildRenewal(const ProviderContext&, const Secret&,
                               const Observation&) const override;
  Result<RenewedValue> ParseRenewal(const HttpReply& reply) const override;
  std::string LaneOf(const CredentialSpec&) const override { return "meta"; }
  Result<HttpReply> Send(const HttpRequest& request) override;

 private:
  World& world_;
  int agent_;
};

}  // namespace tokenwarden::simulation

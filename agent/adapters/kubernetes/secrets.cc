#include "agent/adapters/kubernetes/secrets.h"

#include <random>
#include <utility>

#include "agent/core/base64.h"
#include "agent/core/hash.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr std::string_view kApply = "application/apply-patch+yaml";

std::string RandomSalt() {
  std::random_device random;
  return HexOf(random()) + HexOf(random());
}

// The value is put into the finished text: JSON documents leave copies of their texts behind.
Secret ApplyBody(const SecretKey& place, const Sighting& seen, const Secret& value,
                 const Marker& marker) {
  const Json body = {{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata",
                      {{"name", place.secret.name},
                       {"uid", seen.uid},
                       {"resourceVersion", seen.resource_version},
                       {"annotations", AnnotationsFor(seen, place.key, marker)}}}};
  std::string coded = ToBase64(value.Reveal());
  std::string text = body.dump();
  text.pop_back();
  text.reserve(text.size() + place.key.size() + coded.size() + 32);
  text += ",\"data\":{\"" + place.key + "\":\"";
  text += coded;
  text += "\"}}";
  WipeString(coded);
  return Secret::TakeFrom(text);
}

ApiRequest ApplyRequest(const ObjectName& secret, std::string_view manager, Secret body) {
  ApiRequest request{Operation{"patch", kSecrets, secret}};
  request.method = HttpRequest::Method::kPatch;
  request.query = {{"fieldManager", std::string(manager)}};
  request.body = std::move(body);
  request.content_type = kApply;
  request.accept = kMetadataOnly;
  return request;
}

}  // namespace

Result<std::optional<Secret>> ValueIn(const Json& object, const std::string& key) {
  const Json* text = At(object, {"data", key});
  if (text == nullptr || !text->is_string()) return std::optional<Secret>();
  std::optional<Secret> value = FromBase64(text->get_ref<const std::string&>());
  if (value) return value;
  return MakeError(ErrorKind::kDataLoss, "bad_base64", "the API server's `data` is not base64");
}

Result<WipedJson> GetSecret(Client& client, const ObjectName& secret) {
  return client.Ask(ApiRequest{Operation{"get", kSecrets, secret}});
}

Result<WipedJson> EnsureSecret(Client& client, const ObjectName& secret) {
  const Json body = {{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata", {{"name", secret.name}}},
                     {"type", "Opaque"}};
  return client.Ask(
      ApplyRequest(secret, std::string(kFieldManager) + "-create", Secret(body.dump())));
}

Secrets::Secrets(Client& client, OwnWrites& own_writes)
    : client_(client), own_writes_(own_writes), salt_(RandomSalt()) {}

Result<Secrets::Held> Secrets::Get(const SecretKey& place) {
  Result<WipedJson> object = GetSecret(client_, place.secret);
  if (!object) return tl::unexpected<Error>(object.error());
  Result<std::optional<Secret>> value = ValueIn(object->json, place.key);
  if (!value) return tl::unexpected<Error>(value.error());
  Sighting seen = Look(object->json, place.key);
  if (*value) seen.value = DigestOf(**value);
  return Held{std::move(*value), Remember(place, std::move(seen))};
}

Result<Secret> Secrets::Read(const SecretKey& place) {
  Result<Held> held = Get(place);
  if (!held) return tl::unexpected<Error>(held.error());
  if (held->value) return std::move(*held->value);
  return MakeError(ErrorKind::kNotFound, "no_such_key",
                   "secret " + ToString(place.secret) + " has no key `" + place.key + "`",
                   "Put the value there, or correct the configuration.");
}

Result<Sighting> Secrets::Create(const SecretKey& place) {
  Result<WipedJson> object = EnsureSecret(client_, place.secret);
  if (!object) return tl::unexpected<Error>(object.error());
  return Look(object->json, place.key);
}

Result<Sighting> Secrets::Apply(const SecretKey& place, const Sighting& seen, const Secret& value,
                                const Marker& marker, bool force) {
  ApiRequest request =
      ApplyRequest(place.secret, seen.manager, ApplyBody(place, seen, value, marker));
  if (force) request.query.emplace_back("force", "true");
  OwnWrites::Scope scope(own_writes_, place.secret);
  Result<WipedJson> object = client_.Ask(request);
  if (!object) return tl::unexpected<Error>(object.error());
  Sighting now = Look(object->json, place.key);
  now.value = DigestOf(value);
  scope.Done(now.resource_version);
  return Remember(place, std::move(now));
}

std::optional<Sighting> Secrets::LastSeen(const SecretKey& place) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = last_seen_.find(place);
  return found == last_seen_.end() ? std::nullopt : std::optional(found->second);
}

// For telling change within this process only, hence a hash that is no more than that.
std::uint64_t Secrets::DigestOf(const Secret& value) const {
  std::string text = salt_ + std::string(value.Reveal());
  const std::uint64_t digest = Fnv1a(text);
  WipeString(text);
  return digest;
}

Sighting Secrets::Remember(const SecretKey& place, Sighting seen) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_seen_[place] = std::move(seen);
}

}  // namespace tokenwarden::kubernetes

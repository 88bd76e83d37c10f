#include "agent/adapters/vault/transit_key.h"

#include <utility>

#include "agent/core/base64.h"

namespace tokenwarden::vault {
namespace {

constexpr std::size_t kKeyBytes = 32;

Call TransitCall(const TransitKeySpec& spec, const std::string& operation, std::string attempted) {
  Call call;
  call.method = HttpRequest::Method::kPost;
  call.path = spec.mount + "/" + operation + "/" + spec.key;
  call.attempted = std::move(attempted);
  return call;
}

Result<std::string> MakeWrapped(Session& session, const TransitKeySpec& spec) {
  Call call =
      TransitCall(spec, "datakey/wrapped", "make a state key under transit key " + spec.key);
  call.body = ToSecret({{"bits", kKeyBytes * 8}});
  Result<Answer> answer = session.Ask(call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  std::string wrapped = TextAt(Below(answer->body.json, "data"), "ciphertext");
  if (!wrapped.empty()) return wrapped;
  return MakeError(ErrorKind::kUnavailable, "bad_reply",
                   "Asked Vault to " + call.attempted + ": its answer holds no wrapped key.",
                   "Check state.key.transit and what stands between.");
}

Result<Secret> Unwrap(Session& session, const TransitKeySpec& spec, std::string_view wrapped,
                      const std::string& place) {
  Call call = TransitCall(spec, "decrypt",
                          "unwrap the state key in " + place + " with transit key " + spec.key);
  call.body = ToSecret({{"ciphertext", std::string(wrapped)}});
  Result<Answer> answer = session.Ask(call);
  if (!answer) return tl::unexpected<Error>(answer.error());
  std::string coded = TextAt(Below(answer->body.json, "data"), "plaintext");
  std::optional<Secret> key = FromBase64(coded);
  WipeString(coded);
  if (key && key->size() == kKeyBytes) return std::move(*key);
  return MakeError(ErrorKind::kDataLoss, "wrong_key_or_damaged",
                   "Asked Vault to " + call.attempted + ": what was wrapped is no key of 32 bytes.",
                   "Restore the wrapped key from a backup.");
}

}  // namespace

Result<Secret> UnwrapKey(Session& session, const TransitKeySpec& spec, WrappedKeyPlace& place,
                         bool may_create) {
  Result<std::string> wrapped = place.Read();
  if (!wrapped && wrapped.error().kind != ErrorKind::kNotFound) {
    return tl::unexpected<Error>(wrapped.error());
  }
  if (!wrapped && !may_create) {
    return MakeError(ErrorKind::kNotFound, "no_wrapped_key",
                     "Cannot unwrap the state key: " + place.Describe() +
                         " is not there, and a state exists that was sealed with it.",
                     "Restore it from a backup. Without it the stored tokens cannot be read.");
  }
  if (!wrapped) {
    Result<std::string> made = MakeWrapped(session, spec);
    if (!made) return tl::unexpected<Error>(made.error());
    Status kept = place.Create(*made);
    if (!kept && kept.error().kind != ErrorKind::kAborted) {
      return tl::unexpected<Error>(kept.error());
    }
    wrapped = place.Read();  // ours, or that of whoever was faster
    if (!wrapped) return tl::unexpected<Error>(wrapped.error());
  }
  return Unwrap(session, spec, *wrapped, place.Describe());
}

}  // namespace tokenwarden::vault

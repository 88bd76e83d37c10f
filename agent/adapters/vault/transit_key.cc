#include "agent/adapters/vault/transit_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/adapters/vault/json.h"
#include "agent/core/base64.h"

namespace tokenwarden::vault {
namespace {

using Method = HttpRequest::Method;

constexpr std::size_t kKeyBytes = 32;

tl::unexpected<Error> CannotWrite(const std::string& path, int number) {
  return MakeError(
      ErrorKind::kPermissionDenied, "unwritable",
      "Cannot write the wrapped state key to " + path + ": " + std::strerror(number) + ".",
      "Name a file in a directory that the agent may write to and that is kept.");
}

// Only a new file, readable by us alone, on the disk before it counts.
Status WriteNewFile(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return CannotWrite(path, errno);
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int number = errno;
  close(file);
  if (written) return {};
  unlink(path.c_str());
  return CannotWrite(path, number);
}

Call TransitCall(const TransitKeySpec& spec, const std::string& operation, std::string attempted) {
  Call call;
  call.method = Method::kPost;
  call.path = EncodePath(spec.mount + "/" + operation + "/" + spec.key);
  call.attempted = std::move(attempted);
  return call;
}

Result<std::string> MakeWrapped(Session& session, const TransitKeySpec& spec) {
  Call call =
      TransitCall(spec, "datakey/wrapped", "make a state key under transit key " + spec.key);
  call.body = ToSecret({{"bits", 256}});
  Result<HttpReply> reply = session.Ask(call);
  if (!reply) return tl::unexpected<Error>(reply.error());
  std::string wrapped = TextAt(Below(ParseObject(reply->body), "data"), "ciphertext");
  if (!wrapped.empty()) return wrapped;
  return MakeError(ErrorKind::kUnavailable, "bad_reply",
                   "Asked Vault to " + call.attempted + ": its answer could not be understood.");
}

Result<Secret> Unwrap(Session& session, const TransitKeySpec& spec, std::string_view wrapped) {
  Call call = TransitCall(spec, "decrypt", "unwrap the state key with transit key " + spec.key);
  call.body = ToSecret({{"ciphertext", std::string(wrapped)}});
  Result<HttpReply> reply = session.Ask(call);
  if (!reply) return tl::unexpected<Error>(reply.error());
  std::string coded = TextAt(Below(ParseObject(reply->body), "data"), "plaintext");
  WipeString(reply->body);
  std::optional<Secret> key = FromBase64(coded);
  WipeString(coded);
  if (key && key->size() == kKeyBytes) return std::move(*key);
  return MakeError(ErrorKind::kDataLoss, "wrong_key_or_damaged",
                   "Asked Vault to " + call.attempted + ": what was wrapped is no key of 32 bytes.",
                   "Restore the file of the wrapped key from a backup.");
}

}  // namespace

Result<Secret> UnwrapKey(Session& session, const TransitKeySpec& spec, SecretResolver& secrets,
                         bool may_create) {
  Result<Secret> wrapped = secrets.Resolve({SecretRef::Kind::kFile, spec.wrapped_file, ""});
  if (wrapped) return Unwrap(session, spec, wrapped->Reveal());
  if (wrapped.error().kind != ErrorKind::kNotFound) return wrapped;
  if (!may_create) {
    return MakeError(
        ErrorKind::kNotFound, "no_wrapped_key",
        "Cannot unwrap the state key: " + spec.wrapped_file +
            " is not there, and a state exists that was sealed with it.",
        "Restore the file from a backup. Without it the stored tokens cannot be read.");
  }
  Result<std::string> made = MakeWrapped(session, spec);
  if (!made) return tl::unexpected<Error>(made.error());
  if (Status kept = WriteNewFile(spec.wrapped_file, *made); !kept) {
    return tl::unexpected<Error>(kept.error());
  }
  return Unwrap(session, spec, *made);
}

}  // namespace tokenwarden::vault

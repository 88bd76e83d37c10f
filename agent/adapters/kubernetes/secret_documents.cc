#include "agent/adapters/kubernetes/secret_documents.h"

#include <random>
#include <utility>

#include "agent/adapters/kubernetes/secrets.h"
#include "agent/core/base64.h"
#include "agent/core/hash.h"

namespace tokenwarden::kubernetes {
namespace {

constexpr int kTries = 10;
constexpr std::size_t kMaxSecret = std::size_t{1024} * 1024;

std::string NewVersion() {
  std::random_device random;
  return HexOf(random()) + HexOf(random());
}

std::string VersionName(const std::string& document) {
  return "tokenwarden.dev/version." + SlotOf(document);
}

// RFC 6901: a slash inside a name.
std::string VersionPath(const std::string& document) {
  return "/metadata/annotations/tokenwarden.dev~1version." + SlotOf(document);
}

Json Test(const std::string& path, Json value) {
  return {{"op", "test"}, {"path", path}, {"value", std::move(value)}};
}

Json Add(const std::string& path, Json value) {
  return {{"op", "add"}, {"path", path}, {"value", std::move(value)}};
}

// A member that is not there equals null.
Json Operations(const std::string& name, const std::string& bytes,
                const std::optional<std::string>& expected, const std::string& version) {
  Json operations = Json::array();
  const bool unmarked = !expected || expected->empty();
  operations.push_back(Test(VersionPath(name), unmarked ? Json() : Json(*expected)));
  if (!expected) operations.push_back(Test("/data/" + name, Json()));
  operations.push_back(Add(VersionPath(name), version));
  operations.push_back(Add("/data/" + name, ToBase64(bytes)));
  return operations;
}

// What a patch needs to be there before it can add to it. Only while nobody else adds it too, hence
// the test of the version, which must not stand in the way of anything else.
Json MissingMembers(const Json& object) {
  Json operations = Json::array();
  if (At(object, {"metadata", "annotations"}) == nullptr) {
    operations.push_back(Add("/metadata/annotations", Json::object()));
  }
  if (At(object, {"data"}) == nullptr) operations.push_back(Add("/data", Json::object()));
  if (operations.empty()) return operations;
  operations.insert(operations.begin(), Test("/metadata/resourceVersion",
                                             TextAt(object, {"metadata", "resourceVersion"})));
  return operations;
}

Result<std::optional<Document>> DocumentIn(const Json& object, const std::string& name) {
  Result<std::optional<Secret>> bytes = ValueIn(object, name);
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  if (!*bytes) return std::optional<Document>();
  return Document{std::string((*bytes)->Reveal()),
                  TextAt(object, {"metadata", "annotations", VersionName(name)})};
}

Status CheckName(const std::string& name) {
  Status fits = CheckKey(name);
  if (fits || fits.error().reason != "no_key") return fits;
  return MakeError(ErrorKind::kInvalidArgument, "no_name", "a document without a name");
}

}  // namespace

SecretDocuments::SecretDocuments(Client& client, ObjectName secret)
    : client_(client), secret_(std::move(secret)) {}

Result<std::optional<Document>> SecretDocuments::Read(const std::string& name) {
  Result<std::vector<std::optional<Document>>> documents = ReadMany({name});
  if (!documents) return tl::unexpected<Error>(documents.error());
  return std::move(documents->front());
}

Result<std::vector<std::optional<Document>>> SecretDocuments::ReadMany(
    const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Status fits = CheckName(name);
    if (!fits) return tl::unexpected<Error>(fits.error());
  }
  std::vector<std::optional<Document>> documents(names.size());
  Result<WipedJson> object = GetSecret(client_, secret_);
  if (!object && object.error().reason == "no_such_secret") return documents;
  if (!object) return tl::unexpected<Error>(object.error());
  for (std::size_t i = 0; i < names.size(); ++i) {
    Result<std::optional<Document>> document = DocumentIn(object->json, names[i]);
    if (!document) return tl::unexpected<Error>(document.error());
    documents[i] = std::move(*document);
  }
  return documents;
}

Result<std::string> SecretDocuments::Write(const std::string& name, const std::string& bytes,
                                           const std::optional<std::string>& expected) {
  Status fits = CheckName(name);
  if (!fits) return tl::unexpected<Error>(fits.error());
  if (bytes.size() > kMaxSecret) {
    return MakeError(ErrorKind::kResourceExhausted, "too_large",
                     "did not write " + ToString(secret_) + "#" + name +
                         ": it is larger than the 1 MiB that a Secret holds in all",
                     "Keep the state in Vault.");
  }
  const std::lock_guard<std::mutex> lock(writing_);
  const Change change{name, bytes, expected, NewVersion()};
  Status written = Patch(Operations(name, bytes, expected, change.version));
  if (!written) {
    const std::string& reason = written.error().reason;
    const bool look = reason == "patch_refused" || reason == "no_such_secret";
    if (look) written = WriteSlowly(change);
  }
  if (!written) return tl::unexpected<Error>(written.error());
  return change.version;
}

// The server repeats a patch a few times when others came first; we go on where it gave up.
Status SecretDocuments::Patch(const Json& operations) {
  Status patched;
  for (int tries = 0; tries < kTries; ++tries) {
    ApiRequest request{Operation{"patch", kSecrets, secret_}};
    request.method = HttpRequest::Method::kPatch;
    request.query = {{"fieldManager", std::string(kFieldManager)}};
    request.content_type = "application/json-patch+json";
    request.accept = kMetadataOnly;
    request.body = Secret(operations.dump());
    Result<WipedJson> object = client_.Ask(request);
    if (object) return {};
    patched = tl::unexpected<Error>(object.error());
    if (object.error().reason != "conflict") break;
  }
  return patched;
}

// A look first: the document may have changed, our own write may have arrived although its reply
// was lost, or the Secret may not have the members yet that a patch can add to.
Status SecretDocuments::WriteSlowly(const Change& change) {
  Status written;
  for (int tries = 0; tries < kTries; ++tries) {
    Result<WipedJson> object = GetSecret(client_, secret_);
    if (!object && object.error().reason == "no_such_secret") {
      if (change.expected) return Conflict(change.name);
      object = EnsureSecret(client_, secret_);
      if (object) continue;  // it may hold something by now
    }
    if (!object) return tl::unexpected<Error>(object.error());
    Result<std::optional<Document>> held = DocumentIn(object->json, change.name);
    if (!held) return tl::unexpected<Error>(held.error());
    if (*held && (*held)->version == change.version) return {};
    const bool as_expected =
        change.expected ? *held && (*held)->version == *change.expected : !*held;
    if (!as_expected) return Conflict(change.name);
    Json operations = MissingMembers(object->json);
    for (Json& each : Operations(change.name, change.bytes, change.expected, change.version)) {
      operations.push_back(std::move(each));
    }
    written = Patch(operations);
    if (written || written.error().reason != "patch_refused") return written;
  }
  return written;
}

tl::unexpected<Error> SecretDocuments::Conflict(const std::string& name) const {
  return MakeError(ErrorKind::kAborted, "conflict",
                   "did not write " + ToString(secret_) + "#" + name +
                       ": it is at another version than the one that was read",
                   "Nothing: it is read again.");
}

}  // namespace tokenwarden::kubernetes

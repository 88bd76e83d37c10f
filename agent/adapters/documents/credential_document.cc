#include "agent/adapters/documents/credential_document.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/documents/state_json.h"
#include "agent/codec/json_fields.h"
#include "agent/core/base64.h"

namespace tokenwarden::documents {
namespace {

using codec::json;
using codec::Part;
using codec::Put;
using codec::Text;

constexpr int kFormat = 1;
// After the end of the JSON: still JSON, and nothing that would have to be parsed.
constexpr char kPadding = ' ';

void PutSealed(json& to, const char* key, const std::string& sealed) {
  if (!sealed.empty()) to[key] = ToBase64(sealed);
}

std::string SealedIn(const json& from, const char* key) {
  const std::optional<Secret> sealed = FromBase64(Text(from, key));
  if (!sealed) throw json::other_error::create(501, "not base64", nullptr);
  return std::string(sealed->Reveal());
}

json JsonOf(const KeptGeneration& from) {
  const auto& [generation, fingerprint, origin, created_at, retired] = from.about;
  static_cast<void>(retired);  // told by its time
  json to = {{"generation", generation},
             {"fingerprint", fingerprint.text},
             {"origin", ToString(origin)},
             {"created_at", ToUnix(created_at)}};
  Put(to, "retired_at", from.retired_at);
  PutSealed(to, "sealed", from.sealed);
  return to;
}

KeptGeneration GenerationFrom(const json& from) {
  KeptGeneration kept;
  kept.about.generation = codec::Whole<Generation>(from.at("generation"));
  kept.about.fingerprint.text = Text(from, "fingerprint");
  kept.about.origin = codec::Known(ParseOrigin(Text(from, "origin")));
  kept.about.created_at = FromUnix(codec::Whole<std::int64_t>(from.at("created_at")));
  kept.retired_at = codec::Time(from, "retired_at");
  kept.about.retired = kept.retired_at.has_value();
  kept.sealed = SealedIn(from, "sealed");
  return kept;
}

json JsonOf(const KeptRotation& from) {
  json to = documents::JsonOf(from.rotation);
  PutSealed(to, "reply", from.reply);
  PutSealed(to, "candidate", from.candidate);
  return to;
}

KeptRotation RotationIn(const json& from, const std::string& credential) {
  KeptRotation kept{RotationFrom(from), SealedIn(from, "reply"), SealedIn(from, "candidate")};
  kept.rotation.credential = credential;
  kept.rotation.has_reply = !kept.reply.empty();
  kept.rotation.has_candidate = !kept.candidate.empty();
  return kept;
}

CredentialDocument DocumentFrom(const json& from, const std::string& name) {
  CredentialDocument document;
  document.write = Text(from, "write");
  document.decision = Text(from, "decision");
  document.epoch = codec::Whole<std::uint64_t>(from.at("epoch"));
  document.state = StateFrom(from.at("state"));
  if (document.name() != name) throw json::other_error::create(501, "another name", nullptr);
  for (const json& sink : Part(from, "sinks")) document.state.sinks.push_back(SinkFrom(sink));
  for (const json& kept : Part(from, "generations")) {
    document.generations.push_back(GenerationFrom(kept));
  }
  for (const json& kept : Part(from, "rotations")) {
    document.rotations.push_back(RotationIn(kept, name));
  }
  document.last_rotation = codec::Whole<std::uint64_t>(from.at("last_rotation"));
  for (const auto& [target, generation] : Part(from, "notified").items()) {
    document.notified[target] = codec::Whole<Generation>(generation);
  }
  for (const json& entry : Part(from, "audit")) {
    document.audit.push_back(AuditFrom(entry));
    document.audit.back().credential = name;
  }
  return document;
}

tl::unexpected<Error> Damaged(const std::string& name) {
  return MakeError(ErrorKind::kDataLoss, "damaged",
                   "the stored state of " + name + " is not what was written",
                   "restore the version before it at the server that keeps the state");
}

// An issuer's sentence may hold bytes that are not UTF-8.
std::string Dumped(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

const KeptRotation* CredentialDocument::Unfinished() const {
  const auto found = std::find_if(rotations.begin(), rotations.end(), [](const KeptRotation& kept) {
    return IsUnfinished(kept.rotation.state);
  });
  return found == rotations.end() ? nullptr : &*found;
}

const KeptRotation* CredentialDocument::Find(RotationId id) const {
  const auto found =
      std::find_if(rotations.begin(), rotations.end(),
                   [id](const KeptRotation& kept) { return kept.rotation.id == id; });
  return found == rotations.end() ? nullptr : &*found;
}

KeptRotation* CredentialDocument::Find(RotationId id) {
  return const_cast<KeptRotation*>(std::as_const(*this).Find(id));
}

std::string ToText(const CredentialDocument& document) {
  json to = {{"format", kFormat},
             {"write", document.write},
             {"decision", document.decision},
             {"epoch", document.epoch},
             {"state", JsonOf(document.state)},
             {"last_rotation", document.last_rotation}};
  for (const SinkState& sink : document.state.sinks) to["sinks"].push_back(JsonOf(sink));
  for (const KeptGeneration& kept : document.generations) to["generations"].push_back(JsonOf(kept));
  for (const KeptRotation& kept : document.rotations) to["rotations"].push_back(JsonOf(kept));
  if (!document.notified.empty()) to["notified"] = document.notified;
  for (const AuditEntry& entry : document.audit) to["audit"].push_back(JsonOf(entry));
  return Dumped(to) + std::string(document.reserved, kPadding);
}

Result<std::optional<CredentialDocument>> ParseDocument(std::string_view text,
                                                        const std::string& name) {
  const std::string_view content = text.substr(0, text.find_last_not_of(kPadding) + 1);
  const json parsed = json::parse(content, nullptr, false);
  if (!parsed.is_object()) return Damaged(name);
  try {
    if (codec::Whole<std::int64_t>(parsed.at("format")) > kFormat) {
      return MakeError(ErrorKind::kFailedPrecondition, "newer_format",
                       "the state of " + name + " was written by a newer tokenwarden-agent",
                       "run that version; nothing was changed");
    }
    if (parsed.value("forgotten", false)) return std::optional<CredentialDocument>();
    std::optional<CredentialDocument> document = DocumentFrom(parsed, name);
    document->reserved = text.size() - content.size();
    return document;
  } catch (const json::exception&) {
    return Damaged(name);
  }
}

std::string ForgottenText(const std::string& write) {
  return Dumped({{"format", kFormat}, {"forgotten", true}, {"write", write}});
}

std::string WriteIdOf(std::string_view text) {
  const json parsed = json::parse(text, nullptr, false);
  const auto found = parsed.is_object() ? parsed.find("write") : parsed.end();
  return found != parsed.end() && found->is_string() ? found->get<std::string>() : "";
}

CredentialState StateOf(const CredentialDocument& document) {
  CredentialState state = document.state;
  const KeptRotation* unfinished = document.Unfinished();
  state.rotation = unfinished != nullptr ? std::optional(unfinished->rotation.state) : std::nullopt;
  return state;
}

}  // namespace tokenwarden::documents

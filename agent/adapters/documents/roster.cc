#include "agent/adapters/documents/roster.h"

#include <utility>

#include "agent/adapters/documents/rotation_steps.h"
#include "agent/codec/json_fields.h"
#include "agent/core/base64.h"

namespace tokenwarden::documents {
namespace {

using codec::json;

constexpr int kFormat = 1;
constexpr int kTries = 32;  // as many replicas may start at once
constexpr char kCheckContext[] = "roster/key_check";
constexpr char kCheckValue[] = "tokenwarden";

tl::unexpected<Error> Damaged() {
  return MakeError(
      ErrorKind::kDataLoss, "damaged",
      std::string("the stored list of credentials, ") + kRosterName + ", is not what was written",
      "restore the version before it at the server that keeps the state");
}

tl::unexpected<Error> WrongKey() {
  return MakeError(ErrorKind::kFailedPrecondition, "wrong_key",
                   "the state on the server was sealed with another key than state.key",
                   "give every replica the key that the first one had; nothing was changed");
}

}  // namespace

Result<Roster::Held> Roster::Read() {
  Held held;
  Result<std::optional<Document>> document = store_.Read(kRosterName);
  if (!document) return tl::unexpected<Error>(document.error());
  if (!*document) return held;
  held.version = (*document)->version;
  const json parsed = json::parse((*document)->bytes, nullptr, false);
  if (!parsed.is_object()) return Damaged();
  try {
    if (codec::Whole<std::int64_t>(parsed.at("format")) > kFormat) {
      return MakeError(ErrorKind::kFailedPrecondition, "newer_format",
                       "the state on the server was written by a newer tokenwarden-agent",
                       "run that version; nothing was changed");
    }
    const std::optional<Secret> check = FromBase64(codec::Text(parsed, "key_check"));
    if (!check) return Damaged();
    held.sealed_check = std::string(check->Reveal());
    for (const auto& [name, about] : codec::Part(parsed, "credentials").items()) {
      held.credentials[name] = codec::Time(about, "absent_since");
    }
  } catch (const json::exception&) {
    return Damaged();
  }
  return held;
}

Status Roster::Write(const Held& held) {
  json to = {{"format", kFormat}, {"key_check", ToBase64(held.sealed_check)}};
  for (const auto& [name, since] : held.credentials) {
    to["credentials"][name] = json::object();
    codec::Put(to["credentials"][name], "absent_since", since);
  }
  Result<std::string> version = store_.Write(kRosterName, to.dump(), held.version);
  if (!version) return tl::unexpected<Error>(version.error());
  return {};
}

template <typename Edit>
Status Roster::Change(Edit edit) {
  Status written;
  for (int tries = 0; tries < kTries; ++tries) {
    Result<Held> held = Read();
    if (!held) return tl::unexpected<Error>(held.error());
    if (edit(*held)) written = Write(*held);
    if (written) {
      const std::lock_guard<std::mutex> lock(mutex_);
      listed_.clear();
      for (const auto& [name, since] : held->credentials) listed_.insert(name);
      names_.insert(listed_.begin(), listed_.end());
      return {};
    }
    if (written.error().kind != ErrorKind::kAborted) return written;
    written = {};
  }
  return MakeError(ErrorKind::kUnavailable, "too_busy",
                   std::string("the list of credentials, ") + kRosterName +
                       ", could not be written: others were faster each time",
                   "nothing; it is tried again");
}

Status Roster::Open(Sealer& sealer) {
  Result<std::string> fresh = sealer.Seal(Secret(kCheckValue), kCheckContext);
  if (!fresh) return tl::unexpected<Error>(fresh.error());
  std::string check;
  Status opened = Change([&](Held& held) {
    const bool make = held.sealed_check.empty();
    if (make) held.sealed_check = *fresh;
    check = held.sealed_check;
    return make;
  });
  if (!opened) return opened;
  Result<Secret> value = sealer.Open(check, kCheckContext);
  if (value) return {};
  return value.error().reason == "damaged" ? Status(Damaged()) : Status(WrongKey());
}

std::vector<std::string> Roster::Names() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {names_.begin(), names_.end()};
}

std::vector<std::string> Roster::NamesWithHash(std::uint32_t hash) {
  std::vector<std::string> found;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& name : names_) {
    if (CredentialHashOf(name) == hash) found.push_back(name);
  }
  return found;
}

void Roster::Expect(const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(mutex_);
  names_.insert(names.begin(), names.end());
}

Status Roster::Add(const std::string& name) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (listed_.count(name) != 0) return {};
  }
  return Change([&](Held& held) { return held.credentials.emplace(name, std::nullopt).second; });
}

Result<std::vector<std::string>> Roster::MarkAbsent(const std::vector<std::string>& present,
                                                    Seconds keep, Instant now) {
  const std::set<std::string> here(present.begin(), present.end());
  std::vector<std::string> gone;
  Status changed = Change([&](Held& held) {
    gone.clear();
    const Absences before = held.credentials;
    for (const std::string& name : here) held.credentials[name].reset();
    for (auto& [name, since] : held.credentials) {
      if (here.count(name) != 0) continue;
      if (!since) since = now;
      if (*since < now - keep) gone.push_back(name);
    }
    return held.credentials != before;
  });
  if (!changed) return tl::unexpected<Error>(changed.error());
  return gone;
}

Status Roster::Remove(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  Status changed = Change([&](Held& held) {
    std::size_t removed = 0;
    for (const std::string& name : names) removed += held.credentials.erase(name);
    return removed != 0;
  });
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& name : names) names_.erase(name);
  return changed;
}

}  // namespace tokenwarden::documents

#include "agent/memory.h"

#include <unistd.h>

#include <utility>

#include "agent/adapters/crypto/configured_key.h"
#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/next_key.h"
#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/documents/document_state_store.h"
#include "agent/adapters/sqlite/sqlite_state_store.h"
#include "agent/adapters/system/program.h"

namespace tokenwarden {
namespace {

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Null for a state on this disk.
Result<std::unique_ptr<DocumentStore>> MakeDocuments(const Config& config, Servers& servers) {
  if (config.state_kind == StateKind::kSqlite) return std::unique_ptr<DocumentStore>();
  if (config.state_kind == StateKind::kVault) {
    return servers.vault()->MakeDocumentStore(config.state_path);
  }
  return servers.kubernetes()->MakeDocumentStore(config.state_path);
}

Result<crypto::StateKey> LoadStateKey(const Config& config, Servers& servers,
                                      DocumentStore* documents) {
  if (config.state_transit_key && config.state_key_command.empty()) {
    Result<bool> exists = documents == nullptr ? Result<bool>(Exists(config.state_path))
                                               : documents::HasState(*documents);
    if (!exists) return tl::unexpected<Error>(exists.error());
    Result<Secret> key =
        servers.vault()->UnwrapStateKey(*config.state_transit_key, !*exists, documents);
    if (!key) return tl::unexpected<Error>(key.error());
    return crypto::ParseStateKey(*key);
  }
  return crypto::LoadConfiguredKey(config, servers.router(),
                                   [](const std::vector<std::string>& command) {
                                     sys::Program program;
                                     program.command = command;
                                     return sys::RunProgram(program);
                                   });
}

Status OpenDocuments(const Config& config, Memory& memory) {
  documents::Options options;
  if (config.state_kind == StateKind::kKubernetes) options.parallel = 1;  // one Secret holds all
  for (const CredentialSpec& spec : config.credentials) options.credentials.push_back(spec.name);
  auto store = documents::OpenStateStore(*memory.documents, *memory.sealer, std::move(options));
  if (!store) return tl::unexpected<Error>(store.error());
  memory.store = std::move(*store);
  return {};
}

Status OpenFile(const Config& config, Memory& memory) {
  sqlite::Options options;
  options.allow_ephemeral = config.allow_ephemeral_state;
  auto store = sqlite::OpenStateStore(config.state_path, *memory.sealer, std::move(options));
  if (!store) return tl::unexpected<Error>(store.error());
  memory.store = std::move(*store);
  return {};
}

Status OpenWith(const crypto::StateKey& key, const Config& config, Memory& memory) {
  memory.sealer = crypto::MakeSealer(key);
  Status opened = config.state_kind == StateKind::kSqlite ? OpenFile(config, memory)
                                                          : OpenDocuments(config, memory);
  if (!opened) return opened;
  Result<std::optional<Secret>> own = memory.store->LoadFingerprintKey();
  if (!own) return tl::unexpected<Error>(own.error());
  memory.fingerprinter =
      *own ? crypto::MakeFingerprinter(std::move(**own)) : crypto::MakeFingerprinter(key);
  return {};
}

// The file that holds the key of a state file, when it is one.
std::string KeyFile(const Config& config, const std::string& base_dir) {
  const bool is_file = config.state_kind == StateKind::kSqlite &&
                       config.state_key_command.empty() && config.state_key &&
                       config.state_key->kind == SecretRef::Kind::kFile;
  if (!is_file) return "";
  const std::string& path = config.state_key->locator;
  return path.front() == '/' || base_dir.empty() ? path : base_dir + "/" + path;
}

// `refused`: by the configured key.
Status OpenWithNextKey(const std::string& key_file, const Error& refused, const Config& config,
                       Instant now, Memory& memory) {
  Result<crypto::StateKey> next = crypto::LoadNextKey(key_file);
  if (!next || !OpenWith(*next, config, memory)) return tl::unexpected<Error>(refused);
  Result<std::string> kept = crypto::TakeNextKey(key_file, now);
  memory.warnings.push_back(
      kept ? "a change of the state key had been interrupted and is finished now; the old key is " +
                 *kept
           : "the state opens with " + crypto::NextKeyPath(key_file) +
                 ", which could not be put in its place: " + kept.error().message);
  return {};
}

}  // namespace

Result<Memory> OpenMemory(const Config& config, const std::string& base_dir, Servers& servers,
                          Instant now) {
  Result<std::unique_ptr<DocumentStore>> documents = MakeDocuments(config, servers);
  if (!documents) return tl::unexpected<Error>(documents.error());
  Memory memory;
  memory.documents = std::move(*documents);
  Result<crypto::StateKey> key = LoadStateKey(config, servers, memory.documents.get());
  if (!key) return tl::unexpected<Error>(key.error());
  Status opened = OpenWith(*key, config, memory);
  const std::string key_file = KeyFile(config, base_dir);
  if (!opened && opened.error().reason == "wrong_key" && !key_file.empty()) {
    const Error refused = opened.error();
    opened = OpenWithNextKey(key_file, refused, config, now, memory);
  }
  if (!opened) return tl::unexpected<Error>(opened.error());
  if (!config.allow_ephemeral_state.empty()) {
    memory.warnings.push_back("the state need not outlive this process: " +
                              config.allow_ephemeral_state);
  }
  return memory;
}

}  // namespace tokenwarden

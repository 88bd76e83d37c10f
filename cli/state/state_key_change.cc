#include "cli/state/state_key_change.h"

#include <utility>

#include "agent/adapters/crypto/mac.h"
#include "agent/adapters/crypto/next_key.h"
#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/sqlite/rekey.h"

namespace tokenwarden::cli {
namespace {

std::string From(const std::string& base_dir, const std::string& path) {
  return path.empty() || path.front() == '/' || base_dir.empty() ? path : base_dir + "/" + path;
}

Status CheckKind(const Config& config) {
  if (config.state_kind == StateKind::kSqlite && !config.state_transit_key) return {};
  const bool transit = config.state_transit_key.has_value();
  return MakeError(
      ErrorKind::kFailedPrecondition, "not_served",
      transit ? "the state key is wrapped by Vault's transit engine, which rotates it by itself"
              : "the state is kept on a server, and rekey works on a state file",
      transit ? "rotate it there: vault write -f transit/keys/NAME/rotate, then rewrap the file"
              : "give it a state file, or rotate the key where the state is kept");
}

// The file whose place the new key takes; an error when the key comes from elsewhere.
Result<std::string> KeyFileOf(const RekeyRequest& request) {
  const Config& config = request.config;
  const bool is_file = config.state_key_command.empty() && config.state_key &&
                       config.state_key->kind == SecretRef::Kind::kFile;
  if (is_file) return From(request.base_dir, config.state_key->locator);
  return MakeError(ErrorKind::kInvalidArgument, "no_new_key",
                   "state.key is not a file, so its place cannot be taken by a new one",
                   "make one and name it: tokenwarden keygen new.key && tokenwarden rekey --config "
                   "FILE --new-key new.key");
}

Result<sqlite::RekeyReport> Reseal(const Config& config, const crypto::StateKey& old_key,
                                   const crypto::StateKey& fresh_key) {
  const auto old_sealer = crypto::MakeSealer(old_key);
  const auto fresh_sealer = crypto::MakeSealer(fresh_key);
  return sqlite::Rekey(config.state_path, *old_sealer, *fresh_sealer,
                       crypto::FingerprintKeyOf(old_key));
}

RekeyResult ResultOf(sqlite::RekeyReport report) {
  RekeyResult result;
  result.was_done = report.was_done;
  result.resealed = report.resealed;
  result.damaged = std::move(report.damaged);
  return result;
}

Result<RekeyResult> ChangeTo(const RekeyRequest& request, const crypto::StateKey& old_key) {
  Result<crypto::StateKey> fresh = crypto::LoadKeyFile(request.new_key_file);
  if (!fresh) return tl::unexpected<Error>(fresh.error());
  Result<sqlite::RekeyReport> report = Reseal(request.config, old_key, *fresh);
  if (!report) return tl::unexpected<Error>(report.error());
  RekeyResult result = ResultOf(std::move(*report));
  result.key_file = request.new_key_file;
  return result;
}

}  // namespace

Result<RekeyResult> ChangeStateKey(const RekeyRequest& request, const crypto::StateKey& old_key,
                                   Instant now) {
  if (Status served = CheckKind(request.config); !served) {
    return tl::unexpected<Error>(served.error());
  }
  if (!request.new_key_file.empty()) return ChangeTo(request, old_key);
  Result<std::string> key_file = KeyFileOf(request);
  if (!key_file) return tl::unexpected<Error>(key_file.error());
  Result<crypto::StateKey> fresh = crypto::MakeNextKey(*key_file);
  if (!fresh) return tl::unexpected<Error>(fresh.error());
  Result<sqlite::RekeyReport> report = Reseal(request.config, old_key, *fresh);
  if (!report) return tl::unexpected<Error>(report.error());
  Result<std::string> kept = crypto::TakeNextKey(*key_file, now);
  if (!kept) return tl::unexpected<Error>(kept.error());
  RekeyResult result = ResultOf(std::move(*report));
  result.key_file = *key_file;
  result.old_key_file = *kept;
  return result;
}

std::unique_ptr<Fingerprinter> FingerprintsOf(const crypto::StateKey& key,
                                              const std::string& state_path) {
  if (!state_path.empty()) {
    const auto sealer = crypto::MakeSealer(key);
    std::optional<Secret> own = sqlite::PeekFingerprintKey(state_path, *sealer);
    if (own) return crypto::MakeFingerprinter(std::move(*own));
  }
  return crypto::MakeFingerprinter(key);
}

}  // namespace tokenwarden::cli

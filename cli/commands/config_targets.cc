#include "cli/commands/config_targets.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "agent/adapters/files/file_errors.h"
#include "cli/render/parts.h"

namespace tokenwarden::cli {
namespace {

tl::unexpected<Error> BadConfiguration(const std::string& path, const ConfigRead& read) {
  std::string message = "the configuration has " + Counted(read.problems.size(), "problem") + ": ";
  std::string list = RenderProblemsText(read.problems);
  if (!list.empty()) list.pop_back();
  return MakeError(ErrorKind::kInvalidArgument, "bad_configuration", message + list,
                   "correct it; `tokenwarden validate " + path + "` shows each problem");
}

// The secrets of one credential. One that cannot be read is missing, and the report says so.
class Secrets {
 public:
  Secrets(SecretResolver& resolver, std::vector<std::string>& notes)
      : resolver_(resolver), notes_(notes) {}

  std::optional<Secret> Get(const std::optional<SecretRef>& ref, const std::string& what) {
    if (!ref) return std::nullopt;
    Result<Secret> value = resolver_.Resolve(*ref);
    if (value) return std::move(*value);
    notes_.push_back(
        Sentences(what + " could not be read: " + value.error().message, value.error().action));
    return std::nullopt;
  }

 private:
  SecretResolver& resolver_;
  std::vector<std::string>& notes_;
};

Result<Secret> ReadSource(const CredentialSpec& spec, PlaceFactory& places) {
  if (!spec.source) {
    return MakeError(ErrorKind::kInvalidArgument, "no_source",
                     "the configuration names no source for this credential",
                     "add `source:` to it, or ask the agent with `tokenwarden status`");
  }
  Result<std::unique_ptr<Source>> source = places.MakeSource(*spec.source);
  if (!source) return tl::unexpected<Error>(std::move(source.error()));
  return (*source)->Read();
}

Target TargetOf(const CredentialSpec& spec, SecretResolver& resolver, PlaceFactory& places) {
  Target target;
  target.spec = spec;
  Secrets secrets(resolver, target.notes);
  target.app_secret = secrets.Get(spec.meta.app_secret, "the app secret");
  target.parent_token = secrets.Get(spec.meta.parent_token, "the parent token");
  target.generate_token = secrets.Get(spec.meta.generate_token, "the generating token");
  Result<Secret> value = ReadSource(spec, places);
  if (value) {
    target.value = std::move(*value);
  } else {
    target.problem = std::move(value.error());
  }
  return target;
}

// Null: the fingerprints of this run cannot be compared with the agent's, which is harmless.
std::unique_ptr<Fingerprinter> FingerprintsOf(const Config& config, SecretResolver& resolver,
                                              Services& services) {
  if (!config.state_key) return nullptr;
  const Result<Secret> key = resolver.Resolve(*config.state_key);
  if (!key) return nullptr;
  Result<std::unique_ptr<Fingerprinter>> fingerprints = services.FingerprintsUnder(
      *key, config.state_kind == StateKind::kSqlite ? config.state_path : "");
  return fingerprints ? std::move(*fingerprints) : nullptr;
}

}  // namespace

Status CheckReadable(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return {};
  return files::SystemError("cannot read " + path, errno);
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<Config> ReadConfig(const std::string& path, Services& services) {
  const Status readable = CheckReadable(path);
  if (!readable) return tl::unexpected<Error>(readable.error());
  ConfigRead read = services.LoadConfig(path);
  if (!read.config) return BadConfiguration(path, read);
  return std::move(*read.config);
}

Result<ConfigTargets> TargetsOfConfig(const CheckSettings& settings, Services& services) {
  Result<Config> config = ReadConfig(settings.config, services);
  if (!config) return tl::unexpected<Error>(config.error());
  const std::string base_dir = DirectoryOf(settings.config);
  const Result<Reached> reached = services.Reach(*config, base_dir);
  if (!reached) return tl::unexpected<Error>(reached.error());
  ConfigTargets result;
  result.fingerprints = FingerprintsOf(*config, reached->secrets, services);
  for (const CredentialSpec& spec : config->credentials) {
    if (!IsSelected(settings.select, spec)) continue;
    Target target = TargetOf(spec, reached->secrets, reached->places);
    if (target.spec.meta.ca_file.empty()) target.spec.meta.ca_file = config->ca_file;
    result.targets.push_back(std::move(target));
  }
  return result;
}

}  // namespace tokenwarden::cli

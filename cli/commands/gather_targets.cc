#include "cli/commands/gather_targets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/adapters/files/file_reader.h"
#include "cli/check/env_file.h"
#include "cli/commands/config_targets.h"
#include "cli/commands/outcome.h"

namespace tokenwarden::cli {
namespace {

constexpr std::size_t kLongestTokenInput = 64 * 1024;

// Errors of several files as one: all messages, and the kind that decides the exit code.
class Errors {
 public:
  void Add(Error error) {
    if (!first_) {
      first_ = std::move(error);
      return;
    }
    const std::string messages = first_->message + "; " + error.message;
    const ExitCode old = ExitCodeOf(*first_);
    if (WorstOf(old, ExitCodeOf(error)) != old) first_ = std::move(error);
    first_->message = messages;
  }
  const std::optional<Error>& all() const { return first_; }

 private:
  std::optional<Error> first_;
};

// Files are read for agents too, whose paths come from a configuration.
tl::unexpected<Error> Unreadable(Error error) {
  if (error.kind == ErrorKind::kNotFound) error.action = "check the path given to --env-file";
  return tl::unexpected<Error>(std::move(error));
}

Result<std::vector<Target>> ReadEnvFile(const std::string& path, const std::string& prefix,
                                        const CheckSettings& settings, Services& services) {
  const bool is_input = path == "-";
  const Result<Secret> bytes =
      is_input ? services.ReadInput(files::kMaxFileBytes, "Contents of the .env file: ")
               : files::ReadFile(files::RealFileSystem(), path);
  if (!bytes) return Unreadable(bytes.error());
  const Result<files::DotenvDocument> document =
      files::DotenvDocument::Parse(bytes->Reveal(), is_input ? "standard input" : path);
  if (!document) return tl::unexpected<Error>(document.error());
  return TargetsOfEnvFile(*document, prefix, settings.given);
}

bool HasToken(const std::vector<Target>& targets) {
  return std::any_of(targets.begin(), targets.end(),
                     [](const Target& target) { return target.use == Use::kGraphToken; });
}

Error NoKnownName(const CheckSettings& settings) {
  std::string files;
  for (const std::string& path : settings.env_files) files += (files.empty() ? "" : ", ") + path;
  return Error{
      ErrorKind::kInvalidArgument, "no_known_name",
      "no token under a recognised name in " + files + "; looked for " + NamesOf(Role::kToken),
      "give the token one of these names, or pipe it into `tokenwarden check --token-stdin`"};
}

void Append(std::vector<Target>& targets, std::vector<Target> more) {
  targets.insert(targets.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
}

Status AddEnvFiles(const CheckSettings& settings, Services& services, Gathered& gathered) {
  Errors errors;
  bool any = settings.env_files.empty();
  const bool several = settings.env_files.size() > 1;
  std::string without;
  for (const std::string& path : settings.env_files) {
    const std::string prefix = several ? path + ":" : "";
    Result<std::vector<Target>> found = ReadEnvFile(path, prefix, settings, services);
    if (!found) {
      errors.Add(std::move(found.error()));
      continue;
    }
    const bool has_token = HasToken(*found);
    any = any || has_token;
    if (!has_token) without += "note: " + path + " has no token under a recognised name\n";
    Append(gathered.targets, std::move(*found));
  }
  if (errors.all()) return tl::unexpected<Error>(*errors.all());
  if (!any) return tl::unexpected<Error>(NoKnownName(settings));
  gathered.notes += without;
  return {};
}

Status AddTokenFromInput(const CheckSettings& settings, Services& services, Gathered& gathered) {
  const Result<Secret> input = services.ReadInput(kLongestTokenInput, "Token (not shown): ");
  if (!input) return tl::unexpected<Error>(input.error());
  const Lookup lookup = [&](std::string_view name) -> Result<std::optional<Secret>> {
    std::optional<std::string> value = services.Environment(name);
    if (!value) return std::optional<Secret>();
    return std::optional<Secret>(Secret::TakeFrom(*value));
  };
  const Result<Identifiers> identifiers = FindIdentifiers(lookup, settings.given);
  if (!identifiers) return tl::unexpected<Error>(identifiers.error());
  Secret value(files::WithoutLastNewline(input->Reveal()));
  gathered.targets.push_back(MakeTarget("stdin", Use::kGraphToken, std::move(value), *identifiers));
  return {};
}

// A target must be in `select`; selecting nothing is an error, because a gate that looked at
// nothing passes.
Status Select(const std::vector<TokenSelector>& select, std::vector<Target>& targets) {
  if (select.empty()) return {};
  std::string names;
  for (const Target& target : targets) {
    names += (names.empty() ? "" : ", ") + target.spec.name;
  }
  const auto unwanted = [&](const Target& target) { return !IsSelected(select, target.spec); };
  targets.erase(std::remove_if(targets.begin(), targets.end(), unwanted), targets.end());
  if (!targets.empty()) return {};
  return MakeError(ErrorKind::kInvalidArgument, "nothing_selected",
                   "--select matches nothing; there is " + (names.empty() ? "no token" : names),
                   "correct --select, or leave it out");
}

void RequireScopes(const std::vector<std::string>& scopes, std::vector<Target>& targets) {
  for (Target& target : targets) {
    std::vector<std::string>& required = target.spec.meta.required_scopes;
    for (const std::string& scope : scopes) {
      if (std::find(required.begin(), required.end(), scope) == required.end()) {
        required.push_back(scope);
      }
    }
  }
}

}  // namespace

Result<Gathered> GatherTargets(const CheckSettings& settings, Services& services) {
  Gathered gathered;
  Status status = AddEnvFiles(settings, services, gathered);
  if (status && settings.token_stdin) status = AddTokenFromInput(settings, services, gathered);
  if (status && !settings.config.empty()) {
    Result<ConfigTargets> config = TargetsOfConfig(settings, services);
    if (config) {
      gathered.fingerprints = std::move(config->fingerprints);
      Append(gathered.targets, std::move(config->targets));
    } else {
      status = tl::unexpected<Error>(std::move(config.error()));
    }
  }
  if (status) status = Select(settings.select, gathered.targets);
  if (!status) return tl::unexpected<Error>(std::move(status.error()));
  RequireScopes(settings.gate.required_scopes, gathered.targets);
  if (!gathered.fingerprints) gathered.fingerprints = services.FingerprintsOfThisRun();
  return gathered;
}

}  // namespace tokenwarden::cli

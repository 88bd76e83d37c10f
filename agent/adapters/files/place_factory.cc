#include "agent/adapters/files/place_factory.h"

#include <utility>

#include "agent/adapters/files/file_reader.h"
#include "agent/adapters/files/local_places.h"
#include "agent/adapters/files/no_server.h"

namespace tokenwarden::files {
namespace {

constexpr mode_t kDefaultMode = 0600;

// An environment variable. One that is set but empty is an empty value, as in a `.env` file.
class EnvSource : public Source {
 public:
  EnvSource(Environment environment, std::string name)
      : environment_(std::move(environment)), name_(std::move(name)) {}

  Result<Secret> Read() override {
    if (const char* value = environment_(name_.c_str())) return Secret(value);
    return MakeError(ErrorKind::kNotFound, "no_such_key",
                     "cannot read the environment variable " + name_ + ": it is not set",
                     "Set it where this process is started.");
  }

 private:
  const Environment environment_;
  const std::string name_;
};

tl::unexpected<Error> Missing(const std::string& attempted, const char* what) {
  return MakeError(ErrorKind::kInvalidArgument, std::string("no_") + what,
                   attempted + ": it has no " + what, "Add it to the configuration.");
}

class LocalPlaceFactory : public PlaceFactory {
 public:
  LocalPlaceFactory(std::string base_dir, Environment environment, FileSystem& files)
      : base_dir_(std::move(base_dir)), environment_(std::move(environment)), files_(files) {}

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override {
    const std::string attempted = "cannot use the source " + Describe(spec);
    if (spec.kind == SourceKind::kVault) return NoVault(attempted);
    if (spec.kind == SourceKind::kKubernetes) return NoKubernetes(attempted);
    if (spec.path.empty()) return Missing(attempted, "path");
    if (spec.kind == SourceKind::kEnv) return std::make_unique<EnvSource>(environment_, spec.path);
    const std::string path = PathFrom(base_dir_, spec.path);
    if (spec.kind == SourceKind::kFile) {
      return std::make_unique<RawFilePlace>(files_, path, kDefaultMode);
    }
    if (spec.key.empty()) return Missing(attempted, "key");
    return std::make_unique<DotenvPlace>(files_, path, spec.key, kDefaultMode);
  }

  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override {
    const std::string attempted = "cannot use the sink " + spec.Target();
    if (spec.kind == SinkKind::kVault) return NoVault(attempted);
    if (spec.kind == SinkKind::kKubernetes) return NoKubernetes(attempted);
    if (spec.path.empty()) return Missing(attempted, "path");
    const std::string path = PathFrom(base_dir_, spec.path);
    const mode_t mode = spec.mode.value_or(kDefaultMode);
    if (spec.kind == SinkKind::kFile && spec.format == FileFormat::kJson) {
      return std::make_unique<JsonFileSink>(files_, path, mode);
    }
    if (spec.kind == SinkKind::kFile) return std::make_unique<RawFilePlace>(files_, path, mode);
    if (spec.key.empty()) return Missing(attempted, "key");
    return std::make_unique<DotenvPlace>(files_, path, spec.key, mode);
  }

 private:
  const std::string base_dir_;
  const Environment environment_;
  FileSystem& files_;
};

}  // namespace

std::unique_ptr<PlaceFactory> MakePlaceFactory(std::string base_dir, Environment environment,
                                               FileSystem& files) {
  return std::make_unique<LocalPlaceFactory>(std::move(base_dir), std::move(environment), files);
}

}  // namespace tokenwarden::files

#include "agent/adapters/files/secret_resolver.h"

#include <cstdlib>
#include <utility>

#include "agent/adapters/files/dotenv_document.h"
#include "agent/adapters/files/file_reader.h"
#include "agent/adapters/files/no_server.h"

namespace tokenwarden::files {
namespace {

class FileSecretResolver : public SecretResolver {
 public:
  FileSecretResolver(std::string base_dir, Environment environment, FileSystem& files)
      : base_dir_(std::move(base_dir)), environment_(std::move(environment)), files_(files) {}

  Result<Secret> Resolve(const SecretRef& ref) override {
    auto secret = Fetch(ref);
    if (secret && secret->empty()) {
      return MakeError(ErrorKind::kInvalidArgument, "empty_secret",
                       "cannot use the secret " + Describe(ref) + ": it is empty",
                       "Put the value there, or remove the reference.");
    }
    return secret;
  }

 private:
  Result<Secret> Fetch(const SecretRef& ref) {
    switch (ref.kind) {
      case SecretRef::Kind::kEnv:
        return FromEnvironment(ref.locator);
      case SecretRef::Kind::kFile:
        return FromFile(ref.locator);
      case SecretRef::Kind::kDotenv:
        return FromDotenv(ref);
      case SecretRef::Kind::kVault:
        return NoVault("cannot read the secret " + Describe(ref));
      case SecretRef::Kind::kKubernetes:
        return NoKubernetes("cannot read the secret " + Describe(ref));
    }
    return MakeError(ErrorKind::kInternal, "unknown_reference", "unknown kind of reference");
  }

  Result<Secret> FromEnvironment(const std::string& name) {
    const char* value = environment_(name.c_str());
    if (value != nullptr) return Secret(WithoutLastNewline(value));
    return MakeError(ErrorKind::kNotFound, "no_such_variable",
                     "cannot read the environment variable " + name + ": it is not set",
                     "Set it where this process is started.");
  }

  Result<Secret> FromFile(const std::string& path) {
    auto bytes = ReadFile(files_, PathFrom(base_dir_, path));
    if (!bytes) return bytes;
    return Secret(WithoutLastNewline(bytes->Reveal()));
  }

  Result<Secret> FromDotenv(const SecretRef& ref) {
    const std::string path = PathFrom(base_dir_, ref.locator);
    auto bytes = ReadFile(files_, path);
    if (!bytes) return bytes;
    auto document = DotenvDocument::Parse(bytes->Reveal(), path);
    if (!document) return tl::make_unexpected(document.error());
    return document->Read(ref.key);
  }

  const std::string base_dir_;
  const Environment environment_;
  FileSystem& files_;
};

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) -> const char* { return std::getenv(name); };
}

std::unique_ptr<SecretResolver> MakeSecretResolver(std::string base_dir, Environment environment,
                                                   FileSystem& files) {
  return std::make_unique<FileSecretResolver>(std::move(base_dir), std::move(environment), files);
}

}  // namespace tokenwarden::files

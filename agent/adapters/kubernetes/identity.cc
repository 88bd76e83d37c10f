#include "agent/adapters/kubernetes/identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <utility>

namespace tokenwarden::kubernetes {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1024} * 1024;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool SameSecret(const std::optional<Secret>& one, const std::optional<Secret>& other) {
  if (!one || !other) return one.has_value() == other.has_value();
  return one->EqualsInConstantTime(*other);
}

tl::unexpected<Error> Unreadable(const std::string& path, int number) {
  const std::string message =
      "cannot read " + path + ": " + std::generic_category().message(number);
  if (number == ENOENT || number == ENOTDIR) {
    return MakeError(ErrorKind::kNotFound, "no_such_file", message, "Correct the path.");
  }
  return MakeError(ErrorKind::kPermissionDenied, "unreadable", message,
                   "Grant the user of this process read access to it.");
}

class Anonymous : public Identity {
 public:
  Result<Presented> Present() override { return Presented{}; }
};

class FixedToken : public Identity {
 public:
  explicit FixedToken(Secret token) : token_(std::move(token)) {}
  Result<Presented> Present() override { return Presented{token_.Clone(), std::nullopt}; }

 private:
  const Secret token_;
};

class TokenFile : public Identity {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // kubelet replaces the file as a whole, so a read is never half of one.
  Result<Presented> Present() override {
    Result<Secret> read = ReadSmallFile(path_);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (read && !Trimmed(read->Reveal()).empty()) last_ = Secret(Trimmed(read->Reveal()));
    if (!last_.empty()) return Presented{last_.Clone(), std::nullopt};
    if (!read) return tl::unexpected<Error>(read.error());
    return MakeError(ErrorKind::kUnauthenticated, "empty_token",
                     "the token file " + path_ + " is empty",
                     "Mount a service account token there.");
  }

 private:
  const std::string path_;
  std::mutex mutex_;
  Secret last_;
};

class Certificate : public Identity {
 public:
  Certificate(PemSource certificate, PemSource key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}

  Result<Presented> Present() override {
    Result<Secret> certificate = Read(certificate_);
    if (!certificate) return tl::unexpected<Error>(certificate.error());
    Result<Secret> key = Read(key_);
    if (!key) return tl::unexpected<Error>(key.error());
    return Presented{std::nullopt,
                     ClientIdentity{std::string(certificate->Reveal()), std::move(*key)}};
  }

 private:
  static Result<Secret> Read(const PemSource& source) {
    return source.file.empty() ? Result<Secret>(source.text.Clone()) : ReadSmallFile(source.file);
  }

  const PemSource certificate_;
  const PemSource key_;
};

}  // namespace

bool Presented::SameAs(const Presented& other) const {
  if (!SameSecret(token, other.token)) return false;
  if (!certificate || !other.certificate) {
    return certificate.has_value() == other.certificate.has_value();
  }
  return certificate->certificate_pem == other.certificate->certificate_pem;
}

std::unique_ptr<Identity> MakeAnonymous() { return std::make_unique<Anonymous>(); }

std::unique_ptr<Identity> MakeTokenIdentity(Secret token) {
  return std::make_unique<FixedToken>(std::move(token));
}

std::unique_ptr<Identity> MakeTokenFileIdentity(std::string path) {
  return std::make_unique<TokenFile>(std::move(path));
}

std::unique_ptr<Identity> MakeCertificateIdentity(PemSource certificate, PemSource key) {
  return std::make_unique<Certificate>(std::move(certificate), std::move(key));
}

Result<Secret> ReadSmallFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             std::fclose);
  struct stat status {};
  if (!file || ::fstat(::fileno(file.get()), &status) != 0) return Unreadable(path, errno);
  std::string bytes(std::min(static_cast<std::size_t>(status.st_size), kMaxFile), '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (std::ferror(file.get()) != 0) return Unreadable(path, errno);
  return Secret::TakeFrom(bytes);
}

}  // namespace tokenwarden::kubernetes

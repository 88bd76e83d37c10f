#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "agent/adapters/vault/transit_key.h"

namespace tokenwarden::vault {
namespace {

// No credential can be named so: names begin with a letter or digit.
constexpr char kDocument[] = "_transit-key";

bool Sync(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = fsync(file) == 0;
  close(file);
  return synced;
}

bool WriteWhole(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  close(file);
  return written;
}

class FilePlace : public WrappedKeyPlace {
 public:
  FilePlace(std::string path, SecretResolver& secrets)
      : path_(std::move(path)), secrets_(secrets) {}

  Result<std::string> Read() override {
    Result<Secret> wrapped = secrets_.Resolve({SecretRef::Kind::kFile, path_, ""});
    if (!wrapped) return tl::unexpected<Error>(wrapped.error());
    return std::string(wrapped->Reveal());
  }

  // Whole or not at all, and never over one that is there.
  Status Create(const std::string& wrapped) override {
    const std::string fresh = path_ + ".new." + std::to_string(getpid());
    std::string directory = std::filesystem::path(path_).parent_path().string();
    if (directory.empty()) directory = ".";
    errno = 0;
    const bool linked = WriteWhole(fresh, wrapped) && link(fresh.c_str(), path_.c_str()) == 0;
    const int number = errno;
    unlink(fresh.c_str());
    if (linked && Sync(directory, O_RDONLY | O_DIRECTORY)) return {};
    if (!linked && number == EEXIST) {
      return MakeError(ErrorKind::kAborted, "conflict", path_ + " was made by somebody else.");
    }
    return MakeError(
        ErrorKind::kPermissionDenied, "unwritable",
        "Cannot write the wrapped state key to " + path_ + ": " + std::strerror(number) + ".",
        "Name a file in a directory that the agent may write to and that is kept.");
  }

  std::string Describe() const override { return path_; }

 private:
  const std::string path_;
  SecretResolver& secrets_;
};

class DocumentPlace : public WrappedKeyPlace {
 public:
  explicit DocumentPlace(DocumentStore& documents) : documents_(documents) {}

  Result<std::string> Read() override {
    Result<std::optional<Document>> document = documents_.Read(kDocument);
    if (!document) return tl::unexpected<Error>(document.error());
    if (*document) return std::move((*document)->bytes);
    return MakeError(ErrorKind::kNotFound, "no_such_document", "There is no document with it.");
  }

  Status Create(const std::string& wrapped) override {
    Result<std::string> written = documents_.Write(kDocument, wrapped, std::nullopt);
    return written ? Status() : Status(tl::unexpected<Error>(written.error()));
  }

  std::string Describe() const override {
    return std::string("the document ") + kDocument + " beside the state";
  }

 private:
  DocumentStore& documents_;
};

}  // namespace

std::unique_ptr<WrappedKeyPlace> InFile(std::string path, SecretResolver& secrets) {
  return std::make_unique<FilePlace>(std::move(path), secrets);
}

std::unique_ptr<WrappedKeyPlace> InDocument(DocumentStore& documents) {
  return std::make_unique<DocumentPlace>(documents);
}

}  // namespace tokenwarden::vault

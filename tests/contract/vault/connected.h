// Parts of a Vault that own their connection, as another process would have them.
#pragma once

#include <memory>
#include <utility>

#include "agent/adapters/vault/vault.h"

namespace tokenwarden {

class ConnectedSink : public Sink {
 public:
  ConnectedSink(std::unique_ptr<vault::Vault> vault, const SinkSpec& spec)
      : vault_(std::move(vault)), sink_(vault_->MakeSink(spec).value()) {}
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override {
    return sink_->Publish(value, marker);
  }
  Result<Secret> Read() override { return sink_->Read(); }

 private:
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<Sink> sink_;
};

class ConnectedSource : public Source {
 public:
  ConnectedSource(std::unique_ptr<vault::Vault> vault, const SourceSpec& spec)
      : vault_(std::move(vault)), source_(vault_->MakeSource(spec).value()) {}
  Result<Secret> Read() override { return source_->Read(); }

 private:
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<Source> source_;
};

class ConnectedDocuments : public DocumentStore {
 public:
  ConnectedDocuments(std::unique_ptr<vault::Vault> vault, const std::string& prefix)
      : vault_(std::move(vault)), store_(vault_->MakeDocumentStore(prefix)) {}
  Result<std::optional<Document>> Read(const std::string& name) override {
    return store_->Read(name);
  }
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override {
    return store_->Write(name, bytes, expected);
  }

 private:
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<DocumentStore> store_;
};

inline SinkSpec SinkAt(const std::string& path, const std::string& key, Drift drift) {
  SinkSpec spec;
  spec.kind = SinkKind::kVault;
  spec.path = path;
  spec.key = key;
  spec.drift = drift;
  return spec;
}

inline SourceSpec SourceAt(const std::string& path, const std::string& key) {
  SourceSpec spec;
  spec.kind = SourceKind::kVault;
  spec.path = path;
  spec.key = key;
  return spec;
}

}  // namespace tokenwarden

// Parts of a connection that own it, as another process would have them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/kubernetes/kubernetes.h"

namespace tokenwarden {

class ConnectedSink : public Sink {
 public:
  ConnectedSink(std::unique_ptr<kubernetes::Kubernetes> connection, const SinkSpec& spec)
      : connection_(std::move(connection)), sink_(connection_->MakeSink(spec).value()) {}
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override {
    return sink_->Publish(value, marker);
  }
  Result<Secret> Read() override { return sink_->Read(); }

 private:
  std::unique_ptr<kubernetes::Kubernetes> connection_;
  std::unique_ptr<Sink> sink_;
};

class ConnectedSource : public Source {
 public:
  ConnectedSource(std::unique_ptr<kubernetes::Kubernetes> connection, const SourceSpec& spec)
      : connection_(std::move(connection)), source_(connection_->MakeSource(spec).value()) {}
  Result<Secret> Read() override { return source_->Read(); }

 private:
  std::unique_ptr<kubernetes::Kubernetes> connection_;
  std::unique_ptr<Source> source_;
};

class ConnectedDocuments : public DocumentStore {
 public:
  ConnectedDocuments(std::unique_ptr<kubernetes::Kubernetes> connection, const std::string& place)
      : connection_(std::move(connection)), store_(connection_->MakeDocumentStore(place).value()) {}
  Result<std::optional<Document>> Read(const std::string& name) override {
    return store_->Read(name);
  }
  Result<std::vector<std::optional<Document>>> ReadMany(
      const std::vector<std::string>& names) override {
    return store_->ReadMany(names);
  }
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override {
    return store_->Write(name, bytes, expected);
  }

 private:
  std::unique_ptr<kubernetes::Kubernetes> connection_;
  std::unique_ptr<DocumentStore> store_;
};

inline SinkSpec SinkAt(const std::string& place, const std::string& key, Drift drift) {
  SinkSpec spec;
  spec.kind = SinkKind::kKubernetes;
  spec.path = place;
  spec.key = key;
  spec.drift = drift;
  return spec;
}

inline SourceSpec SourceAt(const std::string& place, const std::string& key) {
  SourceSpec spec;
  spec.kind = SourceKind::kKubernetes;
  spec.path = place;
  spec.key = key;
  return spec;
}

}  // namespace tokenwarden

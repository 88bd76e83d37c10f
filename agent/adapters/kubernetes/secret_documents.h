// DocumentStore in one Secret: one key per document, and beside each its version in the annotation
// `tokenwarden.dev/version.NAME`.
//
// A write is one JSON patch that tests the version and replaces it with the content, so writers of
// different documents never get into each other's way: the API server repeats a patch by itself
// when another one came first, and its tests with it. The version is new and random with every
// write, so a write whose reply was lost is recognised when it is repeated. Requests: one per read,
// one per write; more only for the first documents of a Secret. Source: RFC 6902 and what a
// kube-apiserver answers to a test that fails (422 without causes).
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/adapters/kubernetes/client.h"
#include "agent/ports/document_store.h"

namespace tokenwarden::kubernetes {

// Thread-safe. kResourceExhausted `too_large`: the Secret holds 1 MiB in all.
class SecretDocuments : public DocumentStore {
 public:
  SecretDocuments(Client& client, ObjectName secret);

  Result<std::optional<Document>> Read(const std::string& name) override;
  // One request, however many they are.
  Result<std::vector<std::optional<Document>>> ReadMany(
      const std::vector<std::string>& names) override;
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override;

 private:
  struct Change {
    const std::string& name;
    const std::string& bytes;
    const std::optional<std::string>& expected;
    std::string version;  // the one it gets
  };

  Status Patch(const Json& operations);
  Status WriteSlowly(const Change& change);
  tl::unexpected<Error> Conflict(const std::string& name) const;

  Client& client_;
  const ObjectName secret_;
  // One write at a time: the server repeats a patch that another one overtook, with the whole
  // Secret, so that many at once would keep each other from ever getting through.
  std::mutex writing_;
};

}  // namespace tokenwarden::kubernetes

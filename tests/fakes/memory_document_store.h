// MemoryDocumentStore: the DocumentStore port without a server, held to the same contract suite as
// the real ones.
//
// The documents live in a `Server` that several stores may share: each is one process. A server can
// be told to fail calls in the ways that networks do. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "agent/ports/document_store.h"

namespace tokenwarden {

class MemoryDocumentStore final : public DocumentStore {
 public:
  enum class Fault {
    kNone,
    kOutage,     // nothing happened, and the caller does not know
    kLostReply,  // it happened, and the caller does not know
    kLate,       // it happens when DeliverLate is called, and the caller does not know
    kLostTwice,  // it happened, and a repetition by the transport then found a conflict
  };
  class Server;

  explicit MemoryDocumentStore(std::shared_ptr<Server> server) : server_(std::move(server)) {}
  Result<std::optional<Document>> Read(const std::string& name) override;
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override;

 private:
  const std::shared_ptr<Server> server_;
};

class MemoryDocumentStore::Server {
 public:
  // Asked at each call, in order; absent = no faults. Not while the server is locked: it may use
  // another store on it, which is how somebody else comes in between.
  std::function<Fault(const std::string& name, bool is_write)> fault;
  std::size_t most_bytes = SIZE_MAX;  // of all documents together

  // Writes that were late, in their order.
  void DeliverLate() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (; !late_.empty(); late_.pop_front()) late_.front()();
  }
  int reads() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return reads_;
  }
  int writes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return writes_;
  }
  std::map<std::string, std::string> Contents() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::map<std::string, std::string> contents;
    for (const auto& [name, document] : documents_) contents[name] = document.bytes;
    return contents;
  }
  // Empty when there is none.
  std::string VersionOf(const std::string& name) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = documents_.find(name);
    return found == documents_.end() ? "" : found->second.version;
  }
  // By somebody who does not ask for versions.
  void Overwrite(const std::string& name, const std::string& bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    documents_[name] = {bytes, std::to_string(++versions_)};
  }
  void Delete(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    documents_.erase(name);
  }

 private:
  friend class MemoryDocumentStore;

  Fault FaultOf(const std::string& name, bool is_write) {
    return fault ? fault(name, is_write) : Fault::kNone;
  }
  std::size_t Bytes() const {
    std::size_t bytes = 0;
    for (const auto& each : documents_) bytes += each.second.bytes.size();
    return bytes;
  }
  // Locked.
  Result<std::string> Apply(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) {
    const auto found = documents_.find(name);
    const bool there = found != documents_.end();
    if (there != expected.has_value() || (there && found->second.version != *expected)) {
      return MakeError(ErrorKind::kAborted, "conflict", name + " is at another version");
    }
    const std::size_t before = there ? found->second.bytes.size() : 0;
    if (Bytes() - before + bytes.size() > most_bytes) {
      return MakeError(ErrorKind::kResourceExhausted, "too_large", name + " does not fit");
    }
    documents_[name] = {bytes, std::to_string(++versions_)};
    return documents_[name].version;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Document> documents_;
  std::deque<std::function<void()>> late_;
  std::uint64_t versions_ = 0;
  int reads_ = 0;
  int writes_ = 0;
};

inline Result<std::optional<Document>> MemoryDocumentStore::Read(const std::string& name) {
  const Fault fault = server_->FaultOf(name, false);
  const std::lock_guard<std::mutex> lock(server_->mutex_);
  ++server_->reads_;
  if (fault != Fault::kNone) {
    return MakeError(ErrorKind::kUnavailable, "connection_lost", "the server does not answer");
  }
  const auto found = server_->documents_.find(name);
  return found == server_->documents_.end() ? std::nullopt : std::optional(found->second);
}

inline Result<std::string> MemoryDocumentStore::Write(const std::string& name,
                                                      const std::string& bytes,
                                                      const std::optional<std::string>& expected) {
  const Fault fault = server_->FaultOf(name, true);
  const std::lock_guard<std::mutex> lock(server_->mutex_);
  ++server_->writes_;
  const auto lost = MakeError(ErrorKind::kUnavailable, "connection_lost", "the reply was lost");
  if (fault == Fault::kOutage) return lost;
  if (fault == Fault::kLate) {
    server_->late_.push_back([server = server_.get(), name, bytes, expected] {
      static_cast<void>(server->Apply(name, bytes, expected));
    });
    return MakeError(ErrorKind::kDeadlineExceeded, "timeout", "the server did not answer in time");
  }
  Result<std::string> version = server_->Apply(name, bytes, expected);
  if (fault == Fault::kLostReply) return lost;
  if (fault == Fault::kLostTwice) {
    return MakeError(ErrorKind::kAborted, "conflict", name + " is at another version");
  }
  return version;
}

}  // namespace tokenwarden

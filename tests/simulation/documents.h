// Documents: the state on a server that several agents write to, and what the real store of
// documents makes of it. Everything between an agent and the server may go wrong.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/ports/crypto.h"
#include "agent/ports/document_store.h"
#include "tests/fakes/memory_document_store.h"
#include "tests/fakes/memory_state_store.h"

namespace tokenwarden::simulation {

struct World;

// Binds what it seals to its place and hides nothing.
class PlainSealer : public Sealer {
 public:
  Result<std::string> Seal(const Secret& value, std::string_view context) override;
  Result<Secret> Open(std::string_view blob, std::string_view context) override;
};

// What lies on the server, for all agents.
class SharedDocuments {
 public:
  const std::shared_ptr<MemoryDocumentStore::Server>& server() const { return server_; }
  Sealer& sealer() { return sealer_; }
  // As it would lie on a disk, so that it can be judged in the same way.
  void CopyTo(MemoryStateStore::Disk& disk, const std::string& credential) const;

  // Of the newest decision: which agent's, by the turn of the lease it acted on.
  int turn = 0;
  std::string decision;
  Generation generation = 0;  // that was noted as promoted

 private:
  std::shared_ptr<MemoryDocumentStore::Server> server_ =
      std::make_shared<MemoryDocumentStore::Server>();
  mutable PlainSealer sealer_;
  mutable std::string copied_;  // the version
};

// What goes wrong between an agent and the server during one call of the state store.
struct Weather {
  bool no_server = false;   // nothing arrives
  bool lost_reply = false;  // of the first write
  bool then_gone = false;   // and nothing arrives after that
  bool no_room = false;
  bool storing_reply = false;  // whoever holds the lease by now
};

// The server as one agent reaches it.
class AgentDocuments : public DocumentStore {
 public:
  AgentDocuments(World& world, int agent);
  Result<std::optional<Document>> Read(const std::string& name) override;
  Result<std::string> Write(const std::string& name, const std::string& bytes,
                            const std::optional<std::string>& expected) override;

  Weather weather;

 private:
  void JudgeDecision(const std::string& bytes);
  void NotePromotion();

  World& world_;
  int agent_;
  MemoryDocumentStore inner_;
};

}  // namespace tokenwarden::simulation

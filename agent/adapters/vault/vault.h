// Vault: everything the agent does with a HashiCorp Vault (or OpenBao) server: places in KV, a
// state kept there, and the wrapped key of a state. One login per way of logging in, shared by all.
//
// Sources of outside facts: Vault's HTTP API documentation (1.21), and what a real server answered.
// OpenBao serves the same API; its answers were not tried, only where they are known to say less
// (session.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/core/result.h"
#include "agent/core/spec.h"
#include "agent/ports/clock.h"
#include "agent/ports/document_store.h"
#include "agent/ports/http_client.h"
#include "agent/ports/places.h"

namespace tokenwarden::vault {

// The value of an environment variable, or nullptr.
using Environment = std::function<const char*(const char* name)>;

struct Options {
  Environment environment;      // empty: this process's
  bool keep_logged_in = false;  // a thread renews tokens in time, also while nothing is asked
  std::string name;             // of this replica, spreads pauses; empty: the host's name
  std::string jwt_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";  // of the pod
};

// Thread-safe. Everything it makes must go before it, and it before what it was made of. When it
// goes, the server is asked to forget the tokens that it made for us, which fails quietly once the
// HTTP client is stopped.
class Vault {
 public:
  // Asks nothing. VAULT_ADDR, VAULT_TOKEN, VAULT_CACERT and VAULT_NAMESPACE stand in for what the
  // specification leaves out; without any login a pod logs in by its service account, as role
  // `tokenwarden`. kFailedPrecondition `no_vault_configured`: no address anywhere.
  // `secrets` resolves the references of the login.
  static Result<std::unique_ptr<Vault>> Make(const VaultSpec& spec, HttpClient& http, Clock& clock,
                                             SecretResolver& secrets, Options options);
  virtual ~Vault() = default;

  // Policy: read on the data. kInvalidArgument `no_path`, `bad_path`, `no_key`.
  virtual Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) = 0;
  // Policy: create, read, update on the data; create, read, update, patch on the metadata (patch
  // may be missing, then metadata is written as a whole). See kv_sink.h.
  virtual Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) = 0;
  // Policy: read on the data.
  virtual Result<Secret> Resolve(const SecretRef& ref) = 0;
  // One secret for each document below `prefix`; KV v2 only. Policy: create, read, update on data
  // and metadata, and update on `destroy`. See kv_documents.h.
  virtual std::unique_ptr<DocumentStore> MakeDocumentStore(const std::string& prefix) = 0;
  // The state key that transit unwraps. Makes one when none is kept and `may_create`. Without a
  // `wrapped_file` the wrapped key is kept in `documents`. Policy: update on `datakey/wrapped` (for
  // the first start) and on `decrypt`. See transit_key.h.
  virtual Result<Secret> UnwrapStateKey(const TransitKeySpec& spec, bool may_create,
                                        DocumentStore* documents = nullptr) = 0;
  // Ends the thread that keeps logins alive.
  virtual void Stop() = 0;
};

}  // namespace tokenwarden::vault

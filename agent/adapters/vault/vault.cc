#include "agent/adapters/vault/vault.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "agent/adapters/vault/keep_alive.h"
#include "agent/adapters/vault/kv_documents.h"
#include "agent/adapters/vault/kv_sink.h"
#include "agent/adapters/vault/transit_key.h"

namespace tokenwarden::vault {
namespace {

// One login and what is reached with it.
struct Account {
  Account(const Connection& connection, Login login, Clock& clock)
      : session(connection, std::move(login), clock), kv(session) {}
  Session session;
  Kv kv;
};

std::string From(const Environment& environment, const char* name, const std::string& configured) {
  if (!configured.empty()) return configured;
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

tl::unexpected<Error> Missing(const std::string& what, const std::string& place) {
  return MakeError(ErrorKind::kInvalidArgument, "no_" + what,
                   "Cannot use the Vault secret " + place + ": it has no " + what + ".",
                   "Write it as PATH#KEY.");
}

Status CheckPlace(const std::string& path, const std::string& key) {
  if (path.empty()) return Missing("path", path + "#" + key);
  if (key.empty()) return Missing("key", path);
  return {};
}

class RealVault : public Vault {
 public:
  RealVault(VaultSpec spec, HttpClient& http, Clock& clock, SecretResolver& secrets,
            Options options)
      : auth_(std::move(spec.auth)),
        options_(std::move(options)),
        connection_(http, spec.address, spec.ca_file, spec.vault_namespace),
        clock_(clock),
        secrets_(secrets) {
    if (options_.keep_logged_in) keep_alive_ = std::make_unique<KeepAlive>(clock_);
  }
  ~RealVault() override { RealVault::Stop(); }

  Result<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) override {
    if (Status fit = CheckPlace(spec.path, spec.key); !fit) {
      return tl::unexpected<Error>(fit.error());
    }
    return std::make_unique<KvSource>(AccountFor(spec.vault_auth).kv, spec.path, spec.key);
  }

  Result<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) override {
    if (Status fit = CheckPlace(spec.path, spec.key); !fit) {
      return tl::unexpected<Error>(fit.error());
    }
    return std::make_unique<KvSink>(AccountFor(spec.vault_auth).kv, spec);
  }

  Result<Secret> Resolve(const SecretRef& ref) override {
    if (Status fit = CheckPlace(ref.locator, ref.key); !fit) {
      return tl::unexpected<Error>(fit.error());
    }
    return KvSource(AccountFor(std::nullopt).kv, ref.locator, ref.key).Read();
  }

  std::unique_ptr<DocumentStore> MakeDocumentStore(const std::string& prefix) override {
    return std::make_unique<KvDocuments>(AccountFor(std::nullopt).kv, prefix);
  }

  Result<Secret> UnwrapStateKey(const TransitKeySpec& spec, bool may_create) override {
    return UnwrapKey(AccountFor(std::nullopt).session, spec, secrets_, may_create);
  }

  void Stop() override { keep_alive_.reset(); }

 private:
  Account& AccountFor(const std::optional<VaultAuthSpec>& own) {
    Login login(connection_, own.value_or(auth_), secrets_, options_);
    const std::string key = login.Key();
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<Account>& account = accounts_[key];
    if (!account) {
      account = std::make_unique<Account>(connection_, std::move(login), clock_);
      if (keep_alive_) keep_alive_->Add(account->session);
    }
    return *account;
  }

  const VaultAuthSpec auth_;
  const Options options_;
  const Connection connection_;
  Clock& clock_;
  SecretResolver& secrets_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Account>> accounts_;  // by way of logging in
  std::unique_ptr<KeepAlive> keep_alive_;                     // goes before the accounts
};

}  // namespace

Result<std::unique_ptr<Vault>> Vault::Make(const VaultSpec& spec, HttpClient& http, Clock& clock,
                                           SecretResolver& secrets, Options options) {
  if (!options.environment) {
    options.environment = [](const char* name) -> const char* { return std::getenv(name); };
  }
  VaultSpec whole = spec;
  whole.address = From(options.environment, "VAULT_ADDR", spec.address);
  whole.ca_file = From(options.environment, "VAULT_CACERT", spec.ca_file);
  whole.vault_namespace = From(options.environment, "VAULT_NAMESPACE", spec.vault_namespace);
  while (!whole.address.empty() && whole.address.back() == '/') whole.address.pop_back();
  if (whole.address.empty()) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_vault_configured",
                     "Cannot reach Vault: neither vault.address nor VAULT_ADDR says where it is.",
                     "Add vault: {address: https://HOST:8200} to the configuration.");
  }
  return std::make_unique<RealVault>(std::move(whole), http, clock, secrets, std::move(options));
}

}  // namespace tokenwarden::vault

#include "agent/adapters/vault/vault.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "agent/adapters/vault/keep_alive.h"
#include "agent/adapters/vault/kv_documents.h"
#include "agent/adapters/vault/kv_sink.h"
#include "agent/adapters/vault/transit_key.h"

namespace tokenwarden::vault {
namespace {

// One login and what is reached with it.
struct Account {
  Account(Connection& connection, Login login, Clock& clock, const std::string& name)
      : session(connection, std::move(login), clock, name), kv(session, clock) {}
  Session session;
  Kv kv;
  Claims claims;
};

std::string From(const Environment& environment, const char* name, const std::string& configured) {
  if (!configured.empty()) return configured;
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

Status CheckPlace(const std::string& path, const std::string& key) {
  if (Status fit = CheckPath(path); !fit) return fit;
  if (!key.empty()) return {};
  return MakeError(ErrorKind::kInvalidArgument, "no_key",
                   "Cannot use the Vault secret " + path + ": it has no key.",
                   "Write it as MOUNT/PATH#KEY.");
}

class RealVault : public Vault {
 public:
  RealVault(Connection::Target target, VaultAuthSpec auth, HttpClient& http, Clock& clock,
            SecretResolver& secrets, Options options)
      : auth_(std::move(auth)),
        options_(std::move(options)),
        connection_(http, clock, std::move(target)),
        clock_(clock),
        secrets_(secrets),
        keep_alive_(clock) {}
  ~RealVault() override {
    RealVault::Stop();
    for (auto& [key, account] : accounts_) account->session.GiveBack();
  }

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
    Account& account = AccountFor(spec.vault_auth);
    return std::make_unique<KvSink>(account.kv, account.claims, spec);
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

  Result<Secret> UnwrapStateKey(const TransitKeySpec& spec, bool may_create,
                                DocumentStore* documents) override {
    const bool beside_state = spec.wrapped_file.empty() && documents != nullptr;
    const std::unique_ptr<WrappedKeyPlace> place =
        beside_state ? InDocument(*documents) : InFile(spec.wrapped_file, secrets_);
    return UnwrapKey(AccountFor(std::nullopt).session, spec, *place, may_create);
  }

  void Stop() override { keep_alive_.Stop(); }

 private:
  Account& AccountFor(const std::optional<VaultAuthSpec>& own) {
    const VaultAuthSpec auth = own.value_or(auth_);
    const std::string key = KeyOf(auth);
    const std::lock_guard<std::mutex> lock(mutex_);
    std::unique_ptr<Account>& account = accounts_[key];
    if (!account) {
      Login login(connection_, Complete(auth, secrets_, options_), secrets_, options_);
      account = std::make_unique<Account>(connection_, std::move(login), clock_,
                                          options_.name + "|" + key);
      if (options_.keep_logged_in) keep_alive_.Add(account->session);
    }
    return *account;
  }

  const VaultAuthSpec auth_;
  const Options options_;
  Connection connection_;
  Clock& clock_;
  SecretResolver& secrets_;
  std::mutex mutex_;
  KeepAlive keep_alive_;                                      // goes after the accounts
  std::map<std::string, std::unique_ptr<Account>> accounts_;  // by way of logging in
};

}  // namespace

Result<std::unique_ptr<Vault>> Vault::Make(const VaultSpec& spec, HttpClient& http, Clock& clock,
                                           SecretResolver& secrets, Options options) {
  if (!options.environment) {
    options.environment = [](const char* name) -> const char* { return std::getenv(name); };
  }
  if (options.name.empty()) options.name = HostName();
  Connection::Target target;
  target.address = From(options.environment, "VAULT_ADDR", spec.address);
  target.ca_file = From(options.environment, "VAULT_CACERT", spec.ca_file);
  target.vault_namespace = From(options.environment, "VAULT_NAMESPACE", spec.vault_namespace);
  while (!target.address.empty() && target.address.back() == '/') target.address.pop_back();
  if (target.address.empty()) {
    return MakeError(ErrorKind::kFailedPrecondition, "no_vault_configured",
                     "Cannot reach Vault: neither vault.address nor VAULT_ADDR says where it is.",
                     "Add vault: {address: https://HOST:8200} to the configuration.");
  }
  return std::make_unique<RealVault>(std::move(target), spec.auth, http, clock, secrets,
                                     std::move(options));
}

}  // namespace tokenwarden::vault

#include "agent/adapters/yaml/rules.h"

#include <filesystem>
#include <map>
#include <string>

#include "agent/adapters/yaml/server_rules.h"

namespace tokenwarden::yaml {
namespace {

// Source: Graph API, the longest life of a token that ends.
constexpr Seconds kLongestMetaLife = kDay * 60;

struct Scope {
  const Node& node;  // of the credential
  const CredentialSpec& spec;
  const Config& config;
  Problems& problems;

  const Node* Find(std::string_view first, std::string_view second) const {
    const Node* inner = node.Find(first);
    return inner == nullptr ? nullptr : inner->Find(second);
  }
  void Add(const Node* at, std::string message, std::string suggestion) const {
    problems.Add(at != nullptr ? at->place : node.place, std::move(message), std::move(suggestion));
  }
  std::string Named() const { return "credential " + spec.name; }
};

// The same text for every way to write one path; no disk is asked.
std::string Normal(const std::string& path, const std::string& config_file) {
  const std::filesystem::path base = std::filesystem::path(config_file).parent_path();
  return (base / path).lexically_normal().string();
}

void RenewBeforeFitsALife(const Scope& scope) {
  const std::optional<Seconds>& before = scope.spec.renew.before;
  if (!before || *before < kLongestMetaLife) return;
  scope.Add(scope.Find("renew", "before"),
            scope.Named() + ": renew.before, " + FormatDuration(*before) +
                ", is not shorter than the life of any token that ends, 60 days",
            "for example before: 14d");
}

void PageRenewalKnowsItsParent(const Scope& scope) {
  const MetaSpec& meta = scope.spec.meta;
  if (meta.kind != MetaKind::kPage || !scope.spec.renew.enabled || meta.parent_token) return;
  scope.Add(scope.Find("meta", "kind"),
            scope.Named() + ": a page token is renewed from its parent token, and none is given",
            "add meta.page: {id: …, parent_token: {env: NAME}}, or renew: {enabled: false}");
}

void RenewalFitsTheKind(const Scope& scope) {
  const MetaKind kind = scope.spec.meta.kind;
  struct Row {
    const char* block;
    MetaKind kind;
  };
  for (const Row& row : {Row{"page", MetaKind::kPage}, Row{"generate", MetaKind::kSystemUser}}) {
    const Node* block = scope.Find("meta", row.block);
    if (block == nullptr || kind == MetaKind::kAny || kind == row.kind) continue;
    scope.Add(block,
              scope.Named() + ": meta." + row.block + " renews a token of kind " +
                  std::string(ToString(row.kind)) + ", and meta.kind is " +
                  std::string(ToString(kind)),
              "remove the block, or set meta.kind: " + std::string(ToString(row.kind)));
  }
}

void OneWayToRenew(const Scope& scope) {
  const Node* page = scope.Find("meta", "page");
  if (page == nullptr || scope.Find("meta", "generate") == nullptr) return;
  scope.Add(page, scope.Named() + ": meta.page and meta.generate exclude each other",
            "keep the one that fits the kind of the token");
}

void GenerationKnowsItsScopes(const Scope& scope) {
  const Node* generate = scope.Find("meta", "generate");
  if (generate == nullptr || !scope.spec.meta.generate_scopes.empty()) return;
  scope.Add(generate, scope.Named() + ": meta.generate needs to know which permissions to ask for",
            "add meta.generate.scopes or meta.require.scopes");
}

void SecretHasItsApp(const Scope& scope) {
  if (!scope.spec.meta.app_secret || !scope.spec.meta.app_id.empty()) return;
  const Node* at = scope.Find("meta", "app_secret");
  scope.Add(at != nullptr ? at : scope.node.Find("meta"),
            scope.Named() + ": an app secret is of no use without its app", "add meta.app_id");
}

void NoticesFollowAPublish(const Scope& scope) {
  if (scope.spec.notify.empty() || !scope.spec.sinks.empty()) return;
  scope.Add(scope.node.Find("notify"),
            scope.Named() + ": notify tells of a publish, and there is no sink to publish to",
            "add sinks, or remove notify");
}

// Letters, digits and what paths of the Graph API are made of; no query, where a secret could
// stand.
void CanaryIsAPath(const Scope& scope) {
  const std::string& path = scope.spec.meta.canary;
  const bool sound = path.size() > 1 && path.front() == '/' &&
                     path.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_/-") == std::string::npos;
  if (path.empty() || sound) return;
  const Node* require = scope.Find("meta", "require");
  scope.Add(require == nullptr ? nullptr : require->Find("canary"),
            scope.Named() +
                ": meta.require.canary is a path of the Graph API without version and "
                "query",
            "for example canary: /me");
}

void RevokingFitsTheKind(const Scope& scope) {
  const MetaSpec& meta = scope.spec.meta;
  if (!scope.spec.renew.revoke_old) return;
  const Node* at = scope.Find("renew", "revoke_old");
  if (meta.kind != MetaKind::kSystemUser) {
    scope.Add(at,
              scope.Named() +
                  ": renew.revoke_old ends one token alone, which Meta offers for "
                  "system users only, and meta.kind is " +
                  std::string(ToString(meta.kind)),
              "set meta.kind: system_user if it is one, or renew.revoke_old: false: the old token "
              "then lives until its own end");
  } else if (!meta.app_secret) {
    scope.Add(at, scope.Named() + ": renew.revoke_old needs the app's secret",
              "add meta.app_secret, or leave renew.revoke_old out");
  }
}

using Rule = void (*)(const Scope&);
constexpr Rule kRules[] = {
    RenewBeforeFitsALife,     PageRenewalKnowsItsParent, RenewalFitsTheKind,    OneWayToRenew,
    GenerationKnowsItsScopes, SecretHasItsApp,           NoticesFollowAPublish, CanaryIsAPath,
    RevokingFitsTheKind};

// ---- between credentials ----

class Uniqueness {
 public:
  Uniqueness(const Config& config, Problems& problems) : config_(config), problems_(problems) {
    ReserveState();
    if (config.state_key) ReserveKey(*config.state_key);
    const auto& wrapped = config.state_transit_key;
    if (wrapped && !wrapped->wrapped_file.empty()) Reserve(wrapped->wrapped_file, "the state key");
    Reserve(std::filesystem::path(problems.file()).filename().string(), "this configuration");
  }

  void Name(const Node& place, const std::string& name) {
    const auto [first, fresh] = names_.emplace(name, place.place.line);
    if (fresh) return;
    problems_.Add(place.place,
                  "two credentials are named " + name + ", the first on line " +
                      std::to_string(first->second),
                  "give each credential its own name");
  }

  void Sink(const Node& place, const SinkSpec& sink, const std::string& credential) {
    const std::string path = PathOf(sink);
    auto reserved = reserved_.find(path);
    if (reserved == reserved_.end()) reserved = reserved_.find(path + "#" + sink.key);
    if (reserved != reserved_.end()) {
      problems_.Add(place.place,
                    "credential " + credential + ": this sink would overwrite " + reserved->second,
                    "choose another place");
      return;
    }
    const bool whole = sink.kind == SinkKind::kFile;
    const auto [kept, fresh_file] = files_.emplace(path, File{whole, place.place.line, {}});
    const bool mixed = !fresh_file && (whole || kept->second.whole);
    const auto [key, fresh_key] = kept->second.keys.emplace(sink.key, place.place.line);
    if (!mixed && fresh_key) return;
    const int line = mixed ? kept->second.line : key->second;
    problems_.Add(place.place,
                  "credential " + credential + ": another sink, on line " + std::to_string(line) +
                      ", already writes to " + sink.Target(),
                  "two values cannot live in one place");
  }

 private:
  struct File {
    bool whole;  // one value fills the file
    int line;
    std::map<std::string, int> keys;
  };

  void Reserve(const std::string& path, const char* what) {
    reserved_["file " + Normal(path, problems_.file())] = what;
  }
  void ReserveKey(const SecretRef& key) {
    if (key.kind == SecretRef::Kind::kFile) Reserve(key.locator, "the state key");
    if (key.kind == SecretRef::Kind::kVault) {
      reserved_["vault " + key.locator + "#" + key.key] = "the state key";
    }
    if (key.kind == SecretRef::Kind::kKubernetes) {
      reserved_["kubernetes " + WithNamespace(key.locator) + "#" + key.key] = "the state key";
    }
  }
  void ReserveState() {
    switch (config_.state_kind) {
      case StateKind::kSqlite:
        for (const char* suffix : {"", "-wal", "-shm", ".lock", ".new"}) {
          Reserve(config_.state_path + suffix, "the state file");
        }
        return;
      case StateKind::kVault:
        for (const CredentialSpec& spec : config_.credentials) {
          reserved_["vault " + config_.state_path + "/" + spec.name] = "the state";
        }
        return;
      case StateKind::kKubernetes:
        reserved_["kubernetes " + WithNamespace(config_.state_path)] = "the state";
        return;
    }
  }
  // A name without a namespace lies in the default one, as far as that is known here.
  std::string WithNamespace(const std::string& object) const {
    const std::string& own = config_.kubernetes.default_namespace;
    const bool complete = own.empty() || object.find('/') != std::string::npos;
    return complete ? object : own + "/" + object;
  }
  // The same text for every way to write one place, and different ones on different media.
  std::string PathOf(const SinkSpec& sink) const {
    if (sink.kind == SinkKind::kVault) return "vault " + sink.path;
    if (sink.kind == SinkKind::kKubernetes) return "kubernetes " + WithNamespace(sink.path);
    return "file " + Normal(sink.path, problems_.file());
  }

  const Config& config_;
  Problems& problems_;
  std::map<std::string, std::string> reserved_;
  std::map<std::string, int> names_;
  std::map<std::string, File> files_;
};

}  // namespace

void CheckRules(const Node& root, const Config& config, Problems& problems) {
  CheckServerRules(root, config, problems);
  Uniqueness uniqueness(config, problems);
  const Node& list = *root.Find("credentials");
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    const Node& node = list.children[i];
    const CredentialSpec& spec = config.credentials[i];
    const Scope scope{node, spec, config, problems};
    for (Rule rule : kRules) rule(scope);
    uniqueness.Name(*node.Find("name"), spec.name);
    for (std::size_t sink = 0; sink < spec.sinks.size(); ++sink) {
      uniqueness.Sink(node.Find("sinks")->children[sink], spec.sinks[sink], spec.name);
    }
  }
}

}  // namespace tokenwarden::yaml

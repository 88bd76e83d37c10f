// What a person sees for each mistake, with its place: golden texts.
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/adapters/yaml/config_loader.h"
#include "tests/unit/adapters/yaml/sample.h"

namespace tokenwarden::yaml {
namespace {

std::string Problems(const std::string& text) {
  std::string all;
  for (const ConfigProblem& problem : ParseConfig(text, "/etc/t.yaml").problems) {
    all += problem.ToText().substr(std::string("/etc/t.yaml:").size()) + "\n";
  }
  return all;
}

struct Mistake {
  const char* title;
  std::string text;
  std::string expected;
};

// The lines of one credential after its name.
std::string With(const std::string& lines) {
  return "version: 1\ncredentials:\n- name: a\n" + lines;
}

TEST(ConfigProblems, SayWhereWhatAndWhatWasMeant) {
  const std::string reference =
      "write a reference: {env: NAME}, {file: PATH}, {dotenv: {path: PATH, key: KEY}}, {vault: "
      "PATH#KEY} or {kubernetes: NAMESPACE/NAME#KEY}";
  const Mistake mistakes[] = {
      {"unknown key at the top", Minimal() + "htpp: {listen: off}\n",
       "5:1: unknown key \"htpp\" (did you mean http?)\n"},
      {"unknown key deep inside", With("  meta: {apid: 1}\n"),
       "4:10: unknown key \"apid\" in credentials[0].meta (did you mean app_id?)\n"},
      {"key in the wrong place", With("  meta: {}\n  phone_number_id: 1\n"),
       "5:3: unknown key \"phone_number_id\" in credentials[0] (it belongs under "
       "credentials[].meta.require)\n"},
      {"key that is nothing we know", With("  meta: {}\n  renew: {colour: red}\n"),
       "5:11: unknown key \"colour\" in credentials[0].renew (known here: enabled, before, "
       "max_age, revoke_old)\n"},
      {"canary with a query", With("  meta: {require: {canary: \"/me?fields=id\"}}\n"),
       "4:28: credential a: meta.require.canary is a path of the Graph API without version and "
       "query (for example canary: /me)\n"},
      {"revoking what cannot be revoked alone",
       With("  meta: {kind: user, app_id: 1, app_secret: {env: A}}\n  renew: {revoke_old: true}\n"),
       "5:23: credential a: renew.revoke_old ends one token alone, which Meta offers for system "
       "users only, and meta.kind is user (set meta.kind: system_user if it is one, or "
       "renew.revoke_old: false: the old token then lives until its own end)\n"},
      {"revoking without the app's secret",
       With("  meta: {kind: system_user, app_id: 1}\n  renew: {revoke_old: true}\n"),
       "5:23: credential a: renew.revoke_old needs the app's secret (add meta.app_secret, or leave "
       "renew.revoke_old out)\n"},
      {"leave to lose the state without saying why",
       Minimal() + "state: {path: /s, allow_ephemeral_state: \"\"}\n",
       "5:42: state.allow_ephemeral_state: the value is empty\n"},
      {"duplicate key", With("  meta: {}\n  meta: {}\n"),
       "5:3: the key is given twice, first on line 4 (remove one of the two)\n"},
      {"literal secret", With("  meta: {app_id: 1, app_secret: hunter2}\n"),
       "4:33: credentials[0].meta.app_secret must say where the secret is, not what it is (" +
           reference + ")\n"},
      {"reference of two kinds", With("  meta: {app_id: 1, app_secret: {env: A, file: b}}\n"),
       "4:33: credentials[0].meta.app_secret must have exactly one key, and has 2 (one of env, "
       "file, dotenv, vault, kubernetes)\n"},
      {"sink of a kind for later", With("  meta: {}\n  sinks: [webhook: {url: a}]\n"),
       "5:11: credentials[0].sinks[0].webhook is not served by this version (served here: dotenv, "
       "file, vault, kubernetes)\n"},
      {"bad duration", With("  meta: {}\n  renew: {before: 14}\n"),
       "5:19: credentials[0].renew.before: \"14\" is not a duration (write a number with a unit, "
       "for example 90s, 15m, 12h, 14d, 2w or 1h30m)\n"},
      {"duration too short", With("  meta: {}\n  inspect: {every: 0}\n"),
       "5:20: credentials[0].inspect.every: \"0\" is too short (at least 1 second)\n"},
      {"missing version", "credentials:\n- {name: a, meta: {}}\n",
       "1:1: version is missing (of this format: 1)\n"},
      {"other version", "version: 2\ncredentials:\n- {name: a, meta: {}}\n",
       "1:10: version: \"2\" is not possible here (the only known number is 1)\n"},
      {"no credentials", "version: 1\ncredentials: []\n",
       "2:14: credentials is empty (list at least one)\n"},
      {"map in place of a list", "version: 1\ncredentials: {name: a}\n",
       "2:14: credentials must be a list, and here is a map\n"},
      {"nothing behind a key", With("  meta: {}\n  source:\n"),
       "5:3: credentials[0].source must be a map with one key, and here is nothing\n"},
      {"empty text", With("  meta: {}\n  source: {env: \"\"}\n"),
       "5:17: credentials[0].source.env: the value is empty\n"},
      {"id that is none", With("  meta: {app_id: 0x1F}\n"),
       "4:18: credentials[0].meta.app_id: \"0x1F\" is not an id (an id has digits only, for "
       "example \"100000000000001\")\n"},
      {"word that is none", With("  meta: {kind: sytem_user}\n"),
       "4:16: credentials[0].meta.kind: \"sytem_user\" is not one of any, user, system_user, page, "
       "app (did you mean system_user?)\n"},
      {"yes in place of true", With("  meta: {appsecret_time: yes}\n"),
       "4:26: credentials[0].meta.appsecret_time: \"yes\" is neither true nor false (write true or "
       "false, without quotes)\n"},
      {"unknown signal",
       With("  meta: {}\n  sinks: [file: /t]\n  notify: [signal: {pid_file: /p, signal: USR3}]\n"),
       "6:43: credentials[0].notify[0].signal.signal: \"USR3\" is not a signal that can be sent "
       "here (did you mean USR1?)\n"},
      {"notice of two kinds",
       With("  meta: {}\n  sinks: [file: /t]\n  notify: [{exec: {command: [a]}, signal: {pid_file: "
            "/p}}]\n"),
       "6:12: credentials[0].notify[0] must have exactly one key, and has 2 (one of exec, signal, "
       "http, kubernetes_rollout)\n"},
      {"plain http", With("  meta: {endpoint: \"http://example.org\"}\n"),
       "4:20: credentials[0].meta.endpoint: plain http is used to this machine only (write "
       "https://example.org…)\n"},
      {"password in an address", With("  meta: {endpoint: \"https://u:p@example.org\"}\n"),
       "4:20: credentials[0].meta.endpoint: the address holds a user name or a password (remove "
       "what stands before the @)\n"},
      {"mode for everybody", With("  meta: {}\n  sinks: [file: {path: /t, mode: 0666}]\n"),
       "5:34: credentials[0].sinks[0].file.mode: \"0666\" would let every user replace the value "
       "(for example 0600 or 0640)\n"},
      {"TCP for the API", Minimal() + "grpc: {listen: \"0.0.0.0:1\"}\n",
       "5:16: grpc.listen: \"0.0.0.0:1\" is not a Unix socket, and this version serves no other "
       "(for example unix:///run/tokenwarden/agent.sock, or off)\n"},
      {"several at once", "version: one\nhttp: {listen: x}\ncredentials:\n- nam: a\n",
       "1:10: version: \"one\" is not possible here (the only known number is 1)\n"
       "2:16: http.listen: \"x\" is not HOST:PORT (for example 127.0.0.1:9464, or off)\n"
       "4:3: unknown key \"nam\" in credentials[0] (did you mean name?)\n"
       "4:3: credentials[0].name is missing (unique; shown in metrics and status)\n"
       "4:3: credentials[0].meta is missing (the issuer and what is expected of the token)\n"},
  };
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Problems(mistake.text), mistake.expected) << mistake.title;
  }
}

TEST(ConfigProblems, NameWhatMakesAFileNoDocument) {
  const Mistake mistakes[] = {
      {"empty", "", "1:1: the file is empty (begin with: version: 1)\n"},
      {"comment only", "# nothing\n", "1:1: the file is empty (begin with: version: 1)\n"},
      {"a list", "- a\n",
       "1:1: the file must be a map of keys, and here is a list (begin with: version: 1)\n"},
      {"anchor", "version: &v 1\n",
       "1:10: anchors and aliases (& and *) are not used in this file (write the value out, or use "
       "the defaults: block)\n"},
      {"tag", "version: !!int 1\n", "1:10: tags (!…) are not used in this file (remove the tag)\n"},
      {"second document", Minimal() + "---\nversion: 1\n",
       "6:1: a second document begins here (keep one document per file)\n"},
      {"text after the end", Minimal() + "...\n# fine\nversion: 2\n",
       "7:1: there is text after the end of the document (...) (remove the line ..., or what "
       "follows it)\n"},
      {"not UTF-8", "version: \"\xff\"\n",
       "1:11: bytes that are not UTF-8 (save the file as UTF-8 text)\n"},
      {"binary", std::string("version: \0\n", 11),
       "1:10: a control character (save the file as UTF-8 text)\n"},
      {"too deep", "version: " + std::string(40, '[') + std::string(40, ']') + "\n",
       "1:25: values are nested too deeply\n"},
      {"key that is a list", "[a]: 1\n", "1:1: a key must be a plain word\n"},
  };
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Problems(mistake.text), mistake.expected) << mistake.title;
  }
}

TEST(ConfigProblems, NameCombinationsThatCannotWork) {
  const Mistake mistakes[] = {
      {"one name twice", With("  meta: {}\n") + "- name: a\n  meta: {}\n",
       "5:9: two credentials are named a, the first on line 3 (give each credential its own "
       "name)\n"},
      {"two sinks in one key",
       With("  meta: {}\n  sinks: [dotenv: {path: .env, key: K}]\n") +
           "- name: b\n  meta: {}\n  sinks: [dotenv: {path: /etc/./.env, key: K}]\n",
       "8:11: credential b: another sink, on line 5, already writes to /etc/./.env#K (two values "
       "cannot live in one place)\n"},
      {"a file and a key in it",
       With("  meta: {}\n  sinks:\n  - dotenv: {path: x, key: K}\n  - file: x\n"),
       "7:5: credential a: another sink, on line 6, already writes to x (two values cannot live in "
       "one place)\n"},
      {"sink over the state", With("  meta: {}\n  sinks: [file: /var/lib/tokenwarden/state.db]\n"),
       "5:11: credential a: this sink would overwrite the state file (choose another place)\n"},
      {"sink over the state's log",
       With("  meta: {}\n  sinks: [file: s/../state-wal]\n") + "state: {path: state}\n",
       "5:11: credential a: this sink would overwrite the state file (choose another place)\n"},
      {"sink over the key",
       With("  meta: {}\n  sinks: [file: /k]\n") + "state: {key: {file: /k}}\n",
       "5:11: credential a: this sink would overwrite the state key (choose another place)\n"},
      {"sink over this file", With("  meta: {}\n  sinks: [file: t.yaml]\n"),
       "5:11: credential a: this sink would overwrite this configuration (choose another place)\n"},
      {"page without its parent", With("  meta: {kind: page}\n"),
       "4:16: credential a: a page token is renewed from its parent token, and none is given (add "
       "meta.page: {id: …, parent_token: {env: NAME}}, or renew: {enabled: false})\n"},
      {"page renewal of a user",
       With("  meta: {kind: user, page: {id: 1, parent_token: {env: P}}}\n"),
       "4:28: credential a: meta.page renews a token of kind page, and meta.kind is user (remove "
       "the block, or set meta.kind: page)\n"},
      {"generation without scopes",
       With("  meta: {generate: {system_user_id: 1, token: {env: P}}}\n"),
       "4:20: credential a: meta.generate needs to know which permissions to ask for (add "
       "meta.generate.scopes or meta.require.scopes)\n"},
      {"renewal before birth", With("  meta: {}\n  renew: {before: 60d}\n"),
       "5:19: credential a: renew.before, 60 days, is not shorter than the life of any token that "
       "ends, 60 days (for example before: 14d)\n"},
      {"secret without its app", With("  meta: {app_secret: {env: S}}\n"),
       "4:22: credential a: an app secret is of no use without its app (add meta.app_id)\n"},
      {"notice without a sink", With("  meta: {}\n  notify: [exec: {command: [x]}]\n"),
       "5:11: credential a: notify tells of a publish, and there is no sink to publish to (add "
       "sinks, or remove notify)\n"},
  };
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Problems(mistake.text), mistake.expected) << mistake.title;
  }
  EXPECT_EQ(Problems(With("  meta: {kind: page}\n  renew: {enabled: false}\n")), "");
  EXPECT_EQ(Problems(With("  meta: {}\n  sinks:\n  - dotenv: {path: x, key: A}\n"
                          "  - dotenv: {path: x, key: B}\n")),
            "");
}

TEST(ConfigProblems, SayWhatIsWrongAboutServers) {
  const Mistake mistakes[] = {
      {"slip in a block", Minimal() + "vault: {adress: \"https://v\"}\n",
       "5:9: unknown key \"adress\" in vault (did you mean address?)\n"},
      {"auth of two kinds", Minimal() + "vault: {auth: {token_file: a, kubernetes: {role: r}}}\n",
       "5:15: vault.auth must have exactly one key, and has 2 (one of token, token_file, approle, "
       "kubernetes, jwt, cert)\n"},
      {"auth of an unknown kind", Minimal() + "vault: {auth: {kubernets: {role: r}}}\n",
       "5:16: unknown key \"kubernets\" in vault.auth (did you mean kubernetes?)\n"},
      {"auth without a role", Minimal() + "vault: {auth: {kubernetes: {mount: k}}}\n",
       "5:28: vault.auth.kubernetes.role is missing (the role in Vault)\n"},
      {"mount with its prefix",
       Minimal() + "vault: {auth: {kubernetes: {role: r, mount: auth/k}}}\n",
       "5:45: vault.auth.kubernetes.mount: \"auth/k\" is not the name of a mount (leave out "
       "auth/)\n"},
      {"plain Vault elsewhere", Minimal() + "vault: {address: \"http://vault:8200\"}\n",
       "5:18: vault.address: plain http is used to this machine only (write https://vault…)\n"},
      {"place without its key", With("  meta: {app_id: 1, app_secret: {vault: kv/app}}\n"),
       "4:41: credentials[0].meta.app_secret.vault: \"kv/app\" does not say which key of which "
       "secret in Vault (write PATH#KEY, for example secret/whatsapp#access_token)\n"},
      {"place without its mount", With("  meta: {}\n  source: {vault: \"app#token\"}\n"),
       "5:19: credentials[0].source.vault: \"app#token\" does not say which key of which secret in "
       "Vault (write PATH#KEY, for example secret/whatsapp#access_token)\n"},
      {"path with two slashes", With("  meta: {}\n  source: {vault: {path: kv//a, key: k}}\n"),
       "5:26: credentials[0].source.vault.path: \"kv//a\" is not a path in Vault (as after `vault "
       "kv put`: MOUNT/NAME, for example secret/whatsapp)\n"},
      {"Secret without its key", With("  meta: {}\n  source: {kubernetes: app/token}\n"),
       "5:24: credentials[0].source.kubernetes: \"app/token\" does not say which key of which "
       "Secret (write NAMESPACE/NAME#KEY, for example default/whatsapp-token#access_token)\n"},
      {"name with a capital", With("  meta: {}\n  sinks: [kubernetes: {secret: Token, key: k}]\n"),
       "5:32: credentials[0].sinks[0].kubernetes.secret: \"Token\" is not a name in Kubernetes "
       "(use "
       "small letters, digits, '-' and '.', a letter or digit first and last)\n"},
      {"namespace with a dot", Minimal() + "kubernetes: {namespace: a.b}\n",
       "5:25: kubernetes.namespace: \"a.b\" is not a namespace in Kubernetes (use small letters, "
       "digits and '-', at most 63, a letter or digit first and last)\n"},
      {"key with a slash", With("  meta: {}\n  sinks: [kubernetes: {secret: t, key: a/b}]\n"),
       "5:40: credentials[0].sinks[0].kubernetes.key: \"a/b\" is not a key of a Secret (use "
       "letters, digits, '-', '_' and '.', at most 253)\n"},
      {"lease too short", Minimal() + "coordination: {lease: {name: t, duration: 1s}}\n",
       "5:43: coordination.lease.duration: \"1s\" is too short (at least 2 seconds)\n"},
      {"lease without a name", Minimal() + "coordination: {lease: {shards: 2}}\n",
       "5:23: coordination.lease.name is missing (the Leases are NAME-0, NAME-1, …)\n"},
      {"no shards", Minimal() + "coordination: {lease: {name: t, shards: 0}}\n",
       "5:41: coordination.lease.shards: \"0\" is not possible here (use a whole number from 1 to "
       "256)\n"},
      {"literal token", Minimal() + "vault: {auth: {token: abcdef}}\n",
       "5:23: vault.auth.token must say where the secret is, not what it is (write a reference: "
       "{env: NAME}, {file: PATH}, {dotenv: {path: PATH, key: KEY}}, {vault: PATH#KEY} or "
       "{kubernetes: NAMESPACE/NAME#KEY})\n"},
      {"literal state key", Minimal() + "state: {key: abcdef}\n",
       "5:14: state.key must say where the secret is, not what it is (write a reference: {env: "
       "NAME}, {file: PATH}, {dotenv: {path: PATH, key: KEY}}, {vault: PATH#KEY} or {kubernetes: "
       "NAMESPACE/NAME#KEY})\n"},
  };
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Problems(mistake.text), mistake.expected) << mistake.title;
  }
}

TEST(ConfigProblems, NameCombinationsOfServersThatCannotWork) {
  const std::string key = "key: {env: K}";
  const Mistake mistakes[] = {
      {"two places for the state",
       Minimal() + "state: {path: /s, vault: {path: kv/t}, " + key + "}\n",
       "5:26: state: a second place for the one state (keep one of path, vault and kubernetes)\n"},
      {"a state in a Secret without a key", Minimal() + "state: {kubernetes: {secret: s}}\n",
       "5:8: state: on a server it is sealed with a key, and none is given (make one with "
       "`tokenwarden keygen FILE` and add state.key)\n"},
      {"the key in the state's Secret",
       Minimal() + "state: {kubernetes: {secret: s}, key: {kubernetes: \"s#key\"}}\n",
       "5:39: state.key: the key lies beside what it seals (keep it in another place)\n"},
      {"the key below the state's path",
       Minimal() + "state: {vault: {path: kv/t}, key: {vault: \"kv/t/key#key\"}}\n",
       "5:35: state.key: the key lies beside what it seals (keep it in another place)\n"},
      {"replicas with a state each", Minimal() + "coordination: {lease: {name: t}}\n",
       "5:15: coordination: replicas cannot share a state on the disk of one (keep the state on a "
       "server: state: {vault: {path: …}} or state: {kubernetes: {secret: …}})\n"},
      {"requests that outlive the lease",
       Minimal() + "state: {vault: {path: kv/t}, " + key +
           "}\ncoordination: {lease: {name: t, duration: 5s}}\n",
       "6:43: a request may take 10 seconds, and a lease ends after 5 seconds (set "
       "limits.request_timeout shorter than coordination.lease.duration)\n"},
      {"the door's key behind the door",
       Minimal() + "vault: {auth: {token: {vault: \"kv/t#k\"}}}\n",
       "5:23: auth: what opens Vault cannot lie in Vault (keep it in a file, the environment or a "
       "Kubernetes Secret)\n"},
      {"the same at a sink",
       With("  meta: {}\n  sinks:\n  - vault:\n      path: kv/a\n      key: k\n      auth: "
            "{approle: {role_id: {env: R}, secret_id: {vault: \"kv/t#k\"}}}\n"),
       "9:54: auth: what opens Vault cannot lie in Vault (keep it in a file, the environment or a "
       "Kubernetes Secret)\n"},
      {"nothing to unwrap",
       Minimal() + "vault: {auth: {approle: {role_id: {env: R}, wrapped: true}}}\n",
       "5:54: auth: there is no secret_id that could be wrapped (add secret_id, or remove "
       "wrapped)\n"},
      {"two sinks in one key of Vault",
       With("  meta: {}\n  sinks: [vault: \"kv/a#k\", vault: {path: kv/a, key: k}]\n"),
       "5:28: credential a: another sink, on line 5, already writes to kv/a#k (two values cannot "
       "live in one place)\n"},
      {"two sinks in one key of a Secret",
       "kubernetes: {namespace: app}\n" +
           With("  meta: {}\n  sinks: [kubernetes: \"t#k\"]\n- name: b\n  meta: {}\n  sinks: "
                "[kubernetes: \"app/t#k\"]\n"),
       "9:11: credential b: another sink, on line 6, already writes to app/t#k (two values cannot "
       "live in one place)\n"},
      {"two sinks that look alike",
       With("  meta: {}\n  sinks: [vault: \"kv/a#k\", kubernetes: \"kv/a#k\"]\n"),
       "5:28: credential a: two sinks are shown as kv/a#k, the first on line 5 (they could not be "
       "told apart; choose another name for one)\n"},
      {"sink over the state in Vault",
       With("  meta: {}\n  sinks: [vault: \"kv/t/a#k\"]\n") + "state: {vault: {path: kv/t}, " +
           key + "}\n",
       "5:11: credential a: this sink would overwrite the state (choose another place)\n"},
      {"sink over the state in a Secret",
       "kubernetes: {namespace: app}\n" + With("  meta: {}\n  sinks: [kubernetes: \"app/t#k\"]\n") +
           "state: {kubernetes: {secret: t}, " + key + "}\n",
       "6:11: credential a: this sink would overwrite the state (choose another place)\n"},
      {"sink over the key in Vault",
       With("  meta: {}\n  sinks: [vault: \"kv/t#k\"]\n") + "state: {key: {vault: \"kv/t#k\"}}\n",
       "5:11: credential a: this sink would overwrite the state key (choose another place)\n"},
      {"sink over the key in a Secret",
       With("  meta: {}\n  sinks: [kubernetes: \"n/t#k\"]\n") +
           "state: {key: {kubernetes: \"n/t#k\"}}\n",
       "5:11: credential a: this sink would overwrite the state key (choose another place)\n"},
      {"wrapped key without a place",
       With("  meta: {}\n  sinks: [file: /w]\n") + "state: {key: {transit: {key: k}}}\n",
       "6:14: state.key: the wrapped key of a state on this disk has no file (add wrapped_file; it "
       "is made on first use)\n"},
      {"sink over the wrapped key",
       With("  meta: {}\n  sinks: [file: /w]\n") +
           "state: {key: {transit: {key: k, wrapped_file: /w}}}\n",
       "5:11: credential a: this sink would overwrite the state key (choose another place)\n"},
      {"no workload",
       With("  meta: {}\n  sinks: [file: /t]\n  notify: [kubernetes_rollout: {namespace: n}]\n"),
       "6:32: kubernetes_rollout must name exactly one workload, and names 0 (keep one of "
       "deployment, statefulset and daemonset)\n"},
      {"two workloads",
       With("  meta: {}\n  sinks: [file: /t]\n  notify: [kubernetes_rollout: {deployment: d, "
            "daemonset: d}]\n"),
       "6:32: kubernetes_rollout must name exactly one workload, and names 2 (keep one of "
       "deployment, statefulset and daemonset)\n"},
  };
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Problems(mistake.text), mistake.expected) << mistake.title;
  }
  EXPECT_EQ(Problems(With("  meta: {}\n  sinks: [vault: \"kv/t#token\"]\n") +
                     "state: {key: {vault: \"kv/t#k\"}}\n"),
            "");
  EXPECT_EQ(Problems(Minimal() + "state: {vault: {path: kv/t}, " + key +
                     "}\nlimits: {request_timeout: 4s}\ncoordination: {lease: {name: t, duration: "
                     "5s}}\n"),
            "");
}

// Built at run time, so that no scanner finds a token in this file.
std::string TokenLike() { return std::string("EA") + "A" + std::string(60, 'x'); }

TEST(ConfigProblems, NeverEchoWhatLooksLikeASecret) {
  const std::string app_secret = std::string(16, 'a') + std::string(16, '7');
  const std::string app_token = "100000000000001|" + std::string(27, 'q');
  const char* const places[] = {
      "  meta: {}\n  source: {env: %}\n",
      "  meta: {}\n  source: %\n",
      "  meta: {app_id: %}\n",
      "  meta: {app_id: 1, app_secret: %}\n",
      "  meta: {app_id: 1, app_secret: {env: %}}\n",
      "  meta: {kind: %}\n",
      "  meta: {require: {scopes: [%]}}\n",
      "  meta: {}\n  labels: {x: %}\n",
      "  meta: {}\n  labels: {%: x}\n",
      "  meta: {}\n  renew: {before: %}\n",
      "  meta: {}\n  %: x\n",
      "  meta: {}\n  sinks: [file: /t]\n  notify: [exec: {command: [curl, %]}]\n",
      "  meta: {endpoint: \"https://example.org/?access_token=%\"}\n",
      "  meta: {}\n  source: {vault: %}\n",
      "  meta: {}\n  source: {vault: {path: a/b, key: k, auth: {token: %}}}\n",
      "  meta: {}\n  source: {kubernetes: %}\n",
      "  meta: {}\n  sinks: [kubernetes: {secret: %, key: k}]\n",
  };
  for (const std::string& secret : {TokenLike(), app_secret, app_token}) {
    for (const char* place : places) {
      std::string text = With(place);
      text.replace(text.find('%'), 1, secret);
      const std::string problems = Problems(text);
      const bool only_known_by_position =
          text.find("access_token=") != std::string::npos && secret != TokenLike();
      if (!only_known_by_position) {
        EXPECT_NE(problems, "") << place;
      }
      EXPECT_EQ(problems.find(secret.substr(0, 12)), std::string::npos) << problems;
    }
  }
}

}  // namespace
}  // namespace tokenwarden::yaml

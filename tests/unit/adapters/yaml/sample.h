// Configurations that the tests start from.
#pragma once

#include <string>

namespace tokenwarden::yaml {

// The smallest that is accepted.
inline std::string Minimal() {
  return "version: 1\n"
         "credentials:\n"
         "  - name: whatsapp\n"
         "    meta: {kind: any}\n";
}

// Every key that an agent on one host may have, none at its default.
inline std::string Full() {
  return R"yaml(# every key
version: 1
state:
  path: /srv/state.db
  key: {file: /run/secrets/key}
  allow_ephemeral_state: every token can be made again
http: {listen: "0.0.0.0:1234"}
grpc: {listen: unix:///tmp/agent.sock}
log: {format: text}
tls: {ca_file: /etc/ca.pem}
limits: {issuer_parallel: 3, request_timeout: 20s}
defaults:
  meta:
    app_id: 100000000000009
    app_secret: {env: DEFAULT_SECRET}
    endpoint: https://graph.example.org/
    api_version: v24.0
  inspect: {every: 5m}
  renew: {enabled: false, before: 10d, max_age: 30d}
credentials:
  - name: system
    tenant: acme
    labels: {team: bots, 'tier': "1"}
    meta:
      app_id: "0100"
      app_secret: {dotenv: {path: .env, key: APP_SECRET}}
      kind: system_user
      endpoint: http://127.0.0.1:8080
      api_version: v25.0
      user_id: 200000000000002
      require:
        scopes: [one, two]
        phone_number_id: 400000000000001
        business_account_id: "500000000000001"
        canary: /me
      generate:
        system_user_id: 200000000000002
        token: {file: admin.token}
        scopes: [three]
      appsecret_time: true
    source: {dotenv: {path: .env, key: TOKEN}}
    renew: {enabled: true, before: 14d, max_age: 90d, revoke_old: true}
    inspect: {every: 1h}
    verify: {every: 2h}
    settle: 3m
    sinks:
      - dotenv: {path: .env, key: TOKEN, drift: adopt}
      - file: {path: /run/token, mode: 0640, format: json, drift: alarm}
      - file: /run/other
    notify:
      - exec: {command: [/bin/reload, --now], timeout: 7s}
      - signal: {pid_file: /run/x.pid, signal: SIGUSR1, process: nginx}
      - http: {url: "https://example.org/told", timeout: 8s}
  - name: page
    meta:
      kind: page
      page: {id: 700, parent_token: {env: PARENT}}
    source: {env: PAGE_TOKEN}
    renew: {enabled: true}
  - name: plain
    meta: {}
    source: {file: /run/in}
)yaml";
}

// The keys of an agent whose state is in Vault and whose places are there.
inline std::string FullVault() {
  return R"yaml(version: 1
state:
  vault: {path: kv/tokenwarden}
  key: {transit: {key: state, mount: team/transit, wrapped_file: /etc/tokenwarden/state.wrapped}}
vault:
  address: https://vault.example.org:8200/
  ca_file: /etc/vault/ca.pem
  namespace: admin/team
  auth:
    approle:
      role_id: {file: /etc/vault/role}
      secret_id: {env: SECRET_ID}
      mount: team/approle
      wrapped: true
coordination: {lease: {namespace: agents, name: tokenwarden, shards: 4, duration: 20s}}
identity: agent-7
credentials:
  - name: first
    meta:
      app_id: 1
      app_secret: {vault: "kv/app#secret#1"}
      kind: system_user
      generate: {system_user_id: 2, scopes: [a], token: {vault: {path: kv/admin, key: token}}}
    source: {vault: {path: kv/in, key: token, auth: {token: {env: OTHER_TOKEN}}}}
    sinks:
      - vault: {path: kv/out, key: token, drift: adopt, markers: false, auth: {token_file: /run/vt}}
      - vault:
          path: kv/out
          key: other
          auth: {jwt: {role: writer, mount: oidc, jwt: {file: /run/jwt}}}
      - vault:
          path: kv/third
          key: token
          auth: {cert: {name: web, cert_file: /c.pem, key_file: /k.pem, mount: tls}}
      - vault: kv/short#token
  - name: second
    meta: {}
    source: {vault: "kv/in#second"}
)yaml";
}

// The keys of an agent whose state is in a Secret and whose places are Secrets.
inline std::string FullKubernetes() {
  return R"yaml(version: 1
state:
  kubernetes: {namespace: agents, secret: tokenwarden-state}
  key: {kubernetes: {namespace: agents, secret: tokenwarden-key, key: state.key}}
vault: {auth: {kubernetes: {role: tokenwarden, mount: cluster-1, jwt_file: /run/jwt}}}
kubernetes: {kubeconfig: /etc/kubeconfig, context: blue, namespace: app}
credentials:
  - name: first
    meta: {app_id: 1, app_secret: {kubernetes: "meta#app_secret"}}
    source: {kubernetes: "other/in#token"}
    sinks:
      - kubernetes: {namespace: other, secret: out, key: ACCESS_TOKEN, drift: alarm}
      - kubernetes: {secret: out.v2, key: token}
      - kubernetes: short#token
    notify:
      - kubernetes_rollout: {deployment: bot, namespace: other, min_interval: 5m}
      - kubernetes_rollout: {statefulset: bot}
      - kubernetes_rollout: {daemonset: bot}
  - name: second
    meta: {app_id: 1, app_secret: {kubernetes: {secret: meta, key: app_secret}}}
    source: {kubernetes: {namespace: other, secret: in, key: token}}
)yaml";
}

}  // namespace tokenwarden::yaml

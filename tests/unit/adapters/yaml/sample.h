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

// Every key that this version serves, none at its default.
inline std::string Full() {
  return R"yaml(# every key
version: 1
state:
  path: /srv/state.db
  key: {file: /run/secrets/key}
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
      generate:
        system_user_id: 200000000000002
        token: {file: admin.token}
        scopes: [three]
      appsecret_time: true
    source: {dotenv: {path: .env, key: TOKEN}}
    renew: {enabled: true, before: 14d, max_age: 90d}
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

}  // namespace tokenwarden::yaml

// What the simulated service knows: apps, principals, tokens, WhatsApp accounts and numbers.
//
// Plain data, guarded by the simulator's lock. Every struct lists its members once, in `Members`,
// which serves both directions of the state file and of the control endpoint. Times are unix
// seconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulators/graph/json.h"
#include "tests/simulators/graph/knobs.h"

namespace tokenwarden::graph_simulator {

struct App {
  std::string id;
  std::string name;
  std::string secret;
  bool require_proof = false;  // "Require App Secret" of the app's settings
  bool disabled = false;
  int secret_epoch = 0;         // counts resets of the secret that killed the app's tokens
  std::int64_t call_limit = 0;  // calls per rolling hour before code 4; 0 = no limit
  std::int64_t calls = 0;       // made in the current window
  std::int64_t window_start = 0;
};

struct Principal {
  std::string id;
  std::string kind;  // user, system_user, page
  std::string name;
  std::string business;
  std::vector<std::string> installed_apps;
  std::vector<std::string> developer_of;  // apps whose tokens this user may inspect
  std::vector<std::string> assets;        // WABAs and pages it was given
  std::vector<std::string> declined;      // permissions
};

struct Token {
  std::string value;
  std::string app;
  std::string principal;
  std::string owner;  // page tokens: the user or system user it was derived from
  std::string
      kind;  // user, page, system_user, business_integration, whatsapp_test, app, session_info
  std::optional<std::int64_t> issued_at;               // absent: not shown
  std::optional<std::int64_t> expires_at;              // 0 = never; absent: never, and not shown
  std::optional<std::int64_t> data_access_expires_at;  // absent: not shown
  std::vector<std::string> scopes;
  Json granular_scopes;        // null: derived from the scopes and the principal's assets
  std::string state = "live";  // or a word of SessionStates()
  bool omit_subcode = false;   // report the death as a bare 190
  int recovers_after_uses =
      0;  // a dead state that clears itself at the n-th further use; 0 = stays
  std::int64_t recovers_at = 0;
  std::optional<int> uses_left;  // expires when they are used up; absent: no such limit
  int secret_epoch = 0;
  std::string successor;  // what the last exchange of it made
};

struct Subscription {
  std::string app;
  std::string override_callback_uri;
};

struct Waba {
  std::string id;
  std::string business;
  Json fields = Json::object();
  Json health_status;  // null: everything AVAILABLE
  std::vector<std::string> phones;
  std::vector<Subscription> subscriptions;
  std::string paging = "normal";  // normal, empty_page, expired_cursor
};

struct Phone {
  std::string id;
  std::string waba;
  Json fields = Json::object();
  Json health_status;  // null: everything AVAILABLE
};

struct LoginCode {
  std::string code;
  std::string app;
  std::string principal;
  std::vector<std::string> scopes;
  std::int64_t expires_in = 0;  // of the token it buys; 0 = never
  bool used = false;
};

struct Clock {
  std::int64_t offset_seconds = 0;        // added to the machine's time
  std::optional<std::int64_t> frozen_at;  // time stands still here

  std::int64_t Now() const;
};

struct State {
  Clock clock;
  Knobs knobs;
  std::map<std::string, App> apps;
  std::map<std::string, Principal> principals;
  std::map<std::string, Token> tokens;
  std::map<std::string, Waba> wabas;
  std::map<std::string, Phone> phones;
  std::map<std::string, LoginCode> codes;
};

Json ToJson(const State& state);
// Adds to or replaces what is in `state`; throws std::exception that names the wrong member.
void LoadState(const Json& document, State& state);
void LoadKnobs(const Json& document, Knobs& knobs);
Json ToJson(const Knobs& knobs);

}  // namespace tokenwarden::graph_simulator

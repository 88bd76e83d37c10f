#include <sstream>

#include "tests/simulators/graph/control.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr const char* kExamples =
    R"(The simulated service lives on URL; it answers like graph.facebook.com, with or without a version.
Everything in it is invented. It is steered through /_control/ (loopback only):

  # the whole state: app id and secret, tokens, ids
  curl -s URL/_control/state

  # a system-user token with two days left
  curl -s URL/_control/tokens -d '{"kind":"system_user","expires_in":172800}'
  # other members: app, principal, owner, scopes, granular_scopes, issued_at, omit_issued_at,
  # omit_expires_at, expires_in (0 = never), data_access_expires_in, omit_data_access, state, omit_subcode,
  # uses_left (then it expires)
  # kinds: system_user business_integration user whatsapp_test page session_info app

  # the user changed the password; also by {"principal":"300000000000001"}
  curl -s URL/_control/tokens/kill -d '{"token":"TOKEN","state":"password_changed"}'
  # states: live expired revoked password_changed logged_out deauthorized role_lost checkpoint unconfirmed
  # blocking_checkpoint data_access_lapsed session_mismatch bad_signature
  # a state that clears itself: "recovers_after_uses":3 or "recovers_in":60 (seconds)

  # a login code for oauth/access_token
  curl -s URL/_control/codes -d '{"expires_in":0}'

  # the service's clock: offset_seconds, advance_seconds, set (unix seconds), freeze
  curl -s URL/_control/clock -d '{"advance_seconds":86400}'

  # the second exchange commits, then the connection drops
  curl -s URL/_control/faults -d '[{"path":"/oauth/access_token","nth":2,"times":1,"fault":{"kind":"drop_after_commit"}}]'
  # also: method, where {"grant_type":"fb_exchange_token"}, every, times (0 = without end); "commit" in a fault
  # says whether the work is done first; DELETE URL/_control/faults forgets them all

  # switches; app and asset settings go the same way
  curl -s URL/_control/knobs -d '{"status_mode":"whatsapp","throttle_status":429}'
  curl -s URL/_control/knobs -d '{"app":{"require_proof":true,"rotate_secret":true,"disabled":false,"call_limit":100}}'
  curl -s URL/_control/knobs -d '{"asset":{"id":"400000000000001","fields":{"status":"BANNED"}}}'

  # the 32 awkward cases: list, then select one (this resets everything)
  curl -s URL/_control/cases
  curl -s -X POST 'URL/_control/cases/7?variant=expires_in_string'

  # what was received (?since=NUMBER), and how often; back to the beginning
  curl -s URL/_control/journal
  curl -s URL/_control/counts
  curl -s -X POST URL/_control/reset

Ask it something:
  curl -s 'URL/v25.0/me' -H 'Authorization: Bearer TOKEN'
  curl -s 'URL/v25.0/debug_token?input_token=TOKEN' -H 'Authorization: Bearer APP_ID|APP_SECRET'

Switches (knobs) and their values:
  status_mode           graph (errors are HTTP 400), whatsapp (401, 403, 429, 503)
  throttle_status       HTTP status of rate-limit errors; 0 = as status_mode says
  exchange_mode         fork (each exchange makes one more token), same (a repeated one gives the same
                        successor), strict (the old token dies when the new one is made)
  exchange_reply        normal, no_expires_in, expires, expires_in_string, expires_in_zero, text_query,
                        same_token, shorter_expiry, no_access_token
  never_exchange_trap   exchanging a never-expiring system-user token hands out a sixty-day one
  sixty_days_mandatory  set_token_expires_in_60_days must be sent
  expires_in_shortfall  expires_in is smaller than the lifetime by so many seconds
  revoke_accepts_post   oauth/revoke takes a form
  success_reply         object ({"success":true}), true
  ids                   string, number
  granular              normal, missing, no_targets, flat_only, many
  self_inspection       system-user tokens may inspect themselves
  echo_tokens           messages about malformed tokens repeat the token
  www_authenticate      send that header with errors
  default_version       of calls that name no version
  send_outcome          accepted, or an error code such as 131030
  latency_ms            before every reply
  usage_headers         [{"X-App-Usage":"…"}, …]: one object per request; usage_after: stay, none, throttle

Faults:
)";

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string ControlHelp(const std::string& url) {
  std::string text = kExamples;
  ReplaceAll(text, "URL", url);
  std::ostringstream faults;
  for (const FaultKind& kind : FaultKinds()) {
    faults << "  " << kind.word << std::string(24 - kind.word.size(), ' ') << kind.sentence << "\n";
  }
  return text + faults.str();
}

}  // namespace tokenwarden::graph_simulator

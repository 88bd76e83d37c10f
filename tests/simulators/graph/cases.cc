#include "tests/simulators/graph/cases.h"

#include <algorithm>
#include <stdexcept>

namespace tokenwarden::graph_simulator {

const std::vector<CaseTitle>& CaseTitles() {
  static const std::vector<CaseTitle> titles = {
      {1, "debug_token answers HTTP 200 with is_valid false for every kind of dead or bad input"},
      {2, "the subcode has another name inside debug_token, and may be missing"},
      {3, "expires_at 0 of a living and of a dead token; expires_at absent"},
      {4, "issued_at absent; data access over while the token lives; data access 0 or absent"},
      {5, "the inspecting credential is wrong: HTTP 400 and no verdict on the inspected token"},
      {6, "POST /debug_token is refused with 100/33"},
      {7, "shapes of the exchange reply"},
      {8, "exchanges that are refused"},
      {9, "a never-expiring system-user token is exchanged for a sixty-day one"},
      {10, "the exchange is done but its reply is lost: the new token exists, the old one works"},
      {11,
       "the old token works after an exchange until its own expiry, and dies at once when revoked"},
      {12, "revoke: caller is the victim; victim is dead already; both spellings of success"},
      {13, "generation where the sixty-day flag is mandatory; its reply has no expiry"},
      {14, "the same failure as HTTP 400 and 401; throttling as 400, 403 or 429"},
      {15, "WWW-Authenticate in a grammar of its own, with the message in it, once with the token"},
      {16, "throttling: usage headers that creep up, then code 4; malformed and absent headers"},
      {17,
       "transient errors that look like others: codes 2 and 1, is_transient on an unknown code"},
      {18, "answers that are not the JSON one hopes for"},
      {19, "slow, hanging, reset and redirected connections"},
      {20, "clocks: skew of the server, stale proofs, expiry between two requests and exactly now"},
      {21, "Require App Secret is on: every way to get the proof wrong"},
      {22, "scopes: hundreds, none, unknown; granular scopes in every shape"},
      {23, "JSON oddities: numeric ids, unknown members, duplicate keys, null for objects"},
      {24, "phone numbers: unknown field, unusual states, missing members"},
      {25, "accounts: spelling of verification, nobody subscribed, paging with traps"},
      {26, "health_status: shapes that differ from the documentation"},
      {27,
       "test sends: refusals that say nothing about the token, and acceptance that proves nothing"},
      {28, "a user checkpoint that clears itself: the same token lives again"},
      {29, "API versions: an expired one is served by another, an unknown one is an error"},
      {30, "two refresh one token at once; the app secret is rotated; the app is disabled"},
      {31, "tokens as people paste them"},
      {32, "page tokens: the parent lost the role; the parent is dead but the page token lives"},
  };
  return titles;
}

Json ListCases() {
  Json list = Json::array();
  for (const CaseTitle& title : CaseTitles()) {
    Json variants = Json::array();
    for (const CaseVariant& variant : CaseVariants()) {
      if (variant.number != title.number) continue;
      variants.push_back(Json{{"name", variant.name}, {"sentence", variant.sentence}});
    }
    list.push_back(
        Json{{"case", title.number}, {"sentence", title.sentence}, {"variants", variants}});
  }
  return list;
}

Json SelectCase(World& world, int number, const std::string& variant) {
  for (const CaseVariant& candidate : CaseVariants()) {
    const bool wanted =
        candidate.number == number && (variant.empty() || candidate.name == variant);
    if (!wanted) continue;
    world.Reset();
    Json reply = {{"case", number}, {"variant", candidate.name}, {"sentence", candidate.sentence}};
    const Json arranged = candidate.arrange(world);
    reply.update(arranged);
    return reply;
  }
  throw std::invalid_argument("there is no case " + std::to_string(number) +
                              (variant.empty() ? "" : " with a variant `" + variant + "`") +
                              "; GET /_control/cases lists them");
}

}  // namespace tokenwarden::graph_simulator

// What Vault's answers mean: a table from status and text to kind, reason and action. Pure.
//
// Sources: Vault's API documentation, and what a 1.21 server answered. The server's own text is for
// recognition and never repeated: it may name storage paths, and some of it is written by whoever
// owns a proxy.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/adapters/vault/connection.h"
#include "agent/core/result.h"

namespace tokenwarden::vault {

struct ErrorRow {
  int status;             // 0 = any
  std::string_view text;  // part of the errors, lower case; empty = any
  ErrorKind kind;
  std::string_view reason;
  std::string_view seen;    // what was seen, for a person
  std::string_view action;  // what to do now
};

// In order; the first that fits counts. The last fits everything.
std::span<const ErrorRow> ErrorRows();

// Names what was attempted, in words and as a request, for whoever writes the policy.
Error Explain(const Call& call, const Answer& answer);

// Whether our own token is what the server refuses. A server that says less than Vault (OpenBao)
// answers as for a policy: then this is false.
bool IsDeadToken(const Answer& answer);
// Whether check-and-set refused the write.
bool IsConflict(const Answer& answer);
// Whether a 404 says that there is nothing, and not that something else is wrong.
bool IsPlainAbsence(const Answer& answer);

}  // namespace tokenwarden::vault

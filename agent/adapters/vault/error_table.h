// What Vault's answers mean: a table from status and text to kind, reason and action. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/core/result.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::vault {

struct ErrorRow {
  int status;             // 0 = any
  std::string_view text;  // part of the first error, lower case; empty = any
  ErrorKind kind;
  std::string_view reason;
  std::string_view seen;    // what was seen, for a person; no text of the server's
  std::string_view action;  // what to do now
};

// In order; the first that fits counts. The last fits everything.
std::span<const ErrorRow> ErrorRows();

// `attempted`: "write secret/whatsapp". The server's own text is not repeated: it may name storage
// paths, and some of it is written by whoever owns a proxy.
Error ExplainReply(const HttpReply& reply, const std::string& attempted);

// Whether our own token is what the server refuses.
bool IsDeadToken(const HttpReply& reply);
// Whether check-and-set refused the write.
bool IsConflict(const HttpReply& reply);

}  // namespace tokenwarden::vault

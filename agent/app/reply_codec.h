// The form in which a raw issuer reply is stored before anybody parses it.
#pragma once

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/http_client.h"

namespace tokenwarden {

// Status line, headers, empty line, body: readable, and every byte of the body is kept.
Secret EncodeReply(const HttpReply& reply);
// kDataLoss `bad_stored_reply` when the bytes are not what EncodeReply made.
Result<HttpReply> DecodeReply(const Secret& stored);

}  // namespace tokenwarden

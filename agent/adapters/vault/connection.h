// Connection: one request to Vault's API, without a login. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::vault {

struct Call {
  HttpRequest::Method method = HttpRequest::Method::kGet;
  std::string path;            // below /v1/, already encoded: `secret/data/whatsapp`
  std::string attempted;       // for messages: `write secret/whatsapp`
  std::optional<Secret> body;  // JSON
  std::string content_type = "application/json";
  std::optional<ClientIdentity> identity;  // of the cert method
};

class Connection {
 public:
  Connection(HttpClient& http, std::string address, std::string ca_file, std::string name_space);

  // The answer whatever its status; errors: none came, or one that cannot be Vault's.
  Result<HttpReply> Send(const Call& call, const Secret* token) const;
  const std::string& address() const { return address_; }

 private:
  HttpClient& http_;
  const std::string address_;
  const std::string ca_file_;
  const std::string namespace_;
};

// Each segment percent-encoded; slashes stay.
std::string EncodePath(const std::string& path);

}  // namespace tokenwarden::vault

#include "agent/adapters/vault/connection.h"

#include <utility>

namespace tokenwarden::vault {
namespace {

constexpr std::chrono::seconds kTimeout{5};
// A secret may hold 1 MiB, and JSON escapes it.
constexpr std::size_t kMaxBody = std::size_t{4} * 1024 * 1024;

ClientIdentity Clone(const ClientIdentity& identity) {
  return {identity.certificate_pem, identity.private_key_pem.Clone()};
}

bool IsJson(const HttpReply& reply) {
  const std::string* type = reply.FindHeader("content-type");
  return type != nullptr && type->find("json") != std::string::npos;
}

// A reply that was cut inside its headers, and the page of a proxy, look like a success.
bool CannotBeVaults(const HttpReply& reply) {
  if (reply.status == 200) return !IsJson(reply) || reply.body.empty();
  return reply.status == 403 && !IsJson(reply);
}

}  // namespace

Connection::Connection(HttpClient& http, std::string address, std::string ca_file,
                       std::string name_space)
    : http_(http),
      address_(std::move(address)),
      ca_file_(std::move(ca_file)),
      namespace_(std::move(name_space)) {}

Result<HttpReply> Connection::Send(const Call& call, const Secret* token) const {
  HttpRequest request;
  request.method = call.method;
  request.url = address_ + "/v1/" + call.path;
  request.endpoint_name = call.attempted;
  request.timeout = kTimeout;
  request.ca_file = ca_file_;
  request.max_body = kMaxBody;
  request.headers.emplace_back("X-Vault-Request", "true");
  if (!namespace_.empty()) request.headers.emplace_back("X-Vault-Namespace", namespace_);
  if (token != nullptr) request.secret_headers.emplace_back("X-Vault-Token", token->Clone());
  if (call.body) {
    request.secret_body = call.body->Clone();
    request.content_type = call.content_type;
  }
  if (call.identity) request.identity = Clone(*call.identity);
  Result<HttpReply> reply = http_.Send(request);
  if (!reply || !CannotBeVaults(*reply)) return reply;
  return MakeError(ErrorKind::kUnavailable, "bad_reply",
                   "Asked Vault to " + call.attempted + ": something answered that is not Vault.",
                   "Check vault.address and what stands between; it is tried again by itself.");
}

std::string EncodePath(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == '/';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace tokenwarden::vault

#include "agent/adapters/curl/transfer_error.h"

#include <string_view>
#include <utility>

namespace tokenwarden::curl {
namespace {

struct Meaning {
  ErrorKind kind;
  std::string_view reason;
  std::string_view seen;
  std::string_view action;
};

constexpr Meaning kStopping{ErrorKind::kAborted, "stopping", "this program is stopping", ""};
constexpr Meaning kTooLarge{ErrorKind::kResourceExhausted, "body_too_large",
                            "the reply is larger than expected of this request (or its headers "
                            "than 64 KiB)",
                            "Something else than the expected service answers there; check the "
                            "address and any proxy."};
constexpr Meaning kDns{ErrorKind::kUnavailable, "dns", "the host name could not be resolved",
                       "Check the address and this machine's DNS."};
constexpr Meaning kConnect{ErrorKind::kUnavailable, "connect", "no connection could be made",
                           "Check that the address is right and that a firewall allows it."};
constexpr Meaning kConnectSlow{ErrorKind::kUnavailable, "connect",
                               "no connection was made in time; the request was not sent",
                               "Check that a firewall allows it; it is tried again later."};
constexpr Meaning kTls{ErrorKind::kUnavailable, "tls",
                       "the server's certificate or TLS was refused",
                       "If a private CA is meant, configure tls.ca_file or SSL_CERT_FILE; if not, "
                       "something intercepts the connection."};
constexpr Meaning kProxy{ErrorKind::kUnavailable, "proxy", "the proxy refused or did not answer",
                         "Check https_proxy and no_proxy in the environment."};
constexpr Meaning kTimeout{ErrorKind::kDeadlineExceeded, "timeout",
                           "no complete reply arrived in time", "It is tried again later."};
constexpr Meaning kLost{ErrorKind::kUnavailable, "connection_lost",
                        "the connection broke before a complete reply arrived",
                        "It is tried again later."};

struct CodeMeaning {
  CURLcode code;
  const Meaning& meaning;
};
// Codes that are not listed mean kLost: the safe reading, since the request may have been acted on.
constexpr CodeMeaning kCodes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, kDns},
    {CURLE_COULDNT_CONNECT, kConnect},
    {CURLE_INTERFACE_FAILED, kConnect},
    {CURLE_COULDNT_RESOLVE_PROXY, kProxy},
    {CURLE_PROXY, kProxy},
    {CURLE_OPERATION_TIMEDOUT, kTimeout},
    {CURLE_SSL_CONNECT_ERROR, kTls},
    {CURLE_PEER_FAILED_VERIFICATION, kTls},
    {CURLE_SSL_CERTPROBLEM, kTls},
    {CURLE_SSL_CIPHER, kTls},
    {CURLE_SSL_CACERT_BADFILE, kTls},
    {CURLE_SSL_CRL_BADFILE, kTls},
    {CURLE_SSL_ISSUER_ERROR, kTls},
    {CURLE_SSL_INVALIDCERTSTATUS, kTls},
    {CURLE_SSL_ENGINE_INITFAILED, kTls},
};

const Meaning& MeaningOf(const FailedTransfer& failed) {
  if (failed.stopped) return kStopping;
  if (failed.too_large) return kTooLarge;
  if (failed.proxy_status >= 300) return kProxy;
  if (failed.code == CURLE_OPERATION_TIMEDOUT && !failed.request_may_have_left) return kConnectSlow;
  for (const CodeMeaning& row : kCodes) {
    if (row.code == failed.code) return row.meaning;
  }
  return kLost;
}

}  // namespace

Error ExplainFailure(const FailedTransfer& failed) {
  const Meaning& meaning = MeaningOf(failed);
  std::string message = "Asked " + failed.origin + " for " + failed.endpoint + ": ";
  message += meaning.seen;
  if (&meaning == &kTls && !failed.tls_detail.empty()) message += " (" + failed.tls_detail + ")";
  if (&meaning == &kProxy && failed.proxy_status != 0) {
    message += " (HTTP " + std::to_string(failed.proxy_status) + ")";
  }
  message += ".";
  return Error{meaning.kind, std::string(meaning.reason), std::move(message),
               std::string(meaning.action)};
}

}  // namespace tokenwarden::curl

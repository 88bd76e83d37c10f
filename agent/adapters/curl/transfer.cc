#include "agent/adapters/curl/transfer.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/adapters/curl/transfer_error.h"

namespace tokenwarden::curl {
namespace {

constexpr std::size_t kMaxHeaders = 64 * 1024;
constexpr long kConnectTimeoutMs = 5000;
constexpr long kLowSpeedSeconds = 30;
// libcurl's own default keeps a replaced CA bundle unseen for a day.
constexpr long kCaCacheSeconds = 300;

using Parameters = std::vector<std::pair<std::string, Secret>>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// A string of secrets, wiped when it goes.
struct WipedString {
  WipedString() = default;
  WipedString(const WipedString&) = delete;
  WipedString& operator=(const WipedString&) = delete;
  ~WipedString() { WipeString(text); }
  std::string text;
};

struct Exchange {
  CURL* handle = nullptr;
  HttpReply reply;
  std::size_t max_body = 0;
  const BodyListener* listener = nullptr;  // of a stream
  bool heard_enough = false;               // the listener said so
  std::size_t header_bytes = 0;
  bool headers_complete = false;
  bool too_large = false;
  bool stopped = false;
  bool exactly_once = false;
  const StopState* stop = nullptr;
};

std::string_view MethodName(HttpRequest::Method method) {
  switch (method) {
    case HttpRequest::Method::kGet:
      return "GET";
    case HttpRequest::Method::kPost:
      return "POST";
    case HttpRequest::Method::kDelete:
      return "DELETE";
    case HttpRequest::Method::kPut:
      return "PUT";
    case HttpRequest::Method::kPatch:
      return "PATCH";
  }
  return "GET";
}

// Room for the worst case first: a string that grows leaves copies of secrets behind.
void AppendParameters(std::string& out, const Parameters& parameters) {
  std::size_t room = out.size() + 1;
  for (const auto& [name, value] : parameters) room += 3 * (name.size() + value.size()) + 2;
  out.reserve(room);
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!first) out += '&';
    first = false;
    AppendPercentEncoded(out, name);
    out += '=';
    AppendPercentEncoded(out, value.Reveal());
  }
}

bool IsStreamed(const Exchange& exchange) {
  long status = 0;
  if (exchange.listener == nullptr) return false;
  curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

std::size_t OnBody(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (IsStreamed(exchange)) {
    exchange.heard_enough = !(*exchange.listener)({bytes, size});
    return exchange.heard_enough ? 0 : size;
  }
  if (exchange.reply.body.size() + size > exchange.max_body) {
    exchange.too_large = true;
    return 0;
  }
  exchange.reply.body.append(bytes, size);
  return size;
}

std::string_view Trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t OnHeader(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kMaxHeaders) {
    exchange.too_large = true;
    return 0;
  }
  const std::string_view line = Trim({bytes, size});
  exchange.headers_complete = exchange.headers_complete || line.empty();
  if (line.substr(0, 5) == "HTTP/") {  // again after a 1xx
    exchange.headers_complete = false;
    exchange.reply.headers.clear();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return size;
  std::string name(Trim(line.substr(0, colon)));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  exchange.reply.headers.emplace_back(std::move(name), std::string(Trim(line.substr(colon + 1))));
  return size;
}

// The listener of a stream may end it although nothing arrives.
bool HasHeardEnough(Exchange& exchange) {
  if (exchange.listener == nullptr) return false;
  exchange.heard_enough = !(*exchange.listener)({});
  return exchange.heard_enough;
}

// libcurl calls this at least once a second, also while nothing arrives.
int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (HasHeardEnough(exchange)) return 1;
  if (!exchange.stop->stopping.load()) return 0;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  if (exchange.exactly_once && now < exchange.stop->cut_at.load()) return 0;
  exchange.stopped = true;
  return 1;
}

bool AppendHeader(HeaderList& list, const char* line) {
  curl_slist* longer = curl_slist_append(list.get(), line);
  if (longer == nullptr) return false;
  (void)list.release();
  list.reset(longer);
  return true;
}

bool AppendSecretHeader(HeaderList& list, const std::string& start, const Secret& value) {
  WipedString line;
  line.text.reserve(start.size() + value.size() + 1);
  line.text += start;
  line.text += value.Reveal();
  return AppendHeader(list, line.text.c_str());
}

bool BuildHeaders(HeaderList& list, const HttpRequest& request) {
  bool complete = AppendHeader(list, "Expect:");
  if (request.bearer) {
    complete = complete && AppendSecretHeader(list, "Authorization: Bearer ", *request.bearer);
  }
  if (request.form.empty() && (!request.body.empty() || request.secret_body)) {
    complete = complete && AppendHeader(list, ("Content-Type: " + request.content_type).c_str());
  }
  for (const auto& [name, value] : request.headers) {
    complete = complete && AppendHeader(list, (name + ": " + value).c_str());
  }
  for (const auto& [name, value] : request.secret_headers) {
    complete = complete && AppendSecretHeader(list, name + ": ", value);
  }
  return complete;
}

CURLcode UseStore(CURL*, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

void SetTrust(CURL* handle, const TransferSettings& settings) {
  curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);  // a directory makes libcurl read all of it
  curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, kCaCacheSeconds);
  // Only a libcurl on OpenSSL takes the parsed store; any other loads the file itself.
  const bool shared =
      settings.ca_store &&
      curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, UseStore) == CURLE_OK &&
      curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, settings.ca_store.get()) == CURLE_OK;
  if (shared) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
  } else if (!settings.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
  }
}

curl_blob BlobOf(std::string_view bytes) {
  // libcurl only reads it; COPY, so that nothing depends on who lives longer.
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_COPY};
}

void SetIdentity(CURL* handle, const ClientIdentity& identity) {
  curl_blob certificate = BlobOf(identity.certificate_pem);
  curl_blob key = BlobOf(identity.private_key_pem.Reveal());
  curl_easy_setopt(handle, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(handle, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(handle, CURLOPT_SSLKEYTYPE, "PEM");
  curl_easy_setopt(handle, CURLOPT_SSLKEY_BLOB, &key);
}

// A stream may be silent for long: only its end, its deadline and a dead peer end it.
void SetPace(CURL* handle, const HttpRequest& request, bool is_stream) {
  const long timeout = std::max(1L, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, std::min(timeout, kConnectTimeoutMs));
  if (is_stream) {
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, kLowSpeedSeconds);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, kLowSpeedSeconds);
    return;
  }
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kLowSpeedSeconds);
}

void SetSafety(CURL* handle, const HttpRequest& request, const Target& target,
               const TransferSettings& settings) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, target.plain_http ? "http" : "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Our headers carry tokens: a proxy gets none of them.
  curl_easy_setopt(handle, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  if (target.loopback) curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  SetTrust(handle, settings);
  if (request.identity) SetIdentity(handle, *request.identity);
}

void SetRequest(CURL* handle, const HttpRequest& request, const TransferSettings& settings,
                const std::string& path_and_query, const std::string& body) {
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, settings.user_agent.c_str());
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  // Beside the URL, which libcurl takes apart and puts together again several times per request:
  // each time another copy of what is secret in the query.
  if (!path_and_query.empty()) {
    curl_easy_setopt(handle, CURLOPT_REQUEST_TARGET, path_and_query.c_str());
  }
  if (request.method == HttpRequest::Method::kPost || !body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, std::string(MethodName(request.method)).c_str());
  if (request.exactly_once) {
    // libcurl repeats a request by itself only on a reused connection that turns out dead.
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  }
}

void SetCallbacks(CURL* handle, Exchange& exchange) {
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
}

Error FailureOf(CURL* handle, CURLcode code, const Exchange& exchange, const HttpRequest& request,
                const Target& target, const char* detail) {
  FailedTransfer failed;
  failed.code = code;
  failed.stopped = exchange.stopped;
  failed.too_large = exchange.too_large;
  curl_off_t sent_after = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &sent_after);
  failed.request_may_have_left = sent_after > 0;
  curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &failed.proxy_status);
  failed.endpoint = request.endpoint_name;
  failed.origin = target.origin;
  failed.tls_detail = detail;
  return ExplainFailure(failed);
}

}  // namespace

Result<HttpReply> RunTransfer(CURL* handle, const HttpRequest& request, const Target& target,
                              const TransferSettings& settings, const StopState& stop,
                              const BodyListener* listener) {
  WipedString path_and_query;
  if (!request.query.empty()) {
    path_and_query.text = target.path + '?';
    AppendParameters(path_and_query.text, request.query);
  }
  WipedString body;
  if (!request.form.empty()) {
    AppendParameters(body.text, request.form);
  } else {
    body.text = request.secret_body ? request.secret_body->Reveal() : request.body;
  }
  HeaderList headers(nullptr, curl_slist_free_all);
  if (!BuildHeaders(headers, request)) {
    return MakeError(ErrorKind::kResourceExhausted, "no_memory",
                     "Asked " + target.origin + ": memory ran out.");
  }
  Exchange exchange;
  exchange.handle = handle;
  exchange.max_body = request.max_body;
  exchange.listener = listener;
  exchange.exactly_once = request.exactly_once;
  exchange.stop = &stop;
  char detail[CURL_ERROR_SIZE] = "";
  SetSafety(handle, request, target, settings);
  SetPace(handle, request, listener != nullptr);
  SetRequest(handle, request, settings, path_and_query.text, body.text);
  SetCallbacks(handle, exchange);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);

  CURLcode code = curl_easy_perform(handle);
  if (exchange.heard_enough) code = CURLE_OK;
  // libcurl takes headers that break off for a reply without a body.
  if (code == CURLE_OK && !exchange.headers_complete) code = CURLE_PARTIAL_FILE;
  Result<HttpReply> result;
  if (code != CURLE_OK) {
    WipeString(exchange.reply.body);
    result = tl::unexpected<Error>(FailureOf(handle, code, exchange, request, target, detail));
  } else {
    long status = 0;
    curl_off_t took = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME_T, &took);
    exchange.reply.status = static_cast<int>(status);
    exchange.reply.duration = std::chrono::microseconds(took);
    result = std::move(exchange.reply);
  }
  curl_easy_reset(handle);  // forgets the pointers into this frame, keeps the connection
  return result;
}

}  // namespace tokenwarden::curl

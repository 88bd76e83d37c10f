#include "agent/adapters/curl/curl_http_client.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "agent/adapters/curl/ca_stores.h"
#include "agent/adapters/curl/global.h"
#include "agent/adapters/curl/handle_pool.h"
#include "agent/adapters/curl/sigpipe.h"
#include "agent/adapters/curl/target.h"
#include "agent/adapters/curl/transfer.h"

namespace tokenwarden::curl {
namespace {

// Where distributions keep their bundle; a static libcurl knows none of them.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",                   // BSD, macOS
};

std::string CaFileFor(const HttpRequest& request, const Options& options) {
  if (!request.ca_file.empty()) return request.ca_file;
  if (!options.ca_file.empty()) return options.ca_file;
  const char* named = std::getenv("SSL_CERT_FILE");
  if (named != nullptr && *named != '\0') return named;
  for (const char* bundle : kBundles) {
    if (access(bundle, R_OK) == 0) return bundle;
  }
  return "";
}

tl::unexpected<Error> BadCaText(const Target& target) {
  return MakeError(ErrorKind::kInvalidArgument, "bad_ca",
                   "Did not ask " + target.origin + ": the CA given for it holds no certificate.",
                   "Give one or more certificates in PEM form.");
}

// Connections that trust different authorities, or show who we are differently, must not be shared.
std::string LaneOf(const Target& target, const HttpRequest& request, const std::string& ca_file) {
  std::string lane = target.origin + ' ' + ca_file;
  if (!request.ca_pem.empty()) lane += " ca " + request.ca_pem;
  if (request.identity) lane += " as " + request.identity->certificate_pem;
  return lane;
}

}  // namespace

CurlHttpClient::CurlHttpClient(Options options)
    : options_(std::move(options)),
      stop_(std::make_unique<StopState>()),
      urls_(std::make_unique<CheckedUrls>()),
      ca_stores_(std::make_unique<CaStores>()),
      pool_(std::make_unique<HandlePool>(options_.idle_handles, options_.idle_age)) {
  if (options_.user_agent.empty()) options_.user_agent = "tokenwarden";
}

CurlHttpClient::~CurlHttpClient() {
  const SigpipeGuard guard;  // closing connections writes to them
  pool_.reset();
}

Result<HttpReply> CurlHttpClient::Send(const HttpRequest& request) { return Run(request, nullptr); }

Result<HttpReply> CurlHttpClient::Stream(const HttpRequest& request,
                                         const std::function<bool(std::string_view)>& on_bytes) {
  return Run(request, &on_bytes);
}

Result<HttpReply> CurlHttpClient::Run(const HttpRequest& request, const BodyListener* listener) {
  if (stop_->stopping.load()) {
    return MakeError(ErrorKind::kAborted, "stopping",
                     "Did not send " + request.endpoint_name + ": this program is stopping.");
  }
  const SigpipeGuard guard;
  InitialiseOnce();
  Result<Target> target = urls_->Check(request.url);
  if (!target) return tl::unexpected<Error>(std::move(target.error()));
  TransferSettings settings{options_.user_agent, "", nullptr};
  if (!target->plain_http) settings.ca_file = CaFileFor(request, options_);
  if (!target->plain_http && !request.ca_pem.empty()) {
    settings.ca_store = ca_stores_->GetFromText(request.ca_pem);
    if (!settings.ca_store) return BadCaText(*target);
  } else if (!target->plain_http && !settings.ca_file.empty()) {
    settings.ca_store = ca_stores_->Get(settings.ca_file, std::chrono::steady_clock::now());
  }
  const std::string lane = LaneOf(*target, request, settings.ca_file);
  Handle handle = pool_->Take(lane, std::chrono::steady_clock::now());
  if (!handle) {
    return MakeError(ErrorKind::kResourceExhausted, "no_memory",
                     "Asked " + target->origin + ": memory ran out.");
  }
  Result<HttpReply> reply = RunTransfer(handle.get(), request, *target, settings, *stop_, listener);
  pool_->Return(lane, std::move(handle), std::chrono::steady_clock::now());
  return reply;
}

void CurlHttpClient::Stop(std::chrono::milliseconds grace) {
  stop_->cut_at.store((std::chrono::steady_clock::now() + grace).time_since_epoch().count());
  stop_->stopping.store(true);
}

std::unique_ptr<CurlHttpClient> MakeHttpClient(Options options) {
  return std::make_unique<CurlHttpClient>(std::move(options));
}

}  // namespace tokenwarden::curl

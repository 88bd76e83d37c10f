#include "tests/simulators/graph/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/simulators/graph/text.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::size_t kLargestBody = 1 << 20;
constexpr std::size_t kConnectionMemory = 64 * 1024;
constexpr std::size_t kBlock = 16 * 1024;
constexpr unsigned kMostConnections = 2000;

int SocketOf(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == nullptr ? -1 : info->connect_fd;
}

// Dissolving the association makes the kernel send a reset at once; the later close finds nothing
// to do.
void ResetConnection(int socket) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  connect(socket, &nowhere, sizeof nowhere);
}

int ListenOn(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const bool parsed = inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1;
  if (!parsed || (ntohl(address.sin_addr.s_addr) >> 24) != 127) {
    throw std::runtime_error(
        "cannot listen on " + host +
        ": only loopback addresses (127.x.y.z) are served, because anybody who "
        "reaches the port can read every token");
  }
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool ok = bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                  listen(socket, 512) == 0;
  if (ok) return socket;
  const std::string reason = std::strerror(errno);
  close(socket);
  throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port) + ": " + reason);
}

std::uint16_t PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

MHD_Result AddHeader(void* cls, MHD_ValueKind, const char* key, const char* value) {
  auto& headers = *static_cast<std::map<std::string, std::string>*>(cls);
  headers[Lower(key)] = value == nullptr ? "" : value;
  return MHD_YES;
}

MHD_Result AddParam(void* cls, MHD_ValueKind, const char* key, std::size_t key_size,
                    const char* value, std::size_t value_size) {
  auto& params = *static_cast<Params*>(cls);
  params.emplace_back(std::string(key, key_size),
                      value == nullptr ? std::string() : std::string(value, value_size));
  return MHD_YES;
}

MHD_Result AddFormPart(void* cls, MHD_ValueKind, const char* key, const char*, const char*,
                       const char*, const char* data, std::uint64_t offset, std::size_t size) {
  auto& form = *static_cast<Params*>(cls);
  if (offset == 0 || form.empty() || form.back().first != key) form.emplace_back(key, "");
  form.back().second.append(data, size);
  return MHD_YES;
}

// One request while it is being received.
struct Exchange {
  Request request;
  bool too_large = false;
};

void ParseBody(MHD_Connection* connection, Request& request) {
  const std::string type = Lower(request.Header("content-type"));
  if (type.find("multipart/form-data") != std::string::npos) {
    auto* parser = MHD_create_post_processor(connection, kBlock, AddFormPart, &request.form);
    if (parser == nullptr) return;
    MHD_post_process(parser, request.body.data(), request.body.size());
    MHD_destroy_post_processor(parser);
  } else if (type.find("json") != std::string::npos || request.path.rfind("/_control", 0) == 0) {
    request.json = Json::parse(request.body, nullptr, false);
    if (request.json.is_discarded()) request.json = Json();
  } else {
    request.form = ParseForm(request.body);
  }
}

void ApplyMethodOverride(Request& request) {
  if (request.method != "POST") return;
  const std::string method = Lower(request.Param("method").value_or(""));
  if (method == "delete") request.method = "DELETE";
}

// A body that is sent in pieces, cut, or never.
struct BodyPlayer {
  std::string body;
  Wire wire;
  int socket = -1;
  const StopSignal* stop = nullptr;
};

ssize_t PlayBody(void* cls, std::uint64_t position, char* buffer, std::size_t size) {
  const auto& player = *static_cast<const BodyPlayer*>(cls);
  if (player.wire.ending == Wire::Ending::kHang) {
    player.stop->WaitForHangup(player.socket);
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  const bool cut = player.wire.ending == Wire::Ending::kCut;
  const std::size_t end =
      cut ? std::min(player.wire.cut_after, player.body.size()) : player.body.size();
  if (position >= end) {
    return cut ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
  }
  if (position > 0 && player.wire.drip_ms > 0 && !player.stop->Sleep(player.wire.drip_ms)) {
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  std::size_t piece = std::min<std::size_t>(size, end - position);
  if (player.wire.drip_bytes > 0) piece = std::min(piece, player.wire.drip_bytes);
  std::memcpy(buffer, player.body.data() + position, piece);
  return static_cast<ssize_t>(piece);
}

void FreePlayer(void* cls) { delete static_cast<BodyPlayer*>(cls); }

bool NeedsPlayer(const Wire& wire) {
  return wire.ending == Wire::Ending::kHang || wire.ending == Wire::Ending::kCut ||
         wire.drip_bytes > 0 || wire.drip_ms > 0;
}

MHD_Response* MakeResponse(const Reply& reply, int socket, const StopSignal& stop) {
  MHD_Response* response = nullptr;
  if (NeedsPlayer(reply.wire)) {
    auto* player = new BodyPlayer{reply.body, reply.wire, socket, &stop};
    response =
        MHD_create_response_from_callback(reply.body.size(), kBlock, PlayBody, player, FreePlayer);
  } else {
    // The library takes a pointer to non-const but copies in this mode.
    response = MHD_create_response_from_buffer(
        reply.body.size(), const_cast<char*>(reply.body.data()), MHD_RESPMEM_MUST_COPY);
  }
  if (!reply.content_type.empty()) {
    MHD_add_response_header(response, "Content-Type", reply.content_type.c_str());
  }
  for (const auto& header : reply.headers) {
    MHD_add_response_header(response, header.first.c_str(), header.second.c_str());
  }
  return response;
}

// The reply as bytes, for the copy that nobody asked for.
std::string RawReply(const Reply& reply) {
  std::string raw = "HTTP/1.1 " + std::to_string(reply.status) +
                    " OK\r\nContent-Type: " + reply.content_type +
                    "\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n";
  for (const auto& header : reply.headers) raw += header.first + ": " + header.second + "\r\n";
  return raw + "\r\n" + reply.body;
}

}  // namespace

class Server::Impl {
 public:
  Impl(Service& service, ServerOptions options) : service_(service), options_(std::move(options)) {
    socket_ = ListenOn(options_.host, options_.port);
    port_ = PortOf(socket_);
    const bool tls = !options_.certificate.empty();
    url_ = (tls ? "https://" : "http://") + options_.host + ":" + std::to_string(port_);
    service_.SetBaseUrl(url_);
    Start(tls);
  }

  ~Impl() {
    stop_.Raise();
    MHD_stop_daemon(daemon_);
  }

  std::uint16_t port() const { return port_; }
  const std::string& url() const { return url_; }

 private:
  void Start(bool tls) {
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ITC;
    if (tls) flags |= MHD_USE_TLS;
    const MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, options_.certificate.data()},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, options_.private_key.data()},
        {MHD_OPTION_END, 0, nullptr}};
    const MHD_OptionItem no_options[] = {{MHD_OPTION_END, 0, nullptr}};
    daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &Impl::OnRequest, this,
                               MHD_OPTION_LISTEN_SOCKET, socket_, MHD_OPTION_CONNECTION_LIMIT,
                               kMostConnections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                               kConnectionMemory, MHD_OPTION_NOTIFY_COMPLETED, &Impl::OnCompleted,
                               this, MHD_OPTION_NOTIFY_CONNECTION, &Impl::OnConnection, this,
                               MHD_OPTION_ARRAY, tls ? tls_options : no_options, MHD_OPTION_END);
    if (daemon_ != nullptr) return;
    close(socket_);
    throw std::runtime_error(
        tls ? "the TLS server did not start: check that certificate and key are PEM "
              "and belong together, and that this build knows TLS"
            : "the HTTP server did not start");
  }

  static void OnConnection(void* cls, MHD_Connection* connection, void** slot,
                           MHD_ConnectionNotificationCode code) {
    auto* self = static_cast<Impl*>(cls);
    if (code != MHD_CONNECTION_NOTIFY_STARTED) return;
    const int on = 1;
    setsockopt(SocketOf(connection), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *slot = reinterpret_cast<void*>(static_cast<std::intptr_t>(++self->connections_));
  }

  static void OnCompleted(void*, MHD_Connection*, void** slot, MHD_RequestTerminationCode) {
    delete static_cast<Exchange*>(*slot);
    *slot = nullptr;
  }

  static MHD_Result OnRequest(void* cls, MHD_Connection* connection, const char* path,
                              const char* method, const char*, const char* data, std::size_t* size,
                              void** slot) {
    auto* self = static_cast<Impl*>(cls);
    if (*slot == nullptr) {
      *slot = Begin(connection, path, method);
      return MHD_YES;
    }
    auto& exchange = *static_cast<Exchange*>(*slot);
    if (*size > 0) {
      exchange.too_large = exchange.request.body.size() + *size > kLargestBody;
      if (!exchange.too_large) exchange.request.body.append(data, *size);
      *size = 0;
      return exchange.too_large ? MHD_NO : MHD_YES;
    }
    return self->Finish(connection, exchange.request);
  }

  static Exchange* Begin(MHD_Connection* connection, const char* path, const char* method) {
    auto* exchange = new Exchange;
    exchange->request.method = method;
    exchange->request.path = path;
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info != nullptr) {
      exchange->request.connection =
          static_cast<int>(reinterpret_cast<std::intptr_t>(info->socket_context));
    }
    MHD_get_connection_values(connection, MHD_HEADER_KIND, AddHeader, &exchange->request.headers);
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, AddParam,
                                &exchange->request.query);
    return exchange;
  }

  MHD_Result Finish(MHD_Connection* connection, Request& request) {
    if (!request.body.empty()) ParseBody(connection, request);
    ApplyMethodOverride(request);
    const Reply reply = service_.Handle(request, stop_);
    if (reply.wire.delay_ms > 0 && !stop_.Sleep(reply.wire.delay_ms)) return MHD_NO;
    return Send(connection, reply);
  }

  MHD_Result Send(MHD_Connection* connection, const Reply& reply) {
    const int socket = SocketOf(connection);
    if (reply.wire.ending == Wire::Ending::kDrop) return MHD_NO;
    if (reply.wire.ending == Wire::Ending::kReset) {
      ResetConnection(socket);
      return MHD_NO;
    }
    if (reply.wire.twice && options_.certificate.empty()) {
      const std::string raw = RawReply(reply);
      send(socket, raw.data(), raw.size(), MSG_NOSIGNAL);
    }
    MHD_Response* response = MakeResponse(reply, socket, stop_);
    const MHD_Result queued =
        MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
    MHD_destroy_response(response);
    return queued;
  }

  Service& service_;
  ServerOptions options_;
  StopSignal stop_;
  std::atomic<int> connections_{0};
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::string url_;
  MHD_Daemon* daemon_ = nullptr;
};

Server::Server(Service& service, ServerOptions options)
    : impl_(std::make_unique<Impl>(service, std::move(options))) {}

Server::~Server() = default;

std::uint16_t Server::port() const { return impl_->port(); }

const std::string& Server::url() const { return impl_->url(); }

}  // namespace tokenwarden::graph_simulator

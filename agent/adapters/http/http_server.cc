#include "agent/adapters/http/http_server.h"

#include <microhttpd.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <utility>

#include "agent/adapters/http/accept_encoding.h"
#include "agent/adapters/http/inflater.h"
#include "agent/adapters/http/listen_address.h"

namespace tokenwarden::http {
namespace {

constexpr std::size_t kConnectionMemory = 8 * 1024;  // request line and headers
constexpr std::size_t kInflateBlock = 16 * 1024;

using Response = std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)>;

// One reader per response; freed by libmicrohttpd with the response.
ssize_t ReadInflated(void* inflater, std::uint64_t, char* out, std::size_t size) {
  const std::ptrdiff_t got = static_cast<Inflater*>(inflater)->Read(out, size);
  if (got == 0) return MHD_CONTENT_READER_END_OF_STREAM;
  return got < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : static_cast<ssize_t>(got);
}

MHD_Response* MakeBody(const Answer& answer, bool inflate) {
  if (!answer.body || answer.body->empty()) {
    return MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT);
  }
  if (inflate) {
    return MHD_create_response_from_callback(
        Inflater::InflatedSize(*answer.body), kInflateBlock, ReadInflated,
        new Inflater(answer.body), [](void* reader) { delete static_cast<Inflater*>(reader); });
  }
  // The bytes stay alive, and are not copied, for as long as they are being sent.
  using Shared = std::shared_ptr<const std::string>;
  auto* shared = new Shared(answer.body);
  return MHD_create_response_from_buffer_with_free_callback_cls(
      answer.body->size(), const_cast<char*>(answer.body->data()),
      [](void* body) { delete static_cast<Shared*>(body); }, shared);
}

Response MakeResponse(const Answer& answer, bool accepts_gzip) {
  Response response(MakeBody(answer, answer.gzip && !accepts_gzip), &MHD_destroy_response);
  if (!response) return response;
  const auto add = [&](const char* name, const char* value) {
    MHD_add_response_header(response.get(), name, value);
  };
  add(MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  add(MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  add("X-Content-Type-Options", "nosniff");
  if (answer.gzip) add(MHD_HTTP_HEADER_VARY, "Accept-Encoding");
  if (answer.gzip && accepts_gzip) add(MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) add(MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  return response;
}

}  // namespace

Answer Text(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

struct HttpServer::Parts {
  ~Parts() {
    if (daemon != nullptr) MHD_stop_daemon(daemon);  // closes the listening socket too
  }

  Answer Ask(const char* path, const char* method) const {
    if (std::strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        std::strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
      return Text(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    const auto found = handlers.find(path);
    if (found == handlers.end()) return Text(MHD_HTTP_NOT_FOUND, "not found\n");
    try {
      return found->second();
    } catch (const std::exception&) {
      return Text(MHD_HTTP_INTERNAL_SERVER_ERROR, "this page could not be made\n");
    }
  }

  static MHD_Result Handle(void* self, MHD_Connection* connection, const char* path,
                           const char* method, const char*, const char*, std::size_t* upload_size,
                           void** seen) {
    // First called with the headers only; answering then would cut off a client that sends a body.
    static int marker = 0;
    if (*seen == nullptr) {
      *seen = &marker;
      return MHD_YES;
    }
    *upload_size = 0;
    const char* encoding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    const Answer answer = static_cast<const Parts*>(self)->Ask(path, method);
    const Response response = MakeResponse(answer, encoding != nullptr && AcceptsGzip(encoding));
    if (!response) return MHD_NO;
    return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
  }

  std::map<std::string, Handler> handlers;
  ListenAddress listening;
  std::string address;
  MHD_Daemon* daemon = nullptr;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options,
                                                      std::map<std::string, Handler> handlers) {
  Result<ListenAddress> address = ParseListenAddress(options.listen);
  if (!address) return tl::unexpected<Error>(address.error());
  // Our own socket: libmicrohttpd would not say why it cannot have one.
  Result<int> fd = Listen(*address);
  if (!fd) return tl::unexpected<Error>(fd.error());
  auto parts = std::make_unique<Parts>();
  parts->handlers = std::move(handlers);
  parts->listening = *address;
  parts->address = address->Text();
  parts->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr, &Parts::Handle, parts.get(),
      MHD_OPTION_LISTEN_SOCKET, *fd, MHD_OPTION_CONNECTION_LIMIT, options.connection_limit,
      MHD_OPTION_CONNECTION_TIMEOUT, options.idle_timeout_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory + kInflateBlock, MHD_OPTION_END);
  if (parts->daemon == nullptr) {
    close(*fd);
    return MakeError(ErrorKind::kUnavailable, "listen_failed",
                     "cannot serve http on " + parts->address + ": the HTTP library did not start",
                     "check the limits on threads and open files");
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return parts_->listening.port(); }
const std::string& HttpServer::address() const { return parts_->address; }

}  // namespace tokenwarden::http

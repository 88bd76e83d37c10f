#include "tests/unit/adapters/curl/raw_server.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace tokenwarden::curl {
namespace {

std::string TextOf(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

void AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// False when nothing will come any more.
bool WaitReadable(int socket, int wake) {
  pollfd fds[2] = {{socket, POLLIN, 0}, {wake, POLLIN, 0}};
  return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

}  // namespace

int Peer::Read(char* bytes, int size) {
  if (tls_ != nullptr && SSL_pending(tls_) > 0) return SSL_read(tls_, bytes, size);
  if (!WaitReadable(socket_, wake_)) return 0;
  if (tls_ != nullptr) return SSL_read(tls_, bytes, size);
  return static_cast<int>(recv(socket_, bytes, static_cast<std::size_t>(size), 0));
}

std::string Peer::ReadRequest() {
  std::string text;
  std::size_t wanted = std::string::npos;
  while (text.size() < wanted) {
    char bytes[4096];
    const int count = Read(bytes, sizeof(bytes));
    if (count <= 0) return "";
    text.append(bytes, static_cast<std::size_t>(count));
    const std::size_t head = text.find("\r\n\r\n");
    if (wanted == std::string::npos && head != std::string::npos) {
      const std::size_t at = text.find("Content-Length: ");
      const std::size_t length = at < head ? std::strtoul(text.c_str() + at + 16, nullptr, 10) : 0;
      wanted = head + 4 + length;
    }
  }
  return text;
}

void Peer::Write(const std::string& bytes) {
  if (tls_ != nullptr) {
    SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    return;
  }
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

std::string Peer::ClientCertificate() const {
  X509* shown = tls_ == nullptr ? nullptr : SSL_get1_peer_certificate(tls_);
  if (shown == nullptr) return "";
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, shown);
  X509_free(shown);
  return TextOf(bio);
}

void Peer::WaitForTheEnd() {
  char bytes[4096];
  while (Read(bytes, sizeof(bytes)) > 0) {
  }
}

Certificate MakeCertificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_bio, certificate);
  BIO* key_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {TextOf(certificate_bio), TextOf(key_bio)};
}

RawServer::RawServer(Script script, const Certificate* certificate) : script_(std::move(script)) {
  if (certificate != nullptr) {
    tls_ = SSL_CTX_new(TLS_server_method());
    BIO* bio = BIO_new_mem_buf(certificate->certificate_pem.data(), -1);
    X509* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(tls_, x509);
    X509_free(x509);
    BIO_free(bio);
    bio = BIO_new_mem_buf(certificate->key_pem.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(tls_, key);
    // Asks every client who it is and takes any answer, also none.
    SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    EVP_PKEY_free(key);
    BIO_free(bio);
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      pipe(wake_) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { AcceptAll(); });
}

RawServer::~RawServer() {
  close(wake_[1]);
  acceptor_.join();
  for (std::thread& peer : peers_) peer.join();
  close(wake_[0]);
  close(listener_);
  SSL_CTX_free(tls_);
}

std::string RawServer::Url(const std::string& path) const {
  return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
         path;
}

void RawServer::AcceptAll() {
  while (WaitReadable(listener_, wake_[0])) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connections_;
    const std::lock_guard<std::mutex> lock(mutex_);
    peers_.emplace_back([this, socket] { Serve(socket); });
  }
}

void RawServer::Serve(int socket) {
  // A client that refuses our certificate goes away while OpenSSL still writes.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  ssl_st* tls = tls_ != nullptr ? SSL_new(tls_) : nullptr;
  if (tls != nullptr) SSL_set_fd(tls, socket);
  if (tls == nullptr || SSL_accept(tls) == 1) {
    Peer peer(socket, tls, wake_[0]);
    script_(peer);
  }
  SSL_free(tls);
  close(socket);
}

}  // namespace tokenwarden::curl

// RawServer: a loopback server that plays one script per connection, byte by byte, with or without
// TLS.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace tokenwarden::curl {

// A connection as the script sees it.
class Peer {
 public:
  Peer(int socket, ssl_st* tls, int wake) : socket_(socket), tls_(tls), wake_(wake) {}
  // One whole request, head and body by Content-Length; empty when the client went away.
  std::string ReadRequest();
  void Write(const std::string& bytes);
  // The certificate that the client showed, as PEM; empty when it showed none.
  std::string ClientCertificate() const;
  // Blocks until the client goes away or the server is destroyed.
  void WaitForTheEnd();

 private:
  int Read(char* bytes, int size);

  int socket_;
  ssl_st* tls_;
  int wake_;
};

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};
// Self-signed for 127.0.0.1 and localhost, made on the spot.
Certificate MakeCertificate();

class RawServer {
 public:
  using Script = std::function<void(Peer&)>;

  // Plain without a certificate.
  explicit RawServer(Script script, const Certificate* certificate = nullptr);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string Url(const std::string& path) const;
  int connections() const { return connections_.load(); }

 private:
  void AcceptAll();
  void Serve(int socket);

  Script script_;
  ssl_ctx_st* tls_ = nullptr;
  int listener_ = -1;
  int wake_[2] = {-1, -1};  // closing the write end wakes everybody
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::thread> peers_;
  std::thread acceptor_;
};

}  // namespace tokenwarden::curl

// Identity: what we show the API server so that it knows us. Tokens and certificates rotate, so
// they are asked for anew with every request.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/core/result.h"
#include "agent/core/secret.h"
#include "agent/ports/http_client.h"

namespace tokenwarden::kubernetes {

struct Presented {
  std::optional<Secret> token;
  std::optional<ClientIdentity> certificate;

  bool SameAs(const Presented& other) const;
};

// Thread-safe.
class Identity {
 public:
  virtual ~Identity() = default;
  virtual Result<Presented> Present() = 0;
  // The server refused what was presented last: nothing kept from before may be presented again.
  virtual void Forget() {}
};

// Nobody: the cluster decides what that may do.
std::unique_ptr<Identity> MakeAnonymous();
std::unique_ptr<Identity> MakeTokenIdentity(Secret token);
// Read with every request; while the file is missing or empty, what was read last.
std::unique_ptr<Identity> MakeTokenFileIdentity(std::string path);

// PEM text, or a file that is read with every request.
struct PemSource {
  std::string file;
  Secret text;
};
std::unique_ptr<Identity> MakeCertificateIdentity(PemSource certificate, PemSource key);

// A small file of ours: kNotFound `no_such_file`, kPermissionDenied `unreadable`.
Result<Secret> ReadSmallFile(const std::string& path);

}  // namespace tokenwarden::kubernetes

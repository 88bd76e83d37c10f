// CaStores: trusted certificates, parsed once per file and shared by every connection. libcurl
// would keep one parsed copy per handle: the better part of a megabyte for a system's bundle.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

struct x509_store_st;

namespace tokenwarden::curl {

// Thread-safe.
class CaStores {
 public:
  using Store = std::shared_ptr<x509_store_st>;
  using TimePoint = std::chrono::steady_clock::time_point;

  // Read again when five minutes old, so that a replaced file is noticed. Null when the file cannot
  // be read: libcurl then loads it itself and names the problem.
  Store Get(const std::string& ca_file, TimePoint now);
  // The same for certificates given as text; null when there is none in it.
  Store GetFromText(const std::string& ca_pem);

 private:
  struct Loaded {
    Store store;
    TimePoint at;
  };
  std::mutex mutex_;
  std::map<std::string, Loaded> loaded_;
  std::map<std::string, Store> from_text_;
};

}  // namespace tokenwarden::curl

#include "agent/adapters/curl/ca_stores.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace tokenwarden::curl {
namespace {

constexpr std::chrono::seconds kReload{300};

CaStores::Store Load(const std::string& ca_file) {
  CaStores::Store store(X509_STORE_new(), X509_STORE_free);
  if (!store || X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  // What libcurl sets on a store of its own.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

}  // namespace

CaStores::Store CaStores::Get(const std::string& ca_file, TimePoint now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = loaded_.find(ca_file);
  if (known != loaded_.end() && now - known->second.at < kReload) return known->second.store;
  Store store = Load(ca_file);
  if (store) loaded_[ca_file] = Loaded{store, now};
  return store;
}

}  // namespace tokenwarden::curl

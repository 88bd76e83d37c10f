#include "agent/adapters/curl/ca_stores.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

namespace tokenwarden::curl {
namespace {

constexpr std::chrono::seconds kReload{300};

CaStores::Store NewStore() {
  CaStores::Store store(X509_STORE_new(), X509_STORE_free);
  // What libcurl sets on a store of its own.
  if (store)
    X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

CaStores::Store Load(const std::string& ca_file) {
  CaStores::Store store = NewStore();
  if (store && X509_STORE_load_file(store.get(), ca_file.c_str()) == 1) return store;
  ERR_clear_error();
  return nullptr;
}

CaStores::Store LoadText(const std::string& ca_pem) {
  CaStores::Store store = NewStore();
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())), BIO_free);
  bool any = false;
  while (store && text) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    any = X509_STORE_add_cert(store.get(), certificate.get()) == 1 || any;
  }
  ERR_clear_error();
  return any ? store : nullptr;
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

CaStores::Store CaStores::GetFromText(const std::string& ca_pem) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = from_text_.find(ca_pem);
  if (known != from_text_.end()) return known->second;
  Store store = LoadText(ca_pem);
  if (store) from_text_[ca_pem] = store;
  return store;
}

}  // namespace tokenwarden::curl

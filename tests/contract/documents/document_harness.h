// A StateStore as documents, for the contract suite: opened again on the same documents.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/documents/document_state_store.h"
#include "tests/contract/state_store_contract.h"

namespace tokenwarden {

class DocumentHarness : public StateStoreHarness {
 public:
  explicit DocumentHarness(std::unique_ptr<DocumentStore> documents)
      : documents_(std::move(documents)) {
    Open();
  }
  StateStore& store() override { return *store_; }
  void Reopen() override { Open(); }

 private:
  void Open() {
    store_.reset();
    auto opened = documents::OpenStateStore(*documents_, *sealer_, {});
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    store_ = std::move(*opened);
  }

  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<Sealer> sealer_ = crypto::MakeSealer(crypto::RandomKey());
  std::unique_ptr<StateStore> store_;
};

}  // namespace tokenwarden

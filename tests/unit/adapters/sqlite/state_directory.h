// A directory with a state in it, for one test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "agent/adapters/crypto/sealer.h"
#include "agent/adapters/sqlite/sqlite_state_store.h"

namespace tokenwarden::sqlite {

inline constexpr Instant kNow{Seconds{1'790'000'000}};

class StateDirectory : public testing::Test {
 protected:
  StateDirectory() {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
  }
  ~StateDirectory() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/state.db"; }
  Result<std::unique_ptr<StateStore>> TryOpen(const std::string& vfs = "") {
    return OpenStateStore(path(), *sealer_, {kDay * 30, vfs, "a test"});
  }
  std::unique_ptr<StateStore> Open(const std::string& vfs = "") {
    Result<std::unique_ptr<StateStore>> opened = TryOpen(vfs);
    if (opened) return std::move(*opened);
    ADD_FAILURE() << opened.error().message;
    std::abort();
  }
  // Nothing but the error; the store must not open.
  Error OpenError() {
    Result<std::unique_ptr<StateStore>> opened = TryOpen();
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

  static std::string Content(const std::string& file) {
    std::stringstream content;
    content << std::ifstream(file, std::ios::binary).rdbuf();
    return content.str();
  }
  static void Write(const std::string& file, const std::string& content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
    chmod(file.c_str(), 0600);
  }

  static RotationStep Step(RotationState to) {
    RotationStep step;
    step.to = to;
    return step;
  }
  static RotationStep Candidate(const std::string& value) {
    RotationStep step = Step(RotationState::kCandidate);
    step.candidate = Secret(value);
    step.candidate_fingerprint = {"hmac:" + value};
    return step;
  }
  static CredentialState StateOf(Generation generation) {
    CredentialState state;
    state.name = "a";
    state.generation = generation;
    state.generation_since = kNow;
    return state;
  }
  // A whole rotation; false as soon as a step fails.
  static bool Rotate(StateStore& store, Generation to, const std::string& value) {
    Result<Rotation> begun = store.Begin("a", Origin::kSubmit, to - 1, 0, kNow, 100);
    if (!begun || !store.Advance(begun->id, Candidate(value), kNow)) return false;
    if (!store.Advance(begun->id, Step(RotationState::kProven), kNow)) return false;
    if (!store.Promote(begun->id, StateOf(to), kNow)) return false;
    return store.Advance(begun->id, Step(RotationState::kRetired), kNow).has_value();
  }

  std::string directory_ = testing::TempDir() + "state.XXXXXX";
  std::unique_ptr<Sealer> sealer_ = crypto::MakeSealer(crypto::RandomKey());
};

}  // namespace tokenwarden::sqlite

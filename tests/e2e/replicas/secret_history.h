// SecretHistory: every version of every Secret of a namespace, in order, as the API server wrote
// them into its etcd, which keeps on when that is restarted. (A watch of the API server itself
// begins anew then, without what was written last.) Wants the flag kStoreJson.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/replicas/evidence.h"
#include "tests/e2e/replicas/web.h"
#include "tests/servers/fixture/control_plane.h"

namespace tokenwarden::replicas {

// The key of each Secret that holds the value.
inline constexpr char kKey[] = "token";

// Of the API server: what it writes can be read.
inline constexpr char kStoreJson[] = "--storage-media-type=application/json";

// A Secret as JSON; without a value when it does not hold one yet.
Version VersionOf(const std::string& secret_json);

class SecretHistory {
 public:
  SecretHistory(const it::ControlPlane& cluster, const std::string& name_space);
  ~SecretHistory();
  // Different values seen so far, each Secret's first not counted.
  int Rotations() const;
  // As far as it is known now.
  std::map<std::string, std::vector<Version>> SoFar() const;
  // Waits until the Secret `marker`, made just now, is seen, so that all from before it were.
  // Throws when it does not come, or when versions were missed.
  std::map<std::string, std::vector<Version>> UpTo(const std::string& marker);

 private:
  bool Take(const std::string& line);
  void TakeSecret(const std::string& json);

  std::atomic<bool> ends_{false};
  mutable std::mutex mutex_;
  std::string problem_;  // why the history is not whole
  std::map<std::string, std::vector<Version>> versions_;
  std::set<std::string> values_;
  std::set<std::string> names_;
  std::thread thread_;
};

}  // namespace tokenwarden::replicas

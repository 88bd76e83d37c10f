// One real API server for all tests of this program, and a namespace of its own for each of them.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/adapters/curl/curl_http_client.h"
#include "agent/adapters/kubernetes/kubernetes.h"
#include "agent/adapters/system/system_clock.h"
#include "tests/servers/fixture/control_plane.h"

namespace tokenwarden {

it::ControlPlane& Cluster();

class Corner {
 public:
  Corner();

  const std::string& name() const { return name_; }
  std::string PlaceOf(const std::string& secret) const { return name_ + "/" + secret; }

  // As the administrator, or as whoever that kubeconfig says; as another process would.
  std::unique_ptr<kubernetes::Kubernetes> Connect(const std::string& kubeconfig = "",
                                                  kubernetes::Options options = {});
  // A service account with one Role of these rules (YAML flow sequences); a kubeconfig for it.
  // Called again, it changes the rules.
  std::string AccountWith(const std::vector<std::string>& rules);

  it::Finished Kubectl(std::vector<std::string> arguments, const std::string& input = "") const;
  std::string Must(std::vector<std::string> arguments, const std::string& input = "") const;
  std::optional<std::string> ValueOf(const std::string& secret, const std::string& key) const;
  // As a person would, with `kubectl patch`; makes the Secret when it is missing.
  void Edit(const std::string& secret, const std::string& key, const std::string& value) const;
  std::string Annotation(const std::string& object, const std::string& name) const;

  curl::CurlHttpClient& http() { return *http_; }
  Clock& clock() { return clock_; }

 private:
  const std::string name_;
  std::string kubeconfig_of_account_;
  std::unique_ptr<curl::CurlHttpClient> http_;
  sys::SystemClock clock_;
};

}  // namespace tokenwarden

// Helm on a real API server, as its administrator.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/process.h"
#include "tests/servers/fixture/cluster.h"

namespace tokenwarden::it {

class Helm {
 public:
  explicit Helm(const Cluster& cluster) : cluster_(cluster) {}

  Finished Run(std::vector<std::string> arguments) const;
  // The same, where a failure fails the test; what it printed.
  std::string Must(const std::vector<std::string>& arguments) const;
  // A chart of the project: `tokenwarden`.
  static std::string Chart(const std::string& name);
  // A file of values of that chart: `replicas`.
  static std::string Values(const std::string& name);
  // The application's chart with the library in it.
  std::string Shop() const;

 private:
  const Cluster& cluster_;
  TemporaryDirectory room_;
};

// Every object of the namespace but Events: `deployments.apps/a`, sorted.
std::vector<std::string> Everything(const Cluster& cluster, const std::string& name_space);

// A namespace that enforces Pod Security `restricted`, with the ServiceAccount that a controller
// would have made.
void MakeNamespace(const Cluster& cluster, const std::string& name);

// The kinds of the Prometheus operator, without their schemas.
void MakeMonitoringKinds(const Cluster& cluster);

}  // namespace tokenwarden::it

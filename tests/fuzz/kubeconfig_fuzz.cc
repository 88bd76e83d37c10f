// A kubeconfig file: somebody else's YAML.
#include <sys/mman.h>
#include <unistd.h>

#include "agent/adapters/kubernetes/kubeconfig.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fuzz/fuzz.h"

using namespace tokenwarden;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FakeClock clock(FromUnix(1795168800));
  const int file = memfd_create("kubeconfig", MFD_CLOEXEC);
  fuzz::Require(file >= 0 && write(file, data, size) == static_cast<ssize_t>(size),
                "a file in memory");
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const auto connection = kubernetes::ConnectByKubeconfig({path}, "", clock);
  close(file);
  if (connection) {
    fuzz::Require(!connection->server.empty() && connection->identity, "where to, and as whom");
    return 0;
  }
  const Error& error = connection.error();
  fuzz::Require(!error.reason.empty() && !error.message.empty(), "a refusal says why");
  fuzz::Require(!fuzz::Holds(error.message + error.action, "fuzzSECRETfuzz"),
                "and repeats no value");
  return 0;
}

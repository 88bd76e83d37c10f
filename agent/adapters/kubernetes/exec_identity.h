// The identity that a kubeconfig's `exec` plugin hands out (client.authentication.k8s.io).
//
// The command runs without a shell, with our environment and what the kubeconfig adds, in a process
// group of its own that is killed at the timeout. Its answer is kept until it expires or the server
// refuses it. Source: client-go plugin/pkg/client/auth/exec, "client-go credential plugins".
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/kubernetes/identity.h"
#include "agent/ports/clock.h"

namespace tokenwarden::kubernetes {

struct ExecPlugin {
  std::string command;  // a path, or a name to be found in PATH
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string api_version;  // `client.authentication.k8s.io/v1` or `…/v1beta1`
  std::string install_hint;
  std::string cluster_json;  // `spec.cluster` of the question; empty when not asked for
  std::chrono::milliseconds timeout{60000};
};

// Errors of Present(): kFailedPrecondition `no_exec_plugin`, `bad_exec_plugin`; kUnavailable
// `exec_plugin_failed`; kDeadlineExceeded `exec_plugin_timeout`.
std::unique_ptr<Identity> MakeExecIdentity(ExecPlugin plugin, Clock& clock);

}  // namespace tokenwarden::kubernetes

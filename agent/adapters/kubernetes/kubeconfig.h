// The kubeconfig file, as far as a program without a person needs it.
//
// Understood: current-context, clusters (server, certificate-authority[-data]), contexts (cluster,
// user, namespace), users (client-certificate[-data] with client-key[-data], token, tokenFile,
// exec). Everything that would weaken the connection or that we cannot honour is refused with a
// sentence; what we need not know is ignored. Source: client-go tools/clientcmd/api/v1.
#pragma once

#include <string>
#include <vector>

#include "agent/adapters/kubernetes/connection.h"
#include "agent/core/result.h"
#include "agent/ports/clock.h"

namespace tokenwarden::kubernetes {

// `paths` in order of precedence; a missing one is skipped while another is there. An empty
// context: the current one.
Result<Connection> ConnectByKubeconfig(const std::vector<std::string>& paths,
                                       const std::string& context, Clock& clock);

}  // namespace tokenwarden::kubernetes

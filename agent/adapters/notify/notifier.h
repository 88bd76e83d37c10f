// Notifier: tells the program that uses a token that a new one is in place.
//
// exec    Runs a command without a shell, in `base_dir` and in a process group of its own, with
// nothing on its
//         standard input and its output discarded (it could hold a secret). It finds PATH, HOME and
//         LANG of ours and TOKENWARDEN_CREDENTIAL, TOKENWARDEN_GENERATION, TOKENWARDEN_FINGERPRINT;
//         no other variable and no open file. At the timeout the whole group is killed.
// signal  Signals the process of a pid file through a pidfd, after it was shown to be the right
// one: it has
//         the configured program name or, without one, it is not younger than its pid file.
// http    POSTs {"credential", "tenant", "generation", "fingerprint"} once; 2xx is success.
//
// Errors: kInvalidArgument `no_command`, `unknown_signal`, `bad_pid_file`; kNotFound
// `no_such_command`, `no_pid_file`, `no_such_process`; kPermissionDenied `not_permitted`;
// kFailedPrecondition `other_process`, `no_pidfd`; kUnavailable `exit_code`, `killed`,
// `http_status`; kDeadlineExceeded `timeout`; those of HttpClient.
#pragma once

#include <memory>
#include <string>

#include "agent/ports/http_client.h"
#include "agent/ports/places.h"

namespace tokenwarden::notify {

// Relative paths start at `base_dir` (empty: the working directory). `http` must outlive the
// notifier.
std::unique_ptr<Notifier> MakeNotifier(HttpClient& http, std::string base_dir);

}  // namespace tokenwarden::notify

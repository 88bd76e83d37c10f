#include "agent/command_line.h"

#include <getopt.h>

#include <iterator>
#include <sstream>

#include "agent/core/version.h"

namespace tokenwarden {
namespace {

constexpr char kHelp[] =
    R"(usage: tokenwarden-agent --config FILE [--once] [--verbose] [--log-format text|json]
                         [--key-command COMMAND]

Keeps the configured credentials alive: asks the issuer whether each works, exports when it stops
working, renews it in time, proves the new value, publishes it and reads it back.

  --config FILE      the configuration (YAML); `tokenwarden validate FILE` checks it
  --once             one pass for every credential, then exit: 0 all proven and published,
                     1 a credential is dead or needs an operator, 4 could not be determined
  --verbose          log every decision
  --log-format F     text or json (default: as configured, else json)
  --key-command C    a program whose output is the state key, with arguments separated by spaces;
                     no shell (default: as configured in state.key)
  --version          the version, then exit

Signals: TERM and INT end it within five seconds; HUP reads the configuration again (a bad one is
refused and the old one stays in force).
Environment: TOKENWARDEN_META_ENDPOINT (base URL of the Graph API), SSL_CERT_FILE.
)";

std::vector<std::string> Words(const std::string& text) {
  std::istringstream from(text);
  return {std::istream_iterator<std::string>(from), {}};
}

CommandLine Answer(std::string text, int exit_code) {
  CommandLine line;
  line.answer = std::move(text);
  line.exit_code = exit_code;
  return line;
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  enum { kConfig = 1, kOnce, kVerbose, kLogFormat, kKeyCommand, kVersionFlag, kHelpFlag };
  const option options[] = {{"config", required_argument, nullptr, kConfig},
                            {"once", no_argument, nullptr, kOnce},
                            {"verbose", no_argument, nullptr, kVerbose},
                            {"log-format", required_argument, nullptr, kLogFormat},
                            {"key-command", required_argument, nullptr, kKeyCommand},
                            {"version", no_argument, nullptr, kVersionFlag},
                            {"help", no_argument, nullptr, kHelpFlag},
                            {nullptr, 0, nullptr, 0}};
  CommandLine line;
  opterr = 0;
  for (int found = 0; (found = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    switch (found) {
      case kConfig:
        line.config_path = optarg;
        break;
      case kOnce:
        line.once = true;
        break;
      case kVerbose:
        line.verbose = true;
        break;
      case kLogFormat:
        line.log_format = optarg;
        break;
      case kKeyCommand:
        line.key_command = Words(optarg);
        break;
      case kVersionFlag:
        return Answer("tokenwarden-agent " + std::string(kVersion) + "\n", 0);
      case kHelpFlag:
        return Answer(kHelp, 0);
      default:
        return Answer("tokenwarden-agent: unknown option, or one without its value; see --help\n",
                      2);
    }
  }
  if (optind < argc) return Answer("tokenwarden-agent: takes options only; see --help\n", 2);
  if (line.config_path.empty()) {
    return Answer("tokenwarden-agent: --config FILE is missing; see --help\n", 2);
  }
  if (!line.log_format.empty() && line.log_format != "text" && line.log_format != "json") {
    return Answer("tokenwarden-agent: --log-format is text or json\n", 2);
  }
  return line;
}

}  // namespace tokenwarden

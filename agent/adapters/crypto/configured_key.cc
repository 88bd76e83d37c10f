#include "agent/adapters/crypto/configured_key.h"

namespace tokenwarden::crypto {

Result<StateKey> LoadConfiguredKey(const Config& config, SecretResolver& secrets,
                                   const RunCommand& run) {
  const bool by_command = !config.state_key_command.empty();
  if (!by_command && !config.state_key) {
    return MakeError(ErrorKind::kInvalidArgument, "no_state_key",
                     "the configuration names no key to seal the state with (state.key)",
                     "make one with `tokenwarden keygen FILE` and add `key: {file: FILE}`");
  }
  const std::string from =
      by_command ? "command " + config.state_key_command.front() : Describe(*config.state_key);
  Result<Secret> content =
      by_command ? run(config.state_key_command) : secrets.Resolve(*config.state_key);
  if (!content) {
    content.error().message = "the state key could not be had: " + content.error().message;
    return tl::unexpected<Error>(std::move(content.error()));
  }
  Result<StateKey> key = ParseStateKey(*content);
  if (!key) key.error().message += " (from " + from + ")";
  return key;
}

}  // namespace tokenwarden::crypto

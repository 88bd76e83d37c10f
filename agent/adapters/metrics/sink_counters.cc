#include "agent/adapters/metrics/sink_counters.h"

namespace tokenwarden::metrics {

std::string SinkCounters::KeyOf(std::string_view credential, std::string_view target) {
  std::string key(credential);
  key.push_back('\0');  // in neither of them
  key += target;
  return key;
}

void SinkCounters::Count(const Event& event, std::string_view reason) {
  Counts& counts = counts_[KeyOf(event.credential, event.target)];
  ++counts.attempts;
  if (event.kind == Event::Kind::kPublishFailed) ++counts.failures[std::string(reason)];
  ++version_;
}

const SinkCounters::Counts& SinkCounters::Of(std::string_view credential,
                                             std::string_view target) const {
  static const Counts kNone;
  const auto found = counts_.find(KeyOf(credential, target));
  return found == counts_.end() ? kNone : found->second;
}

}  // namespace tokenwarden::metrics

#include "tests/e2e/replicas/issuer_journal.h"

namespace tokenwarden::replicas {

using it::Json;

std::vector<std::string> IssuerJournal::Read() {
  const std::string url = issuer_.url() + "/_control/journal?since=" + std::to_string(read_to_);
  const Json entries = Json::parse(it::Get(url).body);
  std::vector<std::string> asking;
  for (const Json& entry : entries.is_array() ? entries : entries.at("entries")) {
    const std::uint64_t number = entry.at("number");
    const bool is_exchange = entry["form"].value("grant_type", "") == "fb_exchange_token";
    const std::string agent = is_exchange ? agents_[entry["headers"].value("host", "")] : "";
    if (is_exchange && met_.insert(number).second) asking.push_back(agent);
    if (!entry.contains("status") || !finished_.insert(number).second) continue;
    if (!is_exchange || entry.value("committed", "") != "exchange") continue;
    exchanges_.push_back({agent, entry["form"]["fb_exchange_token"], entry["issued"],
                          std::chrono::steady_clock::now()});
  }
  while (finished_.count(read_to_ + 1) > 0) {
    finished_.erase(++read_to_);
    met_.erase(read_to_);
  }
  return asking;
}

}  // namespace tokenwarden::replicas

#include "tests/e2e/replicas/evidence.h"

#include <algorithm>
#include <optional>

namespace tokenwarden::replicas {
namespace {

// What an agent sent before it was killed may lie in its proxy, and the journal is looked at from
// time to time: on a busy machine an exchange may be seen so long after the end of who asked for
// it.
constexpr std::chrono::seconds kSeenLate{5};

// A value's credential, and how many exchanges lie before it.
struct Descent {
  std::string credential;
  int depth = 0;
};

class Case {
 public:
  Case(const Evidence& evidence, const Fingerprinter& fingerprinter)
      : evidence_(evidence), fingerprinter_(fingerprinter) {
    for (const auto& [credential, value] : evidence.first_values) family_[value] = {credential, 0};
    for (const Exchange& exchange : evidence.exchanges) {
      const auto parent = family_.find(exchange.old_value);
      if (parent == family_.end()) continue;
      family_[exchange.new_value] = {parent->second.credential, parent->second.depth + 1};
    }
    for (const Place& place : evidence.places) {
      for (const Version& version : place.history) {
        const auto [known, is_new] = published_.emplace(version.value, version.at);
        if (!is_new && version.has_markers) known->second = std::min(known->second, version.at);
      }
    }
  }

  Judgement Judge() {
    JudgeExchanges();
    for (const Place& place : evidence_.places) {
      for (std::size_t i = 0; i < place.history.size(); ++i) {
        JudgeVersion(place, i == 0 ? nullptr : &place.history[i - 1], place.history[i]);
      }
      JudgeEnd(place);
    }
    return std::move(found_);
  }

 private:
  bool WasInterrupted(const std::string& agent, Moment from, Moment to) const {
    return std::any_of(evidence_.interruptions.begin(), evidence_.interruptions.end(),
                       [&](const Interruption& each) {
                         const bool theirs = each.agent.empty() || each.agent == agent;
                         return theirs && each.at >= from && each.at <= to;
                       });
  }
  // Nobody had seen what it made by then, and there is a reason for it.
  bool WasLost(const Exchange& exchange, Moment until) const {
    const auto published = published_.find(exchange.new_value);
    return (published == published_.end() || published->second > until) &&
           WasInterrupted(exchange.agent, exchange.at - kSeenLate, until);
  }

  void JudgeExchanges() {
    std::map<std::string, std::vector<const Exchange*>> by_old_value;
    for (const Exchange& exchange : evidence_.exchanges) {
      if (published_.count(exchange.new_value) > 0) ++found_.rotations;
      std::vector<const Exchange*>& earlier = by_old_value[exchange.old_value];
      const bool all_lost = std::all_of(earlier.begin(), earlier.end(), [&](const Exchange* each) {
        return WasLost(*each, exchange.at);
      });
      if (!all_lost) {
        ++found_.double_refreshes;
        Say(NameOf(exchange.old_value) + " was exchanged again by " + exchange.agent + ", which " +
            earlier.back()->agent + " had done already");
      } else if (!earlier.empty()) {
        ++found_.lost_replies;
      }
      earlier.push_back(&exchange);
    }
  }

  void JudgeVersion(const Place& place, const Version* before, const Version& now) {
    const auto descent = family_.find(now.value);
    if (descent == family_.end() || descent->second.credential != place.credential) {
      return Stale(place, "holds a value that nobody issued for it");
    }
    if (now.has_markers && fingerprinter_.Of(Secret(now.value)).text != now.fingerprint) {
      Stale(place, "holds a value beside the fingerprint of another");
    }
    if (before == nullptr) return;
    if (DepthOf(before->value) > descent->second.depth) {
      Stale(place, "went back from " + NameOf(before->value) + " to " + NameOf(now.value));
    }
    if (!before->has_markers || !now.has_markers) return;
    if (now.generation < before->generation) {
      Stale(place, "went back from generation " + std::to_string(before->generation) + " to " +
                       std::to_string(now.generation));
    }
    if (now.epoch < before->epoch) {
      Stale(place, "went back from epoch " + std::to_string(before->epoch) + " to " +
                       std::to_string(now.epoch));
    }
    if (now.generation == before->generation && now.value != before->value) {
      Stale(place, "changed its value within generation " + std::to_string(now.generation));
    }
  }

  void JudgeEnd(const Place& place) {
    if (const std::optional<std::string> problem = ProblemAtEnd(place)) {
      ++found_.behind;
      Say(place.name + " " + *problem + " at the end");
    }
  }

  std::optional<std::string> ProblemAtEnd(const Place& place) const {
    if (place.at_end.empty()) return "holds nothing";
    const Version& end = place.at_end.front();
    for (const Exchange& exchange : evidence_.exchanges) {
      if (exchange.old_value == end.value && !WasLost(exchange, Moment::max())) {
        return "holds " + NameOf(end.value) + ", which was renewed";
      }
    }
    if (DepthOf(end.value) < NewestOf(place.credential)) {
      return "holds " + NameOf(end.value) + ", and another place something newer";
    }
    if (fingerprinter_.Of(Secret(end.value)).text != end.fingerprint) {
      return "holds a value beside the fingerprint of another";
    }
    return std::nullopt;
  }

  int NewestOf(const std::string& credential) const {
    int newest = 0;
    for (const Place& place : evidence_.places) {
      if (place.credential != credential) continue;
      for (const Version& version : place.history) {
        newest = std::max(newest, DepthOf(version.value));
      }
    }
    return newest;
  }
  int DepthOf(const std::string& value) const {
    const auto found = family_.find(value);
    return found == family_.end() ? -1 : found->second.depth;
  }
  std::string NameOf(const std::string& value) const {
    const auto found = family_.find(value);
    if (found == family_.end()) return "a foreign value";
    return "value " + std::to_string(found->second.depth) + " of " + found->second.credential;
  }
  void Stale(const Place& place, const std::string& what) {
    ++found_.stale_overwrites;
    Say(place.name + " " + what);
  }
  void Say(std::string sentence) { found_.sentences.push_back(std::move(sentence)); }

  const Evidence& evidence_;
  const Fingerprinter& fingerprinter_;
  std::map<std::string, Descent> family_;    // by value
  std::map<std::string, Moment> published_;  // by value: when first
  Judgement found_;
};

}  // namespace

Judgement Judge(const Evidence& evidence, const Fingerprinter& fingerprinter) {
  return Case(evidence, fingerprinter).Judge();
}

}  // namespace tokenwarden::replicas

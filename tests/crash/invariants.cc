#include "tests/crash/invariants.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tokenwarden::crash {
namespace {

using Violations = std::vector<Violation>;

// 0: the value before the rotation; n: the n-th one issued; -1: nobody's.
int RankOf(const Evidence& evidence, const std::string& value) {
  for (std::size_t i = evidence.issued.size(); i > 0; --i) {
    if (evidence.issued[i - 1].value == value) return static_cast<int>(i);
  }
  return value == evidence.first ? 0 : -1;
}

std::string NameOfRank(int rank) {
  if (rank < 0) return "a value that nobody issued";
  return rank == 0 ? "the old value" : "new value " + std::to_string(rank);
}

bool StoreHolds(const StoreSeen& store, const std::string& value) {
  return std::any_of(store.held.begin(), store.held.end(), [&](const std::string& bytes) {
    return bytes.find(value) != std::string::npos;
  });
}

bool ASinkHolds(const Evidence& evidence, const std::string& value) {
  return std::any_of(evidence.sinks.begin(), evidence.sinks.end(), [&](const SinkSeen& sink) {
    return !sink.contents.empty() && ValueIn(sink, sink.contents.back()) == value;
  });
}

// ---- always ----

void StoreCanBeOpened(const Evidence& evidence, Violations& violations) {
  if (evidence.store.problem.empty()) return;
  violations.push_back({Harm::kLost, "the store cannot be opened: " + evidence.store.problem});
}

void NewestReceivedIsHeld(const Evidence& evidence, Violations& violations) {
  if (!evidence.store.problem.empty()) return;
  if (!StoreHolds(evidence.store, evidence.first) && !ASinkHolds(evidence, evidence.first) &&
      evidence.issued.empty()) {
    violations.push_back({Harm::kLost, "the old value is nowhere, and there is no new one"});
  }
  if (evidence.issued.empty()) return;
  const std::string& first_reply = evidence.issued.front().value;
  const bool held = StoreHolds(evidence.store, first_reply) || ASinkHolds(evidence, first_reply);
  if (held || evidence.issued.size() > 1) return;
  if (evidence.reply_durable) {
    violations.push_back(
        {Harm::kLost,
         "the reply was on the disk, and its value is neither in the store nor in a "
         "sink"});
  } else if (!StoreHolds(evidence.store, evidence.first)) {
    violations.push_back({Harm::kLost, "a reply was lost, and the old value is gone as well"});
  }
}

// Each place in turn: whole, known, proven, and never going back.
void PlacesAreSound(const Evidence& evidence, Violations& violations) {
  for (const SinkSeen& sink : evidence.sinks) {
    int newest = 0;
    for (const std::string& content : sink.contents) {
      const std::optional<std::string> value = ValueIn(sink, content);
      if (!value || value->empty()) {
        violations.push_back({Harm::kTorn, sink.name + " held " + std::to_string(content.size()) +
                                               " bytes that are neither its old nor its new "
                                               "content"});
        continue;
      }
      const int rank = RankOf(evidence, *value);
      const bool proven =
          rank == 0 || (rank > 0 && evidence.issued[static_cast<std::size_t>(rank) - 1].proven);
      if (!proven) {
        violations.push_back(
            {Harm::kUnproven, sink.name + " held " + NameOfRank(rank) + ", which was not proven"});
      }
      if (rank >= 0 && rank < newest) {
        violations.push_back({Harm::kLost, sink.name + " went back from " + NameOfRank(newest) +
                                               " to " + NameOfRank(rank)});
      }
      newest = std::max(newest, rank);
    }
  }
}

// One request a rotation; asked again only where the issuer's model allows it after a lost reply.
void IssuerIsAskedOnce(const Evidence& evidence, Violations& violations) {
  const std::size_t allowed = evidence.reply_durable ? 1 : 2;
  if (evidence.issued.size() <= allowed) return;
  violations.push_back(
      {Harm::kExtraExchange, "the issuer made " + std::to_string(evidence.issued.size()) +
                                 " new values where " + std::to_string(allowed) + " were allowed"});
}

void ConsumerIsToldOnce(const Evidence& evidence, Violations& violations) {
  if (evidence.told <= 1) return;
  violations.push_back(
      {Harm::kExtraExchange, "the consumer was told " + std::to_string(evidence.told) + " times"});
}

// ---- right after the end ----

// What may have been handed out is known to the store: by its value or by an open request.
void RequestIsKnown(const Evidence& evidence, Violations& violations) {
  if (evidence.issued.empty() || !evidence.store.problem.empty()) return;
  const std::string& value = evidence.issued.back().value;
  if (evidence.store.knows_of_a_request || StoreHolds(evidence.store, value)) return;
  violations.push_back({Harm::kLost,
                        "the issuer made a new value, and the store does not know "
                        "that it was asked (its newest rotation is " +
                            evidence.store.newest_rotation + ")"});
}

// ---- after another run ----

void EverythingIsInPlace(const Evidence& evidence, Violations& violations) {
  const StoreSeen& store = evidence.store;
  if (!store.problem.empty() || !store.need.empty()) return;
  if (store.is_unfinished) {
    violations.push_back({Harm::kLost, "a rotation still stands at " + store.newest_rotation});
  }
  const int rank = RankOf(evidence, store.current);
  const int newest = evidence.issued.empty() ? 0 : static_cast<int>(evidence.issued.size());
  const bool may_be_older = !evidence.reply_durable && newest == 1;
  if (rank < newest && !(may_be_older && rank == 0)) {
    violations.push_back({Harm::kLost, NameOfRank(rank) + " is current, although " +
                                           NameOfRank(newest) + " was received"});
  }
  for (const SinkSeen& sink : evidence.sinks) {
    const std::optional<std::string> value =
        sink.contents.empty() ? std::nullopt : ValueIn(sink, sink.contents.back());
    if (value == store.current) continue;
    const std::string held = value ? NameOfRank(RankOf(evidence, *value)) : "nothing whole";
    violations.push_back(
        {Harm::kLost, sink.name + " holds " + held + " while " + NameOfRank(rank) + " is current"});
  }
}

using Invariant = void (*)(const Evidence&, Violations&);
constexpr Invariant kAlways[] = {StoreCanBeOpened, NewestReceivedIsHeld, PlacesAreSound,
                                 IssuerIsAskedOnce, ConsumerIsToldOnce};

}  // namespace

std::string ToString(Harm harm) {
  static constexpr std::array<const char*, kHarms> kWords = {"lost", "torn", "unproven",
                                                             "extra_exchanges", "unexplained"};
  return kWords[static_cast<std::size_t>(harm)];
}

std::optional<std::string> ValueIn(const SinkSeen& sink, const std::string& content) {
  const std::size_t frame = sink.before.size() + sink.after.size();
  if (content.size() < frame) return std::nullopt;
  if (content.compare(0, sink.before.size(), sink.before) != 0) return std::nullopt;
  if (content.compare(content.size() - sink.after.size(), sink.after.size(), sink.after) != 0) {
    return std::nullopt;
  }
  return content.substr(sink.before.size(), content.size() - frame);
}

std::vector<Violation> JudgePlaces(const Evidence& evidence) {
  Violations violations;
  PlacesAreSound(evidence, violations);
  return violations;
}

std::vector<Violation> Judge(const Evidence& evidence, Moment moment) {
  Violations violations;
  for (const Invariant invariant : kAlways) invariant(evidence, violations);
  const Invariant then = moment == Moment::kInterrupted ? RequestIsKnown : EverythingIsInPlace;
  then(evidence, violations);
  return violations;
}

}  // namespace tokenwarden::crash

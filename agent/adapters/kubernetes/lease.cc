#include "agent/adapters/kubernetes/lease.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace tokenwarden::kubernetes {
namespace {

constexpr const char* kWantedBy = "tokenwarden.dev/wanted-by";  // `COUNT IDENTITY`
constexpr const char* kShards = "tokenwarden.dev/shards";
constexpr std::int64_t kLongestDuration = 3600;
constexpr std::int64_t kEpochStart = 1704067200;  // 2024-01-01; leaseTransitions has 31 bits

std::optional<int> NumberIn(const std::string& text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  const bool fine = !text.empty() && problem == std::errc() && stopped == end && number >= 0;
  return fine ? std::optional(number) : std::nullopt;
}

void EraseWish(Json& object) {
  if (At(object, {"metadata", "annotations"}) != nullptr) {
    object["metadata"]["annotations"].erase(kWantedBy);
  }
}

}  // namespace

Lease::Lease(const ObjectName& name)
    : object_({{"apiVersion", "coordination.k8s.io/v1"},
               {"kind", "Lease"},
               {"metadata", {{"name", name.name}, {"namespace", name.name_space}}},
               {"spec", Json::object()}}) {}

std::string Lease::holder() const { return TextAt(object_, {"spec", "holderIdentity"}); }

std::chrono::seconds Lease::duration() const {
  const std::int64_t seconds = IntegerAt(object_, {"spec", "leaseDurationSeconds"}).value_or(0);
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestDuration));
}

std::int64_t Lease::transitions() const {
  return std::max<std::int64_t>(0, IntegerAt(object_, {"spec", "leaseTransitions"}).value_or(0));
}

int Lease::shards() const {
  return NumberIn(TextAt(object_, {"metadata", "annotations", kShards})).value_or(0);
}

std::optional<Wish> Lease::wish() const {
  const std::string text = TextAt(object_, {"metadata", "annotations", kWantedBy});
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const std::optional<int> held = NumberIn(text.substr(0, space));
  return held ? std::optional(Wish{text.substr(space + 1), *held}) : std::nullopt;
}

std::string Lease::record() const {
  const Json* spec = At(object_, {"spec"});
  return spec == nullptr ? "" : spec->dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Lease::Taken(const std::string& by, std::chrono::seconds duration, int shards,
                  std::int64_t epoch, const std::string& now) const {
  Json object = object_;
  Json& spec = object["spec"];
  spec["holderIdentity"] = by;
  spec["leaseDurationSeconds"] = duration.count();
  spec["acquireTime"] = now;
  spec["renewTime"] = now;
  spec["leaseTransitions"] = epoch;
  object["metadata"]["annotations"][kShards] = std::to_string(shards);
  EraseWish(object);
  return object;
}

Json Lease::Renewed(const std::string& now) const {
  Json object = object_;
  object["spec"]["renewTime"] = now;
  EraseWish(object);
  return object;
}

Json Lease::Released(const std::string& now) const {
  Json object = Renewed(now);
  object["spec"]["holderIdentity"] = "";
  object["spec"]["leaseDurationSeconds"] = 1;
  return object;
}

Json Lease::Wished(const Wish& wish) const {
  Json object = object_;
  object["metadata"]["annotations"][kWantedBy] = std::to_string(wish.held) + " " + wish.identity;
  return object;
}

std::int64_t EpochAfter(const Lease& lease, Instant now) {
  return std::max<std::int64_t>(lease.transitions() + 1, ToUnix(now) - kEpochStart);
}

std::string MicroTime(Instant now, std::int64_t micros) {
  char digits[16];
  std::snprintf(digits, sizeof digits, ".%06d", static_cast<int>(micros % 1000000));
  std::string text = FormatUtc(now);
  text.insert(text.size() - 1, digits);
  return text;
}

}  // namespace tokenwarden::kubernetes

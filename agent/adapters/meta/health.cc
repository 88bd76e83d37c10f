#include "agent/adapters/meta/health.h"

#include <algorithm>

namespace tokenwarden::meta {
namespace {

constexpr std::int64_t kSipCodes[] = {138024, 138025};

Health HealthOf(const Json& object) {
  const std::string word = WordAt(object, "can_send_message");
  if (word == "AVAILABLE") return Health::kAvailable;
  if (word == "LIMITED") return Health::kLimited;
  if (word == "BLOCKED") return Health::kBlocked;
  return Health::kUnknown;
}

std::vector<std::int64_t> CodesOf(const Json& entity) {
  std::vector<std::int64_t> codes;
  const Json* errors = FindArray(entity, "errors");
  if (errors == nullptr) return codes;
  for (const Json& error : *errors) {
    if (const auto code = IntegerAt(error, "error_code")) codes.push_back(*code);
  }
  return codes;
}

bool IsAboutSipOnly(const std::vector<std::int64_t>& codes) {
  const auto is_sip = [](std::int64_t code) {
    return std::find(std::begin(kSipCodes), std::end(kSipCodes), code) != std::end(kSipCodes);
  };
  return !codes.empty() && std::all_of(codes.begin(), codes.end(), is_sip);
}

}  // namespace

HealthReading ReadHealth(const Json& node) {
  HealthReading reading;
  const Json* health = FindObject(node, "health_status");
  if (health == nullptr) return reading;
  bool explained = false;
  const Json* entities = FindArray(*health, "entities");
  if (entities != nullptr) {
    for (const Json& entity : *entities) {
      const Health state = HealthOf(entity);
      if (state != Health::kLimited && state != Health::kBlocked) continue;
      explained = true;
      const std::vector<std::int64_t> codes = CodesOf(entity);
      if (IsAboutSipOnly(codes)) continue;
      reading.worst = std::max(reading.worst, state);
      reading.codes.insert(reading.codes.end(), codes.begin(), codes.end());
    }
  }
  if (!explained) reading.worst = HealthOf(*health);
  return reading;
}

}  // namespace tokenwarden::meta

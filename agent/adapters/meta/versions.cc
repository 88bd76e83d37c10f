#include "agent/adapters/meta/versions.h"

namespace tokenwarden::meta {
namespace {

struct VersionRow {
  std::string_view version;
  std::string_view until;
};
constexpr VersionRow kVersions[] = {
    {"v25.0", "2028-07-29T00:00:00Z"}, {"v24.0", "2028-02-18T00:00:00Z"},
    {"v23.0", "2027-10-08T00:00:00Z"}, {"v22.0", "2027-05-20T00:00:00Z"},
    {"v21.0", "2027-01-21T00:00:00Z"}, {"v20.0", "2026-09-24T00:00:00Z"},
    {"v19.0", "2026-05-21T00:00:00Z"},
};

}  // namespace

std::optional<Instant> SunsetOf(std::string_view version) {
  for (const VersionRow& row : kVersions) {
    if (row.version == version) return ParseUtc(row.until);
  }
  return std::nullopt;
}

}  // namespace tokenwarden::meta

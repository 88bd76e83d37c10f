// Prometheus text format 0.0.4: the small pieces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/adapters/metrics/catalog.h"

namespace tokenwarden::metrics {

// `# HELP` and `# TYPE`.
void AppendHeader(std::string& out, const MetricRow& row);

// `name="value"` with the value escaped and made valid UTF-8; a comma first when something precedes
// it.
void AppendLabel(std::string& labels, std::string_view name, std::string_view value);

// `metric{labels,more} value`; either may be empty.
void AppendSample(std::string& out, std::string_view metric, std::string_view labels,
                  std::string_view more, std::int64_t value);
void AppendSample(std::string& out, std::string_view metric, double value);

}  // namespace tokenwarden::metrics

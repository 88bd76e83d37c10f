// A strict reader of Prometheus text format 0.0.4, stricter than Prometheus itself: HELP and TYPE
// before the samples, each family in one piece, no series twice, complete histograms.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenwarden::metrics {

struct Exposition {
  struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    std::string value;  // as written
  };
  struct Family {
    std::string type;
    std::string help;
    std::vector<Sample> samples;
  };

  std::map<std::string, Family> families;
  std::vector<std::string> faults;  // empty: flawless

  // The value of the series with exactly these labels, as written.
  std::optional<std::string> Find(const std::string& name,
                                  const std::map<std::string, std::string>& labels) const;
};

Exposition ReadExposition(std::string_view text);

// Inflates a gzip body of one member; nullopt when it is damaged or something follows it.
std::optional<std::string> Gunzip(const std::string& gzip);

}  // namespace tokenwarden::metrics

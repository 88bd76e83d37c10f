#include "tests/unit/adapters/metrics/exposition.h"

#include <zlib.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

namespace tokenwarden::metrics {
namespace {

bool IsName(std::string_view text, bool colons) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  for (const char c : text) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    if (!word && !(colons && c == ':')) return false;
  }
  return true;
}

std::optional<double> ReadNumber(std::string_view text) {
  if (text == "+Inf") return HUGE_VAL;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Reader {
 public:
  Exposition Read(std::string_view text) {
    if (text.empty() || text.back() != '\n') Fault("the last line does not end in a newline");
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      line_ = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ReadLine();
    }
    for (const auto& family : out_.families) CheckFamily(family.first, family.second);
    return std::move(out_);
  }

 private:
  void Fault(const std::string& what) { out_.faults.push_back(what + ": " + std::string(line_)); }

  void ReadLine() {
    if (line_.rfind("# HELP ", 0) == 0) return ReadHelp(line_.substr(7));
    if (line_.rfind("# TYPE ", 0) == 0) return ReadType(line_.substr(7));
    if (line_.empty() || line_[0] == '#') return Fault("neither HELP, TYPE nor a sample");
    ReadSample();
  }

  void ReadHelp(std::string_view rest) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    const std::string name(rest.substr(0, blank));
    if (!out_.families.emplace(name, Exposition::Family()).second) Fault("a family begins twice");
    current_ = name;
    for (std::size_t i = blank; i < rest.size(); ++i) {
      if (rest[i] == '\\' &&
          (i + 1 == rest.size() || (rest[i + 1] != 'n' && rest[i + 1] != '\\'))) {
        Fault("a broken escape in HELP");
      }
    }
    out_.families[name].help = rest.substr(std::min(blank + 1, rest.size()));
  }

  void ReadType(std::string_view rest) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, blank) != current_) return Fault("TYPE does not follow its HELP");
    const std::string type(rest.substr(std::min(blank + 1, rest.size())));
    static const std::set<std::string> kTypes = {"counter", "gauge", "histogram", "summary",
                                                 "untyped"};
    if (kTypes.count(type) == 0) Fault("an unknown type");
    if (!out_.families[current_].type.empty()) Fault("TYPE twice");
    if (!out_.families[current_].samples.empty()) Fault("TYPE after samples");
    out_.families[current_].type = type;
  }

  void ReadSample() {
    Exposition::Sample sample;
    std::size_t at = std::min(line_.find_first_of("{ "), line_.size());
    sample.name = line_.substr(0, at);
    if (!IsName(sample.name, true)) return Fault("a bad name");
    if (at < line_.size() && line_[at] == '{' && !ReadLabels(at, sample)) return;
    if (at >= line_.size() || line_[at] != ' ') return Fault("no blank before the value");
    sample.value = line_.substr(at + 1);
    if (!ReadNumber(sample.value)) Fault("a bad value");
    if (!BelongsToCurrent(sample.name)) Fault("a sample outside its family");
    std::string key = sample.name;
    for (const auto& label : sample.labels) key += "\n" + label.first + "=" + label.second;
    if (!seen_.insert(key).second) Fault("a series twice");
    out_.families[current_].samples.push_back(std::move(sample));
  }

  bool ReadLabels(std::size_t& at, Exposition::Sample& sample) {
    ++at;
    while (at < line_.size() && line_[at] != '}') {
      const std::size_t equals = line_.find('=', at);
      if (equals == std::string_view::npos) return Fault("a label without ="), false;
      const std::string name(line_.substr(at, equals - at));
      if (!IsName(name, false)) return Fault("a bad label name"), false;
      at = equals + 1;
      std::string value;
      if (!ReadQuoted(at, value)) return Fault("a bad label value"), false;
      if (!sample.labels.emplace(name, value).second) return Fault("a label twice"), false;
      if (at < line_.size() && line_[at] == ',') ++at;
    }
    ++at;
    return true;
  }

  bool ReadQuoted(std::size_t& at, std::string& value) {
    if (at >= line_.size() || line_[at] != '"') return false;
    for (++at; at < line_.size() && line_[at] != '"'; ++at) {
      if (line_[at] != '\\') {
        value.push_back(line_[at]);
        continue;
      }
      if (++at >= line_.size()) return false;
      if (line_[at] != '\\' && line_[at] != '"' && line_[at] != 'n') return false;
      value.push_back(line_[at] == 'n' ? '\n' : line_[at]);
    }
    return at++ < line_.size();
  }

  bool BelongsToCurrent(const std::string& name) {
    if (name == current_) return out_.families[current_].type != "histogram";
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      if (name == current_ + suffix) return out_.families[current_].type == "histogram";
    }
    return false;
  }

  void CheckFamily(const std::string& name, const Exposition::Family& family) {
    line_ = name;
    if (family.type.empty()) Fault("a family without TYPE");
    if (family.help.empty()) Fault("a family without HELP");
    const bool total = name.size() > 6 && name.compare(name.size() - 6, 6, "_total") == 0;
    if (total != (family.type == "counter")) Fault("_total is for counters, and only for them");
    if (family.type == "histogram") CheckHistogram(name, family);
  }

  void CheckHistogram(const std::string& name, const Exposition::Family& family) {
    std::map<std::string, double> last_bound, last_count, count;
    for (const Exposition::Sample& sample : family.samples) {
      std::map<std::string, std::string> labels = sample.labels;
      const auto le = labels.find("le");
      const std::string bound = le == labels.end() ? "" : le->second;
      if (le != labels.end()) labels.erase(le);
      std::string key;
      for (const auto& label : labels) key += label.first + "=" + label.second + "\n";
      const double value = ReadNumber(sample.value).value_or(-1);
      if (sample.name == name + "_count") count[key] = value;
      if (sample.name != name + "_bucket") continue;
      const double upper = ReadNumber(bound).value_or(-1);
      if (last_bound.count(key) != 0 && upper <= last_bound[key]) Fault("buckets out of order");
      if (value < last_count[key]) Fault("buckets do not add up");
      last_bound[key] = upper;
      last_count[key] = value;
    }
    for (const auto& series : count) {
      if (last_bound[series.first] != HUGE_VAL) Fault("no +Inf bucket");
      if (last_count[series.first] != series.second) Fault("+Inf is not the count");
    }
  }

  Exposition out_;
  std::string_view line_;
  std::string current_;
  std::set<std::string> seen_;
};

}  // namespace

std::optional<std::string> Exposition::Find(
    const std::string& name, const std::map<std::string, std::string>& labels) const {
  for (const auto& family : families) {
    for (const Sample& sample : family.second.samples) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
  }
  return std::nullopt;
}

Exposition ReadExposition(std::string_view text) { return Reader().Read(text); }

std::optional<std::string> Gunzip(const std::string& gzip) {
  z_stream stream{};
  inflateInit2(&stream, MAX_WBITS + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  std::string out;
  char block[65536];
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof(block);
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(block, sizeof(block) - stream.avail_out);
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? std::optional(out) : std::nullopt;
}

}  // namespace tokenwarden::metrics

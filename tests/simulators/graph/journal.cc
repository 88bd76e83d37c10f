#include "tests/simulators/graph/journal.h"

#include <set>
#include <stdexcept>

#include "tests/simulators/graph/text.h"
#include "tests/simulators/graph/versions.h"

namespace tokenwarden::graph_simulator {
namespace {

constexpr std::size_t kMostEntries = 200000;
constexpr std::size_t kLongestPlainPart = 30;

// Parameters that are no secrets and that a reader wants to see.
const std::set<std::string>& PlainParameters() {
  static const std::set<std::string> names = {
      "grant_type", "fields",           "limit",          "client_id",
      "scope",      "business_app",     "system_user_id", "set_token_expires_in_60_days",
      "permission", "status",           "method",         "appsecret_time",
      "type",       "messaging_product"};
  return names;
}

const std::set<std::string>& SecretHeaders() {
  static const std::set<std::string> names = {"authorization", "cookie"};
  return names;
}

Json Listed(const Params& params) {
  Json object = Json::object();
  for (const auto& param : params) object[param.first] = param.second;
  return object;
}

std::string Hidden(const std::string& value) { return "sha256:" + Sha256Prefix(value); }

void HideValues(Json& object, const std::set<std::string>& names, bool hide_named) {
  for (auto& item : object.items()) {
    const bool named = names.count(item.key()) > 0;
    if (named != hide_named) continue;
    Json& value = item.value();
    value = Hidden(value.is_string() ? value.get<std::string>() : value.dump());
  }
}

std::string HidePath(const std::string& path) {
  std::string shown;
  for (const std::string& part : Split(path, '/')) {
    shown += "/" + (part.size() > kLongestPlainPart ? Hidden(part) : part);
  }
  return shown;
}

std::string PathWithoutVersion(const std::string& path) {
  std::string plain;
  for (const std::string& part : Split(path, '/')) {
    if (!plain.empty() || !LooksLikeVersion(part)) plain += "/" + part;
  }
  return plain;
}

}  // namespace

Journal::Journal(const std::string& file) {
  if (file.empty()) return;
  file_.open(file, std::ios::app);
  if (!file_)
    throw std::runtime_error("the journal file " + file + " cannot be opened for writing");
}

std::uint64_t Journal::Receive(const Request& request, std::int64_t now) {
  Json entry = {{"number", ++received_},
                {"time", now},
                {"connection", request.connection},
                {"method", request.method},
                {"path", request.path},
                {"query", Listed(request.query)},
                {"headers", Json(request.headers)},
                {"form", Listed(request.form)},
                {"json", request.json}};
  ++requests_;
  ++by_path_[request.method + " " + PathWithoutVersion(request.path)];
  if (request.Param("grant_type").value_or("") == "fb_exchange_token") ++exchanges_received_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kMostEntries) {
    entries_.pop_front();
    ++first_;
  }
  return received_;
}

Json& Journal::Entry(std::uint64_t number) {
  static thread_local Json lost;
  const bool kept = number >= first_ && number - first_ < entries_.size();
  return kept ? entries_[number - first_] : lost = Json::object();
}

void Journal::Commit(std::uint64_t number, const std::string& what, const std::string& issued) {
  Json& entry = Entry(number);
  entry["committed"] = what;
  entry["commit_number"] = ++commits_;
  if (!issued.empty()) entry["issued"] = issued;
  ++committed_[what];
}

void Journal::Finish(std::uint64_t number, const Reply& reply, const std::string& fault) {
  Json& entry = Entry(number);
  entry["status"] = reply.status;
  if (reply.error_code != 0) entry["code"] = reply.error_code;
  if (reply.error_subcode != 0) entry["subcode"] = reply.error_subcode;
  if (!fault.empty()) {
    entry["fault"] = fault;
    ++faults_[fault];
  }
  ++by_status_[std::to_string(reply.status)];
  if (file_.is_open()) WriteLine(entry);
}

void Journal::WriteLine(const Json& entry) {
  Json line = entry;
  line["path"] = HidePath(entry.value("path", ""));
  HideValues(line["query"], PlainParameters(), false);
  HideValues(line["form"], PlainParameters(), false);
  HideValues(line["headers"], SecretHeaders(), true);
  if (line.contains("issued")) line["issued"] = Hidden(line["issued"].get<std::string>());
  if (line["json"].is_object()) HideValues(line["json"], PlainParameters(), false);
  file_ << line.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n' << std::flush;
}

Json Journal::Entries(std::uint64_t since) const {
  Json list = Json::array();
  for (const Json& entry : entries_) {
    if (entry.value("number", std::uint64_t{0}) > since) list.push_back(entry);
  }
  return list;
}

Json Journal::Counts() const {
  auto count = [&](const char* what) {
    auto it = committed_.find(what);
    return it == committed_.end() ? std::uint64_t{0} : it->second;
  };
  return Json{{"requests", requests_},
              {"exchanges", {{"received", exchanges_received_}, {"committed", count("exchange")}}},
              {"committed", committed_},
              {"by_path", by_path_},
              {"by_status", by_status_},
              {"faults", faults_}};
}

void Journal::Clear() {
  entries_.clear();
  first_ = received_ + 1;
  requests_ = commits_ = exchanges_received_ = 0;
  by_path_.clear();
  by_status_.clear();
  committed_.clear();
  faults_.clear();
}

}  // namespace tokenwarden::graph_simulator

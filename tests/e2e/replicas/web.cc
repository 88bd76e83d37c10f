#include "tests/e2e/replicas/web.h"

#include <curl/curl.h>

#include <memory>

namespace tokenwarden::replicas {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Lines {
  const std::function<bool(const std::string&)>& on_line;
  const std::function<bool()>& wanted;
  std::string rest;
};

std::size_t Collect(char* data, std::size_t, std::size_t size, void* into) {
  static_cast<std::string*>(into)->append(data, size);
  return size;
}

std::size_t CutLines(char* data, std::size_t, std::size_t size, void* into) {
  auto& lines = *static_cast<Lines*>(into);
  lines.rest.append(data, size);
  for (std::size_t end; (end = lines.rest.find('\n')) != std::string::npos;) {
    if (!lines.on_line(lines.rest.substr(0, end))) return 0;
    lines.rest.erase(0, end + 1);
  }
  return size;
}

int StopUnlessWanted(void* lines, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Lines*>(lines)->wanted() ? 0 : 1;
}

Headers ListOf(const std::vector<std::string>& headers) {
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  return {list, curl_slist_free_all};
}

Handle Open(const Ask& ask, const Headers& headers) {
  Handle handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, ask.url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT, 5L);
  if (!ask.ca_file.empty()) curl_easy_setopt(handle.get(), CURLOPT_CAINFO, ask.ca_file.c_str());
  if (!ask.body.empty()) curl_easy_setopt(handle.get(), CURLOPT_COPYPOSTFIELDS, ask.body.c_str());
  return handle;
}

}  // namespace

std::string Fetch(const Ask& ask) {
  const Headers headers = ListOf(ask.headers);
  const Handle handle = Open(ask, headers);
  std::string body;
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, Collect);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
  long status = 0;
  if (curl_easy_perform(handle.get()) != CURLE_OK) return "";
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  return status == 200 ? body : "";
}

void FollowLines(const Ask& ask, const std::function<bool(const std::string& line)>& on_line,
                 const std::function<bool()>& wanted) {
  const Headers headers = ListOf(ask.headers);
  const Handle handle = Open(ask, headers);
  Lines lines{on_line, wanted, ""};
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, CutLines);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &lines);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_XFERINFOFUNCTION, StopUnlessWanted);
  curl_easy_setopt(handle.get(), CURLOPT_XFERINFODATA, &lines);
  curl_easy_perform(handle.get());
}

}  // namespace tokenwarden::replicas

// What a failed transfer means, by libcurl's result code.
#pragma once

#include <curl/curl.h>

#include <string>

#include "agent/core/result.h"

namespace tokenwarden::curl {

struct FailedTransfer {
  CURLcode code = CURLE_OK;
  bool stopped = false;    // our own progress callback ended it
  bool too_large = false;  // our own write callback ended it
  bool request_may_have_left = true;
  long proxy_status = 0;   // answer of a proxy to CONNECT; 0 = none
  std::string endpoint;    // `debug_token`
  std::string origin;      // `https://graph.facebook.com:443`
  std::string tls_detail;  // libcurl's sentence about certificates; used for TLS errors only
};

Error ExplainFailure(const FailedTransfer& failed);

}  // namespace tokenwarden::curl

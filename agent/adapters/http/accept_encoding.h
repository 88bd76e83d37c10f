// AcceptEncoding: does a client take gzip?
#pragma once

#include <string_view>

namespace tokenwarden::http {

// By the value of Accept-Encoding (RFC 9110 §12.5.3): `gzip;q=0` is a no, `*` a yes unless gzip
// says otherwise.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace tokenwarden::http

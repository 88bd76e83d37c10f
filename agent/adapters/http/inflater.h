// Inflater: reads a gzip body piece by piece, so that tens of megabytes are never in memory at
// once.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tokenwarden::http {

class Inflater {
 public:
  explicit Inflater(std::shared_ptr<const std::string> gzip);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The next bytes; 0 at the end, -1 when the body is damaged.
  std::ptrdiff_t Read(char* out, std::size_t size);

  // The size that a gzip member of less than 4 GiB says it inflates to (RFC 1952 §2.3.1).
  static std::uint64_t InflatedSize(const std::string& gzip);

 private:
  std::shared_ptr<const std::string> gzip_;
  z_stream stream_{};
};

}  // namespace tokenwarden::http

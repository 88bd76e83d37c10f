// GzipParts: a gzip body made of parts that were compressed apart.
//
// Each part is raw deflate that ends on a byte and never looks back beyond its own beginning, so
// parts can be cached, and put together in any order into one gzip member.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokenwarden::metrics {

struct GzipPart {
  std::string deflated;
  std::uint64_t size = 0;  // before compression
  unsigned long crc = 0;   // of the text

  void Append(const GzipPart& next);
};

// Compresses a stream of text with little memory (32 KiB). Not synchronised.
class PartWriter {
 public:
  PartWriter();
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  // Append here; call Spill() now and then, which compresses once enough has come together.
  std::string& text() { return text_; }
  void Spill() {
    if (text_.size() >= kSpillAt) Deflate(Z_NO_FLUSH);
  }
  GzipPart Finish();

 private:
  static constexpr std::size_t kSpillAt = 4096;
  void Deflate(int flush);

  std::string text_;
  GzipPart part_;
  z_stream stream_{};
};

// One gzip member.
std::string JoinGzip(const std::vector<const GzipPart*>& parts);

}  // namespace tokenwarden::metrics

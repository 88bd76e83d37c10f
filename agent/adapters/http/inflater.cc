#include "agent/adapters/http/inflater.h"

#include <new>
#include <utility>

namespace tokenwarden::http {

Inflater::Inflater(std::shared_ptr<const std::string> gzip) : gzip_(std::move(gzip)) {
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip_->data()));
  stream_.avail_in = static_cast<uInt>(gzip_->size());
}

Inflater::~Inflater() { inflateEnd(&stream_); }

std::ptrdiff_t Inflater::Read(char* out, std::size_t size) {
  stream_.next_out = reinterpret_cast<Bytef*>(out);
  stream_.avail_out = static_cast<uInt>(size);
  const int status = inflate(&stream_, Z_NO_FLUSH);
  const auto got = static_cast<std::ptrdiff_t>(size - stream_.avail_out);
  if (got > 0) return got;
  return status == Z_STREAM_END ? 0 : -1;
}

std::uint64_t Inflater::InflatedSize(const std::string& gzip) {
  if (gzip.size() < 4) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size |= static_cast<std::uint64_t>(static_cast<unsigned char>(gzip[gzip.size() - 4 + i]))
            << (8 * i);
  }
  return size;
}

}  // namespace tokenwarden::http

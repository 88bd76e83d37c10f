#include "agent/adapters/curl/global.h"

#include <curl/curl.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "agent/core/secret.h"

namespace tokenwarden::curl {
namespace {

void WipingFree(void* bytes) {
  if (bytes == nullptr) return;
  WipeBytes(bytes, malloc_usable_size(bytes));
  std::free(bytes);
}

// Never std::realloc: it would leave the old copy behind when the block moves.
void* WipingRealloc(void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::malloc(size);
  const std::size_t held = malloc_usable_size(bytes);
  if (size != 0 && size <= held && size >= held / 2) return bytes;
  void* moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, bytes, std::min(held, size));
  WipingFree(bytes);
  return moved;
}

char* Duplicate(const char* text) {
  const std::size_t size = std::strlen(text) + 1;
  void* copy = std::malloc(size);
  if (copy != nullptr) std::memcpy(copy, text, size);
  return static_cast<char*>(copy);
}

}  // namespace

void InitialiseOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, WipingFree, WipingRealloc, Duplicate,
                         std::calloc);
  });
}

}  // namespace tokenwarden::curl

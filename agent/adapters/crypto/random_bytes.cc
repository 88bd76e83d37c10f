#include "agent/adapters/crypto/random_bytes.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace tokenwarden::crypto {

void FillRandom(void* bytes, std::size_t size) {
  auto* at = static_cast<unsigned char*>(bytes);
  while (size != 0) {
    const ssize_t filled = getrandom(at, size, 0);
    if (filled < 0) {
      if (errno == EINTR) continue;
      std::perror("tokenwarden: the kernel gives no random numbers (getrandom)");
      std::abort();
    }
    at += filled;
    size -= static_cast<std::size_t>(filled);
  }
}

}  // namespace tokenwarden::crypto

// Random numbers straight from the kernel: no generator of OpenSSL's to seed. Thread-safe.
#pragma once

#include <cstddef>

namespace tokenwarden::crypto {

// Fills all of it or ends the process: a predictable key or nonce must never be used.
void FillRandom(void* bytes, std::size_t size);

}  // namespace tokenwarden::crypto

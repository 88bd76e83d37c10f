// One-time initialisation of libcurl, with memory that is wiped when it is freed: request lines,
// headers and bodies pass through libcurl's own buffers.
#pragma once

namespace tokenwarden::curl {

// Thread-safe and cheap after the first call.
void InitialiseOnce();

}  // namespace tokenwarden::curl

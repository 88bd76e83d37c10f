// PrepareProcess: what gRPC needs of a process before anything of it runs.
#pragma once

namespace tokenwarden::grpc_adapter {

// First line of main(), before any thread. Distributions build Abseil with asserts, and its
// lock-order detector then aborts a healthy process (grpc/grpc #37982, #39461); this switches it
// off.
void PrepareProcess();

}  // namespace tokenwarden::grpc_adapter

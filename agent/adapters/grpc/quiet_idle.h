// QuietIdle: lets gRPC's own threads sleep until there is something to do.
#pragma once

namespace tokenwarden::grpc_adapter {

// For a process that serves; a client alone gains nothing. Does nothing where gRPC is a shared
// library.
void SleepWhileIdle();

}  // namespace tokenwarden::grpc_adapter

// CpuCap: shows gRPC at most four processors, so that it starts few threads.
#pragma once

namespace tokenwarden::grpc_adapter {

// Does nothing; calling it makes the linker take the replacement of sysconf into the program.
void LinkCpuCap();

}  // namespace tokenwarden::grpc_adapter

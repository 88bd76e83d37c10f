# Libraries of the distribution under one name each, so that rooms need not know how they are linked:
#   tw::curl tw::crypto tw::sqlite tw::yaml tw::json tw::metrics tw::microhttpd tw::zlib tw::grpc tw::protobuf
include(${CMAKE_CURRENT_LIST_DIR}/LibraryAlias.cmake)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# The agent listens on a Unix socket, where the kernel names the peer. Without its TLS half gRPC takes 3 MB less memory.
# The two must never meet in one program: a TLS listener means grpc++ here, for everything.
set(TOKENWARDEN_GRPC grpc++_unsecure)

if(TOKENWARDEN_STATIC)
  include(${CMAKE_CURRENT_LIST_DIR}/DependenciesStatic.cmake)
else()
  include(${CMAKE_CURRENT_LIST_DIR}/DependenciesShared.cmake)
endif()

# Headers only: the same in both kinds of build.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
tw_library(json nlohmann_json::nlohmann_json)
tw_library(cli CLI11::CLI11)
tw_library(expected tl::expected)

find_program(TOKENWARDEN_PROTOC protoc REQUIRED)
find_program(TOKENWARDEN_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
if(TOKENWARDEN_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()

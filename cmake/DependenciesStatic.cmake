# Archives: Debian's where they are usable, ours (cmake/static_deps.sh) for libcurl, prometheus-cpp and libmicrohttpd.
# Debian's own CMake files name shared libraries only, so the archives are named here.
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/static_deps.sh --prefix
                OUTPUT_VARIABLE TOKENWARDEN_DEPS OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${TOKENWARDEN_DEPS}/complete)
  message(FATAL_ERROR "The static libraries are not built yet: run cmake/static_deps.sh once (make build does), "
                      "or configure with the preset release-shared.")
endif()

function(_tw_find_archive out name)
  unset(found)
  find_library(found lib${name}.a HINTS ${TOKENWARDEN_DEPS}/lib NO_CACHE REQUIRED)
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# tw_archive(NAME ARCHIVE DEPS...): a target with its dependencies, so that any linker meets them in the right order.
function(tw_archive name archive)
  _tw_find_archive(path ${archive})
  add_library(tw_archive_${name} STATIC IMPORTED GLOBAL)
  set_target_properties(tw_archive_${name} PROPERTIES IMPORTED_LOCATION ${path} INTERFACE_LINK_LIBRARIES "${ARGN}")
  tw_library(${name} tw_archive_${name})
  if(path MATCHES "^${TOKENWARDEN_DEPS}/")
    target_include_directories(tw_lib_${name} SYSTEM INTERFACE ${TOKENWARDEN_DEPS}/include)
  endif()
endfunction()

tw_archive(libcrypto crypto Threads::Threads ${CMAKE_DL_LIBS})
tw_archive(crypto ssl tw::libcrypto)
tw_archive(zlib z)
tw_archive(nghttp2 nghttp2)
tw_archive(curl curl tw::nghttp2 tw::crypto tw::zlib)
target_compile_definitions(tw_lib_curl INTERFACE CURL_STATICLIB)
tw_archive(sqlite sqlite3 Threads::Threads m)
tw_archive(yaml yaml-cpp)
tw_archive(metrics prometheus-cpp-core)
tw_archive(microhttpd microhttpd Threads::Threads)

# What pkg-config lists for a static link of gRPC, plus what it forgets, as one group: these need each other.
pkg_check_modules(GRPC_PC REQUIRED ${TOKENWARDEN_GRPC} protobuf)
set(names ${GRPC_PC_STATIC_LIBRARIES} upb address_sorting re2 cares)
list(FILTER names EXCLUDE REGEX "^(ssl|crypto|z|dl|rt|m|pthread|atomic|c)$")
list(REMOVE_DUPLICATES names)
set(group)
foreach(name IN LISTS names)
  _tw_find_archive(path ${name})
  list(APPEND group ${path})
endforeach()
list(JOIN group "," group)
tw_library(grpc "$<LINK_GROUP:RESCAN,${group}>" tw::crypto tw::zlib Threads::Threads)
tw_library(protobuf tw::grpc)

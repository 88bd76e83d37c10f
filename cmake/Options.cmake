# How this project is compiled: build options, language level, warnings, hardening, sanitizers.
option(TOKENWARDEN_STATIC "Link the programs fully static (see cmake/static_deps.sh)" OFF)
option(TOKENWARDEN_TESTS "Build the tests, the simulator and the benchmarks" ON)
option(TOKENWARDEN_WERROR "Treat warnings in our own code as errors" ON)
option(TOKENWARDEN_FUZZ "Build the libFuzzer targets (needs Clang)" OFF)
set(TOKENWARDEN_SANITIZE "" CACHE STRING "Sanitizers for our own code: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "Debug or Release" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(THREADS_PREFER_PTHREAD_FLAG ON)

# Asserts stay on in release builds: a wrong state must stop the program, not reach a credential.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(TOKENWARDEN_CCACHE ccache)
  if(TOKENWARDEN_CCACHE)
    # Paths below the top are hashed as relative, so a fresh clone elsewhere finds what another one compiled.
    set(TOKENWARDEN_CCACHE ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TOKENWARDEN_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TOKENWARDEN_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${TOKENWARDEN_CCACHE})
  endif()
endif()
find_program(TOKENWARDEN_MOLD mold)

add_library(tw_flags INTERFACE)  # every target, generated code included
add_library(tw_warnings INTERFACE)  # code written by hand

target_compile_options(tw_flags INTERFACE
  -ffunction-sections -fdata-sections
  -fstack-protector-strong -fstack-clash-protection
  -ffile-prefix-map=${PROJECT_BINARY_DIR}/= -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(tw_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(tw_flags INTERFACE -fcf-protection)
endif()
target_compile_definitions(tw_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(tw_flags INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack)

if(TOKENWARDEN_SANITIZE)
  set(sanitize -fsanitize=${TOKENWARDEN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(tw_flags INTERFACE ${sanitize})
  target_link_options(tw_flags INTERFACE ${sanitize})
  if(TOKENWARDEN_FUZZ)
    target_compile_options(tw_flags INTERFACE -fsanitize=fuzzer-no-link)
  endif()
endif()

target_compile_options(tw_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wno-missing-field-initializers)
if(TOKENWARDEN_WERROR)
  target_compile_options(tw_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these in its own std::string and in optional-like types once it inlines (PR105651, PR80635).
  target_compile_options(tw_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized
                         -Wno-error=stringop-overflow -Wno-error=array-bounds)
else()
  # Part of -Wconversion in Clang only; GCC decides what this project asks of arithmetic.
  target_compile_options(tw_warnings INTERFACE -Wno-sign-conversion)
endif()

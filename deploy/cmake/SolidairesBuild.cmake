# How a room is built: one static library each, every file listed, one precompiled header of the
# standard library, warnings as errors on our own code.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Libraries and programs alike are compiled with -fPIE below, so that they share one precompiled header.

# g++ below 14 double-frees temporaries inside co_await expressions.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "Solidaires needs clang 19 or g++ 14; deploy/up installs and chooses clang 19.")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -gline-tables-only")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only -fno-omit-frame-pointer")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()

# At most one file that instantiates much of Beast, Asio or RocksDB compiles at a time: memory.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS heavy=1)

add_library(solidaires_options INTERFACE)
target_include_directories(solidaires_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(solidaires_options INTERFACE
  -fPIE -Wall -Wextra -Wshadow -Wconversion -Werror -Wno-unknown-warning-option)
target_link_options(solidaires_options INTERFACE -pie)
target_compile_definitions(solidaires_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DISABLE_BOOST_COROUTINE
  BOOST_BEAST_SEPARATE_COMPILATION)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(solidaires_options INTERFACE -Xclang -fno-pch-timestamp)
  target_link_options(solidaires_options INTERFACE -fuse-ld=lld-19)
endif()
if(SOLIDAIRES_SANITIZE)
  target_compile_options(solidaires_options INTERFACE
    -fsanitize=${SOLIDAIRES_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(solidaires_options INTERFACE -fsanitize=${SOLIDAIRES_SANITIZE})
endif()

if(SOLIDAIRES_FUZZ)
  target_compile_options(solidaires_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The standard library's headers, parsed once.
file(WRITE "${CMAKE_BINARY_DIR}/empty.cc" "")
add_library(solidaires_pch OBJECT "${CMAKE_BINARY_DIR}/empty.cc")
target_link_libraries(solidaires_pch PRIVATE solidaires_options)
target_precompile_headers(solidaires_pch PRIVATE
  <algorithm> <array> <chrono> <cstdint> <expected> <functional> <map> <memory> <optional> <span>
  <string> <string_view> <unordered_map> <utility> <variant> <vector>)

# solidaires_room(name SOURCES a.cc b.cc [DEPENDS rooms] [LIBRARIES targets of others] [HEAVY])
# DEPENDS are rooms whose headers this room includes; LIBRARIES stay private to its sources.
function(solidaires_room name)
  cmake_parse_arguments(ROOM "HEAVY" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC solidaires_options ${ROOM_DEPENDS} PRIVATE ${ROOM_LIBRARIES})
  target_precompile_headers(${name} REUSE_FROM solidaires_pch)
  if(ROOM_HEAVY)
    set_property(TARGET ${name} PROPERTY JOB_POOL_COMPILE heavy)
  endif()
endfunction()

# solidaires_test(name LABEL unit SOURCES x_test.cc [DEPENDS rooms] [LIBRARIES targets])
# One GoogleTest program, run by ctest under its label.
function(solidaires_test name)
  cmake_parse_arguments(TEST "" "LABEL" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE solidaires_options ${TEST_DEPENDS} ${TEST_LIBRARIES}
                        GTest::gtest GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM solidaires_pch)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABEL}" TIMEOUT 600)
endfunction()

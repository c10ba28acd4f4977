# Every library from outside, in one place, under the name that the rooms link to.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(Protobuf 3.21 REQUIRED)
find_package(spdlog REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(pugixml REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)

foreach(module IN ITEMS
    libsodium libzstd libbrotlienc libbrotlidec libcurl libical libqrencode libsystemd libzip uchardet)
  pkg_check_modules(${module} REQUIRED IMPORTED_TARGET ${module})
endforeach()

# Libraries that ship neither a CMake package nor a pkg-config file.
function(solidaires_library target header)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  find_path(${target}_INCLUDE "${header}" REQUIRED)
  foreach(name IN LISTS ARGN)
    find_library(${target}_${name} ${name} REQUIRED)
    target_link_libraries(${target} INTERFACE "${${target}_${name}}")
  endforeach()
  target_include_directories(${target} SYSTEM INTERFACE "${${target}_INCLUDE}")
endfunction()
solidaires_library(rocksdb rocksdb/db.h rocksdb)
# Containers of Abseil, with what these call.
solidaires_library(absl absl/container/btree_set.h absl_raw_logging_internal absl_throw_delegate)
solidaires_library(roaring roaring/roaring.h roaring)
solidaires_library(stemmer libstemmer.h stemmer)
solidaires_library(csv csv.h csv)
solidaires_library(cmark_gfm cmark-gfm.h cmark-gfm cmark-gfm-extensions)
solidaires_library(prometheus prometheus/registry.h prometheus-cpp-core)

if(SOLIDAIRES_TESTS)
  find_package(GTest REQUIRED)
endif()
if(SOLIDAIRES_BENCH)
  find_package(benchmark REQUIRED)
endif()

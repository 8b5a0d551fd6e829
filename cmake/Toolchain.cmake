# Compiler flags, sanitizers, ccache and linker: what every target shares.

find_program(CCACHE ccache)
if(CCACHE)
  # Paths relative to the checkout, so that a second checkout finds what the first one compiled;
  # what ccache must be told about precompiled headers is in its manual, "Precompiled headers".
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_program(LLD NAMES ld.lld-19 ld.lld)
if(LLD)
  add_link_options(-fuse-ld=${LLD})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wthread-safety
                    -Wno-missing-field-initializers -fno-omit-frame-pointer)
# Line tables are enough for back traces and halve the size and time of a link.
add_compile_options(-gline-tables-only)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-O0)
endif()
# A precompiled header must be the same bytes each time for ccache to know it again.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
set(CMAKE_PCH_INSTANTIATE_TEMPLATES ON)

if(FERRITE_SANITIZE)
  add_compile_options(-fsanitize=${FERRITE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FERRITE_SANITIZE})
endif()

if(FERRITE_FUZZ)
  # Coverage for the fuzzers in everything they reach; their own main comes with each target.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libmariadb REQUIRED IMPORTED_TARGET libmariadb)

# Asio and Beast are compiled once, in src/base/asio.cpp, not in every file that includes them.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED)

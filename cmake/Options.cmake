# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler settings that every target shares.

option(OVERBUILD_TESTS "build the tests" ON)
set(OVERBUILD_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined")
option(OVERBUILD_COVERAGE "instrument for line coverage" OFF)
option(OVERBUILD_LTO "gcc, release: optimise the program across files; half a minute of linking, a twentieth less work" ON)
option(OVERBUILD_HDF5_INSIDE "link HDF5 into the program, where it is installed as an archive: quicker to start" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Fields written one by one are read one by one: a wide load of what two stores have just written waits for both.
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1 -fno-tree-slp-vectorize")

add_library(overbuild_flags INTERFACE)
# The same bits on every machine: no contraction to fused multiply-add, no value-changing optimisation.
target_compile_options(overbuild_flags INTERFACE -ffp-contract=off -fno-fast-math -fno-common
  -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wundef
  -Wwrite-strings -Wformat=2 -Wno-missing-field-initializers)
target_compile_definitions(overbuild_flags INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE
  OVERBUILD_VERSION="${PROJECT_VERSION}")
target_include_directories(overbuild_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")

# Object files hold code besides, so that tests and examples link as fast as ever, with -fno-lto.
set(overbuild_link_lto "")
if(OVERBUILD_LTO AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_COMPILER_ID STREQUAL "GNU"
   AND NOT OVERBUILD_SANITIZE AND NOT OVERBUILD_COVERAGE)
  target_compile_options(overbuild_flags INTERFACE -flto=auto -ffat-lto-objects)
  set(overbuild_link_lto -flto=auto)
endif()
if(OVERBUILD_SANITIZE)
  target_compile_options(overbuild_flags INTERFACE -fsanitize=${OVERBUILD_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(overbuild_flags INTERFACE -fsanitize=${OVERBUILD_SANITIZE})
endif()
if(OVERBUILD_COVERAGE)
  target_compile_options(overbuild_flags INTERFACE --coverage)
  target_link_options(overbuild_flags INTERFACE --coverage)
endif()

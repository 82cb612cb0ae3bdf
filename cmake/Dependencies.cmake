# SPDX-License-Identifier: GPL-3.0-or-later
# Libraries from the system; packages.txt names the Debian packages that hold them.

find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(HDF5 REQUIRED COMPONENTS C HL)
pkg_check_modules(GSL REQUIRED IMPORTED_TARGET gsl)
pkg_check_modules(SLEEF REQUIRED IMPORTED_TARGET sleef)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
if(OVERBUILD_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

# Four fifths of the program's start-up went into loading the shared HDF5 and the thirty libraries that its drivers for
# remote files need. Targets with the property HDF5_INSIDE take the archive beside it, where there is one that links, and
# of the others only what that uses. Tests do not: the calls that they let fail have to be the project's own.
set(overbuild_hdf5 ${HDF5_HL_LIBRARIES} ${HDF5_LIBRARIES})
list(TRANSFORM HDF5_LIBRARIES REPLACE "/libhdf5\\.so$" "/libhdf5.a" OUTPUT_VARIABLE inside)
set(archive ${inside})
list(FILTER archive INCLUDE REGEX "/libhdf5\\.a$")
if(OVERBUILD_HDF5_INSIDE AND NOT OVERBUILD_SANITIZE AND archive AND EXISTS "${archive}")
  # An archive may need libraries that the shared one brings by itself and nobody names.
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_INCLUDES ${HDF5_INCLUDE_DIRS})
  set(CMAKE_REQUIRED_LIBRARIES ${inside})
  check_c_source_compiles("#include <hdf5.h>\nint main(void) { return H5open() < 0; }" OVERBUILD_HDF5_ARCHIVE_LINKS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(OVERBUILD_HDF5_ARCHIVE_LINKS AND OVERBUILD_HDF5_INSIDE AND NOT OVERBUILD_SANITIZE)
  set(overbuild_hdf5 "$<IF:$<BOOL:$<TARGET_PROPERTY:HDF5_INSIDE>>,-Wl$<COMMA>--as-needed;${inside},${overbuild_hdf5}>")
endif()

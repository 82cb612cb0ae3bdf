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

# Of the program's start-up four fifths were spent on loading the shared HDF5 and the thirty libraries that its drivers for
# remote files need. Targets with the property HDF5_INSIDE take the archive that lies beside it; tests, which let calls
# fail, do not, so that only the project's own calls do. What the archive does not use of the libraries is not loaded.
set(overbuild_hdf5 ${HDF5_HL_LIBRARIES} ${HDF5_LIBRARIES})
list(TRANSFORM HDF5_LIBRARIES REPLACE "/libhdf5\\.so$" "/libhdf5.a" OUTPUT_VARIABLE archives)
list(FILTER archives INCLUDE REGEX "/libhdf5\\.a$")
if(OVERBUILD_HDF5_INSIDE AND archives AND EXISTS "${archives}")
  list(TRANSFORM HDF5_LIBRARIES REPLACE "/libhdf5\\.so$" "/libhdf5.a" OUTPUT_VARIABLE inside)
  set(overbuild_hdf5 "$<IF:$<BOOL:$<TARGET_PROPERTY:HDF5_INSIDE>>,-Wl$<COMMA>--as-needed;${inside},${overbuild_hdf5}>")
endif()

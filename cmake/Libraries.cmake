# SPDX-License-Identifier: GPL-3.0-or-later
# One static library per folder, in dependency order: sim <- models <- scenarios <- analysis <- app.

file(GLOB_RECURSE sim_sources CONFIGURE_DEPENDS sim/*.c)
file(GLOB_RECURSE models_sources CONFIGURE_DEPENDS models/*.c)
file(GLOB_RECURSE scenarios_sources CONFIGURE_DEPENDS scenarios/*.c)
file(GLOB_RECURSE analysis_sources CONFIGURE_DEPENDS analysis/*.c)
file(GLOB_RECURSE app_sources CONFIGURE_DEPENDS app/*.c)
file(GLOB table_files CONFIGURE_DEPENDS models/params/tables/*.csv)
file(GLOB fact_files CONFIGURE_DEPENDS analysis/facts/*.csv)
file(GLOB preset_files CONFIGURE_DEPENDS scenarios/presets/*.yaml)
file(GLOB posterior_files CONFIGURE_DEPENDS scenarios/presets/*.csv)

set(generated "${PROJECT_BINARY_DIR}/generated")
overbuild_embed("${generated}/mdl_table_texts.c" mdl_table ${table_files})
overbuild_embed("${generated}/scn_preset_texts.c" scn_preset_file ${preset_files})
overbuild_embed("${generated}/scn_posterior_texts.c" scn_posterior_file ${posterior_files})
overbuild_embed("${generated}/ana_fact_texts.c" ana_fact_file ${fact_files})

function(overbuild_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    add_library(overbuild_${name} INTERFACE) # a folder that holds headers only
    target_link_libraries(overbuild_${name} INTERFACE overbuild_flags ${arg_LINK})
  else()
    add_library(overbuild_${name} STATIC ${arg_SOURCES})
    target_link_libraries(overbuild_${name} PUBLIC overbuild_flags ${arg_LINK})
  endif()
  add_library(overbuild::${name} ALIAS overbuild_${name})
endfunction()

overbuild_library(sim SOURCES ${sim_sources} LINK OpenMP::OpenMP_C PkgConfig::SLEEF PkgConfig::DEFLATE
  PkgConfig::GSL "${overbuild_hdf5}")
target_include_directories(overbuild_sim SYSTEM PRIVATE ${HDF5_INCLUDE_DIRS})
overbuild_library(models SOURCES ${models_sources} "${generated}/mdl_table_texts.c"
  LINK overbuild::sim PkgConfig::ZLIB)
overbuild_library(scenarios SOURCES ${scenarios_sources} "${generated}/scn_preset_texts.c"
  "${generated}/scn_posterior_texts.c" LINK overbuild::models PkgConfig::YAML)
overbuild_library(analysis SOURCES ${analysis_sources} "${generated}/ana_fact_texts.c"
  LINK overbuild::scenarios)

if(app_sources)
  add_executable(overbuild ${app_sources})
  target_link_libraries(overbuild PRIVATE overbuild::analysis PkgConfig::JANSSON)
  target_link_options(overbuild PRIVATE ${overbuild_link_lto})
  set_target_properties(overbuild PROPERTIES HDF5_INSIDE ON)
  install(TARGETS overbuild RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

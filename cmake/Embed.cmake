# SPDX-License-Identifier: GPL-3.0-or-later
# overbuild_embed(OUTPUT PREFIX FILES...): a C file that holds the files as strings, in order of name:
#     const char *const PREFIX_names[]; const char *const PREFIX_texts[]; const size_t PREFIX_count;
#     const char *const PREFIX_summaries[];   the first comment line of each
# and each text under a name of its own, for use in constant tables: const unsigned char PREFIX_text_NAME[];

set(OVERBUILD_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_files.cmake")

function(overbuild_embed output prefix)
  set(files ${ARGN})
  list(SORT files)
  string(REPLACE ";" "," joined "${files}")
  add_custom_command(OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DPREFIX=${prefix} -DFILES=${joined} -P "${OVERBUILD_EMBED_SCRIPT}"
    DEPENDS ${files} "${OVERBUILD_EMBED_SCRIPT}" VERBATIM)
endfunction()

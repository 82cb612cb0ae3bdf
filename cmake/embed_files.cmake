# SPDX-License-Identifier: GPL-3.0-or-later
# Script behind overbuild_embed(): text files -> one C file with an array of byte arrays.

cmake_policy(VERSION 3.25)
string(REPLACE "," ";" FILES "${FILES}")
set(arrays "")
set(names "")
set(texts "")
set(summaries "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  string(MAKE_C_IDENTIFIER "${name}" id)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "extern const unsigned char ${PREFIX}_text_${id}[];\nconst unsigned char ${PREFIX}_text_${id}[] = {${bytes}0};\n")
  # The first comment line that is no licence line says what the file is.
  file(STRINGS "${file}" comments LIMIT_COUNT 20 REGEX "^# ")
  list(FILTER comments EXCLUDE REGEX "SPDX-License-Identifier")
  list(APPEND comments "# ")
  list(GET comments 0 summary)
  string(REGEX REPLACE "^# " "" summary "${summary}")
  string(REGEX REPLACE "([\\\"])" "\\\\\\1" summary "${summary}")
  string(APPEND summaries "    \"${summary}\",\n")
  string(APPEND names "    \"${name}\",\n")
  string(APPEND texts "    (const char *)${PREFIX}_text_${id},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "/* generated from text files */
#include <stddef.h>
extern const char *const ${PREFIX}_names[];
extern const char *const ${PREFIX}_texts[];
extern const char *const ${PREFIX}_summaries[];
extern const size_t ${PREFIX}_count;
${arrays}
const char *const ${PREFIX}_names[] = {
${names}    NULL};
const char *const ${PREFIX}_texts[] = {
${texts}    NULL};
const char *const ${PREFIX}_summaries[] = {
${summaries}    NULL};
const size_t ${PREFIX}_count = ${count};
")

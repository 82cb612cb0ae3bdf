# SPDX-License-Identifier: GPL-3.0-or-later
# Script behind overbuild_embed(): text files -> one C file with an array of byte arrays.

string(REPLACE "," ";" FILES "${FILES}")
set(arrays "")
set(names "")
set(texts "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  string(MAKE_C_IDENTIFIER "${name}" id)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "extern const unsigned char ${PREFIX}_text_${id}[];\nconst unsigned char ${PREFIX}_text_${id}[] = {${bytes}0};\n")
  string(APPEND names "    \"${name}\",\n")
  string(APPEND texts "    (const char *)${PREFIX}_text_${id},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "/* generated from text files */
#include <stddef.h>
extern const char *const ${PREFIX}_names[];
extern const char *const ${PREFIX}_texts[];
extern const size_t ${PREFIX}_count;
${arrays}
const char *const ${PREFIX}_names[] = {
${names}    NULL};
const char *const ${PREFIX}_texts[] = {
${texts}    NULL};
const size_t ${PREFIX}_count = ${count};
")

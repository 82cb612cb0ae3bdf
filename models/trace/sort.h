// SPDX-License-Identifier: GPL-3.0-or-later
/* Stable order by time. Traces are mostly in order, so whatever is in order already costs one comparison per item. */
#ifndef MDL_TRACE_SORT_H
#define MDL_TRACE_SORT_H

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_sort_key {
    int64_t time;
    size_t index; /* of what is sorted */
} mdl_sort_key_t;

/* Sorts keys by time, equal ones staying as they are; `spare` has room for n more. Merges: n log n at worst. Returns
 * where the sorted keys are: `keys` or `spare`. */
mdl_sort_key_t *mdl_sort_keys(mdl_sort_key_t *keys, mdl_sort_key_t *spare, size_t n);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts in messages: "1 run", "2 runs".
 *
 *     printf("%zu run%s", n, sim_plural(n));
 */
#ifndef SIM_PLURAL_H
#define SIM_PLURAL_H

#include <stdint.h>

/* What a count appends to its word: "" for one, "s" for any other. */
static inline const char *sim_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

#endif

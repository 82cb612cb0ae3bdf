// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking for memory before it is needed: what will be touched in a moment comes while other work is done.
 *
 *     SIM_FETCH void fetch_queue(const queue_t *queue)
 *     {
 *         sim_fetch(queue, sizeof *queue);
 *     }
 */
#ifndef SIM_FETCH_H
#define SIM_FETCH_H

#include <stddef.h>

#define SIM_LINE_BYTES 64 /* of a cache */

/* Begins a function that does nothing but fetch. A compiler knows of no effect that it has, and leaves out calls that
 * it does not inline, without a word. */
#define SIM_FETCH static inline __attribute__((always_inline))

/* Asks for the cache lines of [from, from + bytes), as far as `from` begins one. */
SIM_FETCH void sim_fetch(const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += SIM_LINE_BYTES)
        __builtin_prefetch((const char *)from + at);
}

/* Ends a function that only fetches and is called, as a table's or another file's function has to be: it makes it one
 * with an effect, for compilers that see across files. */
SIM_FETCH void sim_fetch_end(void)
{
    __asm__ volatile("");
}

#endif

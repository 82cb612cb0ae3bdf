// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a trace comes from, its text line by line, and the problems found in it. What all readers of traces share.
 *
 * A source is a file, plain or gzipped, or a text in memory. Lines end with LF or CRLF, the last one also with the end
 * of the text; a UTF-8 byte-order mark at the start is skipped. What cannot be a text of lines (a NUL byte, a line of
 * more than 65,535 bytes) ends the reading.
 *
 * Problems are passed on one by one as "FILE:LINE: column N (NAME): found; expected" and counted; the first of them is
 * kept for the summary.
 *
 *     mdl_problems_t problems = {source->problem, source->user};
 *     mdl_lines_t lines;
 *     mdl_lines_open(&lines, source, &problems);
 *     while (mdl_lines_next(&lines))
 *         ... lines.at[0 .. lines.n - 1], which is line number lines.line ...
 *     mdl_lines_close(&lines);
 *     return mdl_problems_end(&problems, err);
 */
#ifndef MDL_TRACE_LINES_H
#define MDL_TRACE_LINES_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_LINE_BYTES ((size_t)65535) /* of the longest line, without its end */

typedef struct mdl_source {
    const char *path;                              /* of the file; with `text` only its name in messages */
    const char *text;                              /* NULL: read the file */
    size_t n;                                      /* bytes of text */
    void (*problem)(void *user, const char *text); /* called for each problem, one line each; may be NULL */
    void *user;
} mdl_source_t;

typedef struct mdl_problems {
    void (*report)(void *user, const char *text);
    void *user;
    size_t n;
    sim_status_t status; /* of the worst: want of memory and a failing disk before bad input */
    char first[768];     /* the first of those of `status` */
} mdl_problems_t;

typedef struct mdl_lines {
    const char *path;
    mdl_problems_t *problems;
    void *file;             /* zlib's; NULL for a text */
    char *buffer;           /* of a file */
    const char *next, *end; /* read, and not yet given out */
    bool drained;           /* the source has no more than that */
    const char *at;         /* the present line */
    size_t n;
    uint64_t line; /* its number, from 1 */
} mdl_lines_t;

/* Opens a source. A failure is a problem, and then there are no lines. */
void mdl_lines_open(mdl_lines_t *self, const mdl_source_t *source, mdl_problems_t *problems);
/* Goes on to the next line, which stays until the next call; false after the last one and when reading fails. */
bool mdl_lines_next(mdl_lines_t *self);
/* No line follows the present one. Legal at any time; for a reader that gives up. */
void mdl_lines_stop(mdl_lines_t *self);
void mdl_lines_close(mdl_lines_t *self);

/* Reports a problem of `status` with the line `line` of `path` (0: with the whole file). */
void mdl_problem(mdl_problems_t *self, sim_status_t status, const char *path, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Reports want of memory. */
void mdl_problem_memory(mdl_problems_t *self, const char *path);
/* SIM_OK, or the worst status with the first problem and the number of the others. */
sim_status_t mdl_problems_end(const mdl_problems_t *self, sim_error_t *err);

/* Writes found text so that a message can show it: at most 40 bytes, control characters and bytes that are not UTF-8
 * as '?', and "..." where something was cut off. Returns `shown`. */
char *mdl_shown(char shown[48], const char *text, size_t n);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* The problems found while a scenario is read: collected in any order, handed out sorted by place. */
#ifndef SCN_LOG_H
#define SCN_LOG_H

#include "scenarios/scenario.h"

/* Where something stands. Files are numbered in the order of reading; what comes from the command line has a label
 * instead of a line. */
typedef struct scn_place {
    uint32_t file, line, column; /* line and column from 1 */
    const char *label;           /* "--set a.b=1", or NULL */
} scn_place_t;

#define SCN_MAX_FILES    64
#define SCN_COMMAND_LINE 1000 /* the number of a file that no file has: sorts last */

typedef struct scn_entry scn_entry_t;

typedef struct scn_log {
    scn_entry_t *entries;
    size_t n, capacity;
    size_t left_out; /* beyond what is kept */
    const char *files[SCN_MAX_FILES];
    uint32_t n_files;
    bool out_of_memory;
} scn_log_t;

/* Numbers a file; `name` must outlive the log. Returns SCN_MAX_FILES when there are too many. */
uint32_t scn_log_file(scn_log_t *self, const char *name);
/* Adds a problem: "what: found; expected; likely fix" without the place. */
void scn_log_add(scn_log_t *self, scn_place_t place, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds a problem whose text already names its place inside file `file`. */
void scn_log_add_text(scn_log_t *self, uint32_t file, const char *text);
/* Writes "file:line:column" into `text`. */
const char *scn_log_place(const scn_log_t *self, scn_place_t place, char *text, size_t bytes);
/* Moves all problems, sorted, to `problems` (which may be NULL) and frees the rest. */
void scn_log_finish(scn_log_t *self, scn_problems_t *problems);

#endif

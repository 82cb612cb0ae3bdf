// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a scenario's text comes from: a file or a preset compiled into the program. */
#ifndef SCN_SOURCE_H
#define SCN_SOURCE_H

#include "scenarios/pool.h"
#include "scenarios/scenario.h"

typedef struct scn_source {
    const char *name;   /* as shown in problems: the path as written, or "NAME (preset)" */
    const char *base;   /* file name without folders, or the preset's name: the same wherever the file lies */
    const char *id;     /* equal for equal files however they are written */
    const char *folder; /* what relative paths in it start from; "" for the current one */
    const char *text;
    size_t length;
} scn_source_t;

/* Why something could not be read: "found; expected; likely fix". */
typedef struct scn_reason {
    char text[320];
    bool missing; /* there is no such file */
} scn_reason_t;

/* Opens a preset by name or a file by path; relative paths start from `folder`. SIM_EINPUT with a reason when there is
 * neither, SIM_ENOMEM. */
sim_status_t scn_source_open(scn_pool_t *pool, const char *path_or_preset, const char *folder, scn_source_t *source,
                             scn_reason_t *why);
/* Opens a file that is no scenario (a table). */
sim_status_t scn_source_open_file(scn_pool_t *pool, const char *path, const char *folder, scn_source_t *source,
                                  scn_reason_t *why);

#endif

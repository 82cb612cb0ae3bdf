// SPDX-License-Identifier: GPL-3.0-or-later
/* Files that a command writes: whole or not at all. Text goes to a file beside the target, which takes its name once
 * everything is on the disk.
 *
 *     app_output_t out;
 *     sim_status_t status = app_output_check("x.csv", false, &err);  // before long work: would it do?
 *     if (status == SIM_OK)
 *         status = app_output_open(&out, "x.csv", &err);
 *     if (status == SIM_OK) {
 *         fprintf(out.file, "...");
 *         status = app_output_finish(&out, &err);                    // on the disk
 *     }
 *     if (status == SIM_OK)
 *         status = app_output_commit(&out, &err);                    // under its name
 *     app_output_free(&out);                                         // leaves nothing half-written behind
 */
#ifndef APP_OUTPUT_FILE_H
#define APP_OUTPUT_FILE_H

#include "sim/error.h"

#include <stdbool.h>
#include <stdio.h>

/* Zero-initialise what is freed without having been opened. */
typedef struct app_output {
    const char *path;
    char *part; /* the file beside it, while there is one */
    FILE *file;
} app_output_t;

/* Whether `path` may be written: SIM_EINPUT when it is no file's name, SIM_EEXISTS when something is there and `force`
 * does not say to replace it (what is no regular file is never replaced), SIM_EIO when its folder is missing or may not
 * be written. */
sim_status_t app_output_check(const char *path, bool force, sim_error_t *err);
/* Name and folder alone, for files that the store writes. SIM_EINPUT, SIM_EIO names it. */
sim_status_t app_output_check_folder(const char *path, sim_error_t *err);
/* Whether `path` is another file than `input`, which the command reads: SIM_EEXISTS when they are one, by whatever names,
 * for which --force is no excuse. */
sim_status_t app_output_check_apart(const char *path, const char *input, sim_error_t *err);
/* The same of a picture (--plot of any command), which is SVG: SIM_EINPUT when its name ends in something else. */
sim_status_t app_output_check_picture(const char *path, bool force, sim_error_t *err);

/* Opens a file beside `path`, which must outlive `self`. SIM_EIO, SIM_ENOMEM. */
sim_status_t app_output_open(app_output_t *self, const char *path, sim_error_t *err);
/* Brings what was written to the disk and closes the file. SIM_EIO when any of the writing failed. */
sim_status_t app_output_finish(app_output_t *self, sim_error_t *err);
/* Opens, writes `bytes` bytes of text and finishes. */
sim_status_t app_output_put(app_output_t *self, const char *path, const char *text, size_t bytes, sim_error_t *err);
/* Gives the finished file its name, in place of what had it. SIM_EIO. */
sim_status_t app_output_commit(app_output_t *self, sim_error_t *err);
/* Closes and removes what was not committed; legal on an empty one and twice. */
void app_output_free(app_output_t *self);

#endif

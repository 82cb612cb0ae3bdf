// SPDX-License-Identifier: GPL-3.0-or-later
/* The store: from finished replications to one HDF5 file that opens anywhere.
 *
 * While an experiment runs, each finished replication is rounded, compressed by the worker that ran it and written as a
 * checksummed block into FILE.parts/ (write NAME.part, fsync, rename, fsync the folder): killed work loses nothing that
 * was finished. At the end, or when interrupted, the blocks are assembled in index order into one netCDF-4 compatible
 * HDF5 file, which is written beside the target, fsynced and renamed into place; then the parts are removed unless the
 * experiment is incomplete. Only the assembling thread touches HDF5.
 *
 * Layout: docs/OUTPUT.md. The file carries `overbuild_format`, a version that only grows when readers must change.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "sim/error.h"
#include "sim/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_STORE_FORMAT 1

/* Which run a block belongs to. */
typedef struct sim_run_key {
    uint32_t arm;
    uint32_t point;
    uint32_t replication;
} sim_run_key_t;

/* What is known of a finished (or failed) replication besides its channels. */
typedef struct sim_run_meta {
    int32_t status; /* sim_status_t; a failed replication is stored with its values missing */
    uint64_t fingerprint;
    uint64_t events;
    uint64_t jobs;
    uint64_t seed;
} sim_run_meta_t;

/* Shape of the whole experiment. */
typedef struct sim_store_plan {
    const sim_schema_t *schema;
    const char *const *arms; /* labels */
    uint32_t n_arms;
    uint32_t n_points; /* 1 without a design; with more, the result has a dimension `point` after `arm` */
    uint32_t n_replications;
    /* Text that must be equal for a resume: the resolved scenario without counts. Lines that begin with "arm LABEL:"
     * count only where both texts have lines of that arm. */
    const char *identity;
} sim_store_plan_t;

typedef struct sim_store sim_store_t;

typedef enum sim_store_mode {
    SIM_STORE_NEW,   /* SIM_EEXISTS if FILE or FILE.parts exists */
    SIM_STORE_FORCE, /* removes what exists */
    /* Keeps finished blocks of the same identity, or takes them from FILE when its parts are gone; starts anew when
     * there is nothing. SIM_EINPUT names a difference in identity, channels, or finished replications that the plan
     * leaves out: replications, points and arms may be added, never taken away. */
    SIM_STORE_RESUME
} sim_store_mode_t;

/* Opens the parts of result file `path` for writing; the plan's schema must outlive the store, the rest is copied. A
 * lock keeps a second process out (SIM_EEXISTS). SIM_EIO when the folder can't be written. */
sim_status_t sim_store_open(sim_store_t **self, const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode,
                            sim_error_t *err);
/* Makes everything put so far safe against power loss too, and frees. NULL is fine. */
void sim_store_close(sim_store_t *self);
/* A finished, undamaged block exists. A replication that failed counts as missing: a resume runs it again. */
bool sim_store_has(const sim_store_t *self, sim_run_key_t key);
/* What opening found amiss ("2 damaged blocks ignored ..."), one line; "" when nothing. */
const char *sim_store_notice(const sim_store_t *self);
/* Cautious estimate of the result's size; the parts take as much again until they are removed. Event rows not counted.
 */
uint64_t sim_store_expected_bytes(const sim_store_plan_t *plan);
/* Free bytes of the disk that `path` (which need not exist) is on; 0 when that can't be told. */
uint64_t sim_store_free_bytes(const char *path);

/* Compresses and writes one replication's block. Called by workers at the same time, for different keys. When it
 * returns SIM_OK the block survives the process being killed. A power loss can take what was put less than 0.2 s (or 20
 * times what an fsync takes) after the last commit, until a later put commits it or the store is assembled or closed
 * (docs/OUTPUT.md). `recorder` may be NULL when meta->status is negative. SIM_EIO, SIM_ENOMEM. */
sim_status_t sim_store_put(sim_store_t *self, sim_run_key_t key, const sim_recorder_t *recorder,
                           const sim_run_meta_t *meta, sim_error_t *err);

/* Value of an outcome channel of a stored replication; NaN when it is missing or failed. Not while others put. */
sim_status_t sim_store_outcome(sim_store_t *self, sim_run_key_t key, uint32_t channel, double *value, sim_error_t *err);
/* Lowers the plan's number of replications to those that were run, before assembling. Blocks beyond must not exist. */
void sim_store_shorten(sim_store_t *self, uint32_t n_replications);

/* A result file, open for writing (inside the finish hook) or reading. */
typedef struct sim_result sim_result_t;

/* Adds to the file before it is renamed into place: summary, provenance, design. */
typedef sim_status_t (*sim_store_finish_t)(sim_result_t *result, void *user, sim_error_t *err);

/* Assembles everything stored so far. `complete` false keeps the parts for a resume; true removes them, nothing can be
 * put afterwards. On failure the parts stay, and so does a result file that was there before. */
sim_status_t sim_store_assemble(sim_store_t *self, bool complete, sim_store_finish_t finish, void *user,
                                sim_error_t *err);
/* Digest of the file last assembled, as sim_result_digest("/") would give it; 0 before. */
uint64_t sim_store_digest(const sim_store_t *self);

/* Reading and writing named arrays with named dimensions. */
#define SIM_RESULT_MAX_DIMS 6 /* arm, point, replication, time and two more */

typedef struct sim_array {
    double *values;  /* row-major; NaN = missing. Owned by the array: free with sim_array_free */
    uint32_t n_dims; /* 0: one number */
    size_t shape[SIM_RESULT_MAX_DIMS];
    char dims[SIM_RESULT_MAX_DIMS][32]; /* names */
    char units[64];
    char long_name[256];
} sim_array_t;

/* Opens for reading. SIM_EINPUT when there is no such file, SIM_EIO when it is no result or damaged. */
sim_status_t sim_result_open(sim_result_t **self, const char *path, sim_error_t *err);
void sim_result_close(sim_result_t *self); /* NULL is fine */
/* A whole variable ("/rent", "/province/busy") as doubles. SIM_EINPUT when there is none of that name. */
sim_status_t sim_result_read(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err);
/* The same without the values: dimensions, shape, units, long name. */
sim_status_t sim_result_describe(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err);
/* Format version of the file (SIM_STORE_FORMAT of the program that wrote it). */
int sim_result_format(const sim_result_t *self);
/* One arm of a variable whose first dimension is `arm`; the array has the other dimensions. */
sim_status_t sim_result_read_arm(sim_result_t *self, const char *path, size_t arm, sim_array_t *array,
                                 sim_error_t *err);
/* An integer variable without loss (fingerprint, seed); free `values` with free(). */
sim_status_t sim_result_read_u64(sim_result_t *self, const char *path, uint64_t **values, size_t *n, sim_error_t *err);
bool sim_result_has(sim_result_t *self, const char *path);
/* Labels of a dimension's scale (arms, provinces, …) as strings; free each and the list with sim_labels_free. */
sim_status_t sim_result_labels(sim_result_t *self, const char *path, char ***labels, size_t *n, sim_error_t *err);
void sim_labels_free(char **labels, size_t n);
void sim_array_free(sim_array_t *array);
/* Names of the variables (not the scales) of a group, sorted; same ownership as labels. */
sim_status_t sim_result_list(sim_result_t *self, const char *group, char ***names, size_t *n, sim_error_t *err);
/* Paths of all groups but the root, sorted ("/centres", "/rental"); same ownership. */
sim_status_t sim_result_groups(sim_result_t *self, char ***groups, size_t *n, sim_error_t *err);
/* A scalar string dataset ("/provenance/scenario") or a text attribute ("/@Conventions", "/rent@units"); the caller
 * frees it. */
sim_status_t sim_result_text(sim_result_t *self, const char *path, char **text, sim_error_t *err);

/* Writing, inside the finish hook. Groups are made as needed. A variable's dimensions must have a scale in its group or
 * at the root (it is copied), or be given before by one of the two functions below. Units that begin with "days since"
 * make a CF time. NaN is missing; `array` is not kept. A variable that
 * exists already with this shape gets the new values. SIM_EINTERNAL when shapes and scales disagree. */
sim_status_t sim_result_write(sim_result_t *self, const char *path, const sim_array_t *array, sim_error_t *err);
/* A scalar string variable, or with "/group@name" an attribute of a group or variable. */
sim_status_t sim_result_write_text(sim_result_t *self, const char *path, const char *text, sim_error_t *err);
sim_status_t sim_result_write_labels(sim_result_t *self, const char *group, const char *dim, const char *const *labels,
                                     size_t n, sim_error_t *err);
sim_status_t sim_result_write_scale(sim_result_t *self, const char *group, const char *dim, const double *values,
                                    size_t n, const char *units, const char *long_name, sim_error_t *err);

/* Hash of the scientific content: sorted (path, type, shape, attributes, decoded values) of all objects under `group`
 * ("/" for all; version, compiler and file_checksum in /provenance left out). Independent of chunking, compression,
 * library version and machine. */
sim_status_t sim_result_digest(sim_result_t *self, const char *group, uint64_t *digest, sim_error_t *err);
/* The same for each arm alone, over the variables that have arms; digests[n] in the order of the arm labels. Neither
 * the arm's label and place nor what other arms hold has any part in it. */
sim_status_t sim_result_digest_arms(sim_result_t *self, uint64_t *digests, size_t n, sim_error_t *err);
/* Checks every byte of the file against the checksum stored when it was written. SIM_EIO when it is damaged, or was
 * changed by another program. HDF5 may crash on damaged content: where damage is suspected, verify first of all. */
sim_status_t sim_result_verify(sim_result_t *self, sim_error_t *err);

#endif

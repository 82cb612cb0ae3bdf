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
    uint32_t n_points;       /* 1 without a design; with more, the result has a dimension `point` after `arm` */
    uint32_t n_replications;
    const char *identity;    /* text that must be equal for a resume: resolved scenario without counts and arms */
} sim_store_plan_t;

typedef struct sim_store sim_store_t;

typedef enum sim_store_mode {
    SIM_STORE_NEW,     /* SIM_EEXISTS if FILE or FILE.parts exists */
    SIM_STORE_FORCE,   /* removes what exists */
    SIM_STORE_RESUME   /* keeps finished blocks of the same identity; SIM_EINPUT names a difference */
} sim_store_mode_t;

sim_status_t sim_store_open(sim_store_t **self, const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode,
                            sim_error_t *err);
void sim_store_close(sim_store_t *self);
bool sim_store_has(const sim_store_t *self, sim_run_key_t key); /* a finished, undamaged block exists */
uint64_t sim_store_expected_bytes(const sim_store_plan_t *plan); /* upper estimate of the result's size */
uint64_t sim_store_free_bytes(const char *path);                 /* free bytes of the disk that path is on */

/* Compresses and writes one replication's block. Called by workers at the same time, for different keys. */
sim_status_t sim_store_put(sim_store_t *self, sim_run_key_t key, const sim_recorder_t *recorder,
                           const sim_run_meta_t *meta, sim_error_t *err);

/* A result file, open for writing (inside the finish hook) or reading. */
typedef struct sim_result sim_result_t;

/* Adds to the file before it is renamed into place: summary, provenance, design. */
typedef sim_status_t (*sim_store_finish_t)(sim_result_t *result, void *user, sim_error_t *err);

/* Assembles everything stored so far. `complete` false keeps the parts for a resume. */
sim_status_t sim_store_assemble(sim_store_t *self, bool complete, sim_store_finish_t finish, void *user,
                                sim_error_t *err);

/* Reading and writing named arrays with named dimensions. */
#define SIM_RESULT_MAX_DIMS 5

typedef struct sim_array {
    double *values; /* row-major; NaN = missing. Owned by the array: free with sim_array_free */
    uint32_t n_dims;
    size_t shape[SIM_RESULT_MAX_DIMS];
    char dims[SIM_RESULT_MAX_DIMS][32]; /* names */
    char units[64];
    char long_name[256];
} sim_array_t;

sim_status_t sim_result_open(sim_result_t **self, const char *path, sim_error_t *err); /* read only */
void sim_result_close(sim_result_t *self);
sim_status_t sim_result_read(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err);
/* The same without the values: dimensions, shape, units, long name. */
sim_status_t sim_result_describe(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err);
/* Format version of the file (SIM_STORE_FORMAT of the program that wrote it). */
int sim_result_format(const sim_result_t *self);
/* Labels of a dimension's scale (arms, provinces, …) as strings; free each and the list with sim_labels_free. */
sim_status_t sim_result_labels(sim_result_t *self, const char *path, char ***labels, size_t *n, sim_error_t *err);
void sim_labels_free(char **labels, size_t n);
void sim_array_free(sim_array_t *array);
/* Names of the variables (not the scales) of a group, sorted; same ownership as labels. */
sim_status_t sim_result_list(sim_result_t *self, const char *group, char ***names, size_t *n, sim_error_t *err);
/* Paths of all groups but the root, sorted ("/centres", "/rental"); same ownership. */
sim_status_t sim_result_groups(sim_result_t *self, char ***groups, size_t *n, sim_error_t *err);
/* A text attribute or scalar string dataset; the caller frees it. */
sim_status_t sim_result_text(sim_result_t *self, const char *path, char **text, sim_error_t *err);

/* Writing, inside the finish hook: a variable over dimensions whose scales exist (in the group or copied from the root)
 * or are given by labels. A variable that exists already with this shape gets the new values. */
sim_status_t sim_result_write(sim_result_t *self, const char *path, const sim_array_t *array, sim_error_t *err);
sim_status_t sim_result_write_text(sim_result_t *self, const char *path, const char *text, sim_error_t *err);
sim_status_t sim_result_write_labels(sim_result_t *self, const char *group, const char *dim, const char *const *labels,
                                     size_t n, sim_error_t *err);

/* Hash of the scientific content: sorted (path, type, shape, attributes, decoded values) of all objects under `group`
 * ("/" for all; version and compiler in /provenance left out). */
sim_status_t sim_result_digest(sim_result_t *self, const char *group, uint64_t *digest, sim_error_t *err);
/* The same for each arm alone; digests[n] in the order of the arm labels. */
sim_status_t sim_result_digest_arms(sim_result_t *self, uint64_t *digests, size_t n, sim_error_t *err);
/* Reads everything back and compares checksums; SIM_EIO names the damaged object. */
sim_status_t sim_result_verify(sim_result_t *self, sim_error_t *err);

#endif

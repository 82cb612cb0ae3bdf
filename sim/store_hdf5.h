// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the store: the little of HDF5 that it needs, with errors turned into sim_error_t. For sim/store*.c only.
 *
 * netCDF-4 conventions: every dimension is a 1-D dataset, its scale, in the same group as the variables that use it,
 * and each variable lists its scales in DIMENSION_LIST. A scale's back references (REFERENCE_LIST) are collected while
 * the file is written and stored once, by sim_h5_finish_scales. */
#ifndef SIM_STORE_HDF5_H
#define SIM_STORE_HDF5_H

#include "sim/store.h"

#include <hdf5.h>

/* Shape and names of dimensions. */
typedef struct sim_h5_shape {
    int n_dims;
    hsize_t size[SIM_RESULT_MAX_DIMS];
    char name[SIM_RESULT_MAX_DIMS][32];
} sim_h5_shape_t;

/* A scale of a file being written. */
typedef struct sim_h5_scale {
    char *group; /* "" = root */
    char *name;
    hid_t dataset;
    hobj_ref_t reference; /* to it */
    hsize_t size;
    struct sim_h5_reference *references; /* variables and axes that use it */
    size_t n_references, max_references;
} sim_h5_scale_t;

/* What the digest takes in for a variable, known since it was written (store_known.c). */
typedef struct sim_h5_known {
    uint32_t number; /* made of the path, to find it by */
    char *path;
    H5T_class_t class;
    sim_h5_shape_t shape;
    uint64_t head;    /* of path, type, names of dimensions and attributes */
    uint64_t *values; /* hashes, one per arm or one alone; NULL when they must be read */
    size_t n_values;
} sim_h5_known_t;

#define SIM_H5_MAX_ATTRIBUTES 6 /* that the digest takes in of a variable */

/* A text, or numbers, which are doubles in memory. */
typedef struct sim_h5_attribute {
    const char *name;
    const char *text; /* NULL: numbers */
    hid_t type;       /* of the numbers in the file */
    const double *values;
    size_t n;
} sim_h5_attribute_t;

/* A variable to create. Unset: contiguous, no fill value. */
typedef struct sim_h5_variable {
    const char *group; /* "" = root */
    const char *name;
    hid_t type; /* in the file */
    int n_dims;
    const char *dims[SIM_RESULT_MAX_DIMS];
    hsize_t max_shape[SIM_RESULT_MAX_DIMS]; /* 0 = the scale's size */
    hsize_t chunk[SIM_RESULT_MAX_DIMS];     /* chunk[0] = 0: contiguous */
    bool shuffle;
    bool missing_is_nan; /* fill with NaN and say so in _FillValue */
    const char *units;
    const char *long_name;
    int64_t start_day;          /* for units DAYS or SECONDS */
    sim_h5_attribute_t more[2]; /* besides units, long_name, calendar and _FillValue; name NULL: none */
} sim_h5_variable_t;

/* Open from one variable to the next, which is mostly like the last; 0 where there is none. */
typedef struct sim_h5_kept {
    hid_t group;
    char *path;             /* of the group */
    hid_t list;             /* to create a variable with */
    sim_h5_variable_t like; /* a variable that the list goes for; its texts are gone */
    hid_t text, scalar;     /* type and space of a text */
    hid_t transfer;         /* of few values */
} sim_h5_kept_t;

struct sim_result {
    hid_t file;
    char *path;
    bool writing;
    int format;
    sim_h5_scale_t *scales;
    size_t n_scales, max_scales;
    sim_h5_known_t *known;
    size_t n_known, max_known;
    sim_h5_kept_t kept;
};

/* Stand for "days since START" and "seconds since START" with their calendar. */
#define SIM_H5_DAYS    "days since"
#define SIM_H5_SECONDS "seconds since"

/* Attribute of outcomes that are worked out from several arms: 1. */
#define SIM_H5_ACROSS_ARMS "across_arms"

/* Before anything else: no messages from HDF5 on stderr, no clean-up at exit. */
void sim_h5_quiet(void);
/* SIM_EIO (or SIM_ENOMEM) with HDF5's innermost reason and, for a full disk, the fix. `what` is an object, or what was
 * tried ("write the scales"). When HDF5 has no complaint, an allocation of the store's failed. */
sim_status_t sim_h5_fail(sim_error_t *err, const char *path, const char *what);

hid_t sim_h5_access(void);                  /* property list to open and create files with */
hid_t sim_h5_create_file(const char *path); /* creation order tracked, no times */
hid_t sim_h5_text_type(void);               /* variable-length UTF-8 */
/* All of a dataset of few values, texts above all, without a large buffer. */
herr_t sim_h5_write_small(sim_result_t *self, hid_t dataset, hid_t type, const void *values);
herr_t sim_h5_read_small(sim_result_t *self, hid_t dataset, hid_t type, void *values);
/* Opens, or creates with its parents; stays open until the next one is asked for. */
hid_t sim_h5_group(sim_result_t *self, const char *group);
void sim_h5_close(hid_t id); /* any kind of id; negative ones are fine */
/* Closes what is kept open, before the file is closed. */
void sim_h5_drop_kept(sim_result_t *self);

/* Attributes of groups, and those of variables that the digest leaves out; negative on failure. */
herr_t sim_h5_set_text(sim_result_t *self, hid_t object, const char *name, const char *text);
herr_t sim_h5_set_number(hid_t object, const char *name, hid_t type, const void *values, size_t n);
/* Gives a new variable all that `variable` says of it, and makes it known (store_known.c). */
herr_t sim_h5_describe(sim_result_t *self, hid_t dataset, const sim_h5_variable_t *variable,
                       const sim_h5_shape_t *shape);
/* A text attribute as a new string; NULL when there is none. */
char *sim_h5_get_text(hid_t object, const char *name);
char *sim_h5_read_text(hid_t attribute, hid_t type); /* of an open one; NULL when it is no text */

/* Scales; NULL or negative on failure. `scale` tells group, name, type and description; n values of eight bytes: int64,
 * double or labels, whichever goes with the type. */
sim_h5_scale_t *sim_h5_add_scale(sim_result_t *self, const sim_h5_variable_t *scale, const void *values, hsize_t n);
sim_h5_scale_t *sim_h5_find_scale(const sim_result_t *self, const char *group, const char *name);
/* The scale of that name in `group`, copied from the root when only that has one; NULL when there is none. */
sim_h5_scale_t *sim_h5_borrow_scale(sim_result_t *self, const char *group, const char *name);
/* Lists the scales of a new variable in its DIMENSION_LIST and notes it for theirs. */
herr_t sim_h5_attach_scales(sim_result_t *self, hid_t dataset, const sim_h5_variable_t *variable);
herr_t sim_h5_finish_scales(sim_result_t *self);
void sim_h5_free_scales(sim_result_t *self);

/* Creates a dataset as `variable` is stored, with nothing in it or about it; negative on failure. */
hid_t sim_h5_create_dataset(sim_result_t *self, const sim_h5_variable_t *variable, hid_t space);
/* Creates a variable over scales of its group; the dataset's id, negative on failure. */
hid_t sim_h5_create_variable(sim_result_t *self, const sim_h5_variable_t *variable);
/* Full path "/group/name"; free it. */
char *sim_h5_path(const char *group, const char *name);

/* Of an open dataset. */
herr_t sim_h5_get_shape(hid_t dataset, sim_h5_shape_t *shape);
htri_t sim_h5_is_scale(hid_t dataset); /* negative when it can't be told */
/* Whether there is every link on the way to `path`, which may name the root; negative when it can't be told. */
htri_t sim_h5_exists(sim_result_t *self, const char *path);
hsize_t sim_h5_shape_count(const sim_h5_shape_t *shape); /* elements */

/* Variables of a file being written are known to its digest, which need not read them again. Makes a new one known;
 * false without memory. */
bool sim_h5_know(sim_result_t *self, const sim_h5_variable_t *variable, const sim_h5_shape_t *shape,
                 const sim_h5_attribute_t *attributes, int n);
/* Its values, all of them, eight bytes each: double, int64 or text. False without memory. */
bool sim_h5_know_values(sim_result_t *self, const char *group, const char *name, const void *values);
/* Or their hashes, one per arm, which are taken over. */
void sim_h5_know_hashes(sim_result_t *self, const char *group, const char *name, uint64_t **hashes, size_t n);
/* Attributes of it change: the digest must read it. */
void sim_h5_forget(sim_result_t *self, const char *path);
/* NULL when it must be read; its values may have to all the same. With group "", `name` may be a path. */
const sim_h5_known_t *sim_h5_known(const sim_result_t *self, const char *group, const char *name);
/* Frees what is known of all variables, when the result is closed. */
void sim_h5_free_known(sim_result_t *self);

/* Digest of an open file, by group ("/") or arm by arm (digests[n_arms]). */
sim_status_t sim_h5_digest(sim_result_t *self, const char *group, uint64_t *digest, sim_error_t *err);

/* Names below a group, sorted by bytes. */
typedef enum sim_h5_kind { SIM_H5_VARIABLES, SIM_H5_SCALES, SIM_H5_GROUPS } sim_h5_kind_t;
sim_status_t sim_h5_names(sim_result_t *self, const char *group, sim_h5_kind_t kind, char ***names, size_t *n,
                          sim_error_t *err);

#endif

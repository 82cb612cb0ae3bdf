// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the digest: what reading a file (store_digest.c) and writing one (store_known.c) must hash alike. For
 * sim/store*.c only. */
#ifndef SIM_STORE_DIGEST_H
#define SIM_STORE_DIGEST_H

#include "sim/store_hash.h"
#include "sim/store_hdf5.h"

#define SIM_DIGEST_PIECE_VALUES ((size_t)1 << 20) /* values without arms are a leaf for each so many */

/* How the digest cuts a variable: so many leaves of so many values for each of so many arms. */
typedef struct sim_digest_cut {
    bool is_float;
    bool has_arms;
    int n_outer; /* leading dimensions arm, point, replication */
    size_t leaf_values;
} sim_digest_cut_t;

/* How the digest cuts a variable of that shape and class. */
sim_digest_cut_t sim_digest_cut(const sim_h5_shape_t *shape, H5T_class_t class);
/* Hash of the values of one leaf, eight bytes each: double or int64. */
uint64_t sim_digest_leaf(const sim_digest_cut_t *cut, const void *values, size_t n);
/* Goes on with the leaves of n values of one arm; without arms these are one leaf. */
uint64_t sim_digest_chain(const sim_digest_cut_t *cut, uint64_t hash, const void *values, size_t n);
/* Hash of n texts in order; NULL counts as "". */
uint64_t sim_digest_texts(const char *const *texts, size_t n);

/* Kind and width of a stored type ("f8", "u8", "i1", "text"). */
const char *sim_digest_type_name(hid_t type);
/* Of a variable, before its sizes and values. */
uint64_t sim_digest_head(const char *path, hid_t type, const sim_h5_shape_t *shape, uint64_t attributes);

#endif

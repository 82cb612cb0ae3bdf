// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the store: reading the chunks of one replication without HDF5's general machinery, which spends most of its
 * time on selections when there are 100,000 small chunks. For sim/store*.c only. */
#ifndef SIM_STORE_READER_H
#define SIM_STORE_READER_H

#include "sim/store_hdf5.h"
#include "sim/store_internal.h"

typedef struct sim_h5_reader {
    hid_t dataset;
    int n_outer; /* leading dimensions along which chunks are 1 long: arm, point, replication */
    sim_h5_shape_t shape;
    hsize_t chunk[SIM_RESULT_MAX_DIMS];
    size_t slab_values; /* behind the outer dimensions */
    size_t chunk_values;
    size_t width; /* bytes of a stored value */
    bool shuffle;
    sim_store_coder_t coder;
    sim_store_buffer_t stored, values;
} sim_h5_reader_t;

/* False when the dataset, of this shape, is not stored as the store writes replications: read it with H5Dread then. */
bool sim_h5_reader_init(sim_h5_reader_t *self, hid_t dataset, const sim_h5_shape_t *shape);
void sim_h5_reader_free(sim_h5_reader_t *self); /* also after a failed init */

/* The slab at `outer` (n_outer indices) into `slab`, NaN where nothing is stored. False when it is damaged. */
bool sim_h5_reader_read(sim_h5_reader_t *self, const hsize_t *outer, double *slab);
/* All slabs below the first `n_fixed` indices of `outer`, row-major. */
bool sim_h5_reader_read_all(sim_h5_reader_t *self, const hsize_t *outer, int n_fixed, double *values);

#endif

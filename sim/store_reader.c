// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/store_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Only deflate, or shuffle and deflate, as the store writes them. */
static bool known_filters(hid_t list, bool *shuffle)
{
    unsigned flags, values[8];
    size_t n_values = 8;
    int n = H5Pget_nfilters(list);
    *shuffle = n == 2 && H5Pget_filter2(list, 0, &flags, &n_values, values, 0, NULL, NULL) == H5Z_FILTER_SHUFFLE;
    n_values = 8;
    return (n == 1 || *shuffle) &&
           H5Pget_filter2(list, (unsigned)n - 1, &flags, &n_values, values, 0, NULL, NULL) == H5Z_FILTER_DEFLATE;
}

static bool known_type(hid_t dataset, size_t *width)
{
    hid_t type = H5Dget_type(dataset);
    bool known = type >= 0 && (H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F32LE) > 0);
    *width = known ? H5Tget_size(type) : 0;
    sim_h5_close(type);
    return known;
}

/* Chunks of one run: 1 along the outer dimensions, whole along all others but the first of them. */
static bool known_chunks(sim_h5_reader_t *self)
{
    static const char *const outer[] = {"arm", "point", "replication"};
    int axis = 0;
    for (int i = 0; i < 3 && axis < self->shape.n_dims; i++)
        axis += strcmp(self->shape.name[axis], outer[i]) == 0;
    self->n_outer = axis;
    self->slab_values = self->chunk_values = 1;
    bool known = axis >= 2 && axis < self->shape.n_dims;
    for (int i = 0; known && i < self->shape.n_dims; i++) {
        known = i < axis ? self->chunk[i] == 1 : i == axis || self->chunk[i] == self->shape.size[i];
        self->slab_values *= i < axis ? 1 : (size_t)self->shape.size[i];
        self->chunk_values *= (size_t)self->chunk[i];
    }
    return known;
}

bool sim_h5_reader_init(sim_h5_reader_t *self, hid_t dataset, const sim_h5_shape_t *shape)
{
    *self = (sim_h5_reader_t){.dataset = dataset, .shape = *shape};
    hid_t list = H5Dget_create_plist(dataset);
    bool known = list >= 0 && H5Pget_layout(list) == H5D_CHUNKED && known_type(dataset, &self->width) &&
                 H5Pget_chunk(list, SIM_RESULT_MAX_DIMS, self->chunk) == self->shape.n_dims && known_chunks(self) &&
                 known_filters(list, &self->shuffle);
    sim_h5_close(list);
    if (!known)
        return false;
    self->coder.decompressor = libdeflate_alloc_decompressor();
    /* Room for both now: a failure to decompress is damage then, not want of memory. */
    size_t bytes = self->chunk_values * sizeof(double) + 1;
    return self->coder.decompressor != NULL && sim_store_buffer_reserve(&self->values, bytes) &&
           sim_store_buffer_reserve(&self->coder.shuffled, bytes);
}

void sim_h5_reader_free(sim_h5_reader_t *self)
{
    sim_store_coder_free(&self->coder);
    sim_store_buffer_free(&self->stored);
    sim_store_buffer_free(&self->values);
}

/* Whether HDF5's last failure was that there is no such chunk. */
static herr_t note_missing(unsigned n, const H5E_error2_t *error, void *missing)
{
    (void)n;
    if (error->desc != NULL && strstr(error->desc, "storage is not allocated") != NULL)
        *(bool *)missing = true;
    return 0;
}

/* Stored bytes of a chunk, 0 when there is none. False when its place can't be read: what is there but can't be found
 * must not pass for missing. */
static bool find_chunk(const sim_h5_reader_t *self, const hsize_t *offset, hsize_t *bytes)
{
    *bytes = 0;
    if (H5Dget_chunk_storage_size(self->dataset, offset, bytes) >= 0)
        return true;
    bool missing = false;
    *bytes = 0;
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_missing, &missing);
    return missing;
}

/* One chunk, decoded, into self->values as doubles; `stored` false when there is none. */
static bool read_chunk(sim_h5_reader_t *self, const hsize_t *offset, bool *stored)
{
    hsize_t bytes = 0;
    uint32_t skipped = 0;
    if (!find_chunk(self, offset, &bytes))
        return false;
    *stored = bytes > 0;
    if (!*stored)
        return true;
    self->stored.size = 0;
    if (!sim_store_buffer_reserve(&self->stored, bytes) ||
        H5Dread_chunk(self->dataset, H5P_DEFAULT, offset, &skipped, self->stored.data) < 0)
        return false;
    if (skipped != 0 || !sim_store_decompress(&self->coder, self->stored.data, bytes, self->values.data,
                                              self->chunk_values, self->width, self->shuffle)) {
        (void)H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_DATASET, H5E_READERROR,
                       "a compressed chunk is damaged");
        return false;
    }
    double *wide = (double *)(void *)self->values.data;
    for (size_t i = self->chunk_values; self->width == sizeof(float) && i-- > 0;) {
        float narrow;
        memcpy(&narrow, self->values.data + i * sizeof narrow, sizeof narrow);
        wide[i] = (double)narrow; /* from the end, so that nothing is overwritten before it is read */
    }
    return true;
}

bool sim_h5_reader_read(sim_h5_reader_t *self, const hsize_t *outer, double *slab)
{
    hsize_t offset[SIM_RESULT_MAX_DIMS] = {0};
    memcpy(offset, outer, (size_t)self->n_outer * sizeof *offset);
    for (size_t at = 0; at < self->slab_values; at += self->chunk_values) {
        size_t left = self->slab_values - at, n = left < self->chunk_values ? left : self->chunk_values;
        bool stored;
        if (!read_chunk(self, offset, &stored))
            return false;
        for (size_t i = 0; !stored && i < n; i++)
            slab[at + i] = (double)NAN;
        if (stored)
            memcpy(slab + at, self->values.data, n * sizeof *slab);
        offset[self->n_outer] += self->chunk[self->n_outer];
    }
    return true;
}

bool sim_h5_reader_read_all(sim_h5_reader_t *self, const hsize_t *outer, int n_fixed, double *values)
{
    hsize_t at[SIM_RESULT_MAX_DIMS] = {0}, runs = 1;
    memcpy(at, outer, (size_t)n_fixed * sizeof *at);
    for (int i = n_fixed; i < self->n_outer; i++)
        runs *= self->shape.size[i];
    for (hsize_t run = 0; run < runs; run++) {
        if (!sim_h5_reader_read(self, at, values + run * self->slab_values))
            return false;
        for (int i = self->n_outer - 1; i >= n_fixed && ++at[i] == self->shape.size[i]; i--)
            at[i] = 0;
    }
    return true;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Growing buffers and the zlib coder that writers and readers work with. */
#include "sim/store_internal.h"

#include <stdlib.h>
#include <string.h>

bool sim_store_buffer_reserve(sim_store_buffer_t *self, size_t more)
{
    if (self->size + more <= self->max)
        return true;
    size_t max = self->max == 0 ? 4096 : self->max;
    while (max < self->size + more)
        max *= 2;
    unsigned char *data = realloc(self->data, max);
    if (data == NULL)
        return false;
    self->data = data;
    self->max = max;
    return true;
}

bool sim_store_buffer_append(sim_store_buffer_t *self, const void *bytes, size_t n)
{
    if (!sim_store_buffer_reserve(self, n + 1))
        return false;
    if (n > 0)
        memcpy(self->data + self->size, bytes, n);
    self->size += n;
    return true;
}

bool sim_store_buffer_align(sim_store_buffer_t *self)
{
    static const unsigned char zeros[8] = {0};
    return sim_store_buffer_append(self, zeros, (8 - self->size % 8) % 8);
}

void sim_store_buffer_free(sim_store_buffer_t *self)
{
    free(self->data);
    *self = (sim_store_buffer_t){0};
}

sim_status_t sim_store_coder_init(sim_store_coder_t *self, const sim_store_layout_t *layout, sim_error_t *err)
{
    *self = (sim_store_coder_t){0};
    self->compressor = libdeflate_alloc_compressor(1); /* higher levels: half the speed for a few per cent */
    self->decompressor = libdeflate_alloc_decompressor();
    self->items = calloc((size_t)layout->schema->n_dimensions + 1, sizeof *self->items);
    if (self->compressor != NULL && self->decompressor != NULL && self->items != NULL)
        return SIM_OK;
    sim_store_coder_free(self);
    return sim_fail(err, SIM_ENOMEM, "store", "no memory to compress with");
}

void sim_store_coder_free(sim_store_coder_t *self)
{
    if (self->compressor != NULL)
        libdeflate_free_compressor(self->compressor);
    if (self->decompressor != NULL)
        libdeflate_free_decompressor(self->decompressor);
    sim_store_buffer_t *buffers[] = {&self->raw,   &self->shuffled, &self->entries,
                                     &self->sizes, &self->data,     &self->block};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        sim_store_buffer_free(buffers[i]);
    free(self->items);
    *self = (sim_store_coder_t){0};
}

/* HDF5's shuffle filter: first bytes of all elements, then all second bytes, … */
static void shuffle_bytes(const unsigned char *from, unsigned char *to, size_t n, size_t width)
{
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < n; i++)
            to[k * n + i] = from[i * width + k];
}

static void unshuffle_bytes(const unsigned char *from, unsigned char *to, size_t n, size_t width)
{
    for (size_t k = 0; k < width; k++)
        for (size_t i = 0; i < n; i++)
            to[i * width + k] = from[k * n + i];
}

static unsigned char *scratch(sim_store_coder_t *self, size_t bytes)
{
    self->shuffled.size = 0;
    return sim_store_buffer_reserve(&self->shuffled, bytes) ? self->shuffled.data : NULL;
}

size_t sim_store_compress(sim_store_coder_t *self, const void *raw, size_t n, size_t width, bool shuffle)
{
    size_t bound = libdeflate_zlib_compress_bound(self->compressor, n * width);
    unsigned char *work = scratch(self, n * width + 1);
    if (work == NULL || !sim_store_buffer_reserve(&self->data, bound + 8))
        return 0;
    if (shuffle)
        shuffle_bytes(raw, work, n, width);
    unsigned char *to = self->data.data + self->data.size;
    size_t bytes = libdeflate_zlib_compress(self->compressor, shuffle ? work : raw, n * width, to, bound);
    self->data.size += bytes;
    return bytes;
}

bool sim_store_decompress(sim_store_coder_t *self, const void *stream, size_t bytes, void *raw, size_t n, size_t width,
                          bool shuffle)
{
    unsigned char *work = scratch(self, n * width + 1);
    if (work == NULL)
        return false;
    void *to = shuffle ? work : raw;
    if (libdeflate_zlib_decompress(self->decompressor, stream, bytes, to, n * width, NULL) != LIBDEFLATE_SUCCESS)
        return false;
    if (shuffle)
        unshuffle_bytes(work, raw, n, width);
    return true;
}

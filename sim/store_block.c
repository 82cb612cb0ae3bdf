// SPDX-License-Identifier: GPL-3.0-or-later
/* A replication as one block of bytes that can tell whether it is whole: two CRC-32 sums, one of its head and one of
 * the rest, over a stated length. */
#include "sim/store_hash.h"
#include "sim/store_internal.h"

#include <math.h>
#include <stdlib.h>

static const char magic[8] = {'O', 'B', 'B', 'L', 'O', 'C', 'K', '1'};

static size_t aligned(size_t n)
{
    return (n + 7) / 8 * 8;
}

void sim_store_block_start(sim_store_coder_t *coder, const sim_store_layout_t *layout)
{
    coder->entries.size = coder->sizes.size = coder->data.size = 0;
    memset(coder->items, 0, layout->schema->n_dimensions * sizeof *coder->items);
}

/* Compresses one chunk of `c`; a chunk without any value is left out. */
static bool add_chunk(sim_store_coder_t *coder, const sim_store_channel_t *c, const double *values)
{
    uint32_t bytes = 0;
    if (sim_hash_trim(values, c->chunk_values) > 0) {
        float *narrow = (float *)(void *)(coder->raw.data + c->values * sizeof(double));
        for (size_t i = 0; c->value_bytes == 4 && i < c->chunk_values; i++)
            narrow[i] = (float)values[i];
        const void *raw = c->value_bytes == 4 ? (const void *)narrow : (const void *)values;
        bytes = (uint32_t)sim_store_compress(coder, raw, c->chunk_values, c->value_bytes, c->shuffle);
        if (bytes == 0)
            return false;
    }
    return sim_store_buffer_append(&coder->sizes, &bytes, sizeof bytes);
}

/* Rounded values, missing ones up to whole chunks; of float channels what a reader will decode. */
static double *prepare(sim_store_coder_t *coder, const sim_store_channel_t *c, double resolution, const double *values,
                       size_t n)
{
    coder->raw.size = 0;
    if (!sim_store_buffer_reserve(&coder->raw, c->values * (sizeof(double) + c->value_bytes)))
        return NULL;
    double *rounded = (double *)(void *)coder->raw.data;
    for (size_t i = 0; i < n; i++)
        rounded[i] = sim_round_to(values[i], resolution);
    for (size_t i = n; i < c->values; i++)
        rounded[i] = (double)NAN;
    for (size_t i = 0; c->value_bytes == 4 && i < n; i++)
        rounded[i] = (double)(float)rounded[i];
    return rounded;
}

static void note_items(sim_store_coder_t *coder, int32_t dimension, size_t used)
{
    if (dimension >= 0 && used > coder->items[dimension])
        coder->items[dimension] = (uint32_t)used;
}

bool sim_store_block_add(sim_store_coder_t *coder, const sim_store_layout_t *layout, uint32_t channel,
                         const double *values, size_t n)
{
    const sim_store_channel_t *c = &layout->channels[channel];
    const double *rounded = prepare(coder, c, layout->schema->channels[channel].resolution, values, n);
    if (rounded == NULL)
        return false;
    size_t used = sim_hash_trim(rounded, n);
    sim_store_entry_t entry = {
        .leaf = sim_hash_values(rounded, used),
        .value = (double)NAN,
        .first_chunk = (uint32_t)(coder->sizes.size / sizeof(uint32_t)),
    };
    if (layout->schema->channels[channel].kind == SIM_CHANNEL_OUTCOME)
        entry.value = n > 0 ? rounded[0] : entry.value;
    else
        entry.n_chunks = (uint32_t)((used + c->chunk_values - 1) / c->chunk_values);
    note_items(coder, c->item_dimension, used);
    for (uint32_t i = 0; i < entry.n_chunks; i++)
        if (!add_chunk(coder, c, rounded + i * c->chunk_values))
            return false;
    return sim_store_buffer_append(&coder->entries, &entry, sizeof entry);
}

static sim_store_head_t new_head(const sim_store_coder_t *coder, const sim_store_layout_t *layout, const char *arm,
                                 sim_run_key_t key, const sim_run_meta_t *meta)
{
    sim_store_head_t head = {
        .head_bytes = sizeof head,
        .arm_bytes = (uint32_t)strlen(arm),
        .layout = layout->hash,
        .point = key.point,
        .replication = key.replication,
        .status = meta->status,
        .n_channels = layout->schema->n_channels,
        .fingerprint = meta->fingerprint,
        .events = meta->events,
        .jobs = meta->jobs,
        .seed = meta->seed,
        .n_chunks = (uint32_t)(coder->sizes.size / sizeof(uint32_t)),
        .n_dimensions = layout->schema->n_dimensions,
    };
    memcpy(head.magic, magic, sizeof magic);
    return head;
}

static bool append_part(sim_store_buffer_t *to, const void *bytes, size_t n)
{
    return sim_store_buffer_append(to, bytes, n) && sim_store_buffer_align(to);
}

static void seal(sim_store_buffer_t *block)
{
    sim_store_head_t *head = (sim_store_head_t *)(void *)block->data;
    head->payload_bytes = block->size - sizeof *head;
    head->payload_crc = libdeflate_crc32(0, block->data + sizeof *head, head->payload_bytes);
    head->head_crc = libdeflate_crc32(0, block->data, offsetof(sim_store_head_t, head_crc));
}

bool sim_store_block_finish(sim_store_coder_t *coder, const sim_store_layout_t *layout, const char *arm,
                            sim_run_key_t key, const sim_event_row_t *rows, size_t n_rows, const sim_run_meta_t *meta)
{
    sim_store_head_t head = new_head(coder, layout, arm, key, meta);
    if (n_rows > 0) {
        head.n_event_rows = n_rows;
        head.event_bytes = sim_store_compress(coder, rows, n_rows, sizeof *rows, true);
        if (head.event_bytes == 0)
            return false;
    }
    sim_store_buffer_t *block = &coder->block;
    block->size = 0;
    bool good = append_part(block, &head, sizeof head) && append_part(block, arm, head.arm_bytes) &&
                append_part(block, coder->items, head.n_dimensions * sizeof *coder->items) &&
                append_part(block, coder->entries.data, coder->entries.size) &&
                append_part(block, coder->sizes.data, coder->sizes.size) &&
                append_part(block, coder->data.data, coder->data.size);
    if (good)
        seal(block);
    return good;
}

sim_status_t sim_store_block_encode(sim_store_coder_t *coder, const sim_store_layout_t *layout, const char *arm,
                                    sim_run_key_t key, const sim_recorder_t *recorder, const sim_run_meta_t *meta,
                                    sim_error_t *err)
{
    bool good = true;
    size_t n_rows = 0;
    const sim_event_row_t *rows = recorder == NULL ? NULL : sim_recorder_events(recorder, &n_rows);
    sim_store_block_start(coder, layout);
    for (uint32_t i = 0; good && i < layout->schema->n_channels; i++) {
        size_t n = 0;
        const double *values = recorder == NULL ? NULL : sim_recorder_values(recorder, i, &n);
        good = sim_store_block_add(coder, layout, i, values, n);
    }
    if (!good || !sim_store_block_finish(coder, layout, arm, key, rows, n_rows, meta))
        return sim_fail(err, SIM_ENOMEM, "store", "no memory to compress replication %u of arm %s", key.replication,
                        arm);
    return SIM_OK;
}

/* Stands the view's pointers inside the payload; false when the parts don't fit. */
static bool place_view(const unsigned char *bytes, sim_store_view_t *view)
{
    const sim_store_head_t *head = view->head;
    const unsigned char *at = bytes + sizeof *head, *end = at + head->payload_bytes;
    view->arm = (const char *)at;
    at += aligned(head->arm_bytes);
    view->items = (const uint32_t *)(const void *)at;
    at += aligned(head->n_dimensions * sizeof *view->items);
    view->entries = (const sim_store_entry_t *)(const void *)at;
    at += aligned(head->n_channels * sizeof *view->entries);
    view->chunk_bytes = (const uint32_t *)(const void *)at;
    at += aligned(head->n_chunks * sizeof *view->chunk_bytes);
    if (at > end)
        return false;
    view->chunks = at;
    for (uint32_t i = 0; i < head->n_chunks; i++)
        at += view->chunk_bytes[i];
    view->events = at;
    return at + head->event_bytes <= end;
}

size_t sim_store_block_view(const unsigned char *bytes, size_t n, sim_store_view_t *view)
{
    const sim_store_head_t *head = (const sim_store_head_t *)(const void *)bytes;
    if (n < sizeof *head || memcmp(head->magic, magic, sizeof magic) != 0 || head->head_bytes != sizeof *head)
        return 0;
    if (head->head_crc != libdeflate_crc32(0, bytes, offsetof(sim_store_head_t, head_crc)))
        return 0;
    if (head->payload_bytes > n - sizeof *head || head->payload_bytes % 8 != 0)
        return 0;
    if (head->payload_crc != libdeflate_crc32(0, bytes + sizeof *head, head->payload_bytes))
        return 0;
    view->head = head;
    return place_view(bytes, view) ? sizeof *head + head->payload_bytes : 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the store: blocks, parts and the file's layout, shared by sim/store*.c only.
 *
 *   store_layout.c   how each channel is cut into chunks, typed and filtered; hash of the schema
 *   store_block.c    a replication as one checksummed block of bytes, and back
 *   store_parts.c    FILE.parts/: segments of blocks, commits, scanning after a crash
 *   store.c          the store itself: open, put, has
 *   store_assemble.c blocks -> HDF5;  store_import.c  HDF5 -> blocks
 */
#ifndef SIM_STORE_INTERNAL_H
#define SIM_STORE_INTERNAL_H

#include "sim/store.h"

#include <libdeflate.h>
#include <pthread.h>

#define SIM_STORE_ITEM_CHUNK 256u /* items of an open-ended dimension per chunk */

/* A growing run of bytes. Zero-initialise; free with sim_store_buffer_free. */
typedef struct sim_store_buffer {
    unsigned char *data;
    size_t size;
    size_t max;
} sim_store_buffer_t;

bool sim_store_buffer_reserve(sim_store_buffer_t *self, size_t more); /* room behind `size`; false without memory */
bool sim_store_buffer_append(sim_store_buffer_t *self, const void *bytes, size_t n);
bool sim_store_buffer_align(sim_store_buffer_t *self); /* zeros up to a multiple of 8 */
void sim_store_buffer_free(sim_store_buffer_t *self);

/* How one channel is stored. */
typedef struct sim_store_channel {
    size_t values;          /* per replication; item channels: the declared bound rounded up to whole chunks */
    size_t chunk_values;    /* series: all of a replication */
    uint32_t value_bytes;   /* 8, or 4 for series of a design */
    int32_t item_dimension; /* item channels: number of the open-ended dimension; else -1 */
    bool shuffle;           /* before deflate */
} sim_store_channel_t;

typedef struct sim_store_layout {
    const sim_schema_t *schema;
    sim_store_channel_t *channels;
    uint64_t hash; /* of schema and types: blocks of another layout are refused */
} sim_store_layout_t;

sim_status_t sim_store_layout_init(sim_store_layout_t *self, const sim_schema_t *schema, bool design, sim_error_t *err);
void sim_store_layout_free(sim_store_layout_t *self);

/* Work space of one writer or reader. */
typedef struct sim_store_coder {
    struct libdeflate_compressor *compressor;
    struct libdeflate_decompressor *decompressor;
    sim_store_buffer_t raw, shuffled, entries, sizes, data, block;
    uint32_t *items; /* per dimension */
} sim_store_coder_t;

sim_status_t sim_store_coder_init(sim_store_coder_t *self, const sim_store_layout_t *layout, sim_error_t *err);
void sim_store_coder_free(sim_store_coder_t *self);

/* Compresses `raw` (n elements of `width` bytes), shuffled or not, as a zlib stream behind coder->data. Returns its
 * bytes, 0 without memory. */
size_t sim_store_compress(sim_store_coder_t *self, const void *raw, size_t n, size_t width, bool shuffle);
/* The inverse into `raw`; false when the stream is damaged or of another length. */
bool sim_store_decompress(sim_store_coder_t *self, const void *stream, size_t bytes, void *raw, size_t n, size_t width,
                          bool shuffle);

/* Fixed start of a block; all numbers little-endian. Behind it, each part starting at a multiple of 8: the arm's label,
 * items used (u32 per dimension), an entry per channel, chunk sizes (u32), chunks and event rows. */
typedef struct sim_store_head {
    char magic[8];
    uint32_t head_bytes;
    uint32_t arm_bytes;
    uint64_t payload_bytes;
    uint64_t layout;
    uint32_t point;
    uint32_t replication;
    int32_t status;
    uint32_t n_channels;
    uint64_t fingerprint;
    uint64_t events;
    uint64_t jobs;
    uint64_t seed;
    uint64_t n_event_rows;
    uint64_t event_bytes; /* compressed; the last bytes of the payload before its padding */
    uint32_t n_chunks;
    uint32_t n_dimensions;
    uint32_t payload_crc;
    uint32_t head_crc; /* of all bytes before it */
} sim_store_head_t;

typedef struct sim_store_entry {
    uint64_t leaf; /* hash of the decoded values of this replication (sim/store_hash.h) */
    double value;  /* outcomes */
    uint32_t first_chunk;
    uint32_t n_chunks;
} sim_store_entry_t;

/* A block in memory, seen through pointers into it. */
typedef struct sim_store_view {
    const sim_store_head_t *head;
    const char *arm; /* head->arm_bytes characters, no NUL */
    const uint32_t *items;
    const sim_store_entry_t *entries;
    const uint32_t *chunk_bytes;
    const unsigned char *chunks; /* the first one's bytes; the others follow without a gap */
    const unsigned char *events;
} sim_store_view_t;

/* Makes coder->block from a recorder (NULL: no values). */
sim_status_t sim_store_block_encode(sim_store_coder_t *coder, const sim_store_layout_t *layout, const char *arm,
                                    sim_run_key_t key, const sim_recorder_t *recorder, const sim_run_meta_t *meta,
                                    sim_error_t *err);
/* The steps of encode, for values that come from elsewhere: start, then every channel in order by either add, then
 * finish. All but start return false without memory. */
void sim_store_block_start(sim_store_coder_t *coder, const sim_store_layout_t *layout);
bool sim_store_block_add(sim_store_coder_t *coder, const sim_store_layout_t *layout, uint32_t channel,
                         const double *values, size_t n);
bool sim_store_block_finish(sim_store_coder_t *coder, const sim_store_layout_t *layout, const char *arm,
                            sim_run_key_t key, const sim_event_row_t *rows, size_t n_rows, const sim_run_meta_t *meta);

/* Looks at `bytes` as a block. Returns its whole length, or 0 when it is none, damaged or cut off. */
size_t sim_store_block_view(const unsigned char *bytes, size_t n, sim_store_view_t *view);

/* Where a replication's block lies. */
typedef struct sim_store_place {
    uint64_t offset;
    uint64_t bytes;
    uint64_t event_rows;
    uint32_t segment; /* 0 = none */
    int32_t status;
} sim_store_place_t;

/* One thread's way into the parts: the segment it is appending to, and its work space. */
typedef struct sim_store_writer {
    struct sim_store_writer *next; /* in the list of all writers */
    sim_store_coder_t coder;
    int fd; /* -1 = no segment open */
    uint32_t segment;
    uint64_t bytes; /* in the open segment */
    bool busy;
} sim_store_writer_t;

struct sim_store {
    char *path;  /* the result */
    char *parts; /* its folder of blocks */
    int lock_fd;
    sim_store_layout_t layout;
    char **arms;
    char *identity;
    uint32_t n_arms, n_points, n_replications;
    pthread_mutex_t mutex; /* guards what follows */
    sim_store_writer_t *writers;
    sim_store_place_t *places; /* [arm][point][replication] */
    uint32_t *max_items;       /* per dimension, over all blocks */
    uint64_t event_rows;
    uint64_t stored_bytes;
    uint32_t next_segment;
    double last_commit_s, commit_cost_s; /* monotonic clock */
    bool disposable;                     /* the parts folder is new, or was emptied: it may go when opening fails */
    uint64_t digest;
    char notice[512];
};

/* Place of a key that lies inside the plan. */
sim_store_place_t *sim_store_place(const sim_store_t *self, sim_run_key_t key);

/* Records where a block lies; a finished one replaces a failed one. Under the mutex or alone. */
void sim_store_register(sim_store_t *self, sim_run_key_t key, const sim_store_view_t *view, uint32_t segment,
                        uint64_t offset);

/* FILE.parts/. */
sim_status_t sim_parts_create(sim_store_t *self, sim_error_t *err);                  /* folder, lock */
void sim_parts_abandon(sim_store_t *self);                                           /* when opening has failed */
sim_status_t sim_parts_write_plan(sim_store_t *self, sim_error_t *err);              /* atomically */
sim_status_t sim_parts_check_plan(sim_store_t *self, bool *found, sim_error_t *err); /* identity and layout */
sim_status_t sim_parts_scan(sim_store_t *self, sim_error_t *err);                    /* registers undamaged blocks */
sim_status_t sim_parts_append(sim_store_t *self, sim_store_writer_t *writer, sim_run_key_t key, sim_error_t *err);
sim_status_t sim_parts_commit(sim_store_t *self, sim_store_writer_t *writer, sim_error_t *err);
sim_status_t sim_parts_remove(sim_store_t *self, bool folder_too, sim_error_t *err); /* all files, plan included */
/* Reads a block into `buffer` and checks it again. */
sim_status_t sim_parts_read(sim_store_t *self, const sim_store_place_t *place, sim_store_buffer_t *buffer,
                            sim_store_view_t *view, sim_error_t *err);

bool sim_parts_is_segment(const char *name, uint32_t *segment); /* "00000012.blocks" */

/* Takes a free writer, or makes one; gives it back. */
sim_store_writer_t *sim_store_take_writer(sim_store_t *self, sim_error_t *err);
void sim_store_give_writer(sim_store_t *self, sim_store_writer_t *writer);

/* Compares two identity texts; SIM_EINPUT names the first line that differs, `where` being what holds `stored`. */
sim_status_t sim_store_same_identity(const char *where, const char *stored, const char *now, sim_error_t *err);
/* Says that finished replication `key` of the arm `arm` is not in the plan. */
sim_status_t sim_store_outside(const sim_store_t *self, const char *where, const char *arm, sim_run_key_t key,
                               sim_error_t *err);
/* Number of an arm by its label, or -1. */
int64_t sim_store_arm(const sim_store_t *self, const char *label, size_t bytes);

/* Takes the finished replications that only the assembled result has. `has_parts`: it has a plan beside it. */
sim_status_t sim_store_import(sim_store_t *self, bool has_parts, sim_error_t *err);

/* Fails with `verb` ("write"), errno's text and a likely fix. */
sim_status_t sim_store_io_fail(sim_error_t *err, const char *path, const char *verb);
sim_status_t sim_store_sync_folder(const char *path_inside, sim_error_t *err); /* fsync of the folder that holds it */
double sim_store_clock_s(void);

#endif

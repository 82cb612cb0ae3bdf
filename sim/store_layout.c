// SPDX-License-Identifier: GPL-3.0-or-later
/* How channels become chunks: one chunk per replication of a series, whole chunks of items, and which filters help. */
#include "sim/store_hash.h"
#include "sim/store_internal.h"

#include <stdlib.h>

static uint64_t hash_number(uint64_t hash, double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    return sim_hash_word(hash, word);
}

static uint64_t hash_dimension(uint64_t hash, const sim_dimension_t *d)
{
    hash = sim_hash_word(sim_hash_text(hash, d->name), d->size);
    for (uint32_t i = 0; d->labels != NULL && i < d->size; i++)
        hash = sim_hash_text(hash, d->labels[i]);
    return hash;
}

static uint64_t hash_channel(uint64_t hash, const sim_channel_t *c)
{
    const char *texts[] = {c->group, c->name, c->units, c->long_name, c->dims[0], c->dims[1]};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hash = sim_hash_text(hash, texts[i] == NULL ? "" : texts[i]);
    uint64_t flags = (uint64_t)c->kind << 16 | (uint64_t)c->clock << 8 | (uint64_t)c->across_arms << 1 | c->is_date;
    return hash_number(sim_hash_word(hash, flags), c->resolution);
}

static uint64_t hash_schema(const sim_schema_t *schema, bool design)
{
    uint64_t hash =
        sim_hash_word(SIM_HASH_START, (uint64_t)SIM_STORE_FORMAT << 2 | (uint64_t)schema->events << 1 | design);
    hash = sim_hash_word(hash, (uint64_t)schema->start_day);
    for (int clock = 0; clock < SIM_CLOCKS; clock++) {
        hash = sim_hash_word(hash, schema->n_times[clock]);
        for (uint32_t i = 0; i < schema->n_times[clock]; i++)
            hash = hash_number(hash, schema->times_day[clock][i]);
    }
    for (uint32_t i = 0; i < schema->n_dimensions; i++)
        hash = hash_dimension(hash, &schema->dimensions[i]);
    for (uint32_t i = 0; i < schema->n_channels; i++)
        hash = hash_channel(hash, &schema->channels[i]);
    for (uint32_t i = 0; schema->events && schema->event_types != NULL && i < schema->n_event_types; i++)
        hash = sim_hash_text(hash, schema->event_types[i]);
    return hash;
}

/* Shuffle helps where the bytes of a number differ in kind: integers, and full-precision noise. Decimal fractions have
 * full mantissas but repeat as whole numbers, which shuffle hides from deflate (measured: 20-90 % larger with it). */
static bool shuffle_helps(double resolution)
{
    return !(resolution > 0 && resolution < 1);
}

static void place_channel(sim_store_channel_t *self, const sim_schema_t *schema, uint32_t channel, bool design)
{
    const sim_channel_t *c = &schema->channels[channel];
    self->values = self->chunk_values = sim_schema_row_size(schema, channel) * sim_schema_rows(schema, channel);
    self->value_bytes = design && c->kind == SIM_CHANNEL_SERIES ? 4 : 8;
    self->shuffle = shuffle_helps(c->resolution);
    self->item_dimension = -1;
    if (c->kind == SIM_CHANNEL_ITEM) {
        size_t chunk = self->values < SIM_STORE_ITEM_CHUNK ? self->values : SIM_STORE_ITEM_CHUNK;
        self->item_dimension = sim_schema_dimension(schema, c->dims[0]);
        self->chunk_values = chunk;
        self->values = (self->values + chunk - 1) / chunk * chunk;
    }
}

sim_status_t sim_store_layout_init(sim_store_layout_t *self, const sim_schema_t *schema, bool design, sim_error_t *err)
{
    sim_status_t status = sim_schema_check(schema, err);
    if (status < 0)
        return status;
    self->schema = schema;
    self->hash = hash_schema(schema, design);
    self->channels = calloc((size_t)schema->n_channels + 1, sizeof *self->channels);
    if (self->channels == NULL)
        return sim_fail(err, SIM_ENOMEM, "store", "no memory for %u channels", schema->n_channels);
    for (uint32_t i = 0; i < schema->n_channels; i++)
        place_channel(&self->channels[i], schema, i, design);
    return SIM_OK;
}

void sim_store_layout_free(sim_store_layout_t *self)
{
    free(self->channels);
    self->channels = NULL;
}

/* Share of a channel's bytes that reaches the disk: on the safe side of what rounded and noisy series gave, and for
 * open-ended dimensions a third of the declared bound. */
static double stored_share(const sim_store_channel_t *c, double resolution)
{
    double used = c->item_dimension >= 0 ? 0.33 : 1.0;
    return used * (resolution > 0 ? 0.75 : 1.0);
}

static double replication_bytes(const sim_store_layout_t *layout)
{
    double bytes = 512; /* outcomes' statuses, head */
    for (uint32_t i = 0; i < layout->schema->n_channels; i++) {
        const sim_store_channel_t *c = &layout->channels[i];
        double share = stored_share(c, layout->schema->channels[i].resolution);
        double index = 64; /* a chunk's key in the file's index */
        bytes += (double)c->values * c->value_bytes * share + index;
    }
    return bytes;
}

uint64_t sim_store_expected_bytes(const sim_store_plan_t *plan)
{
    sim_store_layout_t layout = {0};
    if (sim_store_layout_init(&layout, plan->schema, plan->n_points > 1, NULL) < 0)
        return 0;
    double runs = (double)plan->n_arms * plan->n_points * plan->n_replications;
    double bytes = 1e6 + runs * replication_bytes(&layout);
    sim_store_layout_free(&layout);
    return bytes < 1e19 ? (uint64_t)bytes : UINT64_MAX;
}

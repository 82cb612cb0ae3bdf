// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_EVENTS ((size_t)4096)

/* Where a channel's values stand in the block. */
typedef struct channel_slot {
    size_t offset;
    uint32_t row_size;
    uint32_t rows;
    uint32_t item_dimension; /* item channels only */
    uint8_t kind;
    uint8_t clock;
} channel_slot_t;

struct sim_recorder {
    const sim_schema_t *schema;
    channel_slot_t *slots;
    double *values; /* all channels, one behind the other */
    size_t n_values;
    uint32_t row[SIM_CLOCKS];
    uint32_t *items; /* used items per dimension */
    sim_event_row_t *events;
    size_t n_events;
    size_t max_events;
    sim_status_t status;
};

static void fill_missing(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (double)NAN;
}

static void place_channels(sim_recorder_t *self)
{
    for (uint32_t i = 0; i < self->schema->n_channels; i++) {
        const sim_channel_t *c = &self->schema->channels[i];
        channel_slot_t *slot = &self->slots[i];
        slot->offset = self->n_values;
        slot->row_size = (uint32_t)sim_schema_row_size(self->schema, i);
        slot->rows = (uint32_t)sim_schema_rows(self->schema, i);
        slot->kind = (uint8_t)c->kind;
        slot->clock = (uint8_t)c->clock;
        if (c->kind == SIM_CHANNEL_ITEM)
            slot->item_dimension = (uint32_t)sim_schema_dimension(self->schema, c->dims[0]);
        self->n_values += (size_t)slot->row_size * slot->rows;
    }
}

sim_status_t sim_recorder_create(sim_recorder_t **self, const sim_schema_t *schema, sim_error_t *err)
{
    *self = NULL;
    sim_status_t status = sim_schema_check(schema, err);
    if (status < 0)
        return status;
    sim_recorder_t *r = calloc(1, sizeof *r);
    if (r == NULL)
        return sim_fail(err, SIM_ENOMEM, "recorder", "no memory for a recorder");
    r->schema = schema;
    r->slots = calloc((size_t)schema->n_channels + 1, sizeof *r->slots);
    r->items = calloc((size_t)schema->n_dimensions + 1, sizeof *r->items);
    if (r->slots != NULL && r->items != NULL) {
        place_channels(r);
        r->values = malloc((r->n_values + 1) * sizeof *r->values);
    }
    if (r->values == NULL) {
        status = sim_fail(err, SIM_ENOMEM, "recorder", "no memory for %zu recorded values", r->n_values);
        sim_recorder_destroy(r);
        return status;
    }
    fill_missing(r->values, r->n_values);
    *self = r;
    return SIM_OK;
}

void sim_recorder_destroy(sim_recorder_t *self)
{
    if (self == NULL)
        return;
    free(self->slots);
    free(self->items);
    free(self->values);
    free(self->events);
    free(self);
}

/* Values of a channel that can differ from missing: the bound of an open-ended dimension may be far above its use. */
static size_t used_values(const sim_recorder_t *self, uint32_t channel)
{
    const channel_slot_t *slot = &self->slots[channel];
    return slot->kind == SIM_CHANNEL_ITEM ? self->items[slot->item_dimension] : (size_t)slot->row_size * slot->rows;
}

void sim_recorder_reset(sim_recorder_t *self)
{
    for (uint32_t i = 0; i < self->schema->n_channels; i++)
        fill_missing(self->values + self->slots[i].offset, used_values(self, i));
    memset(self->items, 0, self->schema->n_dimensions * sizeof *self->items);
    memset(self->row, 0, sizeof self->row);
    self->n_events = 0;
    self->status = SIM_OK;
}

static bool reserve_events(sim_recorder_t *self, size_t n)
{
    if (n <= self->max_events)
        return true;
    size_t max = self->max_events == 0 ? FIRST_EVENTS : self->max_events;
    while (max < n)
        max *= 2;
    sim_event_row_t *events = realloc(self->events, max * sizeof *events);
    if (events == NULL) {
        self->status = SIM_ENOMEM;
        return false;
    }
    self->events = events;
    self->max_events = max;
    return true;
}

void sim_recorder_copy(sim_recorder_t *self, const sim_recorder_t *from)
{
    SIM_ASSERT(self->schema == from->schema || self->n_values == from->n_values);
    sim_recorder_reset(self);
    for (uint32_t i = 0; i < self->schema->n_channels; i++) {
        size_t offset = self->slots[i].offset;
        memcpy(self->values + offset, from->values + offset, used_values(from, i) * sizeof *self->values);
    }
    memcpy(self->items, from->items, self->schema->n_dimensions * sizeof *self->items);
    memcpy(self->row, from->row, sizeof self->row);
    self->status = from->status;
    if (from->n_events > 0 && reserve_events(self, from->n_events)) {
        memcpy(self->events, from->events, from->n_events * sizeof *self->events);
        self->n_events = from->n_events;
    }
}

const sim_schema_t *sim_recorder_schema(const sim_recorder_t *self)
{
    return self->schema;
}

void sim_recorder_set(sim_recorder_t *self, uint32_t channel, uint32_t index, double value)
{
    SIM_ASSERT(channel < self->schema->n_channels);
    const channel_slot_t *slot = &self->slots[channel];
    SIM_ASSERT(slot->kind == SIM_CHANNEL_SERIES && index < slot->row_size);
    uint32_t row = self->row[slot->clock];
    if (row < slot->rows)
        self->values[slot->offset + (size_t)row * slot->row_size + index] = value;
}

void sim_recorder_advance(sim_recorder_t *self, sim_clock_t clock)
{
    SIM_ASSERT(clock < SIM_CLOCKS);
    self->row[clock]++;
}

uint32_t sim_recorder_row(const sim_recorder_t *self, sim_clock_t clock)
{
    SIM_ASSERT(clock < SIM_CLOCKS);
    return self->row[clock];
}

void sim_recorder_outcome(sim_recorder_t *self, uint32_t channel, double value)
{
    SIM_ASSERT(channel < self->schema->n_channels && self->slots[channel].kind == SIM_CHANNEL_OUTCOME);
    self->values[self->slots[channel].offset] = value;
}

void sim_recorder_item(sim_recorder_t *self, uint32_t channel, uint32_t item, double value)
{
    SIM_ASSERT(channel < self->schema->n_channels);
    const channel_slot_t *slot = &self->slots[channel];
    SIM_ASSERT(slot->kind == SIM_CHANNEL_ITEM && item < slot->row_size);
    if (item >= self->items[slot->item_dimension])
        self->items[slot->item_dimension] = item + 1;
    self->values[slot->offset + item] = value;
}

uint64_t sim_recorder_event(sim_recorder_t *self, const sim_event_row_t *row)
{
    if (!self->schema->events || !reserve_events(self, self->n_events + 1))
        return 0;
    self->events[self->n_events] = *row;
    return ++self->n_events;
}

const double *sim_recorder_values(const sim_recorder_t *self, uint32_t channel, size_t *n)
{
    SIM_ASSERT(channel < self->schema->n_channels);
    *n = used_values(self, channel);
    return self->values + self->slots[channel].offset;
}

const sim_event_row_t *sim_recorder_events(const sim_recorder_t *self, size_t *n)
{
    *n = self->n_events;
    return self->n_events > 0 ? self->events : NULL;
}

uint32_t sim_recorder_items(const sim_recorder_t *self, uint32_t dimension)
{
    SIM_ASSERT(dimension < self->schema->n_dimensions);
    return self->items[dimension];
}

sim_status_t sim_recorder_status(const sim_recorder_t *self)
{
    return self->status;
}

/* Nearest integer, ties to even, for |x| < 2^52: adding 1.5 x 2^52 leaves no room for a fraction. */
static double nearest(double x)
{
    const double shift = 6755399441055744.0;
    return (x + shift) - shift;
}

double sim_round_to(double value, double resolution)
{
    if (value != value)
        return (double)NAN;
    double zeroless = value == 0 ? 0.0 : value;
    if (!(resolution > 0))
        return zeroless;
    double inverse = nearest(1 / resolution);
    bool decimal = resolution < 1 && inverse < 1e15 && fabs(inverse * resolution - 1) < 1e-12;
    double steps = decimal ? value * inverse : value / resolution;
    if (!(fabs(steps) < 4503599627370496.0))
        return zeroless;
    steps = nearest(steps);
    if (steps == 0)
        return 0;
    return decimal ? steps / inverse : steps * resolution;
}

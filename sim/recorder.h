// SPDX-License-Identifier: GPL-3.0-or-later
/* The recorder: what one replication leaves behind, in memory, before it is stored.
 *
 * A schema declares the channels once: name, unit, meaning, dimensions, resolution. A recorder holds one replication's
 * values of all channels in one block. Series channels have a row per recording time; outcome channels one number;
 * item channels one value per item of an open-ended list (centres); event rows grow by themselves.
 *
 *     sim_recorder_set(rec, CH_RENT, 0, rent_yuan);          // this interval's row, national series
 *     sim_recorder_set(rec, CH_PROVINCE_BUSY, province, x);   // one more dimension
 *     sim_recorder_advance(rec, SIM_CLOCK_INTERVAL);          // next row
 *
 * Values never set are NaN (missing) in the result.
 */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sim_channel_kind {
    SIM_CHANNEL_SERIES,  /* [time] or [time, dim] or [time, dim, dim] */
    SIM_CHANNEL_OUTCOME, /* one number per replication */
    SIM_CHANNEL_ITEM     /* one value per item of an open-ended dimension ("centre") */
} sim_channel_kind_t;

typedef enum sim_clock {
    SIM_CLOCK_INTERVAL, /* the scenario's recording interval, weekly by default */
    SIM_CLOCK_MONTH,    /* ends of calendar months */
    SIM_CLOCKS
} sim_clock_t;

/* A labelled dimension. `labels` NULL: open-ended item dimension, labelled by ordinal. */
typedef struct sim_dimension {
    const char *name; /* "province" */
    const char *long_name;
    const char *const *labels;
    uint32_t size; /* for an open-ended dimension: its declared bound */
} sim_dimension_t;

typedef struct sim_channel {
    const char *group; /* "" = root, "province", "outcomes", "centres" */
    const char *name;
    const char *units; /* "1" when dimensionless; never NULL */
    const char *long_name;
    const char *dims[2]; /* names of further dimensions, NULL when unused */
    sim_channel_kind_t kind;
    sim_clock_t clock; /* series only */
    double resolution; /* stored values are multiples of it; 0 = as they are */
    bool is_date;      /* value is a day count since the start date: stored as a CF time */
    bool across_arms;  /* an outcome that is worked out from several arms: has no part in an arm's own digest */
} sim_channel_t;

typedef struct sim_schema {
    const sim_channel_t *channels;
    uint32_t n_channels;
    const sim_dimension_t *dimensions;
    uint32_t n_dimensions;
    int64_t start_day;                   /* simulated time 0, days since 1970-01-01 */
    const double *times_day[SIM_CLOCKS]; /* recording times, days since start_day */
    uint32_t n_times[SIM_CLOCKS];
    bool events;                    /* keep event rows */
    const char *const *event_types; /* names of the event types, for the flags of /events/type; may be NULL */
    uint32_t n_event_types;
    const char *const *event_entities; /* names of the kinds of entity, for /events/entity_kind; NULL: no such column */
    uint32_t n_event_entities;
    const uint8_t *event_entity_of; /* kind of each type's entity */
} sim_schema_t;

typedef struct sim_event_row {
    int64_t time_s;
    uint32_t type;
    uint32_t entity;
    uint64_t cause; /* row number + 1 of the event that caused it, 0 = none */
    double value;
} sim_event_row_t;

typedef struct sim_recorder sim_recorder_t;

/* Reserves one block for all values, everything missing. SIM_EINTERNAL names a channel that the schema declares wrongly
 * (see sim_schema_check), SIM_ENOMEM. The schema must outlive the recorder. */
sim_status_t sim_recorder_create(sim_recorder_t **self, const sim_schema_t *schema, sim_error_t *err);
void sim_recorder_destroy(sim_recorder_t *self); /* NULL is fine */
void sim_recorder_reset(sim_recorder_t *self);   /* all values missing again, first rows, no items, no events */
/* Makes `self` equal to `from`, for a world that was cloned; both of one schema. */
void sim_recorder_copy(sim_recorder_t *self, const sim_recorder_t *from);
const sim_schema_t *sim_recorder_schema(const sim_recorder_t *self);

/* Sets a series value in the current row of the channel's clock. `index`: flat index over the channel's dims. A row
 * past the last recording time is ignored. Out-of-range indices are bugs (assert). */
void sim_recorder_set(sim_recorder_t *self, uint32_t channel, uint32_t index, double value);
void sim_recorder_advance(sim_recorder_t *self, sim_clock_t clock);
uint32_t sim_recorder_row(const sim_recorder_t *self, sim_clock_t clock); /* current row, 0 at the start */
void sim_recorder_outcome(sim_recorder_t *self, uint32_t channel, double value);
void sim_recorder_item(sim_recorder_t *self, uint32_t channel, uint32_t item, double value);
/* Appends an event row when the schema keeps events; returns its number + 1, else 0. Allocates in large steps; without
 * memory the row is dropped and sim_recorder_status says so. */
uint64_t sim_recorder_event(sim_recorder_t *self, const sim_event_row_t *row);

/* A channel's values as they were set (not yet rounded), row-major, and how many; for items only the rows used. */
const double *sim_recorder_values(const sim_recorder_t *self, uint32_t channel, size_t *n);
/* Event rows so far; NULL and 0 when there are none. */
const sim_event_row_t *sim_recorder_events(const sim_recorder_t *self, size_t *n);
/* Items used so far of open-ended dimension number `dimension`. */
uint32_t sim_recorder_items(const sim_recorder_t *self, uint32_t dimension);
/* SIM_OK, or SIM_ENOMEM when event rows were lost: sim_store_put refuses such a recorder. */
sim_status_t sim_recorder_status(const sim_recorder_t *self);

/* The nearest multiple of `resolution`, ties to the even multiple, as the decimal closest to it when 1 / resolution is
 * an integer (0.1 steps give 0.3, not 0.30000000000000004). Negative zero becomes zero, every NaN the same NaN, so that
 * equal values are equal bits. Resolution 0 and infinities leave the value as it is. */
double sim_round_to(double value, double resolution);

/* Checks a schema: names, units, known dimensions, a series' clock, one open-ended dimension for an item channel, no
 * name twice in a group, less than 4 GiB for a replication. SIM_EINTERNAL names the first channel or dimension that is wrong. */
sim_status_t sim_schema_check(const sim_schema_t *schema, sim_error_t *err);
/* Number of the dimension called `name`, or -1. */
int32_t sim_schema_dimension(const sim_schema_t *schema, const char *name);
/* Values in one row of a channel: product of its dimensions' sizes; 1 for an outcome; the bound for an item channel. */
size_t sim_schema_row_size(const sim_schema_t *schema, uint32_t channel);
/* Rows of a channel: recording times of its clock for a series, else 1. */
size_t sim_schema_rows(const sim_schema_t *schema, uint32_t channel);
/* Number of channel `group/name`, or -1. */
int32_t sim_schema_find(const sim_schema_t *schema, const char *group, const char *name);

#endif

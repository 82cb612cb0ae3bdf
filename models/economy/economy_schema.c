// SPDX-License-Identifier: GPL-3.0-or-later
/* The schema of a run: channels of channels.def that the scenario asks for, their dimensions, the recording times. */
#include "models/economy/channels.h"
#include "models/economy/economy.h"
#include "models/economy/economy_state.h"

#include "models/params/shocks.h"

#include <stdlib.h>
#include <string.h>

#define DIMENSIONS 12
#define CENTRE_DIM "centre"

static const sim_channel_t all_channels[] = {
#define MDL_NATION(id, name, units, resolution, meaning)                                                               \
    {"", name, units, meaning, {NULL, NULL}, SIM_CHANNEL_SERIES, SIM_CLOCK_INTERVAL, resolution, false, false},
#define MDL_SERIES(id, group, name, units, resolution, dim1, dim2, meaning)                                            \
    {group, name, units, meaning, {dim1, dim2}, SIM_CHANNEL_SERIES, SIM_CLOCK_INTERVAL, resolution, false, false},
#define MDL_MONTHLY(id, group, name, units, resolution, dim1, dim2, meaning)                                           \
    {group, name, units, meaning, {dim1, dim2}, SIM_CHANNEL_SERIES, SIM_CLOCK_MONTH, resolution, false, false},
#define MDL_OUTCOME(id, name, units, resolution, meaning)                                                              \
    {"outcomes", name, units, meaning, {NULL, NULL}, SIM_CHANNEL_OUTCOME, SIM_CLOCK_INTERVAL, resolution, false, false},
#define MDL_ACROSS(id, name, units, resolution, meaning)                                                               \
    {"outcomes", name, units, meaning, {NULL, NULL}, SIM_CHANNEL_OUTCOME, SIM_CLOCK_INTERVAL, resolution, false, true},
#define MDL_DATE(id, name, meaning)                                                                                    \
    {"outcomes", name, "1", meaning, {NULL, NULL}, SIM_CHANNEL_OUTCOME, SIM_CLOCK_INTERVAL, 1, true, false},
#define MDL_ITEM(id, name, units, resolution, meaning)                                                                 \
    {"centres",          name,       units, meaning, {CENTRE_DIM, NULL}, SIM_CHANNEL_ITEM,                             \
     SIM_CLOCK_INTERVAL, resolution, false, false},
#define MDL_ITEM_DATE(id, name, meaning)                                                                               \
    {"centres", name, "1", meaning, {CENTRE_DIM, NULL}, SIM_CHANNEL_ITEM, SIM_CLOCK_INTERVAL, 0.01, true, false},
#include "models/economy/channels.def"
#undef MDL_NATION
#undef MDL_SERIES
#undef MDL_MONTHLY
#undef MDL_OUTCOME
#undef MDL_ACROSS
#undef MDL_DATE
#undef MDL_ITEM
#undef MDL_ITEM_DATE
};

/* Everything that a schema needs to live, in one block. */
typedef struct schema_block {
    sim_channel_t channels[MDL_CH_COUNT];
    sim_dimension_t dimensions[DIMENSIONS];
    const char *provinces[MDL_MAX_PROVINCES];
    const char *gpu_types[MDL_MAX_GPU_TYPES];
    const char *channel_names[MDL_CHANNELS];
    const char *segments[MDL_SEGMENTS];
    const char *refusals[MDL_REFUSALS];
    const char *classes[MDL_JOB_CLASSES];
    const char *sectors[MDL_SECTORS];
    const char *positions[MDL_POSITIONS];
    const char *flows[MDL_FLOW_ROWS];
    const char *kinds[MDL_DEVELOPER_KINDS];
    const char *event_types[MDL_EV_COUNT];
    const char *event_entities[MDL_WHO_KINDS];
    uint8_t event_entity_of[MDL_EV_COUNT];
    double times[];
} schema_block_t;

static bool wanted(const mdl_input_t *input, const sim_channel_t *channel)
{
    if (channel->group[0] == '\0' || strcmp(channel->group, "outcomes") == 0)
        return true;
    const char *detail = strcmp(channel->group, "centres") == 0 ? CENTRE_DIM : channel->group;
    for (int i = 0; i < MDL_DETAILS; i++)
        if (strcmp(mdl_detail_name(i), detail) == 0)
            return input->detail >> i & 1;
    return false;
}

static void fill_labels(schema_block_t *block, const mdl_tables_t *tables)
{
    static const char *const classes[MDL_JOB_CLASSES] = {"training", "finetune", "inference", "batch"};
    for (uint32_t i = 0; i < tables->n_provinces; i++)
        block->provinces[i] = tables->provinces[i].name;
    for (uint32_t i = 0; i < tables->n_gpu_types; i++)
        block->gpu_types[i] = tables->gpu_types[i].name;
    for (int i = 0; i < MDL_CHANNELS; i++)
        block->channel_names[i] = mdl_channel_name((mdl_chip_channel_t)i);
    for (int i = 0; i < MDL_SEGMENTS; i++)
        block->segments[i] = mdl_segment_name((mdl_segment_t)i);
    for (int i = 0; i < MDL_REFUSALS; i++)
        block->refusals[i] = mdl_refusal_name((mdl_refusal_t)i);
    for (int i = 0; i < MDL_JOB_CLASSES; i++)
        block->classes[i] = classes[i];
    for (int i = 0; i < MDL_SECTORS; i++)
        block->sectors[i] = mdl_sector_name((mdl_sector_t)i);
    for (int i = 0; i < MDL_POSITIONS; i++)
        block->positions[i] = mdl_position_name((mdl_position_t)i);
    for (int i = 0; i < MDL_FLOW_ROWS; i++)
        block->flows[i] = mdl_flow_name(i);
    for (int i = 0; i < MDL_DEVELOPER_KINDS; i++)
        block->kinds[i] = mdl_developer_kind_name((mdl_developer_kind_t)i);
}

static void fill_events(schema_block_t *block, sim_schema_t *schema)
{
    size_t n;
    const mdl_event_type_t *types = mdl_event_registry(&n);
    for (size_t i = 0; i < n; i++) {
        block->event_types[i] = types[i].name;
        block->event_entity_of[i] = (uint8_t)types[i].who;
    }
    for (int who = 0; who < MDL_WHO_KINDS; who++)
        block->event_entities[who] = mdl_who_name((mdl_who_t)who);
    schema->event_types = block->event_types;
    schema->n_event_types = (uint32_t)n;
    schema->event_entities = block->event_entities;
    schema->n_event_entities = MDL_WHO_KINDS;
    schema->event_entity_of = block->event_entity_of;
}

static uint32_t fill_dimensions(schema_block_t *block, const mdl_input_t *input)
{
    const mdl_tables_t *tables = input->tables;
    const sim_dimension_t dimensions[] = {
        {"province", "province", block->provinces, tables->n_provinces},
        {"gpu_type", "GPU type", block->gpu_types, tables->n_gpu_types},
        {"channel", "channel of the seller of chips", block->channel_names, MDL_CHANNELS},
        {"segment", "segment of the rental market", block->segments, MDL_SEGMENTS},
        {"refusal", "why an offer was of no use", block->refusals, MDL_REFUSALS},
        {"job_class", "class of job", block->classes, MDL_JOB_CLASSES},
        {"sector", "sector of the economy", block->sectors, MDL_SECTORS},
        {"position", "position of a balance sheet", block->positions, MDL_POSITIONS},
        {"flow", "kind of transaction", block->flows, MDL_FLOW_ROWS},
        {"developer_kind", "kind of developer", block->kinds, MDL_DEVELOPER_KINDS},
        {CENTRE_DIM, "project, in order of announcement", NULL, (uint32_t)input->params.horizon_max_projects},
    };
    memcpy(block->dimensions, dimensions, sizeof dimensions);
    return sizeof dimensions / sizeof dimensions[0];
}

/* Ends of calendar months within the horizon, days since the start; `times` NULL only counts. */
static uint32_t month_ends(const mdl_input_t *input, double *times)
{
    uint32_t n = 0;
    sim_date_t date = sim_date_from_day(input->start_day);
    for (;;) {
        date = (sim_date_t){date.month == 12 ? date.year + 1 : date.year, date.month == 12 ? 1 : date.month + 1, 1};
        int64_t day = sim_date_to_day(date) - input->start_day;
        if (day * SIM_DAY_S > input->horizon_s)
            return n;
        if (times != NULL)
            times[n] = (double)day;
        n++;
    }
}

static uint32_t interval_count(const mdl_input_t *input)
{
    int64_t n = input->horizon_s / input->record_interval_s;
    return n > 0 ? (uint32_t)n : 1;
}

/* End of recording interval i; a horizon shorter than an interval is one interval. */
static double interval_end_day(const mdl_input_t *input, uint32_t i)
{
    return (double)mdl_eco_interval_end_s(input, i) / (double)SIM_DAY_S;
}

sim_status_t mdl_economy_schema(const mdl_input_t *input, sim_schema_t *schema, sim_error_t *err)
{
    uint32_t n_intervals = interval_count(input), n_months = month_ends(input, NULL);
    schema_block_t *block = calloc(1, sizeof *block + (n_intervals + n_months) * sizeof(double));
    if (block == NULL)
        return sim_fail(err, SIM_ENOMEM, "schema", "%u recording times", n_intervals);
    fill_labels(block, input->tables);
    uint32_t n = 0;
    for (uint32_t i = 0; i < MDL_CH_COUNT; i++)
        if (wanted(input, &all_channels[i]) && (all_channels[i].clock != SIM_CLOCK_MONTH || n_months > 0))
            block->channels[n++] = all_channels[i];
    for (uint32_t i = 0; i < n_intervals; i++)
        block->times[i] = interval_end_day(input, i);
    (void)month_ends(input, block->times + n_intervals);
    *schema = (sim_schema_t){.channels = block->channels,
                             .n_channels = n,
                             .dimensions = block->dimensions,
                             .n_dimensions = fill_dimensions(block, input),
                             .start_day = input->start_day,
                             .times_day = {block->times, block->times + n_intervals},
                             .n_times = {n_intervals, n_months},
                             .events = input->events};
    if (input->events)
        fill_events(block, schema);
    return SIM_OK;
}

void mdl_economy_schema_free(sim_schema_t *schema)
{
    if (schema->channels != NULL) /* the channels stand at the start of the block */
        free((void *)(uintptr_t)schema->channels);
    *schema = (sim_schema_t){0};
}

const char *mdl_economy_outcome(size_t i)
{
    for (uint32_t channel = 0; channel < MDL_CH_COUNT; channel++)
        if (all_channels[channel].kind == SIM_CHANNEL_OUTCOME && i-- == 0)
            return all_channels[channel].name;
    return NULL;
}

void mdl_eco_map_channels(mdl_eco_t *eco)
{
    const sim_schema_t *schema = sim_recorder_schema(eco->recorder);
    for (uint32_t i = 0; i < MDL_CH_COUNT; i++)
        eco->channel[i] = (int16_t)sim_schema_find(schema, all_channels[i].group, all_channels[i].name);
}

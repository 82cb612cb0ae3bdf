// SPDX-License-Identifier: GPL-3.0-or-later
/* Schemas: what a recorder's channels are, checked once. */
#include "sim/recorder.h"

#include <string.h>

#define MAX_VALUES ((size_t)UINT32_MAX / sizeof(double)) /* of a channel in a replication: a chunk of HDF5 */

static bool good_name(const char *name)
{
    if (name == NULL || *name == '\0')
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        bool digit = *c >= '0' && *c <= '9';
        if (!letter && !(digit && c != name))
            return false;
    }
    return true;
}

int32_t sim_schema_dimension(const sim_schema_t *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->n_dimensions; i++)
        if (strcmp(schema->dimensions[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

int32_t sim_schema_find(const sim_schema_t *schema, const char *group, const char *name)
{
    for (uint32_t i = 0; i < schema->n_channels; i++)
        if (strcmp(schema->channels[i].name, name) == 0 && strcmp(schema->channels[i].group, group) == 0)
            return (int32_t)i;
    return -1;
}

size_t sim_schema_row_size(const sim_schema_t *schema, uint32_t channel)
{
    size_t size = 1;
    for (int i = 0; i < 2; i++) {
        const char *name = schema->channels[channel].dims[i];
        if (name != NULL)
            size *= schema->dimensions[sim_schema_dimension(schema, name)].size;
    }
    return size;
}

size_t sim_schema_rows(const sim_schema_t *schema, uint32_t channel)
{
    const sim_channel_t *c = &schema->channels[channel];
    return c->kind == SIM_CHANNEL_SERIES ? schema->n_times[c->clock] : 1;
}

static sim_status_t check_dimension(const sim_schema_t *schema, uint32_t i, sim_error_t *err)
{
    const sim_dimension_t *d = &schema->dimensions[i];
    if (!good_name(d->name))
        return sim_fail(err, SIM_EINTERNAL, d->name, "dimension %u: not a name", i);
    if (d->size == 0 || d->long_name == NULL)
        return sim_fail(err, SIM_EINTERNAL, d->name, "a dimension needs a size and a long name");
    if (sim_schema_dimension(schema, d->name) != (int32_t)i)
        return sim_fail(err, SIM_EINTERNAL, d->name, "dimension declared twice");
    return SIM_OK;
}

/* How many open-ended and how many labelled dimensions a channel has; false when one is unknown. */
static bool count_dims(const sim_schema_t *schema, const sim_channel_t *c, int *open, int *labelled)
{
    *open = *labelled = 0;
    for (int i = 0; i < 2; i++) {
        if (c->dims[i] == NULL)
            continue;
        int32_t d = sim_schema_dimension(schema, c->dims[i]);
        if (d < 0)
            return false;
        *(schema->dimensions[d].labels == NULL ? open : labelled) += 1;
    }
    return true;
}

static sim_status_t check_dims(const sim_schema_t *schema, const sim_channel_t *c, sim_error_t *err)
{
    int open, labelled;
    if (!count_dims(schema, c, &open, &labelled) || (c->dims[0] == NULL && c->dims[1] != NULL))
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel of group '%s' has an unknown dimension", c->group);
    bool good = c->kind == SIM_CHANNEL_SERIES    ? open == 0
                : c->kind == SIM_CHANNEL_OUTCOME ? open + labelled == 0
                                                 : open == 1 && labelled == 0;
    if (!good)
        return sim_fail(err, SIM_EINTERNAL, c->name,
                        "channel of group '%s': a series has labelled dimensions, an outcome none, an item channel one "
                        "that is open-ended",
                        c->group);
    return SIM_OK;
}

static sim_status_t check_channel(const sim_schema_t *schema, uint32_t i, sim_error_t *err)
{
    const sim_channel_t *c = &schema->channels[i];
    if (!good_name(c->name) || c->group == NULL || (*c->group != '\0' && !good_name(c->group)))
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel %u: not a name", i);
    if (c->units == NULL || c->long_name == NULL)
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel of group '%s' needs units and a long name", c->group);
    if (!(c->resolution >= 0 && c->resolution < 1e300))
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel of group '%s': resolution must be >= 0", c->group);
    if (sim_schema_find(schema, c->group, c->name) != (int32_t)i)
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel of group '%s' declared twice", c->group);
    if (c->kind == SIM_CHANNEL_SERIES && (c->clock >= SIM_CLOCKS || schema->n_times[c->clock] == 0))
        return sim_fail(err, SIM_EINTERNAL, c->name, "series of group '%s' has a clock without times", c->group);
    sim_status_t status = check_dims(schema, c, err);
    size_t row = status < 0 ? 0 : sim_schema_row_size(schema, i), rows = status < 0 ? 1 : sim_schema_rows(schema, i);
    if (row > MAX_VALUES / rows)
        return sim_fail(err, SIM_EINTERNAL, c->name, "channel of group '%s': a replication has %zu x %zu values of it",
                        c->group, row, rows);
    return status;
}

sim_status_t sim_schema_check(const sim_schema_t *schema, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (uint32_t i = 0; status == SIM_OK && i < schema->n_dimensions; i++)
        status = check_dimension(schema, i, err);
    for (uint32_t i = 0; status == SIM_OK && i < schema->n_channels; i++)
        status = check_channel(schema, i, err);
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Groups, scales and variables that a schema asks for. Every group has a copy of each scale that it uses, so that it
 * can be opened alone. */
#include "sim/store_assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sim_status_t failed(const sim_store_assembly_t *self, const char *what, sim_error_t *err)
{
    return sim_h5_fail(err, self->result->path, *what == '\0' ? "/" : what);
}

/* A scale 0 .. n-1. */
static herr_t add_ordinals(sim_store_assembly_t *self, const char *group, const char *name, uint32_t n,
                           const char *long_name)
{
    sim_h5_variable_t v = {.group = group, .name = name, .type = H5T_STD_I32LE, .units = "1", .long_name = long_name};
    int64_t *values = malloc(((size_t)n + 1) * sizeof *values);
    for (uint32_t i = 0; values != NULL && i < n; i++)
        values[i] = i;
    herr_t status = values == NULL || sim_h5_add_scale(self->result, &v, values, n) == NULL ? -1 : 0;
    free(values);
    return status;
}

static herr_t add_labels(sim_store_assembly_t *self, const char *group, const char *name, const char *const *labels,
                         uint32_t n, const char *long_name)
{
    sim_h5_variable_t v = {
        .group = group, .name = name, .type = sim_h5_text_type(), .units = "1", .long_name = long_name};
    herr_t status = v.type < 0 || sim_h5_add_scale(self->result, &v, labels, n) == NULL ? -1 : 0;
    sim_h5_close(v.type);
    return status;
}

sim_status_t sim_store_make_run_scales(sim_store_assembly_t *self, const char *group, sim_error_t *err)
{
    const sim_store_t *store = self->store;
    if (sim_h5_find_scale(self->result, group, "replication") != NULL)
        return SIM_OK;
    const char *const *arms = (const char *const *)store->arms;
    herr_t done = add_labels(self, group, "arm", arms, store->n_arms, "arm of the experiment");
    if (done >= 0 && store->n_points > 1)
        done = add_ordinals(self, group, "point", store->n_points, "point of the design");
    if (done >= 0)
        done = add_ordinals(self, group, "replication", store->n_replications,
                            "replication; the same number has the same random numbers in every arm");
    return done < 0 ? failed(self, group, err) : SIM_OK;
}

int sim_store_run_dims(const sim_store_assembly_t *self, sim_h5_variable_t *v)
{
    int n = 0;
    v->dims[n++] = "arm";
    if (self->store->n_points > 1)
        v->dims[n++] = "point";
    v->dims[n++] = "replication";
    return n;
}

/* A group with one clock calls its dimension `time`; the monthly one beside the other is `month`. */
static const char *clock_name(const sim_schema_t *schema, const char *group, sim_clock_t clock)
{
    bool both[SIM_CLOCKS] = {false};
    for (uint32_t i = 0; i < schema->n_channels; i++) {
        const sim_channel_t *c = &schema->channels[i];
        if (c->kind == SIM_CHANNEL_SERIES && strcmp(c->group, group) == 0)
            both[c->clock] = true;
    }
    return clock == SIM_CLOCK_MONTH && both[SIM_CLOCK_INTERVAL] ? "month" : "time";
}

static herr_t make_clock(sim_store_assembly_t *self, const char *group, const char *name, sim_clock_t clock)
{
    const sim_schema_t *schema = self->store->layout.schema;
    if (sim_h5_find_scale(self->result, group, name) != NULL)
        return 0;
    sim_h5_variable_t v = {
        .group = group,
        .name = name,
        .type = H5T_IEEE_F64LE,
        .units = SIM_H5_DAYS,
        .long_name = clock == SIM_CLOCK_MONTH ? "end of the month" : "end of the recording interval",
        .start_day = schema->start_day,
    };
    return sim_h5_add_scale(self->result, &v, schema->times_day[clock], schema->n_times[clock]) == NULL ? -1 : 0;
}

static herr_t make_dimension(sim_store_assembly_t *self, const char *group, uint32_t number)
{
    const sim_dimension_t *d = &self->store->layout.schema->dimensions[number];
    if (sim_h5_find_scale(self->result, group, d->name) != NULL)
        return 0;
    if (d->labels != NULL)
        return add_labels(self, group, d->name, d->labels, d->size, d->long_name);
    uint32_t most = self->store->max_items[number];
    return add_ordinals(self, group, d->name, most == 0 ? 1 : most, d->long_name);
}

static sim_status_t make_scales(sim_store_assembly_t *self, const sim_channel_t *c, sim_error_t *err)
{
    const sim_schema_t *schema = self->store->layout.schema;
    sim_status_t status = sim_store_make_run_scales(self, c->group, err);
    if (status < 0)
        return status;
    herr_t done = 0;
    if (c->kind == SIM_CHANNEL_SERIES)
        done = make_clock(self, c->group, clock_name(schema, c->group, c->clock), c->clock);
    for (int i = 0; done >= 0 && i < 2 && c->dims[i] != NULL; i++)
        done = make_dimension(self, c->group, (uint32_t)sim_schema_dimension(schema, c->dims[i]));
    return done < 0 ? failed(self, c->name, err) : SIM_OK;
}

/* One chunk per replication, or several along the items. */
static void cut_chunks(const sim_store_assembly_t *self, const sim_store_channel_t *layout, int run_dims,
                       sim_h5_variable_t *v)
{
    for (int i = 0; i < v->n_dims; i++) {
        const sim_h5_scale_t *scale = sim_h5_find_scale(self->result, v->group, v->dims[i]);
        v->chunk[i] = i < run_dims ? 1 : scale->size;
    }
    if (layout->item_dimension >= 0) {
        v->chunk[run_dims] = layout->chunk_values;
        v->max_shape[run_dims] = layout->values;
    }
}

static sim_status_t make_variable(sim_store_assembly_t *self, uint32_t channel, sim_error_t *err)
{
    const sim_schema_t *schema = self->store->layout.schema;
    const sim_store_channel_t *layout = &self->store->layout.channels[channel];
    const sim_channel_t *c = &schema->channels[channel];
    sim_h5_variable_t v = {.group = c->group,
                           .name = c->name,
                           .type = layout->value_bytes == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE,
                           .shuffle = layout->shuffle,
                           .missing_is_nan = true,
                           .units = c->is_date ? SIM_H5_DAYS : c->units,
                           .long_name = c->long_name,
                           .start_day = schema->start_day};
    int run_dims = v.n_dims = sim_store_run_dims(self, &v);
    if (c->kind == SIM_CHANNEL_SERIES)
        v.dims[v.n_dims++] = clock_name(schema, c->group, c->clock);
    for (int i = 0; i < 2 && c->dims[i] != NULL; i++)
        v.dims[v.n_dims++] = c->dims[i];
    cut_chunks(self, layout, run_dims, &v);
    self->datasets[channel] = sim_h5_create_variable(self->result, &v);
    return self->datasets[channel] < 0 ? failed(self, c->name, err) : SIM_OK;
}

static sim_status_t make_channels(sim_store_assembly_t *self, sim_error_t *err)
{
    const sim_schema_t *schema = self->store->layout.schema;
    sim_status_t status = SIM_OK;
    for (uint32_t i = 0; status == SIM_OK && i < schema->n_channels; i++) {
        status = make_scales(self, &schema->channels[i], err);
        if (status == SIM_OK && schema->channels[i].kind != SIM_CHANNEL_OUTCOME)
            status = make_variable(self, i, err);
    }
    return status;
}

static sim_status_t write_identity(sim_store_assembly_t *self, sim_error_t *err)
{
    char layout[17];
    snprintf(layout, sizeof layout, "%016llx", (unsigned long long)self->store->layout.hash);
    sim_status_t status = sim_result_write_text(self->result, "/provenance/identity", self->store->identity, err);
    if (status == SIM_OK)
        status = sim_result_write_text(self->result, "/provenance/layout", layout, err);
    return status;
}

sim_status_t sim_store_make_groups(sim_store_assembly_t *self, sim_error_t *err)
{
    const int32_t format = SIM_STORE_FORMAT;
    hid_t root = sim_h5_group(self->result, "");
    bool good = root >= 0 && sim_h5_set_text(self->result, root, "Conventions", "CF-1.11") >= 0 &&
                sim_h5_set_number(root, "overbuild_format", H5T_NATIVE_INT32, &format, 1) >= 0;
    sim_status_t status = good ? sim_store_make_run_scales(self, "", err) : failed(self, "/", err);
    if (status == SIM_OK)
        status = make_channels(self, err);
    if (status == SIM_OK)
        status = sim_store_make_columns(self, err);
    if (status == SIM_OK && self->store->layout.schema->events)
        status = sim_store_make_events(self, err);
    return status < 0 ? status : write_identity(self, err);
}

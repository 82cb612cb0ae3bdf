// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/economy.h"

#include "tests/support/test.h"

static void load(test_economy_t *self)
{
    scn_override_t overrides[TEST_ECONOMY_SETS];
    scn_options_t options = {
        .sets = overrides, .seed = &self->seed, .until = self->until, .audit = self->audit, .events = self->events};
    for (int i = 0; i < TEST_ECONOMY_SETS && self->sets[i] != NULL; i++)
        overrides[options.n_sets++].text = self->sets[i];
    if (self->arm != NULL) {
        options.arms = &self->arm;
        options.n_arms = 1;
    }
    scn_problems_t problems = {0};
    const char *preset = self->preset != NULL ? self->preset : "quick";
    if (scn_scenario_load(&self->scenario, preset, &options, &problems, &self->err) != SIM_OK)
        fail_msg("%s", problems.n > 0 ? problems.items[0].text : self->err.message);
    scn_problems_free(&problems);
    self->input = scn_scenario_input(self->scenario, 0, 0);
    if (self->edit == NULL)
        return;
    self->edited = *self->input;
    self->tables = malloc(sizeof *self->tables);
    assert_non_null(self->tables);
    *self->tables = *self->input->tables;
    self->edited.tables = self->tables;
    self->edit(self, &self->edited, self->tables);
    self->input = &self->edited;
}

static void check(const test_economy_t *self, sim_status_t status)
{
    if (status != SIM_OK)
        fail_msg("seed %llu: %s", (unsigned long long)self->seed, self->err.message);
}

void test_economy_open(test_economy_t *self)
{
    load(self);
    check(self, mdl_economy_schema(self->input, &self->schema, &self->err));
    check(self, sim_recorder_create(&self->recorder, &self->schema, &self->err));
    sim_world_options_t options = {.seed = self->seed,
                                   .replication = self->replication,
                                   .threads = self->threads,
                                   .start_day = self->input->start_day};
    check(self, sim_world_create(&self->world, mdl_economy_model(), self->input, &options, &self->err));
    check(self, mdl_economy_populate(self->world, self->recorder, &self->err));
}

sim_status_t test_economy_advance(test_economy_t *self, int64_t until_s)
{
    int64_t end_s = until_s == SIM_NEVER ? self->input->horizon_s : until_s;
    return sim_world_run(self->world, end_s, NULL, &self->err);
}

void test_economy_run(test_economy_t *self)
{
    test_economy_open(self);
    check(self, test_economy_advance(self, SIM_NEVER));
    check(self, mdl_economy_finish(self->world, self->recorder, &self->meta, &self->err));
}

test_economy_t test_economy_clone(const test_economy_t *self)
{
    test_economy_t copy = *self;
    copy.recorder = NULL;
    copy.world = NULL;
    assert_int_equal(sim_recorder_create(&copy.recorder, &self->schema, &copy.err), SIM_OK);
    sim_recorder_copy(copy.recorder, self->recorder);
    assert_int_equal(sim_world_clone(&copy.world, self->world, self->input, &copy.err), SIM_OK);
    assert_int_equal(mdl_economy_attach(copy.world, copy.recorder, &copy.err), SIM_OK);
    return copy;
}

void test_economy_finish_clone(test_economy_t *copy)
{
    assert_int_equal(test_economy_advance(copy, SIM_NEVER), SIM_OK);
    assert_int_equal(mdl_economy_finish(copy->world, copy->recorder, &copy->meta, &copy->err), SIM_OK);
}

void test_economy_free_clone(test_economy_t *copy)
{
    sim_world_destroy(copy->world);
    sim_recorder_destroy(copy->recorder);
}

void test_economy_free(test_economy_t *self)
{
    sim_world_destroy(self->world);
    sim_recorder_destroy(self->recorder);
    mdl_economy_schema_free(&self->schema);
    scn_scenario_free(self->scenario);
    free(self->tables);
}

static const double *values(const test_economy_t *self, const char *group, const char *name, size_t *n)
{
    int32_t channel = sim_schema_find(&self->schema, group, name);
    if (channel < 0)
        fail_msg("no channel %s/%s", group, name);
    return sim_recorder_values(self->recorder, (uint32_t)channel, n);
}

double test_economy_outcome(const test_economy_t *self, const char *name)
{
    size_t n;
    return values(self, "outcomes", name, &n)[0];
}

double test_economy_last(const test_economy_t *self, const char *name)
{
    size_t n;
    const double *series = values(self, "", name, &n);
    return series[n - 1];
}

uint64_t test_economy_hash(const test_economy_t *self)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a over the bytes of all values */
    for (uint32_t channel = 0; channel < self->schema.n_channels; channel++) {
        size_t n;
        const double *all = sim_recorder_values(self->recorder, channel, &n);
        for (size_t i = 0; i < n; i++) {
            uint64_t bits;
            memcpy(&bits, &all[i], sizeof bits);
            if (all[i] != all[i])
                bits = 0; /* missing is missing */
            hash = (hash ^ bits) * 1099511628211u;
        }
    }
    return hash;
}

static bool may_be_missing(const sim_channel_t *channel)
{
    bool share = strcmp(channel->units, "1") == 0 && channel->resolution < 1;
    bool until_let = strcmp(channel->group, "gpu_market") == 0 && strcmp(channel->name, "rent") == 0;
    return channel->kind != SIM_CHANNEL_SERIES || share || until_let || strcmp(channel->name, "mean_wait") == 0;
}

void test_economy_check_values(const test_economy_t *self)
{
    for (uint32_t channel = 0; channel < self->schema.n_channels; channel++) {
        const sim_channel_t *c = &self->schema.channels[channel];
        size_t n;
        const double *all = sim_recorder_values(self->recorder, channel, &n);
        for (size_t i = 0; i < n; i++)
            if (isinf(all[i]) || (isnan(all[i]) && !may_be_missing(c)))
                fail_msg("%s/%s: value %zu of %zu is %g", c->group, c->name, i, n, all[i]);
    }
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* A world's life: creation, reset, cloning, and reading it. */
#include "sim/world.h"

#include "sim/world_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define INITIAL_LPS 16u

/* Lays the root and the empty LP tables into an empty arena; the smallest arena has room for them. */
static void lay_root(sim_world_t *world)
{
    sim_arena_t *arena = &world->arena;
    world->root_ref = sim_arena_alloc(arena, sizeof(sim_world_root_t));
    world->root = sim_arena_at(arena, world->root_ref);
    world->root->records = sim_arena_alloc(arena, INITIAL_LPS * sizeof(sim_lp_record_t));
    world->root->briefs = sim_arena_alloc(arena, INITIAL_LPS * sizeof(sim_lp_brief_t));
    world->root->active = sim_arena_alloc(arena, INITIAL_LPS * sizeof(uint32_t));
    world->root->reports = sim_arena_alloc(arena, INITIAL_LPS * world->report_bytes);
    world->root->lp_capacity = INITIAL_LPS;
    SIM_ASSERT(world->root_ref != 0 && world->root->reports != 0);
}

static size_t largest_report(const sim_model_t *model)
{
    size_t bytes = 0;
    for (uint32_t kind = 0; kind < model->n_kinds; kind++)
        bytes = model->kinds[kind].report_bytes > bytes ? model->kinds[kind].report_bytes : bytes;
    return bytes;
}

/* Without a bound of the caller's, half of the default will do where the limit on address space is tight. */
static sim_status_t reserve(sim_world_t *world, sim_error_t *err)
{
    if (world->options.max_bytes != 0)
        return sim_arena_init(&world->arena, world->options.max_bytes, err);
    for (size_t bytes = SIM_WORLD_DEFAULT_BYTES; bytes > SIM_WORLD_LEAST_DEFAULT_BYTES; bytes /= 2) {
        if (sim_arena_init(&world->arena, bytes, NULL) == SIM_OK)
            return SIM_OK;
    }
    return sim_arena_init(&world->arena, SIM_WORLD_LEAST_DEFAULT_BYTES, err);
}

sim_status_t sim_world_create(sim_world_t **world, const sim_model_t *model, const void *input,
                              const sim_world_options_t *options, sim_error_t *err)
{
    SIM_ASSERT(model->window_s > 0 && model->n_kinds > 0);
    *world = NULL;
    sim_world_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return sim_fail(err, SIM_ENOMEM, model->name, "no memory for a world");
    self->model = model;
    self->report_bytes = largest_report(model);
    self->input = input;
    self->options = *options;
    sim_status_t status = reserve(self, err);
    if (status < 0) {
        sim_world_destroy(self);
        return status;
    }
    lay_root(self);
    *world = self;
    return SIM_OK;
}

void sim_world_destroy(sim_world_t *world)
{
    if (world == NULL)
        return;
    sim_arena_free(&world->arena);
    free(world);
}

sim_status_t sim_world_reset(sim_world_t *world, const void *input, const sim_world_options_t *options,
                             sim_error_t *err)
{
    SIM_ASSERT(!world->in_window && world->frames == NULL);
    bool other_bound = options->max_bytes != world->options.max_bytes;
    world->input = input;
    world->options = *options;
    world->error = (sim_error_t){0};
    world->windows_s = 0;
    world->boundaries_s = 0;
    if (other_bound) {
        sim_arena_free(&world->arena);
        sim_status_t status = reserve(world, err);
        if (status < 0)
            return status;
    } else {
        sim_arena_reset(&world->arena);
    }
    lay_root(world);
    return SIM_OK;
}

sim_status_t sim_world_clone(sim_world_t **copy, const sim_world_t *world, const void *input, sim_error_t *err)
{
    SIM_ASSERT(!world->in_window && world->frames == NULL);
    *copy = NULL;
    sim_world_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return sim_fail(err, SIM_ENOMEM, world->model->name, "no memory for a world");
    self->model = world->model;
    self->report_bytes = world->report_bytes;
    self->input = input;
    self->options = world->options;
    sim_status_t status = sim_arena_init(&self->arena, world->arena.max_bytes, err);
    if (status >= 0)
        status = sim_arena_copy(&self->arena, &world->arena, err);
    if (status < 0) {
        sim_world_destroy(self);
        return status;
    }
    self->root_ref = world->root_ref;
    self->root = sim_arena_at(&self->arena, self->root_ref);
    *copy = self;
    return SIM_OK;
}

void sim_world_place_(const sim_world_t *world, uint32_t lp, int64_t time_s, char text[128])
{
    char when[32];
    sim_time_format(world->options.start_day, time_s, when);
    (void)snprintf(text, 128, "%.40s LP %u at %s (%lld s)",
                   world->model->kinds[sim_world_record_(world, lp)->kind].name, lp, when, (long long)time_s);
}

int64_t sim_world_now(const sim_world_t *world)
{
    return world->root->now_s;
}

const void *sim_world_input(const sim_world_t *world)
{
    return world->input;
}

int64_t sim_world_window_s(const sim_world_t *world)
{
    return world->model->window_s;
}

uint64_t sim_world_seed(const sim_world_t *world)
{
    return world->options.seed;
}

uint64_t sim_world_replication(const sim_world_t *world)
{
    return world->options.replication;
}

uint32_t sim_world_lp_count(const sim_world_t *world)
{
    return world->root->n_lps;
}

uint32_t sim_world_kind(const sim_world_t *world, uint32_t lp)
{
    SIM_ASSERT(lp < world->root->n_lps);
    return sim_world_record_(world, lp)->kind;
}

void *sim_world_state(sim_world_t *world, uint32_t lp)
{
    SIM_ASSERT(lp < world->root->n_lps);
    sim_ref_t state = sim_world_record_(world, lp)->state;
    return state == 0 ? NULL : sim_arena_at(&world->arena, state);
}

void sim_world_expect(sim_world_t *world, size_t bytes)
{
    if (world->options.threads > 1)
        sim_arena_touch(&world->arena, bytes, world->options.threads);
}

const void *sim_world_report(const sim_world_t *world, uint32_t lp)
{
    SIM_ASSERT(lp < world->root->n_lps);
    return sim_world_report_(world, lp);
}

sim_arena_t *sim_world_arena(sim_world_t *world)
{
    return &world->arena;
}

uint64_t sim_world_fingerprint(const sim_world_t *world)
{
    uint64_t hash = world->root->n_lps;
    for (uint32_t i = 0; i < world->root->n_lps; i++) {
        const sim_lp_record_t *record = sim_world_record_(world, i);
        hash = (sim_rotate_(hash, 27) ^ record->fingerprint) * UINT64_C(0x9E3779B97F4A7C15) + record->events;
    }
    return hash ^ hash >> 32;
}

uint64_t sim_world_events(const sim_world_t *world)
{
    uint64_t events = 0;
    for (uint32_t i = 0; i < world->root->n_lps; i++)
        events += sim_world_record_(world, i)->events;
    return events;
}

uint64_t sim_world_dropped(const sim_world_t *world)
{
    return world->root->dropped;
}

void sim_world_wall_s(const sim_world_t *world, double *windows_s, double *boundaries_s)
{
    *windows_s = world->windows_s;
    *boundaries_s = world->boundaries_s;
}

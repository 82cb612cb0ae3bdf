// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef OVERBUILD_VERSION
#error "the build defines OVERBUILD_VERSION"
#endif

const char *scn_version(void)
{
    return OVERBUILD_VERSION;
}

const char *scn_compiler(void)
{
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

/* Writes a text that the caller made, and frees it. */
static sim_status_t write_made(sim_result_t *result, const char *path, char *text, sim_error_t *err)
{
    if (text == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for this text");
    sim_status_t status = sim_result_write_text(result, path, text, err);
    free(text);
    return status;
}

static sim_status_t write_design(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err)
{
    uint32_t points = scn_scenario_points(scenario);
    sim_status_t status = SIM_OK;
    for (uint32_t factor = 0; factor < scn_scenario_factors(scenario) && status == SIM_OK; factor++) {
        const char *key = scn_scenario_factor_key(scenario, factor);
        const mdl_param_t *param = &mdl_params_registry(NULL)[mdl_params_find(key)];
        sim_array_t array = {.n_dims = 1, .shape = {points}, .dims = {"point"}};
        snprintf(array.units, sizeof array.units, "%s", param->kind == MDL_KIND_CHOICE ? "1" : param->unit);
        snprintf(array.long_name, sizeof array.long_name, "%s", param->meaning);
        array.values = calloc(points, sizeof *array.values);
        if (array.values == NULL)
            return sim_fail(err, SIM_ENOMEM, key, "no memory for %" PRIu32 " points", points);
        for (uint32_t point = 0; point < points; point++)
            array.values[point] = scn_scenario_factor_value(scenario, point, factor);
        char path[128];
        snprintf(path, sizeof path, "/design/%s", key);
        status = sim_result_write(result, path, &array, err);
        sim_array_free(&array);
    }
    return status;
}

/* One drawn parameter of every replication; number `scn_scenario_drawn` stands for the row of the table. */
static sim_status_t write_drawn_one(sim_result_t *result, const scn_scenario_t *scenario, uint32_t i,
                                    sim_array_t *array, sim_error_t *err)
{
    const mdl_param_t *registry = mdl_params_registry(NULL), *param = NULL;
    if (i < scn_scenario_drawn(scenario))
        param = &registry[scn_scenario_drawn_param(scenario, i)];
    char path[128];
    bool plain = param == NULL || param->kind == MDL_KIND_CHOICE;
    snprintf(path, sizeof path, "/draws/%s", param == NULL ? "row" : param->key);
    snprintf(array->units, sizeof array->units, "%s", plain ? "1" : param->unit);
    snprintf(array->long_name, sizeof array->long_name, "%s",
             param == NULL ? "row of the posterior's table, from 0" : param->meaning);
    size_t replications = array->shape[array->n_dims - 1], points = array->n_dims > 1 ? array->shape[0] : 1;
    for (size_t k = 0; k < points * replications; k++) {
        uint32_t point = (uint32_t)(k / replications), replication = (uint32_t)(k % replications);
        uint64_t random = scn_scenario_random_replication(scenario, point, replication);
        size_t row = scn_scenario_drawn_row(scenario, random);
        array->values[k] = param == NULL ? (double)row : scn_scenario_drawn_value(scenario, row, i);
    }
    return sim_result_write(result, path, array, err);
}

/* Parameters of every replication that drew them, and the row of the table that they are: /draws. */
static sim_status_t write_drawn(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err)
{
    sim_array_t runs = {0};
    sim_status_t status = sim_result_describe(result, "/outcomes/status", &runs, err);
    if (status != SIM_OK)
        return status;
    size_t replications = runs.shape[runs.n_dims - 1], points = scn_scenario_points(scenario);
    sim_array_t array = {.n_dims = 1, .shape = {replications}, .dims = {"replication"}};
    if (points > 1)
        array = (sim_array_t){.n_dims = 2, .shape = {points, replications}, .dims = {"point", "replication"}};
    array.values = calloc(points * replications, sizeof *array.values);
    if (array.values == NULL)
        return sim_fail(err, SIM_ENOMEM, "/draws", "no memory for %zu replications", points * replications);
    for (uint32_t i = 0; i <= scn_scenario_drawn(scenario) && status == SIM_OK; i++)
        status = write_drawn_one(result, scenario, i, &array, err);
    sim_array_free(&array);
    return status;
}

sim_status_t scn_provenance_write(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, scn_scenario_seed(scenario));
    const struct {
        const char *path, *text;
    } fixed[] = {
        {"/provenance/name", scn_scenario_name(scenario)},
        {"/provenance/seed", seed},
        {"/provenance/version", scn_version()},
        {"/provenance/compiler", scn_compiler()},
    };
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && status == SIM_OK; i++)
        status = sim_result_write_text(result, fixed[i].path, fixed[i].text, err);
    if (status == SIM_OK)
        status = write_made(result, "/provenance/scenario", scn_scenario_source(scenario), err);
    if (status == SIM_OK)
        status = write_made(result, "/provenance/resolved", scn_scenario_resolved(scenario), err);
    if (status == SIM_OK && scn_scenario_points(scenario) > 1)
        status = write_design(result, scenario, err);
    if (status == SIM_OK && scn_scenario_drawn(scenario) > 0)
        status = write_drawn(result, scenario, err);
    return status;
}

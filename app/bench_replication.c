// SPDX-License-Identifier: GPL-3.0-or-later
/* How long one replication of the shipped baseline takes, from an empty world to its outcomes. */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "models/economy/economy.h"
#include "scenarios/scenario.h"

#define REPEATS 5

static sim_status_t run_once(const scn_scenario_t *scenario, uint64_t replication, app_replication_result_t *result,
                             double *seconds, sim_error_t *err)
{
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    sim_world_options_t options = {
        .seed = scn_scenario_seed(scenario), .replication = replication, .start_day = input->start_day};
    sim_schema_t schema = {0};
    sim_recorder_t *recorder = NULL;
    sim_world_t *world = NULL;
    sim_run_meta_t meta = {0};
    sim_status_t status = mdl_economy_schema(input, &schema, err);
    if (status == SIM_OK)
        status = sim_recorder_create(&recorder, &schema, err);
    double start_s = app_bench_now_s();
    if (status == SIM_OK)
        status = sim_world_create(&world, mdl_economy_model(), input, &options, err);
    if (status == SIM_OK)
        status = mdl_economy_populate(world, recorder, err);
    if (status == SIM_OK)
        status = sim_world_run(world, input->horizon_s, NULL, err);
    if (status == SIM_OK)
        status = mdl_economy_finish(world, recorder, &meta, err);
    *seconds = app_bench_now_s() - start_s;
    result->events += meta.events / REPEATS;
    result->jobs += meta.jobs / REPEATS;
    result->memory_bytes = world != NULL ? sim_arena_used(sim_world_arena(world)) : 0;
    sim_world_destroy(world);
    sim_recorder_destroy(recorder);
    mdl_economy_schema_free(&schema);
    return status;
}

sim_status_t app_bench_replication(app_replication_result_t *result, sim_error_t *err)
{
    *result = (app_replication_result_t){.repeats = REPEATS};
    scn_scenario_t *scenario = NULL;
    scn_problems_t problems = {0};
    double seconds[REPEATS];
    sim_status_t status = scn_scenario_load(&scenario, "china-2022", &(scn_options_t){0}, &problems, err);
    for (uint64_t i = 0; i < REPEATS && status == SIM_OK; i++)
        status = run_once(scenario, i, result, &seconds[i], err);
    scn_problems_free(&problems);
    scn_scenario_free(scenario);
    if (status != SIM_OK)
        return status;
    app_bench_sort(seconds, REPEATS);
    result->seconds = seconds[REPEATS / 2];
    result->seconds_low = seconds[0];
    result->seconds_high = seconds[REPEATS - 1];
    return SIM_OK;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Two thousand data centres that schedule jobs one by one. */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "models/datacentre/datacentre.h"

#include <stdlib.h>

#define CENTRES         2000
#define NODES           128
#define TENANTS         4
#define LOAD_PERMILLE   700
#define LONGEST_S       (6 * SIM_HOUR_S)
#define WINDOW_S        (6 * SIM_HOUR_S) /* the economy's are of a day */
#define WARM_UP_WINDOWS 1
#define REPEATS         4
#define MAX_BYTES       ((size_t)4 << 30)

static sim_status_t add_centre(sim_world_t *world, uint64_t entity, sim_error_t *err)
{
    mdl_datacentre_spec_t spec = {
        .entity = entity, .nodes = NODES, .nodes_powered = NODES, .pue = 1.3, .fabric_gb_s = 400};
    mdl_contract_terms_t terms = {
        .job_class = MDL_JOB_FINETUNE, .nodes = NODES / TENANTS, .activity_permille = LOAD_PERMILLE, .ported = true};
    uint32_t lp;
    sim_status_t status = mdl_datacentre_create(world, 0, &spec, 0, &lp, err);

    for (uint32_t i = 0; i < TENANTS && status == SIM_OK; i++) {
        sim_event_t start = {.type = MDL_DC_CONTRACT_START,
                             .entity = i,
                             .a = mdl_contract_pack(&terms),
                             .b = (int64_t)sim_entity_id(entity, 0, i)};
        status = sim_world_schedule(world, lp, &start, 0, NULL);
    }
    return status;
}

static int64_t jobs_started(sim_world_t *world, double *load)
{
    int64_t jobs = 0, allocated = 0;

    for (uint32_t lp = 0; lp < sim_world_lp_count(world); lp++) {
        const mdl_datacentre_meter_t *meter = mdl_datacentre_read(world, lp, sim_world_now(world));
        jobs += meter->jobs_started[MDL_JOB_FINETUNE];
        allocated += meter->allocated_gpus;
    }
    *load = (double)allocated / ((double)CENTRES * NODES * MDL_NODE_GPUS);
    return jobs;
}

static sim_status_t measure(sim_world_t *world, app_scheduler_result_t *result, sim_error_t *err)
{
    double rates[REPEATS];
    sim_status_t status = sim_world_run(world, WARM_UP_WINDOWS * WINDOW_S, NULL, err);
    int64_t first = jobs_started(world, &result->load), before = first;

    for (int r = 0; r < REPEATS && status == SIM_OK; r++) {
        double start_s = app_bench_now_s();
        status = sim_world_run(world, sim_world_now(world) + WINDOW_S, NULL, err);
        double wall_s = app_bench_now_s() - start_s;
        int64_t after = jobs_started(world, &result->load);
        rates[r] = (double)(after - before) / wall_s;
        before = after;
    }
    if (status < 0)
        return status;
    app_bench_sort(rates, REPEATS);
    result->jobs = before - first;
    result->jobs_per_s = (rates[(REPEATS - 1) / 2] + rates[REPEATS / 2]) / 2;
    result->jobs_per_s_low = rates[0];
    result->jobs_per_s_high = rates[REPEATS - 1];
    return SIM_OK;
}

static void fill_input(mdl_input_t *input, mdl_tables_t *tables)
{
    tables->gpu_types[0] =
        (mdl_gpu_type_t){.power_w = 700, .rate_training = 1, .rate_finetune = 1, .rate_inference = 1, .rate_batch = 1};
    tables->n_gpu_types = 1;
    mdl_params_init(&input->params);
    input->params.workload_grain_s = 0;
    input->params.finetune_longest_s = LONGEST_S;
    input->tables = tables;
}

sim_status_t app_bench_scheduler(app_scheduler_result_t *result, sim_error_t *err)
{
    const sim_lp_kind_t kinds[] = {mdl_datacentre_kind};
    const sim_model_t model = {.name = "data centres", .kinds = kinds, .n_kinds = 1, .window_s = WINDOW_S};
    mdl_input_t *input = calloc(1, sizeof *input);
    mdl_tables_t *tables = calloc(1, sizeof *tables);
    sim_world_t *world = NULL;
    sim_status_t status = SIM_ENOMEM;

    *result = (app_scheduler_result_t){.centres = CENTRES, .nodes = NODES, .repeats = REPEATS};
    if (input == NULL || tables == NULL) {
        (void)sim_fail(err, status, "bench", "no memory for the input");
        goto out;
    }
    fill_input(input, tables);
    status = sim_world_create(&world, &model, input, &(sim_world_options_t){.seed = 1, .max_bytes = MAX_BYTES}, err);
    for (uint64_t i = 0; i < CENTRES && status == SIM_OK; i++)
        status = add_centre(world, i + 1, err);
    if (status == SIM_OK)
        status = measure(world, result, err);
out:
    sim_world_destroy(world);
    free(tables);
    free(input);
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/training.h"

#include "models/hardware/cluster.h"
#include "sim/draw.h"

static uint32_t gang_nodes(const mdl_tenancy_t *tenancy)
{
    return tenancy->gang_nodes > 0 ? tenancy->gang_nodes : tenancy->nodes;
}

uint32_t mdl_training_gang_gpus(const mdl_tenancy_t *tenancy)
{
    return gang_nodes(tenancy) * MDL_NODE_GPUS;
}

uint32_t mdl_training_gangs(const mdl_tenancy_t *tenancy)
{
    uint32_t gangs = gang_nodes(tenancy) > 0 ? tenancy->granted_nodes / gang_nodes(tenancy) : 0;

    return gangs > 0 ? gangs : 1;
}

void mdl_training_plan(mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings)
{
    double wanted_nodes = tenancy->activity_permille / 1000.0 * tenancy->granted_nodes;
    double active = wanted_nodes / ((double)mdl_training_gangs(tenancy) * gang_nodes(tenancy));

    if (!(active > 0)) {
        tenancy->mean_gap_s = -1;
        return;
    }
    tenancy->mean_gap_s = active < 1 ? settings->training_mean_s * (1 - active) / active : 0;
}

int64_t mdl_training_pause(const mdl_tenancy_t *tenancy, sim_rng_t *rng)
{
    return (int64_t)(sim_draw_exponential(rng, 1) * tenancy->mean_gap_s + 0.5);
}

void mdl_training_job(const mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings, double throughput,
                      sim_rng_t *rng, mdl_job_request_t *request)
{
    double length_s = sim_draw_lognormal(rng, settings->training_mu, settings->training_sigma) / throughput;
    double rate = settings->training_rate;

    *request = (mdl_job_request_t){.work_s = length_s > 1 ? (int64_t)(length_s + 0.5) : 1,
                                   .gpus = mdl_training_gang_gpus(tenancy),
                                   .startup_s = settings->training_startup_s,
                                   .interval_s = settings->checkpoint_interval_s,
                                   .pause_s = settings->checkpoint_pause_s,
                                   .speed_permille = (uint32_t)(1000 * rate * throughput + 0.5),
                                   .job_class = MDL_JOB_TRAINING,
                                   .intended_end = MDL_END_FINISHED,
                                   .tightly_coupled = true};
}

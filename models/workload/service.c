// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/service.h"

#include "models/hardware/cluster.h"
#include "sim/draw.h"

#include <math.h>

double mdl_service_wave(const mdl_workload_settings_t *settings, double hour)
{
    double from_peak = fabs(hour - settings->service_peak_h);
    double u = (from_peak > 12 ? 24 - from_peak : from_peak) / 12; /* 0 at the peak, 1 at the trough */

    return 1 + settings->service_swing * (1 - 2 * u * u * (3 - 2 * u));
}

double mdl_service_wave_from(const mdl_workload_settings_t *settings, int64_t from_s)
{
    int64_t middle_s = from_s + settings->service_interval_s / 2;

    return mdl_service_wave(settings, (double)(middle_s % SIM_DAY_S) / (double)SIM_HOUR_S);
}

void mdl_service_keep_waves(mdl_workload_settings_t *settings)
{
    int64_t length_s = settings->service_interval_s;

    settings->service_waves_kept = SIM_DAY_S % length_s == 0 && SIM_DAY_S / length_s <= MDL_SERVICE_WAVES;
    for (int64_t i = 0; settings->service_waves_kept && i < SIM_DAY_S / length_s; i++)
        settings->service_wave[i] = mdl_service_wave_from(settings, i * length_s);
}

/* The largest load, in thousandths of GPUs, that so many serve, when they serve `served`. */
static int64_t served_mgpu(const mdl_workload_settings_t *settings, uint32_t gpus, int64_t served)
{
    int64_t beyond = 1000 * (int64_t)gpus + 1; /* a load needs more than itself */

    while (beyond - served > 1) {
        int64_t middle = served + (beyond - served) / 2;
        if (mdl_service_needed(settings, (double)middle / 1000) <= gpus)
            served = middle;
        else
            beyond = middle;
    }
    return served;
}

void mdl_service_keep_steps(mdl_workload_settings_t *settings)
{
    mdl_service_steps_t *steps = &settings->service_steps;
    uint32_t nodes = 0;

    steps->served_mgpu[0] = 0;
    for (uint32_t n = 1; n <= MDL_SERVICE_STEPS; n++)
        steps->served_mgpu[n] = (int32_t)served_mgpu(settings, n * MDL_NODE_GPUS, steps->served_mgpu[n - 1]);
    for (int32_t level = 0; level < MDL_SERVICE_LEVELS; level++) {
        while (nodes < MDL_SERVICE_STEPS && steps->served_mgpu[nodes] < level << MDL_SERVICE_LEVEL_BITS)
            nodes++;
        steps->nodes[level] = (uint8_t)nodes;
    }
}

uint32_t mdl_service_count_nodes(const mdl_workload_settings_t *settings, double gpus)
{
    return mdl_service_round_up(mdl_service_needed(settings, gpus) / MDL_NODE_GPUS, MDL_SERVICE_MOST_NODES);
}

void mdl_service_set_lease(mdl_service_t *self, const mdl_tenancy_t *tenancy)
{
    uint32_t gpus = tenancy->granted_nodes * MDL_NODE_GPUS;

    self->nodes = tenancy->granted_nodes;
    self->ported = tenancy->ported;
    self->mean_gpus = tenancy->activity_permille / 1000.0 * gpus;
}

void mdl_service_noise(const mdl_workload_settings_t *settings, sim_rng_t *rng, double *noise, size_t days)
{
    double sigma = settings->service_noise;

    sim_fill_normal(rng, -sigma * sigma / 2, sigma, noise, days);
    sim_exp_each(noise, days);
}

void mdl_service_replica(const mdl_workload_settings_t *settings, uint32_t gpus, mdl_job_request_t *request)
{
    *request = (mdl_job_request_t){.work_s = MDL_WORK_ENDLESS,
                                   .gpus = gpus,
                                   .startup_s = settings->service_startup_s,
                                   .interval_s = 1,
                                   .job_class = MDL_JOB_INFERENCE,
                                   .intended_end = MDL_END_FINISHED,
                                   .elastic = settings->grain_s > 0};
}

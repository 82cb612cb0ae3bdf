// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/service.h"

#include "models/hardware/cluster.h"
#include "sim/draw.h"
#include "sim/time.h"

#include <math.h>

#define MOST_GPUS (UINT32_C(1) << 30) /* more than any service has */

double mdl_service_wave(const mdl_workload_settings_t *settings, double hour)
{
    double from_peak = fabs(hour - settings->service_peak_h);
    double u = (from_peak > 12 ? 24 - from_peak : from_peak) / 12; /* 0 at the peak, 1 at the trough */

    return 1 + settings->service_swing * (1 - 2 * u * u * (3 - 2 * u));
}

double mdl_service_wave_at(const mdl_workload_settings_t *settings, int64_t now_s)
{
    int64_t interval_s = settings->service_interval_s;
    int64_t middle_s = now_s / interval_s * interval_s + interval_s / 2;

    return mdl_service_wave(settings, (double)(middle_s % SIM_DAY_S) / (double)SIM_HOUR_S);
}

double mdl_service_noise(const mdl_workload_settings_t *settings, sim_rng_t *rng)
{
    double sigma = settings->service_noise;

    return sim_draw_lognormal(rng, -sigma * sigma / 2, sigma);
}

static uint32_t replica_gpus(const mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings)
{
    uint32_t most = tenancy->granted_nodes * MDL_NODE_GPUS;
    uint32_t gpus = settings->grain_s > 0 ? MDL_NODE_GPUS : settings->service_replica_gpus;

    return gpus < most ? gpus : most;
}

/* GPUs that serve a load, itself in GPUs, within the target. */
static double needed(const mdl_workload_settings_t *settings, double gpus)
{
    return mdl_headroom_servers(&settings->service_headroom, gpus * settings->service_slots) / settings->service_slots;
}

static uint32_t round_up(double x, uint32_t most)
{
    uint32_t whole = x < most ? (uint32_t)x : most;

    return whole < x && whole < most ? whole + 1 : whole;
}

/* Replicas of so many GPUs, up to `most`. Times an eighth is exact, and no division. */
static uint32_t whole_replicas(double gpus, uint32_t replica_gpus, uint32_t most)
{
    double wanted = replica_gpus == MDL_NODE_GPUS ? gpus * (1.0 / MDL_NODE_GPUS) : gpus / replica_gpus;

    return round_up(wanted, most);
}

void mdl_service_plan(const mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings, double throughput,
                      double wave, double noise, mdl_service_load_t *load)
{
    uint32_t most_gpus = tenancy->granted_nodes * MDL_NODE_GPUS;
    double gpus = tenancy->terms.activity_permille / 1000.0 * most_gpus * wave * noise;

    if (throughput != 1) /* seldom; a division costs as much as all else here */
        gpus /= throughput;

    *load = (mdl_service_load_t){.load_mgpu = (int64_t)(1000 * gpus + 0.5), .gpus = gpus};
    load->replica_gpus = replica_gpus(tenancy, settings);
    double needed_gpus = needed(settings, (double)load->load_mgpu / 1000);
    load->needed_gpus = round_up(needed_gpus, MOST_GPUS);
    if (load->replica_gpus == 0)
        return;
    load->most = most_gpus / load->replica_gpus;
    load->replicas = whole_replicas(needed_gpus, load->replica_gpus, load->most);
}

uint32_t mdl_service_kept(const mdl_workload_settings_t *settings, const mdl_service_load_t *load)
{
    double roomy_gpus = needed(settings, load->gpus / (1 - settings->service_band));

    return load->replica_gpus > 0 ? whole_replicas(roomy_gpus, load->replica_gpus, load->most) : 0;
}

void mdl_service_replica(const mdl_workload_settings_t *settings, double throughput, uint32_t gpus,
                         mdl_job_request_t *request)
{
    *request = (mdl_job_request_t){.work_s = MDL_WORK_ENDLESS,
                                   .gpus = gpus,
                                   .startup_s = settings->service_startup_s,
                                   .interval_s = 1,
                                   .speed_permille = mdl_service_speed(settings, throughput),
                                   .job_class = MDL_JOB_INFERENCE,
                                   .intended_end = MDL_END_FINISHED,
                                   .elastic = settings->grain_s > 0};
}

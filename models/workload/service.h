// SPDX-License-Identifier: GPL-3.0-or-later
/* An inference service: replicas that follow request load.
 *
 * Load is counted in GPUs kept busy: activity of the lease in the mean over a day, times a smooth daily wave, times
 * the day's noise. Each interval the service asks for enough replicas to serve the load of the interval as fast as it
 * has promised (latency.h: the load and a headroom that grows with its square root, so that a small service needs more
 * of it), and gives replicas up when the others would do with some room to spare; between resizings its replicas share
 * the load, so they are allocated all the time and busy a part of it.
 *
 * With a grain, a service is one elastic job and a replica is a node of it. Job by job, each replica is a job of some
 * GPUs.
 */
#ifndef MDL_SERVICE_H
#define MDL_SERVICE_H

#include "models/hardware/cluster.h"
#include "models/workload/settings.h"
#include "models/workload/tenancy.h"
#include "sim/math.h"
#include "sim/rng.h"
#include "sim/time.h"

/* That a load may need: in GPUs, too, it is a number of 32 bits. */
#define MDL_SERVICE_MOST_NODES (UINT32_MAX / MDL_NODE_GPUS)

#define MDL_NOISE_DAYS 4 /* days of a service's noise that are drawn at once: as many as one address has words for */

/* What a service is asked at each resizing, in one cache line, and what else there is of it in a second. A centre's
 * services stand one behind the other. */
typedef struct mdl_service {
    _Alignas(64) double mean_gpus; /* its load in the mean (mdl_service_set_lease) */
    double noise[MDL_NOISE_DAYS];  /* of its load */
    int64_t load_mgpu;             /* in this interval */
    uint32_t needed_gpus;          /* that serve its load in time; more than the lease has where that is too small */
    int32_t cold_s;         /* from when its load was last counted until all replicas that it needs serve; 0: they do */
    uint32_t job;           /* the elastic job that runs for it; MDL_NONE: none */
    uint32_t nodes : 31;    /* of its lease */
    uint32_t ported : 1;    /* as its contract says */
    uint64_t entity;        /* random address, its contract's */
    int64_t noise_from_day; /* first day whose noise stands in noise; negative: none */
    int64_t counted_s;      /* no elastic job: up to here its load is in the centre's meters */
    uint32_t noted_gpus;    /* no elastic job: what it had when its width was last noted */
    uint32_t tenancy;       /* its contract */
    uint32_t share_permille; /* of single replicas that is busy */
} mdl_service_t;

_Static_assert(offsetof(mdl_service_t, entity) == 64 && sizeof(mdl_service_t) == 128, "a resizing asks for one line");

typedef struct mdl_service_load {
    int64_t load_mgpu;    /* thousandths of GPUs kept busy at home speed */
    uint32_t needed_gpus; /* that serve it in time, in whole nodes where a replica is one */
    uint32_t replica_gpus;
    uint32_t replicas; /* that serve it in time, as far as the lease goes */
    uint32_t most;     /* of replicas, on the whole lease */
    double gpus;       /* the load before it was rounded */
} mdl_service_load_t;

/* Relative load at an hour of the day, mean 1 over the day: a smooth wave with its peak at settings->service_peak_h. */
double mdl_service_wave(const mdl_workload_settings_t *settings, double hour);

/* The same in the middle of the interval that begins at from_s. */
double mdl_service_wave_from(const mdl_workload_settings_t *settings, int64_t from_s);

/* Keeps the waves of a day's intervals, where a day has so few. */
void mdl_service_keep_waves(mdl_workload_settings_t *settings);

/* Services are resized where an interval begins: at whole multiples of its length. */
typedef struct mdl_service_interval {
    int64_t from_s;
    int64_t day; /* of the time that was asked for */
    double wave;
} mdl_service_interval_t;

/* The interval of a time >= 0. */
static inline mdl_service_interval_t mdl_service_interval_at(const mdl_workload_settings_t *settings, int64_t time_s)
{
    int64_t length_s = settings->service_interval_s, from_s, day = (int64_t)((uint64_t)time_s / SIM_DAY_S);

    if (!settings->service_waves_kept) {
        from_s = time_s - time_s % length_s;
        return (mdl_service_interval_t){from_s, day, mdl_service_wave_from(settings, from_s)};
    }
    uint32_t which = (uint32_t)(time_s - day * SIM_DAY_S) / (uint32_t)length_s;
    from_s = day * SIM_DAY_S + which * length_s;
    return (mdl_service_interval_t){from_s, day, settings->service_wave[which]};
}

/* What follows from a service's lease: its nodes, and the GPUs that it keeps busy in the mean, at home speed. */
void mdl_service_set_lease(mdl_service_t *self, const mdl_tenancy_t *tenancy);

/* So many seconds go by: returns for how many of them all replicas that it needs were warm. */
static inline int64_t mdl_service_warm_s(mdl_service_t *self, int64_t elapsed_s)
{
    int64_t warm_s = elapsed_s - self->cold_s;

    self->cold_s = warm_s < 0 ? (int32_t)-warm_s : 0;
    return warm_s > 0 ? warm_s : 0;
}

/* Draws the noise of so many days, mean 1. */
void mdl_service_noise(const mdl_workload_settings_t *settings, sim_rng_t *rng, double *noise, size_t days);

/* GPUs that serve a load, itself in GPUs, within the target. */
static inline double mdl_service_needed(const mdl_workload_settings_t *settings, double gpus)
{
    return mdl_headroom_servers(&settings->service_headroom, gpus * settings->service_slots) / settings->service_slots;
}

/* The whole number that is no less than x >= 0, `most` at most. */
static inline uint32_t mdl_service_round_up(double x, uint32_t most)
{
    int64_t whole = sim_ceil_i64(x);

    return whole < most ? (uint32_t)whole : most;
}

static inline uint32_t mdl_service_least_(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Replicas of replica_gpus that are no less than so many GPUs, up to `most`, 0 where that is 0. */
static inline uint32_t mdl_service_whole(double gpus, uint32_t replica_gpus, uint32_t most)
{
    return most > 0 ? mdl_service_round_up(gpus / replica_gpus, most) : 0;
}

/* Nodes that serve a load, in GPUs, in time, MDL_SERVICE_MOST_NODES at most: by counting. */
uint32_t mdl_service_count_nodes(const mdl_workload_settings_t *settings, double gpus);

/* Keeps what nodes serve, so that most loads need no counting: mdl_service_nodes() looks it up. */
void mdl_service_keep_steps(mdl_workload_settings_t *settings);

/* The same of a load in thousandths of GPUs. In a level of loads the number of nodes takes a step or two; whether the
 * first is taken nobody could guess. */
static inline uint32_t mdl_service_nodes(const mdl_workload_settings_t *settings, int64_t load_mgpu)
{
    const mdl_service_steps_t *steps = &settings->service_steps;

    if (load_mgpu > steps->served_mgpu[MDL_SERVICE_STEPS])
        return mdl_service_count_nodes(settings, (double)load_mgpu / 1000);
    int32_t load = (int32_t)load_mgpu;
    uint32_t nodes = steps->nodes[load >> MDL_SERVICE_LEVEL_BITS];
    nodes += steps->served_mgpu[nodes] < load;
    while (steps->served_mgpu[nodes] < load)
        nodes++;
    return nodes;
}

/* The same of a load in GPUs that is no whole number of thousandths: where those around it need different numbers of
 * nodes it is counted. */
static inline uint32_t mdl_service_nodes_for(const mdl_workload_settings_t *settings, double gpus)
{
    const mdl_service_steps_t *steps = &settings->service_steps;
    int64_t load_mgpu = (int64_t)(1000 * gpus);

    if (load_mgpu < steps->served_mgpu[MDL_SERVICE_STEPS]) {
        uint32_t nodes = mdl_service_nodes(settings, load_mgpu + 1);
        if (load_mgpu - 1 > steps->served_mgpu[nodes - 1])
            return nodes;
    }
    return mdl_service_count_nodes(settings, gpus);
}

/* GPUs of a replica: the settings', or all of a lease that is smaller. */
static inline uint32_t mdl_service_replica_gpus(const mdl_workload_settings_t *settings, const mdl_service_t *service)
{
    return mdl_service_least_(settings->service_replica_gpus, service->nodes * MDL_NODE_GPUS);
}

/* Load of an interval from its wave and its day's noise, in replicas of some GPUs. Each service asks for it in each
 * interval, many for more than their lease has. */
static inline void mdl_service_plan(const mdl_service_t *service, const mdl_workload_settings_t *settings,
                                    uint32_t replica_gpus, double throughput, double wave, double noise,
                                    mdl_service_load_t *load)
{
    double gpus = service->mean_gpus * wave * noise;

    if (throughput != 1) /* seldom; a division costs as much as all else here */
        gpus /= throughput;
    load->load_mgpu = (int64_t)(1000 * gpus + 0.5);
    load->gpus = gpus;
    load->replica_gpus = replica_gpus;
    if (replica_gpus == MDL_NODE_GPUS) {
        uint32_t nodes = mdl_service_nodes(settings, load->load_mgpu);
        load->most = service->nodes;
        load->needed_gpus = nodes * MDL_NODE_GPUS;
        load->replicas = mdl_service_least_(nodes, load->most);
        return;
    }
    double needed_gpus = mdl_service_needed(settings, (double)load->load_mgpu / 1000);
    load->most = replica_gpus > 0 ? service->nodes * MDL_NODE_GPUS / replica_gpus : 0;
    load->needed_gpus = mdl_service_round_up(needed_gpus, UINT32_MAX);
    load->replicas = mdl_service_whole(needed_gpus, replica_gpus, load->most);
}

/* Replicas that serve a load with room to spare: up to so many are not given up. At least load->replicas. */
static inline uint32_t mdl_service_kept(const mdl_workload_settings_t *settings, const mdl_service_load_t *load)
{
    double gpus = load->gpus / (1 - settings->service_band);

    if (load->replica_gpus == MDL_NODE_GPUS)
        return mdl_service_least_(mdl_service_nodes_for(settings, gpus), load->most);
    return mdl_service_whole(mdl_service_needed(settings, gpus), load->replica_gpus, load->most);
}

/* Replicas of a service that has `present`. */
static inline uint32_t mdl_service_replicas(const mdl_workload_settings_t *settings, const mdl_service_load_t *load,
                                            uint32_t present)
{
    if (present <= load->replicas)
        return load->replicas;
    return mdl_service_least_(present, mdl_service_kept(settings, load));
}

/* What a replica asks for, or with a grain the service: `gpus`. */
void mdl_service_replica(const mdl_workload_settings_t *settings, uint32_t gpus, mdl_job_request_t *request);

#endif

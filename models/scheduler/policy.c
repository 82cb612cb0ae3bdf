// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/policy.h"

#include "models/scheduler/passes.h"

/* Products of GPUs and seconds are kept below 2^61, where a borrowed place is marked. */
#define SERVICE_MOST (INT64_C(1) << 61)

static int64_t key_arrival(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s)
{
    (void)policy, (void)job, (void)computed_s;
    return 0;
}

static int64_t key_estimate(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s)
{
    (void)policy, (void)computed_s;
    return job->estimate_s;
}

static int64_t key_remaining(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s)
{
    (void)policy;
    return mdl_job_estimate_left_s(job, computed_s);
}

static int64_t key_service(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s)
{
    int64_t service_gpu_s;

    (void)policy;
    if (__builtin_mul_overflow(mdl_job_estimate_left_s(job, computed_s), (int64_t)job->wanted_gpus, &service_gpu_s))
        return SERVICE_MOST;
    return service_gpu_s < SERVICE_MOST ? service_gpu_s : SERVICE_MOST;
}

static int64_t key_attained(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s)
{
    int64_t attained_gpu_s = (job->done_s + computed_s) * job->wanted_gpus;

    return (attained_gpu_s >= policy->las_limit_gpu_s[0]) + (attained_gpu_s >= policy->las_limit_gpu_s[1]);
}

const mdl_queue_order_t mdl_orders[MDL_ORDERS] = {
    [MDL_ORDER_FCFS] = {"fcfs", key_arrival},   [MDL_ORDER_SJF] = {"sjf", key_estimate},
    [MDL_ORDER_SRTF] = {"srtf", key_remaining}, [MDL_ORDER_SRSF] = {"srsf", key_service},
    [MDL_ORDER_LAS] = {"las", key_attained},    [MDL_ORDER_FAIR] = {"fair", key_arrival},
};

const mdl_reservation_t mdl_reservations[MDL_RESERVATIONS] = {
    [MDL_RESERVATION_NONE] = {"none", false, false, mdl_pass_none},
    [MDL_RESERVATION_EASY] = {"easy", true, false, mdl_pass_easy},
    [MDL_RESERVATION_EASY_SJBF] = {"easy-sjbf", true, false, mdl_pass_easy},
    [MDL_RESERVATION_CONSERVATIVE] = {"conservative", true, true, mdl_pass_conservative},
};

const char *const mdl_preemptions[MDL_PREEMPTIONS] = {
    [MDL_PREEMPTION_NONE] = "none",
    [MDL_PREEMPTION_CHECKPOINT] = "checkpoint",
    [MDL_PREEMPTION_RECLAIM] = "reclaim",
};

bool mdl_policy_sorts(const mdl_policy_t *policy)
{
    return mdl_reservations[policy->reservation].follows_ends || policy->preemption == MDL_PREEMPTION_CHECKPOINT;
}

bool mdl_policy_watches(const mdl_policy_t *policy)
{
    return policy->order == MDL_ORDER_FAIR || policy->preemption == MDL_PREEMPTION_CHECKPOINT ||
           mdl_reservations[policy->reservation].plans;
}

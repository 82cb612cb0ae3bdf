// SPDX-License-Identifier: GPL-3.0-or-later
/* Meters. Rates change at events, so integrals over nodes and allocated GPUs are products of a rate and a time; what
 * running jobs have computed is followed by lines (lines.h). So a reading costs a few sums, plus a look at jobs so young
 * that their lines have not begun, and changes nothing but how far the scheduler's integrals have come. */
#include "models/datacentre/lines.h"

typedef struct sums {
    int64_t busy[MDL_JOB_CLASSES], useful[MDL_JOB_CLASSES], training_work;
} sums_t;

/* GPU seconds in which nodes were powered, and leased. */
static inline int64_t powered_gpu_s(const mdl_datacentre_t *state, int64_t now_s)
{
    return (state->powered_nodes * now_s + state->powered_base_node_s) * MDL_NODE_GPUS;
}

static inline int64_t leased_gpu_s(const mdl_datacentre_t *state, int64_t now_s)
{
    return (state->leased_nodes * now_s + state->leased_base_node_s) * MDL_NODE_GPUS;
}

static inline int64_t up_node_s(const mdl_datacentre_t *state, int64_t now_s)
{
    return state->up_nodes * now_s + state->up_base_node_s;
}

static int64_t not_yet(int64_t rate, int64_t from_s, int64_t now_s)
{
    return from_s > now_s ? rate * (from_s - now_s) : 0;
}

/* What the lines of a tenant's jobs took away that have not begun to earn. */
static void add_young_of(const mdl_dc_t *dc, uint32_t tenant, sums_t *sums)
{
    uint32_t i = mdl_scheduler_holding(dc->scheduler, tenant)->running_head;

    while (i != MDL_NONE) {
        const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        if (job->start_s + dc->state->longest_lag_s <= dc->now_s)
            return;
        mdl_dc_job_lines_t lines = mdl_dc_lines_of(job);
        sums->busy[job->job_class] += not_yet(lines.busy_rate, lines.busy_from_s, dc->now_s);
        sums->useful[job->job_class] += not_yet(lines.useful_rate, lines.useful_from_s, dc->now_s);
        if (job->job_class == MDL_JOB_TRAINING)
            sums->training_work += not_yet(mdl_dc_work_rate(job, &lines), lines.useful_from_s, dc->now_s);
        i = job->next;
    }
}

static void add_young(const mdl_dc_t *dc, sums_t *sums)
{
    for (uint32_t i = 0; i < dc->state->n_contracts; i++)
        add_young_of(dc, mdl_dc_contracts(dc)[i].tenancy, sums);
}

/* The same of all jobs: to be given back to what the lines say. `memory` holds it where there is any. */
static inline const sums_t *sum_young(const mdl_dc_t *dc, sums_t *memory)
{
    static const sums_t none;

    if (dc->state->young_until_s <= dc->now_s)
        return &none;
    *memory = none;
    add_young(dc, memory);
    return memory;
}

/* Of a class up to now, in thousandths of GPU seconds. */
static inline int64_t busy_mgpu_s(const mdl_dc_t *dc, const sums_t *young, int c)
{
    return mdl_line_at(&dc->state->busy[c], dc->now_s) + young->busy[c];
}

static inline int64_t useful_mgpu_s(const mdl_dc_t *dc, const sums_t *young, int c)
{
    return mdl_line_at(&dc->state->busy[c], dc->now_s) - mdl_line_at(&dc->state->unsaved[c], dc->now_s) +
           young->useful[c];
}

static inline int64_t training_work_gpu_s(const mdl_dc_t *dc, const sums_t *young)
{
    return mdl_dc_thousandth(mdl_line_at(&dc->state->training_work, dc->now_s) + young->training_work);
}

/* Divided with their sign: an audit reads damaged meters, too. */
static void read_earnings(const mdl_dc_t *dc, mdl_datacentre_meter_t *meter)
{
    sums_t memory;
    const sums_t *young = sum_young(dc, &memory);

    meter->busy_gpu_s = meter->useful_gpu_s = 0;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        meter->busy_by_class_gpu_s[c] = busy_mgpu_s(dc, young, c) / 1000;
        meter->useful_by_class_gpu_s[c] = useful_mgpu_s(dc, young, c) / 1000;
        meter->busy_gpu_s += meter->busy_by_class_gpu_s[c];
        meter->useful_gpu_s += meter->useful_by_class_gpu_s[c];
    }
    meter->training_work_gpu_s = (mdl_line_at(&dc->state->training_work, dc->now_s) + young->training_work) / 1000;
}

static void read_jobs(const mdl_scheduler_t *scheduler, mdl_datacentre_meter_t *meter)
{
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        const mdl_job_counts_t *counts = &scheduler->counts[c];
        meter->jobs_submitted[c] = counts->submitted;
        meter->jobs_refused[c] = counts->refused;
        meter->jobs_started[c] = counts->started;
        meter->jobs_restarted[c] = counts->restarted;
        meter->jobs_finished[c] = counts->ended[MDL_END_FINISHED];
        meter->jobs_cancelled[c] = counts->ended[MDL_END_CANCELLED];
        meter->jobs_failed[c] = counts->ended[MDL_END_FAILED];
        meter->wait_s[c] = counts->wait_s;
    }
    for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
        meter->blocked_gpu_s[r] = scheduler->blocked_gpu_s[r];
    meter->allocated_gpu_s = scheduler->allocated_gpu_s;
    meter->allocated_gpus = (int32_t)scheduler->allocated_gpus;
    meter->queued_jobs = (int32_t)scheduler->queued;
    meter->running_jobs = (int32_t)scheduler->running;
}

/* Brings the scheduler's integrals to dc->now_s; those of a closed centre stand still. */
static inline void advance_scheduler(const mdl_dc_t *dc)
{
    if (!dc->state->closed)
        mdl_scheduler_advance(dc->scheduler, dc->now_s);
}

void mdl_dc_read(mdl_dc_t *dc, mdl_datacentre_meter_t *meter)
{
    const mdl_datacentre_t *state = dc->state;

    advance_scheduler(dc);
    meter->racked_gpu_s = mdl_line_at(&state->racked, dc->now_s) * MDL_NODE_GPUS;
    meter->powered_gpu_s = powered_gpu_s(state, dc->now_s);
    meter->leased_gpu_s = leased_gpu_s(state, dc->now_s);
    meter->leased_nodes = (int32_t)state->leased_nodes;
    meter->node_failures = state->node_failures;
    meter->service_load_gpu_s = mdl_dc_thousandth(state->service_load_mgpu_s);
    meter->service_met_gpu_s = mdl_dc_thousandth(state->service_met_mgpu_s);
    read_jobs(dc->scheduler, meter);
    read_earnings(dc, meter);
    meter->energy_it_wh = mdl_power_it_wh(&state->power, up_node_s(state, dc->now_s), meter->busy_gpu_s);
    meter->energy_metered_wh = mdl_power_metered_wh(&state->power, meter->energy_it_wh);
}

static inline int64_t busy_of_class(const mdl_dc_t *dc, const sums_t *young, int c)
{
    return mdl_dc_thousandth(busy_mgpu_s(dc, young, c));
}

/* Busy GPU seconds up to now. */
static int64_t sum_busy(const mdl_dc_t *dc, const sums_t *young)
{
    int64_t busy_gpu_s = 0;

    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        busy_gpu_s += busy_of_class(dc, young, c);
    return busy_gpu_s;
}

static inline int64_t metered_wh(const mdl_dc_t *dc, int64_t busy_gpu_s)
{
    const mdl_power_t *power = &dc->state->power;

    return mdl_power_metered_wh(power, mdl_power_it_wh(power, up_node_s(dc->state, dc->now_s), busy_gpu_s));
}

int64_t mdl_dc_metered_wh(mdl_dc_t *dc)
{
    sums_t memory;

    return metered_wh(dc, sum_busy(dc, sum_young(dc, &memory)));
}

void mdl_dc_turn_power(mdl_dc_t *dc, const mdl_power_t *factors)
{
    sums_t memory;

    mdl_power_turn(&dc->state->power, factors, up_node_s(dc->state, dc->now_s), sum_busy(dc, sum_young(dc, &memory)));
}

/* What a count has grown by since it was noted, which it is anew. */
static inline int64_t since(int64_t *noted, int64_t now)
{
    int64_t before = *noted;

    *noted = now;
    return now - before;
}

/* Where pre-training has never computed its work is not looked at, nor what is cramped where nothing has happened. */
void mdl_dc_report(mdl_dc_t *dc, mdl_datacentre_report_t *report)
{
    mdl_datacentre_t *state = dc->state;
    mdl_datacentre_reading_t *day = &report->day;
    sums_t memory;
    const sums_t *young = sum_young(dc, &memory);

    day->powered_gpu_s = since(&state->noted_powered_gpu_s, powered_gpu_s(state, dc->now_s));
    day->leased_gpu_s = since(&state->noted_leased_gpu_s, leased_gpu_s(state, dc->now_s));
    day->busy_gpu_s = since(&state->noted_busy_gpu_s, sum_busy(dc, young));
    day->inference_gpu_s = since(&state->noted_inference_gpu_s, busy_of_class(dc, young, MDL_JOB_INFERENCE));
    if ((state->busy[MDL_JOB_TRAINING].rate | state->busy[MDL_JOB_TRAINING].base) != 0)
        day->training_work_gpu_s = since(&state->noted_training_gpu_s, training_work_gpu_s(dc, young));
    if (!state->eventful)
        return;
    report->cramped = mdl_dc_lacks_tenancies(state, dc->scheduler) || mdl_dc_lacks_jobs(dc->cluster, dc->scheduler);
    state->eventful = false;
}

/* Most centres serve some classes only; of others everything stays 0. */
static inline bool serves(const mdl_dc_t *dc, int c)
{
    return (dc->state->classes >> c & 1) != 0;
}

static inline void read_use_of_class(const mdl_dc_t *dc, const sums_t *young, int c, mdl_datacentre_use_t *use)
{
    const mdl_job_counts_t *counts = &dc->scheduler->counts[c];
    int64_t busy_gpu_s = busy_of_class(dc, young, c);

    use->busy_gpu_s += busy_gpu_s;
    use->useful_gpu_s += mdl_dc_thousandth(useful_mgpu_s(dc, young, c));
    use->busy_by_class_gpu_s[c] = busy_gpu_s;
    use->jobs_submitted[c] = counts->submitted;
    use->jobs_started[c] = counts->started;
    use->jobs_finished[c] = counts->ended[MDL_END_FINISHED];
    use->wait_s[c] = counts->wait_s;
}

void mdl_dc_read_use(mdl_dc_t *dc)
{
    mdl_datacentre_t *state = dc->state;
    mdl_datacentre_use_t *use = &state->use;
    sums_t memory;

    advance_scheduler(dc);
    const sums_t *young = sum_young(dc, &memory);
    use->busy_gpu_s = use->useful_gpu_s = 0;
    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        if (serves(dc, c))
            read_use_of_class(dc, young, c, use);
    use->powered_gpu_s = powered_gpu_s(state, dc->now_s);
    use->leased_gpu_s = leased_gpu_s(state, dc->now_s);
    use->allocated_gpu_s = dc->scheduler->allocated_gpu_s;
    use->energy_metered_wh = metered_wh(dc, use->busy_gpu_s);
    use->service_load_gpu_s = mdl_dc_thousandth(state->service_load_mgpu_s);
    use->service_met_gpu_s = mdl_dc_thousandth(state->service_met_mgpu_s);
    state->use_s = dc->now_s;
}

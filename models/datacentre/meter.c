// SPDX-License-Identifier: GPL-3.0-or-later
/* Meters. Rates change at events, so integrals over nodes and allocated GPUs are products of a rate and a time. What
 * running jobs have computed is followed without an event per job or a visit per reading: each running job adds a line
 * that starts late enough and rises slowly enough never to pass the truth, and when its attempt ends the line is
 * replaced by the exact figure. So a reading costs a few sums, plus a look at jobs so young that their lines have not
 * begun. */
#include "models/datacentre/state.h"

/* The three lines of one job. */
typedef struct job_lines {
    int64_t busy_rate, busy_from_s;     /* thousandths of GPUs */
    int64_t useful_rate, useful_from_s; /* saved work lags by one checkpoint */
    int64_t work_rate;                  /* with the useful line's start */
} job_lines_t;

static job_lines_t lines_of(const mdl_job_t *job)
{
    int64_t cycle_s = (int64_t)job->interval_s + job->pause_s;
    int64_t share_permille =
        job->pause_s > 0 ? (int64_t)job->share_permille * job->interval_s / cycle_s : job->share_permille;
    job_lines_t lines = {.busy_rate = share_permille * job->gpus, .busy_from_s = job->compute_from_s};

    lines.useful_rate = job->intended_end == MDL_END_FAILED ? 0 : lines.busy_rate;
    lines.useful_from_s = lines.busy_from_s + (cycle_s > 1 ? cycle_s : 0);
    lines.work_rate = lines.useful_rate * job->speed_permille / 1000;
    return lines;
}

static void add_line(mdl_lines_t *self, int64_t rate, int64_t from_s)
{
    self->rate += rate;
    self->offset += rate * from_s;
}

static void add_lines(mdl_dc_t *dc, const mdl_job_t *job, int64_t sign)
{
    mdl_datacentre_t *state = dc->state;
    job_lines_t lines = lines_of(job);

    add_line(&state->busy[job->job_class].running, sign * lines.busy_rate, lines.busy_from_s);
    add_line(&state->useful[job->job_class].running, sign * lines.useful_rate, lines.useful_from_s);
    add_line(&state->work[job->job_class].running, sign * lines.work_rate, lines.useful_from_s);
}

void mdl_dc_earn_start(mdl_dc_t *dc, const mdl_job_t *job)
{
    int64_t lag_s = (int64_t)job->startup_s + job->interval_s + job->pause_s;

    if (lag_s > dc->state->longest_lag_s)
        dc->state->longest_lag_s = lag_s;
    if (job->compute_from_s + lag_s > dc->state->young_until_s)
        dc->state->young_until_s = job->compute_from_s + lag_s;
    add_lines(dc, job, 1);
}

void mdl_dc_earn_stop(mdl_dc_t *dc, const mdl_job_t *job, mdl_progress_t progress)
{
    mdl_datacentre_t *state = dc->state;
    int64_t rate = (int64_t)job->gpus * job->share_permille;
    int64_t useful_mgpu_s = job->intended_end == MDL_END_FAILED ? 0 : progress.saved_s * rate;

    add_lines(dc, job, -1);
    state->busy[job->job_class].settled_mgpu_s += progress.computed_s * rate;
    state->useful[job->job_class].settled_mgpu_s += useful_mgpu_s;
    /* Divided last, by whole seconds, so that it is no less than its line was. */
    state->work[job->job_class].settled_mgpu_s +=
        useful_mgpu_s / 1000 * job->speed_permille + useful_mgpu_s % 1000 * job->speed_permille / 1000;
}

typedef struct sums {
    int64_t busy[MDL_JOB_CLASSES], useful[MDL_JOB_CLASSES], work[MDL_JOB_CLASSES];
} sums_t;

static int64_t earned(const mdl_earning_t *self, int64_t now_s)
{
    return self->settled_mgpu_s + self->running.rate * now_s - self->running.offset;
}

static int64_t not_yet(int64_t rate, int64_t from_s, int64_t now_s)
{
    return from_s > now_s ? rate * (from_s - now_s) : 0;
}

/* Takes back what the lines of jobs that have not begun to earn took away. */
static void add_young(const mdl_dc_t *dc, uint32_t tenant, sums_t *sums)
{
    uint32_t i = mdl_scheduler_tenant(dc->scheduler, tenant)->running_head;

    while (i != MDL_NONE) {
        const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        if (job->start_s + dc->state->longest_lag_s <= dc->now_s)
            return;
        job_lines_t lines = lines_of(job);
        sums->busy[job->job_class] += not_yet(lines.busy_rate, lines.busy_from_s, dc->now_s);
        sums->useful[job->job_class] += not_yet(lines.useful_rate, lines.useful_from_s, dc->now_s);
        sums->work[job->job_class] += not_yet(lines.work_rate, lines.useful_from_s, dc->now_s);
        i = job->next;
    }
}

static void sum_earnings(const mdl_dc_t *dc, sums_t *sums)
{
    const mdl_datacentre_t *state = dc->state;

    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        sums->busy[c] = earned(&state->busy[c], dc->now_s);
        sums->useful[c] = earned(&state->useful[c], dc->now_s);
        sums->work[c] = earned(&state->work[c], dc->now_s);
    }
    if (state->young_until_s > dc->now_s)
        for (uint32_t t = state->first_tenancy; t != MDL_NONE; t = dc->tenancies[t].next)
            add_young(dc, t, sums);
}

static void read_earnings(const mdl_dc_t *dc, mdl_datacentre_meter_t *meter)
{
    sums_t sums;

    sum_earnings(dc, &sums);
    meter->busy_gpu_s = meter->useful_gpu_s = 0;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        meter->busy_gpu_s += meter->busy_by_class_gpu_s[c] = sums.busy[c] / 1000;
        meter->useful_gpu_s += meter->useful_by_class_gpu_s[c] = sums.useful[c] / 1000;
        meter->work_by_class_gpu_s[c] = sums.work[c] / 1000;
    }
}

static void read_jobs(const mdl_scheduler_t *scheduler, mdl_datacentre_meter_t *meter)
{
    const mdl_job_counts_t *counts = &scheduler->counts;

    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        meter->jobs_submitted[c] = counts->submitted[c];
        meter->jobs_refused[c] = counts->refused[c];
        meter->jobs_started[c] = counts->started[c];
        meter->jobs_restarted[c] = counts->restarted[c];
        meter->jobs_finished[c] = counts->ended[MDL_END_FINISHED][c];
        meter->jobs_cancelled[c] = counts->ended[MDL_END_CANCELLED][c];
        meter->jobs_failed[c] = counts->ended[MDL_END_FAILED][c];
        meter->wait_s[c] = counts->wait_s[c];
    }
    for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
        meter->blocked_gpu_s[r] = scheduler->blocked_gpu_s[r];
    meter->allocated_gpu_s = scheduler->allocated_gpu_s;
    meter->allocated_gpus = (int32_t)scheduler->allocated_gpus;
    meter->queued_jobs = (int32_t)scheduler->queued;
    meter->running_jobs = (int32_t)scheduler->running;
}

void mdl_dc_read(mdl_dc_t *dc, mdl_datacentre_meter_t *meter)
{
    mdl_datacentre_t *state = dc->state;

    mdl_dc_advance(dc);
    meter->racked_gpu_s = state->racked_node_s * MDL_NODE_GPUS;
    meter->powered_gpu_s = state->powered_node_s * MDL_NODE_GPUS;
    meter->leased_gpu_s = state->leased_node_s * MDL_NODE_GPUS;
    meter->leased_nodes = (int32_t)state->leased_nodes;
    meter->node_failures = state->node_failures;
    meter->service_load_gpu_s = state->service_load_mgpu_s / 1000;
    meter->service_met_gpu_s = state->service_met_mgpu_s / 1000;
    read_jobs(dc->scheduler, meter);
    read_earnings(dc, meter);
    meter->energy_it_wh = mdl_power_it_wh(&state->power, state->up_node_s, meter->busy_gpu_s);
    meter->energy_metered_wh = mdl_power_metered_wh(&state->power, meter->energy_it_wh);
}

/* What a count has grown by since the last report, which it is noted for. */
static inline int64_t since(int64_t *reported, int64_t now)
{
    int64_t before = *reported;

    *reported = now;
    return now - before;
}

/* The part of a class in a report; returns its busy GPU seconds up to now, and adds its useful ones. */
static int64_t report_class(const mdl_dc_t *dc, const sums_t *sums, int c, mdl_datacentre_use_t *day,
                            int64_t *useful_gpu_s)
{
    mdl_datacentre_use_t *reported = &dc->state->reported;
    const mdl_job_counts_t *counts = &dc->scheduler->counts;
    int64_t busy_gpu_s = sums->busy[c] / 1000;

    *useful_gpu_s += sums->useful[c] / 1000;
    day->busy_by_class_gpu_s[c] = since(&reported->busy_by_class_gpu_s[c], busy_gpu_s);
    day->jobs_submitted[c] = since(&reported->jobs_submitted[c], counts->submitted[c]);
    day->jobs_started[c] = since(&reported->jobs_started[c], counts->started[c]);
    day->jobs_finished[c] = since(&reported->jobs_finished[c], counts->ended[MDL_END_FINISHED][c]);
    day->wait_s[c] = since(&reported->wait_s[c], counts->wait_s[c]);
    return busy_gpu_s;
}

/* The part of mdl_dc_read that reports hold, since the last one. */
static void report_use(mdl_dc_t *dc, mdl_datacentre_use_t *day)
{
    mdl_datacentre_t *state = dc->state;
    mdl_datacentre_use_t *reported = &state->reported;
    int64_t busy_gpu_s = 0, useful_gpu_s = 0;
    sums_t sums;

    sum_earnings(dc, &sums);
    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        if (dc->scheduler->counts.submitted[c] != 0) /* most centres serve some classes only; of others 0 stays */
            busy_gpu_s += report_class(dc, &sums, c, day, &useful_gpu_s);
    int64_t it_wh = mdl_power_it_wh(&state->power, state->up_node_s, busy_gpu_s);
    day->powered_gpu_s = since(&reported->powered_gpu_s, state->powered_node_s * MDL_NODE_GPUS);
    day->leased_gpu_s = since(&reported->leased_gpu_s, state->leased_node_s * MDL_NODE_GPUS);
    day->allocated_gpu_s = since(&reported->allocated_gpu_s, dc->scheduler->allocated_gpu_s);
    day->busy_gpu_s = since(&reported->busy_gpu_s, busy_gpu_s);
    day->useful_gpu_s = since(&reported->useful_gpu_s, useful_gpu_s);
    day->training_work_gpu_s = since(&reported->training_work_gpu_s, sums.work[MDL_JOB_TRAINING] / 1000);
    day->service_load_gpu_s = since(&reported->service_load_gpu_s, state->service_load_mgpu_s / 1000);
    day->service_met_gpu_s = since(&reported->service_met_gpu_s, state->service_met_mgpu_s / 1000);
    day->energy_metered_wh = since(&reported->energy_metered_wh, mdl_power_metered_wh(&state->power, it_wh));
}

void mdl_dc_report(mdl_dc_t *dc, mdl_datacentre_report_t *report)
{
    mdl_dc_advance(dc);
    report_use(dc, &report->day);
    report->cramped = mdl_dc_is_cramped(dc);
}

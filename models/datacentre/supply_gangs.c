// SPDX-License-Identifier: GPL-3.0-or-later
/* Pre-training: as many gangs as a contract has room for, each running or pausing. */
#include "models/datacentre/state.h"
#include "models/workload/training.h"

static void set_gang_timer(mdl_dc_t *dc, uint32_t index, uint64_t ordinal, int64_t delay_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (delay_s > SIM_NEVER / 2 - dc->now_s)
        return;
    tenancy->gang_timers++;
    mdl_dc_schedule(
        dc, delay_s,
        &(sim_event_t){
            .type = MDL_DC_GANG_DUE, .entity = index, .a = (int64_t)ordinal, .b = (int64_t)tenancy->generation},
        MDL_DC_DUE, NULL);
}

/* Gangs that run, wait or pause. */
static uint32_t gangs_in_being(const mdl_dc_t *dc, uint32_t index)
{
    uint32_t queued = mdl_scheduler_tenant(dc->scheduler, index)->queued;

    return mdl_scheduler_running_of(dc->scheduler, index) + queued + dc->tenancies[index].gang_timers;
}

void mdl_dc_gang_rest(mdl_dc_t *dc, uint32_t index, int64_t after_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    sim_rng_t rng;

    if (tenancy->mean_gap_s < 0 || gangs_in_being(dc, index) >= mdl_training_gangs(tenancy))
        return;
    uint64_t ordinal = tenancy->ordinal++;
    mdl_dc_stand_at(dc, tenancy, ordinal, &rng);
    set_gang_timer(dc, index, ordinal, after_s + mdl_training_pause(tenancy, &rng));
}

void mdl_dc_on_gang_due(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[event->entity];
    mdl_job_request_t request;
    sim_rng_t rng;

    if (!tenancy->open || tenancy->generation != (uint64_t)event->b)
        return;
    tenancy->gang_timers--;
    if (tenancy->mean_gap_s < 0 || gangs_in_being(dc, event->entity) >= mdl_training_gangs(tenancy))
        return;
    mdl_dc_stand_at(dc, tenancy, (uint64_t)event->a, &rng);
    (void)mdl_training_pause(tenancy, &rng);
    mdl_training_job(tenancy, dc->workload, mdl_dc_throughput(dc, tenancy), &rng, &request);
    if (mdl_scheduler_submit(dc->scheduler, dc->cluster, event->entity, dc->now_s, &request) == MDL_NONE)
        mdl_dc_gang_rest(dc, event->entity, request.work_s); /* the run is done elsewhere */
}

/* The first runs of a contract start at once, or when the software is ported. */
void mdl_dc_supply_gangs(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    int64_t delay_s = tenancy->ready_s > dc->now_s ? tenancy->ready_s - dc->now_s : 0;

    if (tenancy->mean_gap_s < 0)
        return;
    while (gangs_in_being(dc, index) < mdl_training_gangs(tenancy))
        set_gang_timer(dc, index, tenancy->ordinal++, delay_s);
}

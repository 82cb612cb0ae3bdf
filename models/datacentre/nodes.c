// SPDX-License-Identifier: GPL-3.0-or-later
/* Nodes that fail, come back, and are switched on and off. */
#include "models/datacentre/state.h"
#include "models/hardware/pool.h"
#include "models/params/purpose.h"

int64_t mdl_dc_draw_failure(mdl_datacentre_t *state, const mdl_failure_rates_t *rates, sim_rng_t *rng, uint32_t powered)
{
    mdl_failure_t failure;

    mdl_failure_draw(rates, rng, powered, &failure);
    state->repair_s = failure.repair_s;
    state->failing_node = failure.node;
    state->drawn_powered = powered;
    return failure.delay_s;
}

static int64_t draw_failure(mdl_dc_t *dc)
{
    sim_rng_t rng;

    sim_lp_rng(dc->lp, &rng, dc->lp->entity, MDL_PURPOSE_FAILURE, dc->state->failure_ordinal);
    return mdl_dc_draw_failure(dc->state, mdl_dc_failures(dc->lp->arena, dc->state), &rng, dc->cluster->powered);
}

static void next_ordinal(mdl_datacentre_t *state)
{
    state->failure_ordinal++;
    state->drawn_powered = 0;
}

static void set_failure(mdl_dc_t *dc, int64_t delay_s)
{
    dc->state->failure_s = dc->now_s + delay_s;
    mdl_dc_schedule(dc, delay_s, &(sim_event_t){.type = MDL_DC_FAILURE}, MDL_DC_FIRST, &dc->state->failure);
}

/* Sets the clock to the next failure, if powered nodes fail. */
static void await_failure(mdl_dc_t *dc)
{
    dc->state->failure_s = SIM_NEVER;
    if (mdl_dc_failures(dc->lp->arena, dc->state)->node_mean_s > 0 && dc->cluster->powered > 0)
        set_failure(dc, draw_failure(dc));
}

/* More or fewer nodes bring the next failure nearer or put it off: exponential gaps have no memory. */
static void follow_power(mdl_dc_t *dc, uint32_t before)
{
    mdl_datacentre_t *state = dc->state;
    uint32_t powered = dc->cluster->powered;

    if (powered == before)
        return;
    if (state->failure_s == SIM_NEVER) {
        await_failure(dc);
        return;
    }
    (void)sim_cancel(dc->lp, state->failure);
    if (powered > 0) {
        set_failure(dc, (int64_t)((double)(state->failure_s - dc->now_s) * before / powered + 0.5));
    } else {
        state->failure_s = SIM_NEVER;
        next_ordinal(state);
    }
}

/* A job that loses a node, and the service that it runs for, if it does. */
typedef struct victim {
    uint32_t job;
    mdl_service_t *service;
} victim_t;

/* Takes a node that goes down from a job: a service does without it, other jobs go back into the queue. */
static void take_from(mdl_dc_t *dc, victim_t victim, uint32_t node)
{
    const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, victim.job);

    if (job->elastic && job->gpus > MDL_NODE_GPUS)
        mdl_dc_shrink_service(dc, victim.service, node);
    else
        mdl_dc_requeue_job(dc, victim.job);
}

static void evict(mdl_dc_t *dc, uint32_t index)
{
    const mdl_node_t *node = mdl_cluster_node(dc->cluster, index);

    while (node->first_job != MDL_NONE) {
        uint32_t tenant = mdl_scheduler_job(dc->scheduler, node->first_job)->tenant;
        take_from(dc, (victim_t){node->first_job, mdl_dc_service(dc, tenant)}, index);
    }
}

static bool break_node(mdl_dc_t *dc, uint32_t node)
{
    if (!mdl_node_up(mdl_cluster_node(dc->cluster, node)))
        return false;
    evict(dc, node);
    mdl_cluster_set_broken(dc->cluster, node, true);
    return true;
}

/* The job that holds a pool's taken node number `node`, jobs standing in order of their contracts' start, as services
 * do. */
static victim_t job_at(const mdl_dc_t *dc, uint32_t node)
{
    const mdl_dc_contract_t *contract = mdl_dc_contracts(dc);
    mdl_service_t *service = dc->services;
    uint32_t gpus = node * MDL_NODE_GPUS;

    for (; gpus >= mdl_scheduler_holding(dc->scheduler, contract->tenancy)->used_gpus; contract++) {
        gpus -= mdl_scheduler_holding(dc->scheduler, contract->tenancy)->used_gpus;
        service += contract->job_class == MDL_JOB_INFERENCE;
    }
    mdl_dc_fetch_service(service);
    uint32_t job = mdl_scheduler_holding(dc->scheduler, contract->tenancy)->running_head;
    while (gpus >= mdl_scheduler_job(dc->scheduler, job)->gpus) {
        gpus -= mdl_scheduler_job(dc->scheduler, job)->gpus;
        job = mdl_scheduler_job(dc->scheduler, job)->next;
    }
    return (victim_t){job, service};
}

/* Of a pool's powered nodes, taken ones stand first, then free ones, then broken ones. */
static bool break_in_pool(mdl_dc_t *dc, uint32_t node)
{
    if (node >= dc->cluster->up)
        return false;
    if (node < mdl_pool_taken(dc->cluster))
        take_from(dc, job_at(dc, node), MDL_NONE);
    mdl_pool_break(dc->cluster);
    return true;
}

/* Which node it hits was drawn with its time, mostly among as many as there are now. */
void mdl_dc_on_failure(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_datacentre_t *state = dc->state;

    (void)event;
    if (state->drawn_powered != dc->cluster->powered)
        (void)draw_failure(dc);
    uint32_t node = state->failing_node;
    if (dc->cluster->pooled ? break_in_pool(dc, node) : break_node(dc, node)) {
        mdl_dc_note_nodes(dc);
        mdl_dc_climb_down(dc);
        state->node_failures++;
        mdl_dc_schedule(dc, state->repair_s, &(sim_event_t){.type = MDL_DC_REPAIR, .entity = node}, MDL_DC_FIRST, NULL);
    }
    next_ordinal(state);
    await_failure(dc);
}

void mdl_dc_on_repair(mdl_dc_t *dc, const sim_event_t *event)
{
    if (dc->cluster->pooled)
        mdl_pool_repair(dc->cluster);
    else
        mdl_cluster_set_broken(dc->cluster, event->entity, false);
    mdl_dc_note_nodes(dc);
    mdl_dc_climb_up(dc);
}

/* Single nodes are switched off from the last one on; their jobs find others. */
static void power_nodes(mdl_dc_t *dc, uint32_t powered)
{
    while (dc->cluster->powered < powered)
        mdl_cluster_set_powered(dc->cluster, dc->cluster->powered, true);
    while (dc->cluster->powered > powered) {
        evict(dc, dc->cluster->powered - 1);
        mdl_cluster_set_powered(dc->cluster, dc->cluster->powered - 1, false);
    }
}

static void power_pool(mdl_dc_t *dc, uint32_t powered)
{
    mdl_pool_power(dc->cluster, powered);
}

void mdl_dc_on_power(mdl_dc_t *dc, const sim_event_t *event)
{
    if (event->a < 0 || event->a > dc->cluster->nodes) {
        dc->status = sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre", "%lld nodes to be powered; %u are racked",
                              (long long)event->a, dc->cluster->nodes);
        return;
    }
    uint32_t before = dc->cluster->powered, powered = (uint32_t)event->a;
    void (*power)(mdl_dc_t *, uint32_t) = dc->cluster->pooled ? power_pool : power_nodes;
    if (powered > before)
        power(dc, powered);
    mdl_dc_grant_nodes(dc, powered, false);
    if (powered < before)
        power(dc, powered);
    mdl_dc_note_nodes(dc);
    follow_power(dc, before);
}

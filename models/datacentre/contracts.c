// SPDX-License-Identifier: GPL-3.0-or-later
/* Contracts: who holds how many of the powered nodes. */
#include "models/datacentre/state.h"

/* The contract of that number, or NULL. */
static mdl_dc_contract_t *find(const mdl_dc_t *dc, uint32_t number)
{
    mdl_dc_contract_t *contracts = mdl_dc_contracts(dc);

    for (uint32_t i = 0; i < dc->state->n_contracts; i++)
        if (contracts[i].number == number)
            return &contracts[i];
    return NULL;
}

static void add_service(mdl_dc_t *dc, uint32_t index)
{
    uint32_t place = dc->state->n_services++;

    dc->tenancies[index].service = place;
    dc->services[place] = (mdl_service_t){.job = MDL_NONE,
                                          .entity = dc->tenancies[index].entity,
                                          .noise_from_day = -1,
                                          .counted_s = dc->now_s,
                                          .tenancy = index,
                                          .share_permille = 1000};
}

/* Those behind it move up. */
static void remove_service(mdl_dc_t *dc, uint32_t index)
{
    uint32_t last = --dc->state->n_services;

    for (uint32_t place = dc->tenancies[index].service; place < last; place++) {
        dc->services[place] = dc->services[place + 1];
        dc->tenancies[dc->services[place].tenancy].service = place;
    }
}

static void list_last(mdl_dc_t *dc, uint32_t index, uint32_t number, const mdl_contract_terms_t *terms)
{
    mdl_dc_contracts(dc)[dc->state->n_contracts++] = (mdl_dc_contract_t){.tenancy = index,
                                                                         .number = number,
                                                                         .nodes = terms->nodes,
                                                                         .supplied_nodes = MDL_NONE,
                                                                         .job_class = terms->job_class};
    if (terms->job_class == MDL_JOB_INFERENCE)
        add_service(dc, index);
}

/* Those behind it move up. */
static void unlist(mdl_dc_t *dc, mdl_dc_contract_t *contract)
{
    mdl_dc_contract_t ended = *contract, *last = mdl_dc_contracts(dc) + --dc->state->n_contracts;

    for (; contract < last; contract++)
        contract[0] = contract[1];
    if (ended.job_class == MDL_JOB_INFERENCE)
        remove_service(dc, ended.tenancy);
}

/* Cancels, newest first, what a tenant runs above its quota, and what it has queued that can no longer run. */
static void fit_quota(mdl_dc_t *dc, uint32_t index, uint32_t quota_gpus)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, index);

    while (holding->used_gpus > quota_gpus) {
        if (mdl_scheduler_job(dc->scheduler, holding->running_head)->elastic && quota_gpus > 0)
            mdl_dc_stretch_service(dc, mdl_dc_service(dc, index), quota_gpus);
        else
            mdl_dc_end_job(dc, holding->running_head, MDL_END_CANCELLED);
    }
    for (uint32_t i = mdl_scheduler_tenant(dc->scheduler, index)->queue.first; i != MDL_NONE;) {
        uint32_t next = mdl_scheduler_job(dc->scheduler, i)->links.next;
        if (mdl_scheduler_job(dc->scheduler, i)->gpus > quota_gpus)
            mdl_dc_end_job(dc, i, MDL_END_CANCELLED);
        i = next;
    }
}

static void set_granted(mdl_dc_t *dc, mdl_dc_contract_t *contract, uint32_t nodes)
{
    if (nodes < contract->granted_nodes)
        fit_quota(dc, contract->tenancy, nodes * MDL_NODE_GPUS);
    contract->granted_nodes = dc->tenancies[contract->tenancy].granted_nodes = nodes;
    mdl_scheduler_set_quota(dc->scheduler, contract->tenancy, nodes * MDL_NODE_GPUS);
}

/* Stops what tenants run on borrowed nodes until all together hold no more than `most_gpus`. */
static void give_back(mdl_dc_t *dc, uint32_t most_gpus)
{
    if (dc->scheduler->allocated_gpus <= most_gpus)
        return;
    for (uint32_t place = 0; place < dc->state->n_contracts; place++) {
        uint32_t i = mdl_dc_contracts(dc)[place].tenancy;
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, i);
        while (holding->used_gpus > holding->quota_gpus && dc->scheduler->allocated_gpus > most_gpus)
            mdl_dc_stop_job(dc, holding->running_head);
    }
}

/* Streams may use what the other leases leave idle. Where as much is leased as at the last lending, and nobody's quota is
 * another (changed), all limits are right already. */
static void lend(mdl_dc_t *dc, bool changed)
{
    uint32_t limit_gpus = dc->state->leased_nodes * MDL_NODE_GPUS;

    mdl_scheduler_set_most(dc->scheduler, limit_gpus);
    if (!changed && dc->state->lent_nodes == dc->state->leased_nodes)
        return;
    dc->state->lent_nodes = dc->state->leased_nodes;
    for (uint32_t i = 0; i < dc->state->n_contracts; i++) {
        mdl_dc_contract_t contract = mdl_dc_contracts(dc)[i];
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, contract.tenancy);
        if ((contract.job_class == MDL_JOB_FINETUNE || contract.job_class == MDL_JOB_BATCH) &&
            holding->limit_gpus != limit_gpus)
            mdl_scheduler_set_limits(dc->scheduler, contract.tenancy, holding->quota_gpus, limit_gpus);
    }
}

/* Where less is leased than before nobody grows beyond that, a service that makes more of its part included. */
static void bound_use(mdl_dc_t *dc)
{
    uint32_t limit_gpus = dc->state->leased_nodes * MDL_NODE_GPUS;

    if (limit_gpus < dc->scheduler->most_gpus)
        mdl_scheduler_set_most(dc->scheduler, limit_gpus);
}

/* Where quota has been lent and no longer is: all that is borrowed comes back, and quotas are limits again. */
static void end_lending(mdl_dc_t *dc)
{
    if (dc->scheduler->most_gpus == UINT32_MAX)
        return;
    give_back(dc, 0);
    mdl_scheduler_set_most(dc->scheduler, UINT32_MAX);
    for (uint32_t i = 0; i < dc->state->n_contracts; i++) {
        uint32_t tenancy = mdl_dc_contracts(dc)[i].tenancy;
        mdl_scheduler_set_quota(dc->scheduler, tenancy, mdl_scheduler_holding(dc->scheduler, tenancy)->quota_gpus);
    }
}

static uint32_t share_of(const mdl_dc_contract_t *contract, uint32_t *left)
{
    uint32_t nodes = contract->nodes < *left ? contract->nodes : *left;

    *left -= nodes;
    return nodes;
}

/* What comes of sharing out powered nodes in order of start. */
typedef struct shares {
    uint32_t leased_nodes;
    bool less, more; /* somebody loses nodes; somebody gets more */
} shares_t;

static shares_t shares_of(const mdl_dc_t *dc, uint32_t powered)
{
    const mdl_dc_contract_t *contract = mdl_dc_contracts(dc), *end = contract + dc->state->n_contracts;
    uint32_t left = powered;
    shares_t shares = {0};

    for (; contract < end; contract++) {
        uint32_t nodes = share_of(contract, &left);
        shares.less |= nodes < contract->granted_nodes;
        shares.more |= nodes > contract->granted_nodes;
    }
    shares.leased_nodes = powered - left;
    return shares;
}

static void grant_less(mdl_dc_t *dc, uint32_t powered)
{
    mdl_dc_contract_t *contract = mdl_dc_contracts(dc), *end = contract + dc->state->n_contracts;
    uint32_t left = powered;

    for (; contract < end; contract++) {
        uint32_t nodes = share_of(contract, &left);
        if (nodes < contract->granted_nodes)
            set_granted(dc, contract, nodes);
    }
}

/* To those who get more, and the supply of jobs of all who have another number of nodes than it was planned for. */
static void grant_more(mdl_dc_t *dc, uint32_t powered)
{
    mdl_dc_contract_t *contract = mdl_dc_contracts(dc), *end = contract + dc->state->n_contracts;
    uint32_t left = powered;

    for (; contract < end; contract++) {
        uint32_t nodes = share_of(contract, &left);
        if (nodes > contract->granted_nodes)
            set_granted(dc, contract, nodes);
        if (nodes == contract->supplied_nodes)
            continue;
        contract->supplied_nodes = nodes;
        mdl_dc_supply(dc, contract->tenancy);
    }
}

/* Whoever loses nodes loses them before anybody gets more. What is borrowed comes back first, where fewer nodes
 * are leased than before. */
void mdl_dc_grant_nodes(mdl_dc_t *dc, uint32_t powered, bool new_terms)
{
    shares_t shares = shares_of(dc, powered);
    bool changed = shares.less || shares.more || new_terms;

    if (dc->state->borrowing)
        give_back(dc, shares.leased_nodes * MDL_NODE_GPUS);
    else
        end_lending(dc);
    if (shares.less)
        grant_less(dc, powered);
    mdl_dc_lease_nodes(dc, shares.leased_nodes);
    if (dc->state->borrowing)
        bound_use(dc);
    if (changed)
        grant_more(dc, powered);
    if (dc->state->borrowing)
        lend(dc, changed);
}

/* Where no job would be stopped otherwise, what is lent is taken back by reclaim. */
void mdl_dc_on_lending(mdl_dc_t *dc, const sim_event_t *event)
{
    uint8_t *preemption = &dc->scheduler->policy.preemption;

    (void)event;
    if (dc->state->borrowing && *preemption == MDL_PREEMPTION_NONE)
        *preemption = MDL_PREEMPTION_RECLAIM;
    mdl_dc_grant_nodes(dc, dc->cluster->powered, false);
}

/* The lowest tenancy that no contract has; the capacity where there is none. Looked for in the list, 64 at a time. */
static uint32_t free_tenancy(const mdl_dc_t *dc)
{
    const mdl_dc_contract_t *contracts = mdl_dc_contracts(dc);
    uint64_t taken = UINT64_MAX;
    uint32_t from = 0;

    for (; taken == UINT64_MAX; from += 64) {
        taken = 0;
        for (uint32_t i = 0; i < dc->state->n_contracts; i++)
            if (contracts[i].tenancy - from < 64)
                taken |= UINT64_C(1) << (contracts[i].tenancy - from);
    }
    return from - 64 + (uint32_t)__builtin_ctzll(~taken);
}

void mdl_dc_on_contract_start(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_datacentre_t *state = dc->state;
    mdl_contract_terms_t terms = mdl_contract_unpack(event->a);
    uint32_t index = free_tenancy(dc);

    if (index == state->tenancy_capacity) {
        dc->status = sim_fail(dc->lp->error, SIM_ELIMIT, "data centre's contracts",
                              "%u contracts run and more than as many again started within one window", index);
        return;
    }
    if (find(dc, event->entity) != NULL || terms.job_class >= MDL_JOB_CLASSES) {
        dc->status = sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre",
                              "contract %u, class %d: already running, or "
                              "no such class",
                              event->entity, (int)terms.job_class);
        return;
    }
    dc->tenancies[index] = (mdl_tenancy_t){.entity = (uint64_t)event->b,
                                           .generation = ++state->generation,
                                           .ready_s = dc->now_s + (terms.ported ? 0 : dc->workload->port_time_s),
                                           .timer_s = SIM_NEVER,
                                           .open = true};
    mdl_tenancy_set_terms(&dc->tenancies[index], &terms);
    state->classes |= (uint8_t)(1 << terms.job_class);
    list_last(dc, index, event->entity, &terms);
    mdl_scheduler_open_tenant(dc->scheduler, index, 0);
    mdl_dc_grant_nodes(dc, dc->cluster->powered, true);
}

/* The software is ready before its time: timers that wait for it are void. */
static void end_porting(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    tenancy->ready_s = dc->now_s;
    tenancy->generation = ++dc->state->generation;
    tenancy->gang_timers = 0;
    if (tenancy->timer_s != SIM_NEVER)
        (void)sim_cancel(dc->lp, tenancy->timer);
    tenancy->timer_s = SIM_NEVER;
}

void mdl_dc_on_contract_resize(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_dc_contract_t *contract = find(dc, event->entity);
    mdl_contract_terms_t terms = mdl_contract_unpack(event->a);

    if (contract == NULL || terms.job_class != contract->job_class) {
        dc->status = sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre",
                              "contract %u cannot be resized: it is not running, or of another class", event->entity);
        return;
    }
    mdl_tenancy_set_terms(&dc->tenancies[contract->tenancy], &terms);
    contract->nodes = terms.nodes;
    contract->supplied_nodes = MDL_NONE;
    if (terms.ported && dc->tenancies[contract->tenancy].ready_s > dc->now_s)
        end_porting(dc, contract->tenancy);
    mdl_dc_grant_nodes(dc, dc->cluster->powered, true);
}

static void end_contract(mdl_dc_t *dc, mdl_dc_contract_t *contract)
{
    uint32_t index = contract->tenancy;
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, index);

    while (tenant->queue.first != MDL_NONE)
        mdl_dc_end_job(dc, tenant->queue.first, MDL_END_CANCELLED);
    while (holding->running_head != MDL_NONE)
        mdl_dc_end_job(dc, holding->running_head, MDL_END_CANCELLED);
    if (tenancy->job_class == MDL_JOB_INFERENCE)
        mdl_dc_note_service(dc, mdl_dc_service(dc, index));
    if (tenancy->timer_s != SIM_NEVER)
        (void)sim_cancel(dc->lp, tenancy->timer);
    mdl_scheduler_close_tenant(dc->scheduler, index);
    unlist(dc, contract);
    tenancy->open = false;
}

void mdl_dc_on_contract_end(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_dc_contract_t *contract = find(dc, event->entity);

    if (contract == NULL) {
        dc->status = sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre", "contract %u cannot end: it is not running",
                              event->entity);
        return;
    }
    end_contract(dc, contract);
    mdl_dc_grant_nodes(dc, dc->cluster->powered, false);
}

/* The meters of a closed centre stand still. */
void mdl_dc_on_close(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_line_t *racked = &dc->state->racked;

    (void)event;
    while (dc->state->n_contracts > 0)
        end_contract(dc, mdl_dc_contracts(dc));
    mdl_dc_lease_nodes(dc, 0);
    mdl_dc_meter_nodes(dc, 0, 0);
    *racked = (mdl_line_t){.base = mdl_line_at(racked, dc->now_s)};
    dc->state->closed = true;
}

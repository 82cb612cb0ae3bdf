// SPDX-License-Identifier: GPL-3.0-or-later
/* Leases: contracts of the rental market carried out: messages to data centres, rents paid, tenants' books kept. */
#include "models/economy/economy_state.h"

static mdl_tenant_t *tenant_of(const mdl_step_t *step, const mdl_contract_t *contract)
{
    return &step->tenants[contract->tag / MDL_WISHES];
}

static mdl_wish_t wish_of(const mdl_contract_t *contract)
{
    return (mdl_wish_t)(contract->tag % MDL_WISHES);
}

static sim_status_t tell(mdl_step_t *step, const mdl_contract_t *contract, uint32_t type, int64_t a, int64_t b)
{
    sim_event_t event = {
        .time_s = sim_world_now(step->world), .type = type, .entity = MDL_LEASE_NUMBER(contract), .a = a, .b = b};
    return sim_world_schedule(step->world, step->sites[contract->centre].lp, &event, 0, NULL);
}

/* Width of a training gang in physical nodes of the contract: as many as give the throughput wanted. */
static uint32_t gang_nodes(const mdl_step_t *step, const mdl_contract_t *contract)
{
    if (contract->segment != MDL_SEGMENT_TRAINING)
        return 0;
    double reference = tenant_of(step, contract)->training.gang_nodes;
    double physical = contract->rate > 0 ? reference / contract->rate : reference;
    uint32_t nodes = (uint32_t)(physical + 0.5);
    uint32_t most = (uint32_t)contract->nodes;
    return nodes < 1 ? 1 : nodes > most ? most : nodes;
}

static int64_t pack_terms(const mdl_step_t *step, const mdl_contract_t *contract)
{
    return mdl_contract_pack(&(mdl_contract_terms_t){
        .job_class = (mdl_job_class_t)contract->segment,
        .nodes = (uint32_t)contract->nodes,
        .gang_nodes = gang_nodes(step, contract),
        .activity_permille = (uint32_t)(step->params->start_tenant_activity * 1000 + 0.5),
        .ported = contract->ported != 0,
    });
}

static void count_nodes(mdl_step_t *step, const mdl_contract_t *contract, int32_t nodes)
{
    mdl_site_t *site = &step->sites[contract->centre];
    site->leased += nodes;
    if (contract->segment == MDL_SEGMENT_TRAINING)
        site->training_leased += nodes;
}

sim_status_t mdl_lease_start(mdl_step_t *step, uint32_t slot)
{
    const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
    mdl_tenant_t *tenant = tenant_of(step, contract);
    uint64_t jobs = sim_entity_id(tenant->entity, MDL_ENTITY_CONTRACT, tenant->contracts++);
    tenant->held[wish_of(contract)] += contract->nodes * contract->rate;
    count_nodes(step, contract, contract->nodes);
    mdl_site_t *site = &step->sites[contract->centre];
    MDL_TRY(mdl_datacentre_reserve(step->world, site->lp, ++site->starts, step->err));
    int32_t type = site->gpu_type;
    step->eco->week_rent_fen[type] += (double)contract->price_fen_node_month * contract->nodes;
    step->eco->week_nodes[type] += contract->nodes;
    if (site->project != MDL_NO_PROJECT)
        (void)mdl_event_once(step, MDL_EV_FIRST_CONTRACT, site->project, MDL_CAUSE_BEFORE,
                             (double)contract->price_fen_node_month / MDL_FEN_PER_YUAN);
    if (wish_of(contract) == MDL_WISH_TRAINING && contract->tag / MDL_WISHES < step->eco->n_labs)
        (void)mdl_event_once(step, MDL_EV_LAB_TRAINING, contract->tag / MDL_WISHES, MDL_CAUSE_BEFORE, contract->nodes);
    return tell(step, contract, MDL_DC_CONTRACT_START, pack_terms(step, contract), (int64_t)jobs);
}

/* Pays the rent of `days` days. A tenant pays what it can; what it pays late it never pays. */
static sim_status_t bill(mdl_step_t *step, const mdl_contract_t *contract, int64_t days, bool *paid_in_full)
{
    int64_t due_fen = 0, paid_fen = 0;
    if (!mdl_money_times(mdl_rental_day_fen(contract), days, &due_fen))
        return sim_fail(step->err, SIM_EINVARIANT, "rent", "contract %llu: too large",
                        (unsigned long long)contract->number);
    uint32_t tenant = contract->tag / MDL_WISHES, account = mdl_tenant_account(step, tenant);
    mdl_site_t *site = &step->sites[contract->centre];
    if (tenant >= step->eco->n_labs) {
        MDL_TRY(mdl_eco_fund(step, account, due_fen));
        paid_fen = due_fen;
        MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_RENT, account, site->account, due_fen, step->err));
    } else {
        MDL_TRY(
            mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_RENT, account, site->account, due_fen, &paid_fen, step->err));
    }
    if (site->project != MDL_NO_PROJECT) {
        mdl_project_t *project = &step->projects[site->project];
        project->revenue_fen += paid_fen;
        project->month_revenue_fen += paid_fen;
        MDL_TRY(mdl_voucher_pay(step, project, account, paid_fen));
    }
    *paid_in_full = paid_fen == due_fen;
    return SIM_OK;
}

/* Days since rent was paid last: the last billing day, or the start. */
static int64_t unpaid_days(const mdl_step_t *step, const mdl_contract_t *contract)
{
    int64_t since = step->day - step->day % MDL_BILLING_DAYS;
    if (contract->start_day > since)
        since = contract->start_day;
    return step->day > since ? step->day - since : 0;
}

sim_status_t mdl_lease_end(mdl_step_t *step, const mdl_contract_t *ended)
{
    bool in_full;
    mdl_tenant_t *tenant = tenant_of(step, ended);
    mdl_wish_t wish = wish_of(ended);
    MDL_TRY(bill(step, ended, unpaid_days(step, ended), &in_full));
    tenant->held[wish] -= ended->nodes * ended->rate;
    if (tenant->held[wish] < 1e-9)
        tenant->held[wish] = 0;
    count_nodes(step, ended, -ended->nodes);
    mdl_chronicle_left(step, &step->sites[ended->centre], ended);
    return tell(step, ended, MDL_DC_CONTRACT_END, 0, 0);
}

sim_status_t mdl_lease_bill_all(mdl_step_t *step)
{
    for (uint32_t slot = 0; slot < step->rental->contracts_used; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
        if (contract->number == 0)
            continue;
        int64_t since = step->day - MDL_BILLING_DAYS;
        int64_t days = contract->start_day > since ? step->day - contract->start_day : MDL_BILLING_DAYS;
        bool in_full = true;
        MDL_TRY(bill(step, contract, days, &in_full));
        mdl_contract_t ended;
        if (!in_full && mdl_rental_end(step->rental, slot, &ended))
            MDL_TRY(mdl_lease_end(step, &ended));
    }
    return SIM_OK;
}

sim_status_t mdl_lease_resize(mdl_step_t *step, uint32_t slot, int32_t nodes)
{
    const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
    int32_t before = contract->nodes;
    int32_t after = mdl_rental_resize(step->rental, slot, nodes);
    if (after == before)
        return SIM_OK;
    SIM_ASSERT(after > 0);
    mdl_tenant_t *tenant = tenant_of(step, contract);
    tenant->held[wish_of(contract)] += (after - before) * contract->rate;
    count_nodes(step, contract, after - before);
    return tell(step, contract, MDL_DC_CONTRACT_RESIZE, pack_terms(step, contract), 0);
}

sim_status_t mdl_tenant_leave(mdl_step_t *step, uint32_t tenant, mdl_wish_t wish, uint64_t before)
{
    uint32_t tag = mdl_wish_tag(tenant, wish);
    for (uint32_t slot = 0; slot < step->rental->contracts_used && step->tenants[tenant].held[wish] > 0; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
        mdl_contract_t ended;
        bool theirs = contract->number != 0 && contract->tag == tag && contract->number < before;
        if (theirs && mdl_rental_end(step->rental, slot, &ended))
            MDL_TRY(mdl_lease_end(step, &ended));
    }
    return SIM_OK;
}

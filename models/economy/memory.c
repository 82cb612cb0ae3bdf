// SPDX-License-Identifier: GPL-3.0-or-later
/* The economy's blocks in the world's arena: made at the start, grown at boundaries before they run full. */
#include "models/economy/economy_state.h"

#include <string.h>

#define FIRST_PROJECTS  512
#define FIRST_SITES     256
#define FIRST_LOTS      4096
#define FIRST_CONTRACTS 4096
#define FIRST_LOANS     512
#define SPARE_ACCOUNTS  1024
#define SPARE_ORDERS    256

static void *at(mdl_step_t *step, sim_ref_t ref)
{
    return sim_arena_at(sim_world_arena(step->world), ref);
}

static sim_status_t take(mdl_step_t *step, sim_ref_t *ref, size_t bytes, const char *what)
{
    *ref = sim_arena_alloc(sim_world_arena(step->world), bytes);
    if (*ref != 0)
        return SIM_OK;
    return sim_arena_fail(sim_world_arena(step->world), step->err, what, "%zu bytes", bytes);
}

void mdl_step_open(mdl_step_t *step, sim_world_t *world, int64_t now_s, sim_error_t *err)
{
    mdl_eco_t *eco = sim_world_state(world, MDL_ECONOMY_LP);
    const mdl_input_t *input = sim_world_input(world);
    *step = (mdl_step_t){.world = world,
                         .eco = eco,
                         .input = input,
                         .tables = input->tables,
                         .params = &eco->params,
                         .now_s = now_s,
                         .day = now_s / SIM_DAY_S,
                         .err = err};
    if (eco->ledger == 0)
        return;
    step->ledger = at(step, eco->ledger);
    step->lots = at(step, eco->lots);
    step->chips = at(step, eco->chips);
    step->rental = at(step, eco->rental);
    step->bank = at(step, eco->bank);
    step->brokers = at(step, eco->brokers);
    step->labs = at(step, eco->labs);
    step->developers = at(step, eco->developers);
    step->projects = at(step, eco->projects);
    step->project_marks = at(step, eco->project_marks);
    step->outlines = at(step, eco->outlines);
    step->sites = at(step, eco->sites);
    step->tenants = at(step, eco->tenants);
    step->trades = at(step, eco->trades);
    step->ended = at(step, eco->ended);
    mdl_chronicle_open(step);
}

static uint32_t count_developers(const mdl_params_t *params)
{
    int64_t n = 0;
    for (int kind = 0; kind < MDL_DEVELOPER_KINDS; kind++)
        n += mdl_developer_population(params, (mdl_developer_kind_t)kind);
    return (uint32_t)n;
}

static sim_status_t allocate_markets(mdl_step_t *step, uint32_t accounts)
{
    mdl_eco_t *eco = step->eco;
    uint32_t n_types = step->tables->n_gpu_types;
    uint32_t orders = SPARE_ORDERS + eco->n_developers + (uint32_t)step->params->start_centres;
    eco->trade_capacity = 2 * orders;
    eco->ended_capacity = FIRST_CONTRACTS;
    eco->loan_capacity = FIRST_LOANS;
    MDL_TRY(take(step, &eco->ledger, mdl_ledger_bytes(accounts), "ledger"));
    MDL_TRY(take(step, &eco->lots, mdl_lots_bytes(FIRST_LOTS, accounts), "lots"));
    MDL_TRY(take(step, &eco->chips, mdl_chips_bytes(n_types, orders), "order books"));
    MDL_TRY(take(step, &eco->trades, eco->trade_capacity * sizeof(mdl_chip_trade_t), "trades"));
    MDL_TRY(take(step, &eco->rental, mdl_rental_bytes(eco->site_capacity, FIRST_CONTRACTS), "rental market"));
    MDL_TRY(take(step, &eco->ended, eco->ended_capacity * sizeof(mdl_contract_t), "ended contracts"));
    MDL_TRY(take(step, &eco->bank, mdl_bank_bytes(eco->loan_capacity), "loan book"));
    return take(step, &eco->brokers, (eco->n_brokers + 1) * sizeof(mdl_broker_t), "brokers");
}

sim_status_t mdl_eco_allocate(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    eco->n_brokers = step->tables->n_routes;
    eco->n_labs = (uint32_t)step->params->labs_entrants;
    eco->n_developers = count_developers(step->params);
    eco->n_tenants = eco->n_labs + step->tables->n_provinces;
    uint32_t founders = (uint32_t)(step->params->start_centres + step->params->start_building);
    eco->project_capacity = (FIRST_PROJECTS + founders) / MDL_MARKS_PAGE * MDL_MARKS_PAGE + MDL_MARKS_PAGE;
    eco->site_capacity = FIRST_SITES + founders;
    uint32_t accounts = SPARE_ACCOUNTS + founders + eco->n_tenants + step->tables->n_cities + eco->n_developers;
    MDL_TRY(take(step, &eco->projects, eco->project_capacity * sizeof(mdl_project_t), "projects"));
    MDL_TRY(take(step, &eco->project_marks, eco->project_capacity, "projects"));
    MDL_TRY(take(step, &eco->outlines, eco->project_capacity * sizeof(mdl_outline_t), "projects"));
    MDL_TRY(take(step, &eco->sites, eco->site_capacity * sizeof(mdl_site_t), "sites"));
    MDL_TRY(take(step, &eco->labs, (eco->n_labs + 1) * sizeof(mdl_lab_t), "labs"));
    MDL_TRY(take(step, &eco->developers, (eco->n_developers + 1) * sizeof(mdl_developer_t), "developers"));
    MDL_TRY(take(step, &eco->look_turns, (eco->n_developers + 1) * sizeof(uint32_t), "developers"));
    MDL_TRY(take(step, &eco->token_payments, (eco->n_labs + MDL_MAX_PLATFORMS) * sizeof(mdl_payment_t), "labs"));
    MDL_TRY(take(step, &eco->tenants, eco->n_tenants * sizeof(mdl_tenant_t), "tenants"));
    size_t weeks = (size_t)(step->input->horizon_s / SIM_WEEK_S) + 1;
    MDL_TRY(take(step, &eco->rent_gaps, weeks * sizeof(double), "weekly rents"));
    MDL_TRY(allocate_markets(step, accounts));
    MDL_TRY(mdl_chronicle_begin(step));
    mdl_step_open(step, step->world, step->now_s, step->err);
    mdl_ledger_init(step->ledger, accounts);
    mdl_lots_init(step->lots, FIRST_LOTS, accounts);
    mdl_chips_init(step->chips, step->tables, eco->trade_capacity / 2);
    return mdl_rental_init(step->rental, step->tables, eco->site_capacity, FIRST_CONTRACTS,
                           step->params->rental_start_price_fen, step->err);
}

/* Moves a plain array to a block for twice as many entries. */
static sim_status_t double_array(mdl_step_t *step, sim_ref_t *ref, uint32_t *capacity, size_t entry_bytes,
                                 const char *what)
{
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, 2 * (size_t)*capacity * entry_bytes, what));
    memcpy(at(step, larger), at(step, *ref), *capacity * entry_bytes);
    sim_arena_release(sim_world_arena(step->world), *ref, *capacity * entry_bytes);
    *ref = larger;
    *capacity *= 2;
    return SIM_OK;
}

static void swap(mdl_step_t *step, sim_ref_t *ref, sim_ref_t larger, size_t old_bytes)
{
    sim_arena_release(sim_world_arena(step->world), *ref, old_bytes);
    *ref = larger;
}

static sim_status_t grow_ledger(mdl_step_t *step)
{
    uint32_t from = step->ledger->capacity;
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, mdl_ledger_bytes(2 * from), "ledger"));
    mdl_ledger_grow_into(at(step, larger), 2 * from, step->ledger);
    swap(step, &step->eco->ledger, larger, mdl_ledger_bytes(from));
    return SIM_OK;
}

static sim_status_t grow_lots(mdl_step_t *step, uint32_t lots, uint32_t owners)
{
    uint32_t from = step->lots->lot_capacity, from_owners = step->lots->owner_capacity;
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, mdl_lots_bytes(lots, owners), "lots"));
    mdl_lots_grow_into(at(step, larger), lots, owners, step->lots);
    swap(step, &step->eco->lots, larger, mdl_lots_bytes(from, from_owners));
    return SIM_OK;
}

static sim_status_t grow_rental(mdl_step_t *step, uint32_t offers, uint32_t contracts)
{
    uint32_t from = step->rental->offer_capacity, from_contracts = step->rental->contract_capacity;
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, mdl_rental_bytes(offers, contracts), "rental market"));
    mdl_rental_grow_into(at(step, larger), offers, contracts, step->rental);
    swap(step, &step->eco->rental, larger, mdl_rental_bytes(from, from_contracts));
    return SIM_OK;
}

static sim_status_t grow_bank(mdl_step_t *step)
{
    uint32_t from = step->bank->capacity;
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, mdl_bank_bytes(2 * from), "loan book"));
    mdl_bank_grow_into(at(step, larger), 2 * from, step->bank);
    swap(step, &step->eco->bank, larger, mdl_bank_bytes(from));
    return SIM_OK;
}

static sim_status_t reserve_markets(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    while (step->ledger->count + eco->n_developers > step->ledger->capacity) {
        MDL_TRY(grow_ledger(step));
        mdl_step_open(step, step->world, step->now_s, step->err);
    }
    uint32_t owners = step->ledger->capacity;
    if (2 * step->lots->live > step->lots->lot_capacity || owners > step->lots->owner_capacity) {
        bool full = 2 * step->lots->live > step->lots->lot_capacity;
        MDL_TRY(grow_lots(step, full ? 2 * step->lots->lot_capacity : step->lots->lot_capacity, owners));
    }
    const mdl_rental_t *rental = step->rental;
    uint32_t head_room = eco->n_tenants * MDL_RENTAL_SPLIT;
    bool more = rental->contracts_live + head_room > rental->contract_capacity;
    if (more || eco->site_capacity > rental->offer_capacity)
        MDL_TRY(grow_rental(step, eco->site_capacity,
                            more ? 2 * rental->contract_capacity + head_room : rental->contract_capacity));
    if (2 * step->bank->live > step->bank->capacity)
        MDL_TRY(grow_bank(step));
    return SIM_OK;
}

sim_status_t mdl_eco_reserve(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    while (eco->n_projects + eco->n_developers > eco->project_capacity) {
        uint32_t marks = eco->project_capacity, outlines = marks;
        MDL_TRY(double_array(step, &eco->project_marks, &marks, sizeof(uint8_t), "projects"));
        MDL_TRY(double_array(step, &eco->outlines, &outlines, sizeof(mdl_outline_t), "projects"));
        MDL_TRY(double_array(step, &eco->projects, &eco->project_capacity, sizeof(mdl_project_t), "projects"));
    }
    /* A project opens one site at most, a pool is two; a day opens at most one pool per platform, province and type. */
    uint32_t pools = eco->n_pools + step->tables->n_platforms * step->tables->n_gpu_types;
    while (eco->n_projects + 2 * pools > eco->site_capacity)
        MDL_TRY(double_array(step, &eco->sites, &eco->site_capacity, sizeof(mdl_site_t), "sites"));
    MDL_TRY(reserve_markets(step));
    mdl_step_open(step, step->world, step->now_s, step->err);
    while (step->rental->contract_capacity > eco->ended_capacity)
        MDL_TRY(double_array(step, &eco->ended, &eco->ended_capacity, sizeof(mdl_contract_t), "ended contracts"));
    mdl_step_open(step, step->world, step->now_s, step->err);
    return mdl_chronicle_reserve(step);
}

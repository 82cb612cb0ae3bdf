// SPDX-License-Identifier: GPL-3.0-or-later
/* The first day: accounts, agents, platforms' fleets, the centres that stand and the projects under construction. */
#include "models/economy/economy_state.h"

#define CENTRES_WEIGHED 32 /* whose memory is looked at before more is fetched */

static uint64_t seed_of(const mdl_step_t *step)
{
    return sim_world_seed(step->world);
}

static uint64_t replication_of(const mdl_step_t *step)
{
    return sim_world_replication(step->world);
}

static mdl_address_t address(const mdl_step_t *step, uint64_t entity)
{
    return (mdl_address_t){seed_of(step), replication_of(step), entity, 0};
}

static sim_status_t open_account(mdl_step_t *step, mdl_sector_t sector, uint32_t *account)
{
    return mdl_ledger_open(step->ledger, sector, account, step->err);
}

static sim_status_t found_institutions(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    MDL_TRY(open_account(step, MDL_SECTOR_CENTRE, &eco->central_account));
    MDL_TRY(open_account(step, MDL_SECTOR_BANK, &eco->bank_account));
    MDL_TRY(open_account(step, MDL_SECTOR_GRID, &eco->grid_account));
    MDL_TRY(open_account(step, MDL_SECTOR_CHIPMAKER, &eco->maker_account[0]));
    MDL_TRY(open_account(step, MDL_SECTOR_CHIPMAKER, &eco->maker_account[1]));
    mdl_grid_init(&eco->grid, step->params, step->tables, eco->grid_account);
    int64_t price_fen = mdl_chips_price_fen(step->chips, step->tables->reference_type);
    mdl_bank_init(step->bank, step->params, eco->bank_account, sim_entity_id(0, MDL_ENTITY_BANK, 0), eco->loan_capacity,
                  price_fen);
    mdl_hype_init(&eco->hype, step->params);
    mdl_frontier_init(&eco->frontier, step->params);
    mdl_tokens_init(&eco->tokens, step->params);
    mdl_beliefs_init(&eco->beliefs);
    eco->activity = step->params->start_tenant_activity;
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        eco->signal_fen[type] = mdl_chips_price_fen(step->chips, (int32_t)type);
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        eco->province_utilisation[p] = -1;
    for (int s = 0; s < MDL_SEGMENTS; s++)
        eco->heard_fen[s] = step->rental->index_fen;
    return SIM_OK;
}

static sim_status_t found_cities(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    const mdl_tables_t *tables = step->tables;
    double tflops = tables->gpu_types[tables->reference_type].tflops_fp16;
    for (uint32_t c = 0; c < tables->n_cities; c++) {
        mdl_city_init(&eco->cities[c], &tables->cities[c], c, tflops);
        eco->cities_in[tables->cities[c].province]++;
        MDL_TRY(open_account(step, MDL_SECTOR_CITY, &eco->city_account[c]));
    }
    return SIM_OK;
}

static sim_status_t found_tenants(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    double weights[MDL_MAX_PROVINCES];
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        weights[p] = step->tables->provinces[p].demand_weight;
    eco->tenants_account = step->ledger->count;
    for (uint32_t t = 0; t < eco->n_tenants; t++) {
        bool lab = t < eco->n_labs;
        mdl_tenant_t *tenant = &step->tenants[t];
        tenant->entity =
            lab ? sim_entity_id(0, MDL_ENTITY_LAB, t) : sim_entity_id(0, MDL_ENTITY_PROVINCE, t - eco->n_labs);
        sim_rng_t rng;
        sim_rng_at(&rng, seed_of(step), replication_of(step), tenant->entity, MDL_PURPOSE_TENANT_TRAITS, 0);
        tenant->porting_u = sim_draw_uniform(&rng);
        for (int wish = 0; wish < MDL_WISHES; wish++)
            tenant->incumbent[wish] = MDL_NO_OFFER;
        tenant->province =
            lab ? (int32_t)sim_draw_categorical(&rng, weights, step->tables->n_provinces) : (int32_t)(t - eco->n_labs);
        uint32_t account;
        MDL_TRY(open_account(step, lab ? MDL_SECTOR_LAB : MDL_SECTOR_ENTERPRISE, &account));
        SIM_ASSERT(account == mdl_tenant_account(step, t));
        mdl_address_t at = address(step, tenant->entity);
        if (lab)
            mdl_lab_init(&step->labs[t], step->params, &at, (int64_t)t < step->params->labs_incumbents,
                         eco->frontier.closed_log);
        else
            mdl_enterprise_init(&eco->enterprises[t - eco->n_labs], step->params, &at);
    }
    return SIM_OK;
}

static sim_status_t found_brokers(mdl_step_t *step)
{
    const mdl_tables_t *tables = step->tables;
    double list_yuan = tables->gpu_types[tables->reference_type].list_price_yuan;
    for (uint32_t b = 0; b < step->eco->n_brokers; b++) {
        uint32_t account;
        MDL_TRY(open_account(step, MDL_SECTOR_BROKER, &account));
        mdl_broker_init(&step->brokers[b], account, (int32_t)b, sim_entity_id(0, MDL_ENTITY_BROKER, b));
        double gpus = step->params->start_broker_weeks * tables->routes[b].gpus_per_week;
        MDL_TRY(
            mdl_ledger_endow(step->ledger, account, mdl_money_round(gpus * list_yuan * MDL_FEN_PER_YUAN), step->err));
    }
    return SIM_OK;
}

/* The type that fleets and centres of the first day are made of: the newest foreign one that could be had by then. */
static int32_t first_type(const mdl_step_t *step)
{
    int32_t best = step->tables->reference_type;
    int64_t best_day = INT64_MIN;
    for (uint32_t t = 0; t < step->tables->n_gpu_types; t++) {
        const mdl_gpu_type_t *row = &step->tables->gpu_types[t];
        if (row->foreign && row->available_day <= step->input->start_day && row->available_day > best_day) {
            best = (int32_t)t;
            best_day = row->available_day;
        }
    }
    return best;
}

/* Chips that stand installed on the first day: lots and capital out of nothing that is modelled. */
static sim_status_t endow_chips(mdl_step_t *step, uint32_t account, uint32_t place, int32_t type, int64_t gpus)
{
    if (gpus == 0)
        return SIM_OK;
    mdl_lot_t lot = {.type = type, .state = MDL_LOT_INSTALLED, .owner = account, .place = place, .count = gpus};
    MDL_TRY(mdl_lots_make(step->lots, &lot, NULL, step->err));
    int64_t list_fen = mdl_chips_price_fen(step->chips, type);
    return mdl_ledger_endow_capital(step->ledger, account, list_fen * gpus, step->err);
}

static sim_status_t found_platforms(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    const mdl_tables_t *tables = step->tables;
    int32_t type = first_type(step);
    double total = 0;
    for (uint32_t i = 0; i < tables->n_platforms; i++)
        total += mdl_platform_row(step, i).fleet_h100e;
    for (uint32_t i = 0; i < tables->n_platforms; i++) {
        const mdl_platform_t row = mdl_platform_row(step, i);
        mdl_address_t at = address(step, sim_entity_id(0, MDL_ENTITY_PLATFORM, i));
        mdl_platform_init(&eco->platforms[i], step->params, &row, total, &at);
        MDL_TRY(open_account(step, MDL_SECTOR_PLATFORM, &eco->platform_account[i]));
        eco->first_own[i] = eco->last_own[i] = MDL_NO_SITE;
        double gpus = row.fleet_h100e / mdl_reference_per_gpu(step, type);
        uint32_t nodes = (uint32_t)(gpus / MDL_GPUS_PER_NODE + 0.5);
        MDL_TRY(
            endow_chips(step, eco->platform_account[i], MDL_LOT_PLACE_NONE, type, (int64_t)nodes * MDL_GPUS_PER_NODE));
        if (nodes > 0)
            MDL_TRY(mdl_pool_extend(step, i, row.home_province, type, nodes));
        eco->platform_order[i].type = -1;
    }
    return SIM_OK;
}

/* Lists developers by the day of the week on which they look. */
static void share_out_looks(mdl_step_t *step)
{
    uint32_t *turns = sim_arena_at(sim_world_arena(step->world), step->eco->look_turns), n = 0;
    for (int32_t day = 0; day < MDL_LOOK_DAYS; day++) {
        step->eco->look_from[day] = n;
        for (uint32_t i = 0; i < step->eco->n_developers; i++)
            if (step->developers[i].look_day == day)
                turns[n++] = i;
    }
    step->eco->look_from[MDL_LOOK_DAYS] = n;
}

static void found_developers(mdl_step_t *step)
{
    uint32_t n = 0;
    for (int kind = 0; kind < MDL_DEVELOPER_KINDS; kind++) {
        int64_t population = mdl_developer_population(step->params, (mdl_developer_kind_t)kind);
        for (int64_t i = 0; i < population; i++) {
            sim_rng_t rng;
            uint64_t entity = sim_entity_id(0, MDL_ENTITY_DEVELOPER, (uint64_t)kind << 32 | (uint64_t)i);
            sim_rng_at(&rng, seed_of(step), replication_of(step), entity, MDL_PURPOSE_DEVELOPER_TRAITS, 0);
            mdl_developer_init(&step->developers[n++], (mdl_developer_kind_t)kind, (uint64_t)i, step->tables->n_cities,
                               &rng);
        }
    }
}

/* Stands at the numbers of a project of the first day, draws its size, and returns its id. */
static uint64_t first_project(const mdl_step_t *step, uint32_t ordinal, sim_rng_t *rng, double *pflops)
{
    uint64_t entity = sim_entity_id(sim_entity_id(0, MDL_ENTITY_ECONOMY, 0), MDL_ENTITY_PROJECT, ordinal);
    sim_rng_at(rng, seed_of(step), replication_of(step), entity, MDL_PURPOSE_START_CENTRES, 0);
    *pflops = sim_draw_lognormal(rng, sim_log(step->params->start_centre_pflops) - 0.5, 1);
    return entity;
}

/* Sizes differ by replication, but what stands on the first day is known: `n` projects of the mean size, drawn sizes
 * times what makes up for their luck. */
static double size_scale(const mdl_step_t *step, uint32_t from, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = from; i < from + n; i++) {
        sim_rng_t rng;
        double pflops;
        (void)first_project(step, i, &rng, &pflops);
        sum += pflops;
    }
    return sum > 0 ? step->params->start_centre_pflops * n / sum : 1;
}

static uint32_t nodes_of(const mdl_step_t *step, double pflops, int32_t type)
{
    double gpus = pflops / (step->params->developers_pflops_per_reference * mdl_reference_per_gpu(step, type));
    double nodes = gpus / MDL_GPUS_PER_NODE + 0.5;
    return nodes < 1 ? 1 : (uint32_t)nodes;
}

/* State vehicles among the first so many projects of the first day: the share of them, evenly spread and rounded up. */
static uint32_t state_projects(const mdl_step_t *step, uint32_t projects)
{
    double state = step->params->start_state_share * projects;
    uint32_t whole = (uint32_t)state;
    return whole + (state > whole);
}

/* A project of the first day, in a city drawn by the demand of its province. */
static sim_status_t found_project(mdl_step_t *step, uint32_t ordinal, double scale, mdl_project_t **out)
{
    mdl_eco_t *eco = step->eco;
    sim_rng_t rng;
    double pflops;
    uint64_t entity = first_project(step, ordinal, &rng, &pflops);
    double weights[MDL_MAX_CITIES];
    for (uint32_t c = 0; c < step->tables->n_cities; c++)
        weights[c] =
            step->tables->provinces[eco->cities[c].province].demand_weight / eco->cities_in[eco->cities[c].province];
    int32_t city = (int32_t)sim_draw_categorical(&rng, weights, step->tables->n_cities);
    bool state = state_projects(step, ordinal + 1) > state_projects(step, ordinal);
    int32_t kind = state ? MDL_DEVELOPER_STATE : MDL_DEVELOPER_OPERATOR;
    int32_t type = first_type(step);
    uint32_t nodes = nodes_of(step, pflops * scale, type);
    mdl_project_t *project = &step->projects[eco->n_projects++];
    *project = (mdl_project_t){.entity = entity,
                               .developer = MDL_NO_DEVELOPER,
                               .kind = kind,
                               .city = city,
                               .province = eco->cities[city].province,
                               .gpu_type = type,
                               .rule = MDL_BELIEF_FUNDAMENTALIST,
                               .site = MDL_NO_SITE,
                               .loan = MDL_NO_LOAN,
                               .nodes_planned = nodes,
                               .nodes_wanted = nodes,
                               .valuation = 1,
                               .fabric_gb_s = step->params->developers_fabric_good,
                               .state_funded = kind == MDL_DEVELOPER_STATE,
                               .ended_s = MDL_NOT_YET,
                               .energised_s = MDL_NOT_YET,
                               .built_s = MDL_NOT_YET};
    project->building_fen = project->building_left_fen = step->params->developers_building_cost_fen * nodes;
    int64_t chips_fen = mdl_chips_price_fen(step->chips, type) * MDL_GPUS_PER_NODE * nodes;
    project->capital_fen = project->building_fen + chips_fen;
    *out = project;
    (void)mdl_event(step, MDL_EV_FOUNDED, (uint32_t)(project - step->projects), MDL_CAUSE_NONE, nodes);
    (void)mdl_event(step, MDL_EV_SITED, (uint32_t)(project - step->projects), MDL_CAUSE_BEFORE, city);
    return open_account(step, MDL_SECTOR_DEVELOPER, &project->account);
}

static sim_status_t found_centre(mdl_step_t *step, uint32_t ordinal, double scale)
{
    mdl_project_t *project;
    MDL_TRY(found_project(step, ordinal, scale, &project));
    int64_t gpus = (int64_t)project->nodes_planned * MDL_GPUS_PER_NODE;
    project->gpus_ordered = project->gpus_in = (uint32_t)gpus;
    project->building_left_fen = 0;
    project->chips_paid_fen = project->capital_fen - project->building_fen;
    uint32_t number = (uint32_t)(project - step->projects);
    MDL_TRY(endow_chips(step, project->account, number, project->gpu_type, gpus));
    MDL_TRY(mdl_ledger_endow_capital(step->ledger, project->account, project->building_fen, step->err));
    MDL_TRY(mdl_ledger_endow(step->ledger, project->account,
                             mdl_money_share(project->capital_fen, step->params->developers_reserve), step->err));
    return mdl_project_energise(step, project);
}

/* Under construction: paid by its owners, evenly spread over the first half of its stages. */
static sim_status_t found_building(mdl_step_t *step, uint32_t ordinal, double scale)
{
    mdl_project_t *project;
    MDL_TRY(found_project(step, ordinal, scale, &project));
    project->stage = MDL_STAGE_BUILDING;
    project->build_stage = ordinal % (MDL_BUILD_STAGES / 2);
    mdl_project_mark(step, project);
    int64_t cost_fen = mdl_money_share(project->capital_fen, 1 + step->params->developers_reserve);
    MDL_TRY(mdl_ledger_endow(step->ledger, project->account, cost_fen, step->err));
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_BUILD, project->build_stage, &rng);
    return mdl_project_schedule(step, project, mdl_project_next_stage(step, project, &rng), MDL_EVENT_BUILD_STAGE);
}

/* The first day's centres. What the first few take in memory says what all will. */
static sim_status_t found_centres(mdl_step_t *step, uint32_t centres, double scale)
{
    const sim_arena_t *arena = sim_world_arena(step->world);
    size_t before = sim_arena_used(arena);
    for (uint32_t i = 0; i < centres; i++) {
        if (i == CENTRES_WEIGHED)
            sim_world_expect(step->world, (sim_arena_used(arena) - before) / CENTRES_WEIGHED * (centres - i));
        MDL_TRY(found_centre(step, i, scale));
    }
    return SIM_OK;
}

static sim_status_t found_projects(mdl_step_t *step)
{
    uint32_t centres = (uint32_t)step->params->start_centres;
    uint32_t building = (uint32_t)step->params->start_building;
    double scale = size_scale(step, 0, centres);
    MDL_TRY(found_centres(step, centres, scale));
    scale = size_scale(step, centres, building);
    for (uint32_t i = 0; i < building; i++)
        MDL_TRY(found_building(step, centres + i, scale));
    return SIM_OK;
}

sim_status_t mdl_eco_found(mdl_step_t *step)
{
    MDL_TRY(found_institutions(step));
    MDL_TRY(found_cities(step));
    MDL_TRY(found_tenants(step));
    MDL_TRY(found_brokers(step));
    MDL_TRY(found_platforms(step));
    found_developers(step);
    share_out_looks(step);
    MDL_TRY(found_projects(step));
    mdl_ledger_begin_month(step->ledger);
    return SIM_OK;
}

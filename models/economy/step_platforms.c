// SPDX-License-Identifier: GPL-3.0-or-later
/* Platforms: own work on own pools, slack for rent, chips ordered, new chips put up.
 *
 * A pool is one data centre per platform, province and GPU type. A pool that is full gets one of twice its room beside
 * it, so that there are few. */
#include "models/economy/economy_state.h"

#define POOL_LEAST_NODES 512 /* room of a new pool; twice as much as the pools before it when they are full */

mdl_platform_t mdl_platform_row(const mdl_step_t *step, uint32_t platform)
{
    mdl_platform_t row = step->tables->platforms[platform];
    double scale = step->params->platforms_fleet_scale;
    row.fleet_h100e *= scale;
    for (size_t year = 0; year < sizeof row.capex_bn_yuan / sizeof row.capex_bn_yuan[0]; year++)
        row.capex_bn_yuan[year] *= scale;
    return row;
}

static void see_half(const mdl_step_t *step, const mdl_site_t *site, mdl_platform_env_t *env)
{
    if (site->nodes == 0)
        return;
    mdl_zone_t zone = site->region;
    env->fleet_nodes[zone] += (int32_t)site->nodes;
    env->fleet_h100e[zone] += site->nodes * MDL_GPUS_PER_NODE * mdl_reference_per_gpu(step, site->gpu_type);
}

static void see_fleet(const mdl_step_t *step, uint32_t platform, mdl_platform_env_t *env)
{
    for (uint32_t i = step->eco->first_own[platform]; i != MDL_NO_SITE; i = step->sites[i].next_own) {
        see_half(step, &step->sites[i], env);
        see_half(step, &step->sites[step->sites[i].partner], env);
    }
}

static void see_orders(const mdl_step_t *step, uint32_t platform, mdl_platform_env_t *env)
{
    const mdl_platform_chips_t *chips = step->eco->platform_chips[platform];
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        env->on_order_h100e += chips[type].awaited * mdl_reference_per_gpu(step, (int32_t)type);
}

/* Types to be had from official channels today, their price there and in the market: the same for all platforms. */
static void see_prices(const mdl_step_t *step, mdl_platform_env_t *env)
{
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        bool available = step->tables->gpu_types[type].available_day <= step->input->start_day + step->day;
        bool banned = mdl_eco_banned(step) >> type & 1;
        env->price_fen[type] =
            available && !banned ? mdl_channel_ask_fen(step->params, step->tables, (int32_t)type) : 0;
        env->market_fen[type] = mdl_chips_price_fen(step->chips, (int32_t)type);
        double most_yuan = step->eco->substitute_yuan[type] = mdl_supply_substitute_yuan(step, (int32_t)type);
        env->most_fen[type] = most_yuan < HUGE_VAL ? mdl_money_round(most_yuan * MDL_FEN_PER_YUAN) : MDL_MONEY_MAX_FEN;
    }
}

/* A platform's own work of one class on a pool; changed when it has moved by more than a band. */
static sim_status_t own_contract(mdl_step_t *step, mdl_site_t *site, mdl_job_class_t job_class, int32_t nodes)
{
    int32_t *held = &site->own_nodes[job_class], scale = (int32_t)site->scale;
    nodes = nodes / scale * scale;
    int32_t change = nodes > *held ? nodes - *held : *held - nodes;
    if (change == 0 || (nodes > 0 && change <= step->params->labs_resize_band * *held))
        return SIM_OK;
    uint32_t gang = (uint32_t)(nodes * (1 - step->params->labs_spare_share));
    uint32_t most = (uint32_t)step->params->platforms_gang_nodes;
    gang = (gang < most ? gang : most) / site->scale;
    mdl_contract_terms_t terms = {.job_class = job_class,
                                  .nodes = (uint32_t)(nodes / scale),
                                  .gang_nodes = job_class == MDL_JOB_TRAINING ? (gang > 0 ? gang : 1) : 0,
                                  .activity_permille = (uint32_t)(step->params->start_tenant_activity * 1000 + 0.5),
                                  .ported = true};
    uint32_t type = nodes == 0 ? MDL_DC_CONTRACT_END : *held == 0 ? MDL_DC_CONTRACT_START : MDL_DC_CONTRACT_RESIZE;
    uint64_t entity = sim_entity_id(0, MDL_ENTITY_PLATFORM, site->platform);
    uint64_t ordinal = (uint64_t)(uint32_t)site->gpu_type << 32 | (uint32_t)site->province << 4 | (uint32_t)job_class;
    sim_event_t event = {.time_s = sim_world_now(step->world),
                         .type = type,
                         .entity = MDL_LEASE_OWN + (uint32_t)job_class,
                         .a = nodes == 0 ? 0 : mdl_contract_pack(&terms),
                         .b = (int64_t)sim_entity_id(entity, MDL_ENTITY_CONTRACT, ordinal)};
    *held = nodes;
    MDL_TRY(mdl_datacentre_reserve(step->world, site->lp, ++site->starts, step->err));
    return sim_world_schedule(step->world, site->lp, &event, 0, NULL);
}

static int32_t part(int32_t whole, double share)
{
    return (int32_t)(whole * share);
}

/* Moves nodes between the halves of a pool; what tenants hold is left to them until their contracts end. */
static sim_status_t hold_out(mdl_step_t *step, mdl_site_t *own, int32_t slack)
{
    mdl_site_t *rented = &step->sites[own->partner];
    uint32_t all = own->nodes + rented->nodes;
    uint32_t wanted = (uint32_t)(slack > rented->leased ? slack : rented->leased);
    wanted = wanted < rented->nodes_max ? wanted : rented->nodes_max;
    wanted = wanted < all ? wanted : all;
    if (wanted == rented->nodes)
        return SIM_OK;
    uint32_t index = (uint32_t)(own - step->sites);
    MDL_TRY(mdl_site_grow(step, own->partner, wanted));
    return mdl_site_grow(step, index, all - wanted);
}

/* Share of a platform's own work that runs on a type: on the domestic stack only what has been ported to it. */
static double runnable_share(const mdl_step_t *step, int32_t type)
{
    return step->tables->gpu_types[type].stack == MDL_STACK_CANN ? mdl_ported_share(step) : 1;
}

/* Spreads own work and slack over a platform's pools in proportion to their nodes. */
static sim_status_t use_pool(mdl_step_t *step, mdl_site_t *own, const mdl_platform_env_t *env,
                             const mdl_platform_decision_t *decision)
{
    mdl_zone_t zone = own->region;
    double here = own->nodes + step->sites[own->partner].nodes;
    double share = env->fleet_nodes[zone] > 0 ? here / env->fleet_nodes[zone] : 0;
    MDL_TRY(hold_out(step, own, part(decision->slack_nodes[zone], share)));
    int32_t work = part(decision->own_nodes[zone], share * runnable_share(step, own->gpu_type));
    work = work < (int32_t)own->nodes ? work : (int32_t)own->nodes;
    int32_t all = decision->own_training_nodes + decision->own_inference_nodes + decision->own_batch_nodes;
    double each = all > 0 ? (double)work / all : 0;
    MDL_TRY(own_contract(step, own, MDL_JOB_TRAINING, part(decision->own_training_nodes, each)));
    MDL_TRY(own_contract(step, own, MDL_JOB_INFERENCE, part(decision->own_inference_nodes, each)));
    return own_contract(step, own, MDL_JOB_BATCH, part(decision->own_batch_nodes, each));
}

static sim_status_t use_fleet(mdl_step_t *step, uint32_t platform, const mdl_platform_env_t *env,
                              const mdl_platform_decision_t *decision)
{
    double ask_over_cost = env->variable_cost_fen > 0 ? (double)decision->ask_fen / (double)env->variable_cost_fen : 1;
    for (uint32_t i = step->eco->first_own[platform]; i != MDL_NO_SITE; i = step->sites[i].next_own) {
        mdl_site_t *site = &step->sites[i];
        double cost = (double)mdl_site_variable_fen(step, site->province, site->gpu_type);
        mdl_rental_offer_floor(step->rental, step->sites[site->partner].offer, mdl_money_round(cost * ask_over_cost));
        MDL_TRY(use_pool(step, site, env, decision));
    }
    return SIM_OK;
}

/* Nodes of both halves of a pool. */
static uint32_t pool_nodes(const mdl_step_t *step, const mdl_site_t *own)
{
    return own->nodes + step->sites[own->partner].nodes;
}

/* The cheapest hub in the west while hubs are in force; -1 when there is none. */
static int32_t cheapest_hub(const mdl_step_t *step)
{
    const mdl_tables_t *tables = step->tables;
    int32_t hub = -1;
    for (uint32_t p = 0; p < tables->n_provinces && step->params->central_hubs; p++) {
        const mdl_province_t *province = &tables->provinces[p];
        bool candidate = province->hub && step->eco->region[p] == MDL_ZONE_WEST;
        if (candidate && (hub < 0 || province->power_price_yuan_kwh < tables->provinces[hub].power_price_yuan_kwh))
            hub = (int32_t)p;
    }
    return hub;
}

/* The province in which new chips go up: home, or in turn the hub if there is one. */
static int32_t next_province(const mdl_step_t *step, uint32_t platform, int32_t hub)
{
    int32_t home = step->tables->platforms[platform].home_province;
    if (hub < 0)
        return home;
    double at_hub = 0, all = 0;
    for (uint32_t i = step->eco->first_own[platform]; i != MDL_NO_SITE; i = step->sites[i].next_own) {
        double nodes = pool_nodes(step, &step->sites[i]);
        if (step->sites[i].energised_s == 0)
            continue;
        all += nodes;
        at_hub += step->sites[i].province == hub ? nodes : 0;
    }
    return at_hub < step->params->central_hub_share * (all + 1) ? hub : home;
}

/* The pool with room for `nodes` more; MDL_NO_SITE when there is none, *room (the least a new one needs) set. */
static uint32_t find_pool(const mdl_step_t *step, uint32_t platform, int32_t province, int32_t type, uint32_t nodes,
                          uint32_t *room)
{
    *room = nodes > POOL_LEAST_NODES ? nodes : POOL_LEAST_NODES;
    for (uint32_t i = step->eco->first_own[platform]; i != MDL_NO_SITE; i = step->sites[i].next_own) {
        const mdl_site_t *site = &step->sites[i];
        if (site->province != province || site->gpu_type != type)
            continue;
        if (pool_nodes(step, site) + nodes <= site->nodes_max)
            return i;
        *room = *room < 2 * site->nodes_max ? 2 * site->nodes_max : *room;
    }
    return MDL_NO_SITE;
}

static void link_pool(mdl_step_t *step, uint32_t platform, uint32_t own, uint32_t rented)
{
    mdl_eco_t *eco = step->eco;
    step->sites[own].partner = rented;
    step->sites[rented].partner = own;
    if (eco->first_own[platform] == MDL_NO_SITE)
        eco->first_own[platform] = own;
    else
        step->sites[eco->last_own[platform]].next_own = own;
    eco->last_own[platform] = own;
    eco->n_pools++;
}

sim_status_t mdl_pool_extend(mdl_step_t *step, uint32_t platform, int32_t province, int32_t type, uint32_t nodes)
{
    uint32_t room, own, rented;
    uint32_t pool = find_pool(step, platform, province, type, nodes, &room);
    if (pool != MDL_NO_SITE)
        return mdl_site_grow(step, pool, step->sites[pool].nodes + nodes);
    uint64_t owner = sim_entity_id(0, MDL_ENTITY_PLATFORM, platform);
    mdl_site_plan_t plan = {.spec = {.entity = sim_entity_id(owner, MDL_ENTITY_DATACENTRE, 2 * step->eco->n_pools),
                                     .gpu_type = type,
                                     .nodes = room,
                                     .nodes_powered = nodes,
                                     .province = province,
                                     .pue = step->tables->provinces[province].pue,
                                     .fabric_gb_s = step->params->developers_fabric_good,
                                     .grain_factor = step->params->platforms_grain},
                            .account = step->eco->platform_account[platform],
                            .project = MDL_NO_PROJECT,
                            .platform = platform,
                            .scale = (uint32_t)step->params->platforms_pool_scale};
    MDL_TRY(mdl_site_open(step, &plan, &own));
    plan.spec.entity = sim_entity_id(owner, MDL_ENTITY_DATACENTRE, 2 * step->eco->n_pools + 1);
    plan.spec.nodes_powered = 0;
    plan.spec.grain_factor = 1;
    plan.scale = 1;
    plan.rents = true;
    MDL_TRY(mdl_site_open(step, &plan, &rented));
    link_pool(step, platform, own, rented);
    return SIM_OK;
}

/* Puts up whole nodes of the chips in stock. */
static sim_status_t install(mdl_step_t *step, uint32_t platform, int32_t hub)
{
    uint32_t account = step->eco->platform_account[platform];
    for (int32_t type = 0; type < (int32_t)step->tables->n_gpu_types; type++) {
        mdl_platform_chips_t *chips = &step->eco->platform_chips[platform][type];
        uint32_t nodes = chips->stock / MDL_GPUS_PER_NODE, gpus = nodes * MDL_GPUS_PER_NODE;
        if (nodes == 0)
            continue;
        mdl_lot_t to = {.type = type, .state = MDL_LOT_STOCK, .owner = account, .place = MDL_LOT_PLACE_NONE};
        uint32_t lot = mdl_lots_find(step->lots, &to);
        to.state = MDL_LOT_INSTALLED;
        MDL_TRY(mdl_lots_move(step->lots, lot, gpus, &to, NULL, step->err));
        chips->stock -= gpus;
        chips->awaited -= gpus;
        MDL_TRY(mdl_pool_extend(step, platform, next_province(step, platform, hub), type, nodes));
    }
    return SIM_OK;
}

/* What all platforms see alike. */
static mdl_platform_env_t common_env(const mdl_step_t *step)
{
    mdl_platform_env_t env = {
        .hype = mdl_hype_level(&step->eco->hype),
        .tokens_node_day = mdl_tokens_node_day(&step->eco->tokens),
        .ported_share = mdl_ported_share(step),
        .rent_fen = step->rental->index_fen,
    };
    see_prices(step, &env);
    mdl_platform_look(&env, step->params);
    return env;
}

static sim_status_t step_platform(mdl_step_t *step, uint32_t i, int32_t hub, mdl_platform_env_t *env)
{
    mdl_eco_t *eco = step->eco;
    int32_t home = step->tables->platforms[i].home_province;
    env->tokens_day = (int64_t)(eco->tokens_platforms_day * eco->platforms[i].weight);
    env->variable_cost_fen = mdl_site_variable_fen(step, home, step->tables->reference_type);
    mdl_address_t at = {sim_world_seed(step->world), sim_world_replication(step->world),
                        sim_entity_id(0, MDL_ENTITY_PLATFORM, i), step->day};
    mdl_platform_decision_t decision;
    mdl_platform_t row = mdl_platform_row(step, i);
    mdl_platform_step(&eco->platforms[i], step->params, &row, step->tables->gpu_types, step->tables->n_gpu_types, env,
                      &at, &decision);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_SALES, MDL_LEDGER_REST, eco->platform_account[i],
                           decision.capex_release_fen, step->err));
    mdl_chronicle_switched(step, i, decision.order_type);
    eco->platform_order[i] = (mdl_platform_order_t){decision.order_type, decision.order_gpus, decision.backlog_gpus,
                                                    decision.order_limit_fen};
    if (step->day % MDL_BILLING_DAYS == (int64_t)(i % MDL_BILLING_DAYS) || step->day <= 1)
        MDL_TRY(use_fleet(step, i, env, &decision));
    return install(step, i, hub);
}

sim_status_t mdl_step_platforms(mdl_step_t *step)
{
    mdl_platform_env_t seen_by_all = common_env(step);
    int32_t hub = cheapest_hub(step);
    for (uint32_t i = 0; i < step->tables->n_platforms; i++) {
        mdl_platform_env_t env = seen_by_all;
        see_fleet(step, i, &env);
        see_orders(step, i, &env);
        MDL_TRY(step_platform(step, i, hub, &env));
    }
    return SIM_OK;
}

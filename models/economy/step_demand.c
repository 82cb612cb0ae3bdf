// SPDX-License-Identifier: GPL-3.0-or-later
/* The demand side: labs and enterprises decide, are paid and pay; their wishes go to the rental market. */
#include "models/economy/economy_state.h"

#define TOKEN_BILLING_DAYS 28 /* token bills are settled every four weeks */

/* Where today's draws of an entity stand; the entity is to be filled in. */
static mdl_address_t address_today(const mdl_step_t *step)
{
    return (mdl_address_t){
        .seed = sim_world_seed(step->world), .replication = sim_world_replication(step->world), .day = step->day};
}

static double token_weights(const mdl_step_t *step)
{
    double sum = 0;
    for (uint32_t i = 0; i < step->eco->n_labs; i++)
        sum += mdl_lab_token_weight(&step->labs[i]);
    return sum;
}

/* What a lab wants but a cluster, and an enterprise, is what it has last settled on; the limits are the same for all. */
static int32_t lab_nodes(const mdl_lab_t *lab, mdl_wish_t wish)
{
    return wish == MDL_WISH_FINETUNE ? lab->finetune_nodes : wish == MDL_WISH_INFERENCE_NEAR ? lab->inference_nodes : 0;
}

static int32_t enterprise_nodes(const mdl_enterprise_t *enterprise, mdl_wish_t wish)
{
    const int32_t nodes[MDL_WISHES] = {[MDL_WISH_FINETUNE] = enterprise->finetune_nodes,
                                       [MDL_WISH_INFERENCE_NEAR] = enterprise->near_nodes,
                                       [MDL_WISH_INFERENCE_FAR] = enterprise->far_nodes,
                                       [MDL_WISH_BATCH] = enterprise->batch_nodes};
    return nodes[wish];
}

mdl_want_t mdl_tenant_want(const mdl_step_t *step, uint32_t tenant, mdl_wish_t wish)
{
    const mdl_eco_t *eco = step->eco;
    if (wish == MDL_WISH_TRAINING)
        return step->tenants[tenant].training;
    if (tenant < eco->n_labs)
        return (mdl_want_t){.nodes = lab_nodes(&step->labs[tenant], wish), .limit_fen = eco->lab_limit_fen[wish]};
    return (mdl_want_t){.nodes = enterprise_nodes(&eco->enterprises[tenant - eco->n_labs], wish),
                        .limit_fen = eco->enterprise_limit_fen[wish]};
}

static mdl_lab_env_t common_lab_env(const mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    uint32_t entered = 0, training = 0;
    for (uint32_t i = 0; i < eco->n_labs; i++) {
        entered += step->labs[i].stage != MDL_LAB_POTENTIAL;
        training += step->labs[i].stage == MDL_LAB_TRAINING;
    }
    mdl_lab_env_t env = {
        .hype = mdl_hype_level(&eco->hype),
        .background = eco->hype.background,
        .venture = eco->hype.venture,
        .entered_share = eco->n_labs > 0 ? (double)entered / eco->n_labs : 0,
        .entered_per_training = training > 0 ? (double)entered / training : 1,
        .open_log = eco->frontier.open_log,
        .closed_log = eco->frontier.closed_log,
        .open_exists = eco->frontier.open_exists,
        .hour_worth = sim_exp(eco->frontier.recipe_log),
        .rent_training_fen = step->eco->heard_fen[MDL_SEGMENT_TRAINING],
        .rent_inference_fen = step->eco->heard_fen[MDL_SEGMENT_INFERENCE],
        .rent_finetune_fen = step->eco->heard_fen[MDL_SEGMENT_FINETUNE],
        .tokens_node_day = mdl_tokens_node_day(&eco->tokens),
    };
    mdl_lab_look(&env, step->params);
    eco->lab_limit_fen[MDL_WISH_FINETUNE] = env.finetune_limit_fen;
    eco->lab_limit_fen[MDL_WISH_INFERENCE_NEAR] = env.inference_limit_fen;
    return env;
}

/* Counts what a tenant wishes for, and how much of it is lacking: without a branch, since as often nothing is. (Half of
 * x + |x| is x or 0, whichever is more.) */
static void count_wish(mdl_eco_t *eco, const mdl_tenant_t *tenant, mdl_wish_t wish, const mdl_want_t *want)
{
    double lacking = want->nodes - tenant->held[wish];
    eco->demand_h100e += want->nodes * MDL_GPUS_PER_NODE;
    eco->unserved_h100e += (lacking + fabs(lacking)) / 2 * MDL_GPUS_PER_NODE;
}

/* Money: new equity from investors, wages and data to the rest of the economy. */
static sim_status_t settle_lab(mdl_step_t *step, uint32_t i, const mdl_lab_decision_t *decision)
{
    uint32_t account = mdl_tenant_account(step, i);
    if (decision->raise_fen > 0) {
        MDL_TRY(mdl_ledger_invest(step->ledger, MDL_LEDGER_REST, account, decision->raise_fen, step->err));
        mdl_lab_funded(&step->labs[i], decision->raise_fen);
    }
    if (decision->payroll_fen == 0)
        return SIM_OK;
    return mdl_ledger_pay(step->ledger, MDL_FLOW_OPEX, account, MDL_LEDGER_REST, decision->payroll_fen, step->err);
}

static sim_status_t carry_out_lab(mdl_step_t *step, uint32_t i, const mdl_lab_decision_t *decision)
{
    mdl_tenant_t *tenant = &step->tenants[i];
    MDL_TRY(settle_lab(step, i, decision));
    if (step->labs[i].stage == MDL_LAB_TRAINING || decision->quit_training)
        tenant->training = decision->training;
    count_wish(step->eco, tenant, MDL_WISH_TRAINING, &decision->training);
    count_wish(step->eco, tenant, MDL_WISH_FINETUNE, &decision->finetune);
    count_wish(step->eco, tenant, MDL_WISH_INFERENCE_NEAR, &decision->inference);
    mdl_chronicle_lab(step, i, decision);
    if (!decision->quit_training)
        return SIM_OK;
    step->eco->lab_exits += 1;
    return mdl_tenant_leave(step, i, MDL_WISH_TRAINING, UINT64_MAX);
}

static sim_status_t step_labs(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    mdl_lab_env_t env = common_lab_env(step);
    mdl_address_t at = address_today(step);
    double weights = token_weights(step);
    eco->training_labs_before = 0;
    eco->lab_exits = 0;
    for (uint32_t i = 0; i < eco->n_labs; i++) {
        mdl_lab_t *lab = &step->labs[i];
        mdl_tenant_t *tenant = &step->tenants[i];
        at.entity = tenant->entity;
        if (lab->stage == MDL_LAB_POTENTIAL && !mdl_lab_enters(&env, &at))
            continue;
        eco->training_labs_before += lab->stage == MDL_LAB_TRAINING;
        if (tenant->useful_training_gpu_s > 0) {
            mdl_lab_trained(lab, mdl_frontier_worth(&eco->frontier, tenant->useful_training_gpu_s));
            tenant->useful_training_gpu_s = 0;
        }
        double share = weights > 0 ? mdl_lab_token_weight(lab) / weights : 0;
        env.cash_fen = mdl_ledger_deposit_fen(step->ledger, mdl_tenant_account(step, i));
        env.revenue_fen_day = tenant->revenue_day_fen;
        env.held_training_nodes = (int32_t)tenant->held[MDL_WISH_TRAINING];
        env.tokens_day = (int64_t)(eco->tokens_labs_day * share);
        mdl_lab_decision_t decision;
        mdl_lab_step(lab, step->params, &env, &at, &decision);
        MDL_TRY(carry_out_lab(step, i, &decision));
    }
    return SIM_OK;
}

static sim_status_t step_enterprises(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    mdl_enterprise_env_t env = {
        .token_price_fen_bn = mdl_tokens_price(&eco->tokens),
        .tokens_node_day = mdl_tokens_node_day(&eco->tokens),
        .open_log = eco->frontier.open_log,
        .rent_inference_fen = step->eco->heard_fen[MDL_SEGMENT_INFERENCE],
        .rent_finetune_fen = step->eco->heard_fen[MDL_SEGMENT_FINETUNE],
        .rent_batch_fen = step->eco->heard_fen[MDL_SEGMENT_BATCH],
    };
    mdl_enterprise_look(&env, step->params);
    eco->enterprise_limit_fen[MDL_WISH_FINETUNE] = env.limit_finetune_fen;
    eco->enterprise_limit_fen[MDL_WISH_INFERENCE_NEAR] = env.limit_inference_fen;
    eco->enterprise_limit_fen[MDL_WISH_INFERENCE_FAR] = env.limit_inference_fen;
    eco->enterprise_limit_fen[MDL_WISH_BATCH] = env.limit_batch_fen;
    mdl_address_t at = address_today(step);
    eco->tokens_day = eco->tokens_labs_day = eco->tokens_platforms_day = 0;
    for (uint32_t p = 0; p < step->tables->n_provinces; p++) {
        const mdl_tenant_t *tenant = &step->tenants[eco->n_labs + p];
        at.entity = tenant->entity;
        mdl_enterprise_decision_t decision;
        mdl_enterprise_step(&eco->enterprises[p], step->params, step->tables->provinces[p].demand_weight, &env, &at,
                            &decision);
        eco->tokens_day += (double)decision.tokens_day;
        eco->tokens_labs_day += (double)decision.tokens_labs;
        eco->tokens_platforms_day += (double)decision.tokens_platforms;
        eco->bill_labs_fen[p] += decision.bill_labs_fen;
        eco->bill_platforms_fen[p] += decision.bill_platforms_fen;
        count_wish(eco, tenant, MDL_WISH_FINETUNE, &decision.finetune);
        count_wish(eco, tenant, MDL_WISH_INFERENCE_NEAR, &decision.inference_near);
        count_wish(eco, tenant, MDL_WISH_INFERENCE_FAR, &decision.inference_far);
        count_wish(eco, tenant, MDL_WISH_BATCH, &decision.batch);
    }
    eco->interval.tokens += eco->tokens_day;
    eco->interval.token_days += 1;
    return SIM_OK;
}

/* A part of a bill: what is due, as far as the bill goes. */
static int64_t part_fen(double due_fen, int64_t *left_fen)
{
    int64_t amount_fen = mdl_money_round(due_fen);
    if (amount_fen > *left_fen)
        amount_fen = *left_fen;
    *left_fen -= amount_fen;
    return amount_fen;
}

/* A province's payments to all who sell tokens: labs by their users, platforms by their fleets. Returns how many;
 * *sum_fen is what they come to: the bills, but for roundings. */
static uint32_t divide_bills(mdl_step_t *step, uint32_t p, double weights, mdl_payment_t *payments, int64_t *sum_fen)
{
    const mdl_eco_t *eco = step->eco;
    int64_t labs_fen = eco->bill_labs_fen[p], platforms_fen = eco->bill_platforms_fen[p];
    double to_labs_fen = (double)labs_fen, to_platforms_fen = (double)platforms_fen;
    uint32_t n = 0;
    *sum_fen = 0;
    for (uint32_t i = 0; i < eco->n_labs; i++) {
        double weight = mdl_lab_token_weight(&step->labs[i]);
        if (weight <= 0)
            continue;
        int64_t amount_fen = part_fen(to_labs_fen * weight / weights, &labs_fen);
        payments[n++] = (mdl_payment_t){amount_fen, mdl_tenant_account(step, i)};
        step->tenants[i].revenue_day_fen += amount_fen;
        *sum_fen += amount_fen;
    }
    for (uint32_t i = 0; i < step->tables->n_platforms; i++) {
        int64_t amount_fen = part_fen(to_platforms_fen * eco->platforms[i].weight, &platforms_fen);
        payments[n++] = (mdl_payment_t){amount_fen, eco->platform_account[i]};
        *sum_fen += amount_fen;
    }
    return n;
}

/* Settles four weeks of a province's tokens. */
static sim_status_t settle_tokens(mdl_step_t *step, uint32_t p, double weights)
{
    mdl_eco_t *eco = step->eco;
    uint32_t payer = mdl_tenant_account(step, eco->n_labs + p);
    mdl_payment_t *payments = sim_arena_at(sim_world_arena(step->world), eco->token_payments);
    int64_t sum_fen;
    uint32_t n = divide_bills(step, p, weights, payments, &sum_fen);
    MDL_TRY(mdl_eco_fund(step, payer, sum_fen));
    eco->bill_labs_fen[p] = eco->bill_platforms_fen[p] = 0;
    return mdl_ledger_pay_each(step->ledger, MDL_FLOW_TOKENS, payer, payments, n, step->err);
}

static sim_status_t settle_all_tokens(mdl_step_t *step)
{
    double weights = token_weights(step);
    for (uint32_t i = 0; i < step->eco->n_labs; i++)
        step->tenants[i].revenue_day_fen = 0;
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        MDL_TRY(settle_tokens(step, p, weights));
    for (uint32_t i = 0; i < step->eco->n_labs; i++)
        step->tenants[i].revenue_day_fen /= TOKEN_BILLING_DAYS;
    return SIM_OK;
}

sim_status_t mdl_step_demand(mdl_step_t *step)
{
    step->eco->demand_h100e = step->eco->unserved_h100e = 0;
    MDL_TRY(step_labs(step));
    MDL_TRY(step_enterprises(step));
    return step->day % TOKEN_BILLING_DAYS == 0 ? settle_all_tokens(step) : SIM_OK;
}

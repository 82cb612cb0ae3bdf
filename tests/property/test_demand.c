// SPDX-License-Identifier: GPL-3.0-or-later
/* Properties of the demand side as a whole: common random numbers, and the controls that theory signs.
 *
 * A small closed world without markets: labs get what they can pay for at a given rent, rounds are paid when asked.
 * What is given (rents, idle centres) is the same in all variants; seed 1. */
#include "tests/support/test.h"

#include "models/agents/frontier.h"
#include "models/agents/hype.h"
#include "models/agents/lab.h"
#include "models/params/purpose.h"

enum { LABS = 144, DAYS = 1126, SEED_DAY = 333, V2_DAY = 856, V3_DAY = 1090 };

typedef struct variant {
    mdl_params_t params;
    bool seeded;    /* the dated hype shock happens */
    bool releases;  /* the dated open releases happen */
    int rich;       /* a lab with a thousand times the money, or -1 */
    int skipped;    /* a lab that is never stepped, or -1 */
    bool backwards; /* labs act in reverse order */
    uint64_t replication;
} variant_t;

typedef struct outcome {
    mdl_lab_t lab[LABS];
    int64_t cash_fen[LABS];
    int registered, training;
} outcome_t;

static variant_t baseline(void)
{
    variant_t variant = {.seeded = true, .releases = true, .rich = -1, .skipped = -1};
    mdl_params_init(&variant.params);
    return variant;
}

/* To the end of January 2025. Rent up in 2023, down in 2024 (fen per node-month). */
static int64_t rent_fen(int day)
{
    int64_t peak = 16000000, start = 6000000;
    if (day < SEED_DAY)
        return start;
    if (day < 730)
        return start + (peak - start) * (day - SEED_DAY) / (730 - SEED_DAY);
    return day < 1095 ? peak - (peak - 7000000) * (day - 730) / 365 : 7000000;
}

static mdl_address_t lab_address(const variant_t *variant, int i, int day)
{
    return (mdl_address_t){1, variant->replication, sim_entity_id(0, MDL_ENTITY_LAB, (uint64_t)i), day};
}

static void live_a_day(const variant_t *variant, outcome_t *out, int i, mdl_lab_env_t env, int day)
{
    mdl_lab_decision_t decision;
    mdl_address_t at = lab_address(variant, i, day);
    env.cash_fen = out->cash_fen[i];
    mdl_lab_look(&env, &variant->params);
    mdl_lab_step(&out->lab[i], &variant->params, &env, &at, &decision);
    int64_t paid = i == variant->rich ? 1000 * decision.raise_fen : decision.raise_fen;
    mdl_lab_funded(&out->lab[i], decision.raise_fen);
    int64_t nodes = decision.training.nodes + decision.finetune.nodes + decision.inference.nodes;
    int64_t rent = (int64_t)((double)nodes * (double)env.rent_training_fen / MDL_DAYS_PER_MONTH);
    int64_t left = out->cash_fen[i] + paid - decision.payroll_fen - rent;
    out->cash_fen[i] = left > 0 ? left : 0;
    mdl_lab_trained(&out->lab[i], (int64_t)decision.training.gang_nodes * MDL_NODE_GPUS * SIM_DAY_S * 3 / 4);
}

static void shocks(const variant_t *variant, mdl_hype_t *hype, mdl_frontier_t *frontier, int day)
{
    if (day == SEED_DAY && variant->seeded)
        mdl_hype_shock(hype, 0.08);
    if (day == V2_DAY && variant->releases)
        mdl_frontier_release(frontier, &variant->params, 0.5);
    if (day == V3_DAY && variant->releases)
        mdl_frontier_release(frontier, &variant->params, 1.2);
}

static void live(const variant_t *variant, outcome_t *out)
{
    mdl_hype_t hype;
    mdl_frontier_t frontier;
    mdl_hype_init(&hype, &variant->params);
    mdl_frontier_init(&frontier, &variant->params);
    *out = (outcome_t){0};
    for (int i = 0; i < LABS; i++) {
        mdl_address_t at = lab_address(variant, i, 0);
        mdl_lab_init(&out->lab[i], &variant->params, &at, i < variant->params.labs_incumbents, frontier.closed_log);
    }
    for (int day = 0; day < DAYS; day++) {
        shocks(variant, &hype, &frontier, day);
        mdl_frontier_step(&frontier, &variant->params);
        mdl_hype_step(&hype, &variant->params, &(mdl_hype_env_t){.rent_fen = rent_fen(day)});
        mdl_lab_env_t env = {.hype = mdl_hype_level(&hype),
                             .background = hype.background,
                             .venture = hype.venture,
                             .open_log = frontier.open_log,
                             .closed_log = frontier.closed_log,
                             .open_exists = frontier.open_exists,
                             .hour_worth = exp(frontier.recipe_log),
                             .rent_training_fen = rent_fen(day),
                             .rent_inference_fen = rent_fen(day),
                             .rent_finetune_fen = rent_fen(day)};
        for (int k = 0; k < LABS; k++) {
            int i = variant->backwards ? LABS - 1 - k : k;
            if (i != variant->skipped)
                live_a_day(variant, out, i, env, day);
        }
    }
    for (int i = 0; i < LABS; i++) {
        out->registered += out->lab[i].stage != MDL_LAB_POTENTIAL;
        out->training += out->lab[i].stage == MDL_LAB_TRAINING;
    }
}

static void assert_others_unchanged(const outcome_t *a, const outcome_t *b, int except)
{
    for (int i = 0; i < LABS; i++) {
        if (i == except)
            continue;
        const mdl_lab_t *one = &a->lab[i], *other = &b->lab[i];
        assert_true(one->stage == other->stage && one->quit_cause == other->quit_cause);
        assert_int_equal(one->registered_day, other->registered_day);
        assert_int_equal(one->quit_day, other->quit_day);
        assert_int_equal(one->useful_gpu_s, other->useful_gpu_s);
        assert_int_equal(one->raised_fen, other->raised_fen);
        assert_true(one->base_nodes == other->base_nodes && one->popularity == other->popularity);
        assert_int_equal(a->cash_fen[i], b->cash_fen[i]);
    }
}

static outcome_t first, second;

static void test_one_lab_changes_nobody_elses_draws(void **state)
{
    (void)state;
    variant_t variant = baseline();
    live(&variant, &first);
    variant.rich = 3;
    live(&variant, &second);
    assert_true(first.lab[3].useful_gpu_s != second.lab[3].useful_gpu_s);
    assert_others_unchanged(&first, &second, 3);
    variant = baseline();
    variant.skipped = 77;
    live(&variant, &second);
    assert_int_equal(second.lab[77].stage, MDL_LAB_POTENTIAL);
    assert_others_unchanged(&first, &second, 77);
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    variant_t variant = baseline();
    live(&variant, &first);
    variant.backwards = true;
    live(&variant, &second);
    assert_others_unchanged(&first, &second, -1);
}

static void test_replications_differ(void **state)
{
    (void)state;
    variant_t variant = baseline();
    live(&variant, &first);
    variant.replication = 1;
    live(&variant, &second);
    int same = 0;
    for (int i = 0; i < LABS; i++)
        same += first.lab[i].popularity == second.lab[i].popularity;
    assert_int_equal(same, 0);
}

/* Entry stands to the date that a lab draws, not to how others fare: more attention lets each lab enter no later. */
static void test_more_attention_brings_each_lab_forward(void **state)
{
    (void)state;
    variant_t variant = baseline();
    live(&variant, &first);
    variant.params.hype_contagion *= 1.5;
    live(&variant, &second);
    for (int i = 0; i < LABS; i++) {
        int64_t before = first.lab[i].registered_day, now = second.lab[i].registered_day;
        assert_true(before < 0 || (now >= 0 && now <= before));
    }
}

/* "No hype seed -> few labs; no open models -> most labs keep training", in each of five
 * replications. */
static void test_controls_have_their_signs(void **state)
{
    (void)state;
    for (uint64_t replication = 0; replication < 5; replication++) {
        variant_t variant = baseline();
        variant.replication = replication;
        live(&variant, &first);
        assert_true(first.registered >= 120);
        double exit_share = 1.0 - (double)first.training / first.registered;
        variant.seeded = false;
        live(&variant, &second);
        assert_true(second.registered <= 30);
        variant.seeded = true;
        variant.params.frontier_open = false;
        live(&variant, &second);
        double exit_without = 1.0 - (double)second.training / second.registered;
        assert_true(exit_without < 0.5 && exit_share > exit_without + 0.3);
        variant = baseline();
        variant.replication = replication;
        variant.releases = false;
        live(&variant, &second);
        assert_true(1.0 - (double)second.training / second.registered < exit_share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_lab_changes_nobody_elses_draws),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_replications_differ),
        cmocka_unit_test(test_more_attention_brings_each_lab_forward),
        cmocka_unit_test(test_controls_have_their_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

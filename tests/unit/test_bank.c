// SPDX-License-Identifier: GPL-3.0-or-later
/* The bank: a loan's life against closed forms, fear after losses, and random books that stay equal to the ledger. */
#include "tests/support/test.h"

#include "models/agents/bank.h"
#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/time.h"

#include <math.h>

#define MILLION INT64_C(100000000) /* yuan, in fen */
#define CHIP    INT64_C(25000000)

static mdl_params_t params;

typedef struct scene {
    mdl_ledger_t *ledger;
    mdl_bank_t *bank;
    uint32_t bank_account, builder;
} scene_t;

static scene_t make(uint32_t loans)
{
    scene_t scene = {.ledger = malloc(mdl_ledger_bytes(200)), .bank = malloc(mdl_bank_bytes(loans))};
    mdl_params_init(&params);
    mdl_ledger_init(scene.ledger, 200);
    assert_int_equal(mdl_ledger_open(scene.ledger, MDL_SECTOR_BANK, &scene.bank_account, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_open(scene.ledger, MDL_SECTOR_DEVELOPER, &scene.builder, NULL), SIM_OK);
    mdl_bank_init(scene.bank, &params, scene.bank_account, 1, loans, CHIP);
    return scene;
}

static void end(scene_t *scene)
{
    assert_int_equal(mdl_ledger_audit(scene->ledger, NULL), SIM_OK);
    assert_int_equal(mdl_bank_audit(scene->bank, scene->ledger, NULL), SIM_OK);
    free(scene->ledger);
    free(scene->bank);
}

static mdl_loan_application_t project(const scene_t *scene)
{
    return (mdl_loan_application_t){.borrower = scene->builder,
                                    .tag = 5,
                                    .cost_fen = 1000 * MILLION,
                                    .own_funds_fen = 300 * MILLION,
                                    .gpu_value_fen = 800 * MILLION,
                                    .other_value_fen = 300 * MILLION,
                                    .npv_over_cost = 5};
}

static mdl_loan_decision_t decide(scene_t *scene, const mdl_loan_application_t *application, uint64_t attempt)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 11, 0, 3, MDL_PURPOSE_LOAN, attempt);
    return mdl_bank_decide(scene->bank, &params, application, &rng);
}

static uint32_t lend(scene_t *scene, int64_t amount_fen)
{
    mdl_loan_application_t application = project(scene);
    mdl_loan_decision_t decision = {MDL_LOAN_GRANTED, amount_fen, 0.06};
    uint32_t loan;
    assert_int_equal(mdl_bank_grant(scene->bank, scene->ledger, &params, &application, &decision, 0, &loan, NULL),
                     SIM_OK);
    return loan;
}

static void amounts_follow_cost_pledge_and_need(void **state)
{
    (void)state;
    scene_t scene = make(4);
    mdl_loan_application_t application = project(&scene);
    mdl_loan_decision_t decision = decide(&scene, &application, 0);
    assert_int_equal(decision.reason, MDL_LOAN_GRANTED);
    assert_int_equal(decision.amount_fen, 700 * MILLION); /* loan to cost and need agree, pledge 560 + 150 */
    assert_true(fabs(decision.rate_per_year - params.credit_base_rate - params.credit_risk_spread) < 1e-12);
    application.own_funds_fen = 900 * MILLION;
    assert_int_equal(decide(&scene, &application, 0).amount_fen, 100 * MILLION);
    application = project(&scene);
    application.gpu_value_fen = 0;
    assert_int_equal(decide(&scene, &application, 0).amount_fen, 150 * MILLION);
    application.guarantee = 1;
    assert_int_equal(decide(&scene, &application, 0).amount_fen, 700 * MILLION);
    assert_true(fabs(decide(&scene, &application, 0).rate_per_year - params.credit_base_rate) < 1e-12);
    application.guarantee = 0;
    application.other_value_fen = 0;
    assert_int_equal(decide(&scene, &application, 0).reason, MDL_LOAN_NO_COLLATERAL);
    application.own_funds_fen = application.cost_fen;
    assert_int_equal(decide(&scene, &application, 0).reason, MDL_LOAN_NO_NEED);
    scene.bank->appetite = 1.5;
    application = project(&scene);
    application.own_funds_fen = 0;
    application.guarantee = 1;
    assert_int_equal(decide(&scene, &application, 0).amount_fen,
                     (int64_t)llround(params.credit_ltv_cap * 1000) * MILLION);
    application.guarantee = 0;
    assert_true(fabs(decide(&scene, &application, 0).rate_per_year - params.credit_base_rate -
                     params.credit_risk_spread * 0.5) < 1e-12); /* a greedy bank asks less for risk */
    end(&scene);
}

/* Share of grants among 4,000 attempts; 4 standard deviations miss once in 16,000. */
static double pass_rate(scene_t *scene, double npv, double guarantee, double appetite)
{
    mdl_loan_application_t application = project(scene);
    int passed = 0;
    application.npv_over_cost = npv;
    application.guarantee = guarantee;
    scene->bank->appetite = appetite;
    for (uint64_t attempt = 0; attempt < 4000; attempt++)
        passed += decide(scene, &application, attempt).reason == MDL_LOAN_GRANTED;
    return passed / 4000.0;
}

static void chance_to_pass_is_logistic_in_prospect(void **state)
{
    (void)state;
    scene_t scene = make(1);
    double four_sd = 4 * sqrt(0.25 / 4000);
    assert_true(fabs(pass_rate(&scene, params.credit_hurdle, 0, 1) - 0.5) < four_sd);
    assert_true(fabs(pass_rate(&scene, params.credit_hurdle, 0, 0.5) - 0.25) < four_sd);
    double helped = 1 / (1 + exp(-params.credit_slope * (0.1 + params.credit_guarantee_weight)));
    assert_true(fabs(pass_rate(&scene, params.credit_hurdle + 0.1, 1, 1) - helped) < four_sd);
    assert_true(pass_rate(&scene, params.credit_hurdle, 0, 0) == 0);
    end(&scene);
}

/* Equal instalments: after the grace period the principal falls to 0 at the end of the term, interest on what is left.
 */
static void a_loan_is_paid_back_by_its_end(void **state)
{
    (void)state;
    scene_t scene = make(1);
    uint32_t loan = lend(&scene, 600 * MILLION);
    int64_t term_d = params.credit_term_s / SIM_DAY_S, grace_d = params.credit_grace_s / SIM_DAY_S, paid, months = 0;
    int64_t interest_by_hand = 0;
    assert_int_equal(mdl_ledger_endow(scene.ledger, scene.builder, 500 * MILLION, NULL), SIM_OK);
    for (int64_t day = 30; scene.bank->loans[loan].status != MDL_LOAN_CLOSED && months < 200; day += 30, months++) {
        int64_t principal = scene.bank->loans[loan].principal_fen;
        int64_t interest = mdl_bank_interest_due_fen(scene.bank, loan);
        assert_int_equal(interest, llround((double)principal * 0.06 / 12));
        assert_int_equal(mdl_bank_instalment_due_fen(scene.bank, loan, day) > 0, day >= grace_d);
        interest_by_hand += interest;
        assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, loan, day, &paid, NULL), SIM_OK);
        assert_true(paid >= interest);
        assert_int_equal(scene.bank->loans[loan].months_in_arrears, 0);
    }
    assert_int_equal(scene.bank->loans[loan].status, MDL_LOAN_CLOSED);
    assert_true(llabs(months * 30 - term_d) <= 60);
    assert_int_equal(scene.bank->interest_fen, interest_by_hand);
    assert_int_equal(mdl_ledger_deposit_fen(scene.ledger, scene.builder), 500 * MILLION - interest_by_hand);
    assert_int_equal(mdl_ledger_net_worth_fen(scene.ledger, scene.bank_account), interest_by_hand);
    assert_int_equal(scene.bank->outstanding_fen, 0);
    end(&scene);
}

/* A missed instalment: the next month asks for it, for the interest, and for credit.late_share of the rate on it. */
static void late_instalments_cost_penalty_interest(void **state)
{
    (void)state;
    scene_t scene = make(1);
    uint32_t loan = lend(&scene, 600 * MILLION);
    int64_t late = params.credit_grace_s / SIM_DAY_S + 1, has = mdl_ledger_deposit_fen(scene.ledger, scene.builder),
            paid;
    assert_int_equal(mdl_ledger_pay(scene.ledger, MDL_FLOW_OPEX, scene.builder, MDL_LEDGER_REST, has, NULL), SIM_OK);
    assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, loan, late, &paid, NULL), SIM_OK);
    int64_t interest = scene.bank->loans[loan].arrears_interest_fen;
    int64_t instalment = scene.bank->loans[loan].arrears_principal_fen;
    int64_t next = mdl_bank_instalment_due_fen(scene.bank, loan, late + 30);
    int64_t due = mdl_bank_due_fen(scene.bank, &params, loan, late + 30);
    assert_int_equal(interest, 3 * MILLION);
    assert_true(instalment > 0 && next > 0);
    assert_int_equal(mdl_ledger_endow(scene.ledger, scene.builder, 600 * MILLION, NULL), SIM_OK);
    assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, loan, late + 30, &paid, NULL), SIM_OK);
    double penalty = (double)instalment * 0.06 * params.credit_late_share / 12;
    assert_true(penalty > 1000);
    assert_true(llabs(paid - (2 * interest + instalment + next + llround(penalty))) <= 1);
    assert_int_equal(paid, due);
    assert_int_equal(scene.bank->loans[loan].months_in_arrears, 0);
    end(&scene);
}

static void a_loan_that_fails_is_a_loss_of_the_bank(void **state)
{
    (void)state;
    scene_t scene = make(1);
    uint32_t loan = lend(&scene, 600 * MILLION);
    mdl_loan_review_t good = {.operating_cash_fen = 100 * MILLION, .gpu_value_fen = 900 * MILLION};
    int64_t has = mdl_ledger_deposit_fen(scene.ledger, scene.builder), paid, taken;
    assert_int_equal(mdl_ledger_pay(scene.ledger, MDL_FLOW_CHIPS, scene.builder, MDL_LEDGER_REST, has, NULL), SIM_OK);
    mdl_loan_status_t status = MDL_LOAN_LIVE;
    int months = 0;
    for (int64_t day = 30; status == MDL_LOAN_LIVE; day += 30, months++) {
        assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, loan, day, &paid, NULL), SIM_OK);
        assert_int_equal(paid, 0);
        status = mdl_bank_review(scene.bank, &params, loan, day, &good);
    }
    assert_int_equal(months, params.credit_arrears_months);
    assert_int_equal(status, MDL_LOAN_DEFAULTED);
    assert_int_equal(mdl_bank_bad_fen(scene.bank, &params), 600 * MILLION);
    mdl_bank_default(scene.bank, loan, 100);
    int64_t first = mdl_bank_reserve_fen(scene.bank, &params, loan, 100, CHIP);
    assert_int_equal(first, llround((double)CHIP * params.credit_auction_reserve));
    assert_true(mdl_bank_reserve_fen(scene.bank, &params, loan, 107, CHIP) < first);
    assert_int_equal(mdl_bank_reserve_fen(scene.bank, &params, loan, 100000, CHIP), 0);
    assert_false(mdl_bank_gives_up(scene.bank, &params, loan, 100 + 7 * params.credit_auction_weeks - 1));
    assert_true(mdl_bank_gives_up(scene.bank, &params, loan, 100 + 7 * params.credit_auction_weeks));
    assert_int_equal(mdl_ledger_endow(scene.ledger, scene.builder, 200 * MILLION, NULL), SIM_OK); /* the auction's */
    assert_int_equal(mdl_bank_recover(scene.bank, scene.ledger, loan, 900 * MILLION, &taken, NULL), SIM_OK);
    assert_int_equal(taken, 200 * MILLION);
    assert_int_equal(mdl_bank_write_off(scene.bank, scene.ledger, loan, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_net_worth_fen(scene.ledger, scene.bank_account), -400 * MILLION);
    assert_int_equal(scene.bank->written_off_fen, 400 * MILLION);
    assert_int_equal(mdl_bank_bad_fen(scene.bank, &params), 0);
    uint32_t again = lend(&scene, MILLION); /* the slot is used again */
    assert_int_equal(again, loan);
    end(&scene);
}

static void covenants_call_a_loan(void **state)
{
    (void)state;
    scene_t scene = make(3);
    uint32_t loan = lend(&scene, 600 * MILLION), backed = lend(&scene, 600 * MILLION),
             thin = lend(&scene, 600 * MILLION);
    mdl_loan_review_t poor = {.operating_cash_fen = 0, .gpu_value_fen = 900 * MILLION};
    mdl_loan_review_t guaranteed = poor, pledgeless = {.operating_cash_fen = 900 * MILLION};
    int64_t early = 10, late = params.credit_grace_s / SIM_DAY_S + 1;
    guaranteed.guarantee = 1;
    assert_int_equal(mdl_bank_review(scene.bank, &params, loan, early, &poor), MDL_LOAN_LIVE);
    assert_int_equal(scene.bank->loans[loan].breaches, 0); /* grace */
    for (int64_t month = 1; month <= params.credit_covenant_months; month++) {
        bool last = month == params.credit_covenant_months;
        assert_int_equal(mdl_bank_review(scene.bank, &params, loan, late, &poor),
                         last ? MDL_LOAN_CALLED : MDL_LOAN_LIVE);
        assert_int_equal(mdl_bank_review(scene.bank, &params, thin, early, &pledgeless),
                         last ? MDL_LOAN_CALLED : MDL_LOAN_LIVE);
        assert_int_equal(mdl_bank_review(scene.bank, &params, backed, late, &guaranteed), MDL_LOAN_LIVE);
    }
    assert_int_equal(mdl_bank_instalment_due_fen(scene.bank, loan, late), 600 * MILLION);
    assert_int_equal(mdl_bank_bad_fen(scene.bank, &params), 1200 * MILLION);
    assert_int_equal(mdl_bank_review(scene.bank, &params, loan, late, &poor), MDL_LOAN_DEFAULTED);
    int64_t paid; /* a called loan that can be paid is closed */
    assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, thin, late, &paid, NULL), SIM_OK);
    assert_int_equal(scene.bank->loans[thin].status, MDL_LOAN_CLOSED);
    end(&scene);
}

/* A guaranteed loan three months behind: its overdue interest becomes principal, instalments wait, the books balance. One
 * without a guarantor, without enough of a pledge, or where nothing is ever extended goes to auction. */
static void a_guaranteed_loan_is_extended(void **state)
{
    (void)state;
    scene_t scene = make(2);
    uint32_t loan = lend(&scene, 600 * MILLION);
    mdl_loan_review_t review = {.other_value_fen = 600 * MILLION, .guarantee = 0.6};
    assert_int_equal(
        mdl_ledger_pay(scene.ledger, MDL_FLOW_CONSTRUCTION, scene.builder, MDL_LEDGER_REST, 600 * MILLION, NULL),
        SIM_OK);
    int64_t day = 0;
    while (mdl_bank_review(scene.bank, &params, loan, day, &review) != MDL_LOAN_DEFAULTED)
        assert_int_equal(mdl_bank_service(scene.bank, scene.ledger, &params, loan, day += 30, NULL, NULL), SIM_OK);
    mdl_loan_review_t alone = review, pledgeless = review;
    alone.guarantee = 0;
    pledgeless.other_value_fen = 0;
    assert_true(mdl_bank_extends(scene.bank, &params, loan, &review));
    assert_false(mdl_bank_extends(scene.bank, &params, loan, &alone));
    assert_false(mdl_bank_extends(scene.bank, &params, loan, &pledgeless));
    int64_t overdue = scene.bank->loans[loan].arrears_interest_fen;
    assert_true(overdue > 0);
    assert_int_equal(mdl_bank_extend(scene.bank, scene.ledger, &params, loan, day, NULL), SIM_OK);
    assert_int_equal(scene.bank->loans[loan].principal_fen, 600 * MILLION + overdue);
    assert_int_equal(scene.bank->lent_fen, 600 * MILLION + overdue);
    assert_int_equal(mdl_bank_instalment_due_fen(scene.bank, loan, day), 0);
    assert_int_equal(mdl_bank_review(scene.bank, &params, loan, day, &review), MDL_LOAN_LIVE);
    assert_int_equal(mdl_bank_bad_fen(scene.bank, &params), 0);
    assert_int_equal(mdl_bank_extend(scene.bank, scene.ledger, &params, loan, day, NULL), SIM_OK);
    assert_int_equal(mdl_bank_bad_fen(scene.bank, &params), 600 * MILLION + overdue);
    params.credit_extension_s = 0;
    assert_false(mdl_bank_extends(scene.bank, &params, loan, &review));
    end(&scene);
}

static void losses_and_falling_chips_make_it_afraid(void **state)
{
    (void)state;
    scene_t scene = make(2);
    uint32_t loan = lend(&scene, 500 * MILLION);
    (void)lend(&scene, 500 * MILLION);
    for (int week = 0; week < 200; week++)
        mdl_bank_update(scene.bank, &params, 0, CHIP);
    assert_true(fabs(scene.bank->appetite - 1) < 1e-9);
    assert_true(fabs(mdl_bank_haircut(scene.bank) - params.credit_haircut) < 1e-12);
    for (int week = 0; week < 200; week++)
        mdl_bank_update(scene.bank, &params, 1, CHIP);
    double boom = 1 + params.credit_sentiment_weight;
    assert_true(fabs(scene.bank->appetite - (boom < 1.5 ? boom : 1.5)) < 1e-3);
    assert_int_equal(mdl_bank_write_off(scene.bank, scene.ledger, loan, NULL), SIM_OK);
    for (int week = 0; week < 26; week++)
        mdl_bank_update(scene.bank, &params, 0, CHIP / 2);
    assert_true(scene.bank->appetite < 0.5); /* half of the book was lost */
    assert_true(mdl_bank_haircut(scene.bank) > params.credit_haircut + 0.2);
    assert_true(mdl_bank_collateral_fen(scene.bank, &params, 100 * MILLION, 0) < 50 * MILLION);
    for (int week = 0; week < 1000; week++)
        mdl_bank_update(scene.bank, &params, 0, CHIP / 2);
    assert_true(fabs(scene.bank->appetite - 1) < 1e-6); /* it forgets */
    assert_true(fabs(mdl_bank_haircut(scene.bank) - params.credit_haircut) < 1e-6);
    mdl_bank_update(scene.bank, &params, 0, 0);
    assert_true(mdl_bank_haircut(scene.bank) <= 0.95);
    end(&scene);
}

static void random_step(scene_t *scene, const uint32_t *borrowers, int64_t day, sim_rng_t *rng)
{
    uint32_t loan = (uint32_t)sim_draw_below(rng, scene->bank->capacity);
    const mdl_loan_t *at = &scene->bank->loans[loan];
    bool open = loan < scene->bank->used && at->status != MDL_LOAN_FREE && at->status != MDL_LOAN_CLOSED;
    mdl_loan_application_t application = project(scene);
    application.borrower = borrowers[sim_draw_below(rng, 20)];
    mdl_loan_review_t review = {.operating_cash_fen = (int64_t)sim_draw_below(rng, (uint64_t)(40 * MILLION)),
                                .gpu_value_fen = (int64_t)sim_draw_below(rng, (uint64_t)(900 * MILLION))};
    mdl_loan_decision_t decision = mdl_bank_decide(scene->bank, &params, &application, rng);
    sim_status_t status = SIM_OK;
    uint32_t fresh;
    if (decision.amount_fen > 0 && sim_draw_bernoulli(rng, 0.2)) {
        status = mdl_bank_grant(scene->bank, scene->ledger, &params, &application, &decision, day, &fresh, NULL);
        assert_true(status == SIM_OK || status == SIM_ELIMIT);
    }
    if (sim_draw_bernoulli(rng, 0.1))
        (void)mdl_ledger_pay_up_to(scene->ledger, MDL_FLOW_OPEX, application.borrower, MDL_LEDGER_REST,
                                   INT64_C(9000000000), NULL, NULL);
    if (!open)
        return;
    if (at->status == MDL_LOAN_DEFAULTED)
        status = sim_draw_bernoulli(rng, 0.3) ? mdl_bank_write_off(scene->bank, scene->ledger, loan, NULL)
                                              : mdl_bank_recover(scene->bank, scene->ledger, loan, MILLION, NULL, NULL);
    else
        status = mdl_bank_service(scene->bank, scene->ledger, &params, loan, day, NULL, NULL);
    assert_int_equal(status, SIM_OK);
    if (at->status != MDL_LOAN_DEFAULTED &&
        mdl_bank_review(scene->bank, &params, loan, day, &review) == MDL_LOAN_DEFAULTED)
        mdl_bank_default(scene->bank, loan, day);
}

static void random_books_equal_the_ledger(void **state)
{
    (void)state;
    scene_t scene = make(64);
    uint32_t borrowers[20];
    sim_rng_t rng;
    sim_rng_at(&rng, 12, 0, 0, 0, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(mdl_ledger_open(scene.ledger, MDL_SECTOR_DEVELOPER, &borrowers[i], NULL), SIM_OK);
    for (int64_t day = 0; day < 20000; day++) {
        random_step(&scene, borrowers, day, &rng);
        if (day % 7 == 0)
            mdl_bank_update(scene.bank, &params, 0.5, CHIP);
        if (day % 13 == 0)
            assert_int_equal(mdl_bank_audit(scene.bank, scene.ledger, NULL), SIM_OK);
    }
    const mdl_bank_t *bank = scene.bank;
    assert_int_equal(bank->lent_fen,
                     bank->repaid_fen + bank->recovered_fen + bank->written_off_fen + bank->outstanding_fen);
    assert_true(bank->written_off_fen > 0 && bank->recovered_fen > 0 && bank->n_granted > 200);
    assert_int_equal(mdl_ledger_net_worth_fen(scene.ledger, scene.bank_account),
                     bank->interest_fen - bank->written_off_fen);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_follow_cost_pledge_and_need),
        cmocka_unit_test(chance_to_pass_is_logistic_in_prospect),
        cmocka_unit_test(a_loan_is_paid_back_by_its_end),
        cmocka_unit_test(late_instalments_cost_penalty_interest),
        cmocka_unit_test(a_loan_that_fails_is_a_loss_of_the_bank),
        cmocka_unit_test(covenants_call_a_loan),
        cmocka_unit_test(a_guaranteed_loan_is_extended),
        cmocka_unit_test(losses_and_falling_chips_make_it_afraid),
        cmocka_unit_test(random_books_equal_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

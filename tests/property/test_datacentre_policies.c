// SPDX-License-Identifier: GPL-3.0-or-later
/* Data centres under every policy: a month of random orders and many failures, each row of each slot at least once and
 * random combinations besides, job by job on single nodes, bundles on single nodes and on a pool. Everything is recounted
 * at each boundary (mdl_datacentre_audit), jobs are conserved, and work gets done. */
#include "models/datacentre/state.h"
#include "sim/draw.h"
#include "tests/support/centre.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

#define SEED      59
#define DAYS      30
#define CONTRACTS 10
#define DRAWN     (TEST_UNDER_SANITIZER ? 3 : 30) /* random combinations in each mode */

typedef enum run_mode { JOB_BY_JOB, BUNDLES_ON_NODES, BUNDLES_ON_A_POOL, RUN_MODES } run_mode_t;

static void set_policy(mdl_params_t *params, const mdl_policy_t *policy)
{
    params->scheduler_order = policy->order;
    params->scheduler_reservation = policy->reservation;
    params->scheduler_placement = policy->placement;
    params->scheduler_preemption = policy->preemption;
    params->scheduler_preempt_every_s = policy->preempt_every_s;
}

static mdl_contract_terms_t random_terms(sim_rng_t *rng, uint32_t contract)
{
    return (mdl_contract_terms_t){.job_class = (mdl_job_class_t)(contract % MDL_JOB_CLASSES),
                                  .nodes = 1 + (uint32_t)sim_draw_below(rng, 16),
                                  .gang_nodes = UINT32_C(1) << sim_draw_below(rng, 4),
                                  .activity_permille = (uint32_t)sim_draw_below(rng, 1500),
                                  .ported = sim_draw_bernoulli(rng, 0.7)};
}

/* One order a day: a lease begins, changes or ends, or power is switched. */
static void order(test_centres_t *centres, uint32_t lp, bool *running, sim_rng_t *rng)
{
    uint32_t i = (uint32_t)sim_draw_below(rng, CONTRACTS);
    uint32_t powered = 24 + (uint32_t)sim_draw_below(rng, 25);
    mdl_contract_terms_t terms = random_terms(rng, i);
    uint64_t kind = sim_draw_below(rng, 6);

    if (kind == 0) {
        test_centres_order(centres, lp, MDL_DC_POWER_NODES, 0, powered);
    } else if (!running[i]) {
        test_centres_start(centres, lp, i, terms);
        running[i] = true;
    } else if (kind < 4) {
        test_centres_resize(centres, lp, i, terms);
    } else {
        test_centres_order(centres, lp, MDL_DC_CONTRACT_END, i, 0);
        running[i] = false;
    }
}

static void run_month(const mdl_policy_t *policy, run_mode_t mode, uint64_t stream)
{
    bool running[CONTRACTS] = {false};
    test_centres_t centres;
    sim_rng_t rng;

    test_centres_init(&centres);
    set_policy(&centres.input.params, policy);
    centres.input.params.node_failures_per_year = 60;
    if (mode == JOB_BY_JOB)
        centres.input.params.workload_grain_s = 0;
    test_centres_open(&centres, SEED + stream, 1);
    uint32_t lp =
        test_centres_add_in_mode(&centres, 48, 4, mode == BUNDLES_ON_A_POOL ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES);
    sim_rng_at(&rng, SEED, stream, 0, 0, 0);
    for (int i = 0; i < 6; i++)
        order(&centres, lp, running, &rng);
    for (int day = 0; day < DAYS; day++) {
        order(&centres, lp, running, &rng);
        test_centres_run(&centres, sim_world_now(centres.world) + (int64_t)sim_draw_below(&rng, 2 * SIM_DAY_S));
    }
    mdl_datacentre_t *state = sim_world_state(centres.world, lp);
    mdl_scheduler_t *scheduler = sim_arena_at(sim_world_arena(centres.world), state->scheduler);
    assert_true(mdl_scheduler_conserves(scheduler));
    assert_true(scheduler->allocated_gpu_s > 0 && scheduler->sequence > scheduler->present);
    test_centres_free(&centres);
}

static void run_rows(run_mode_t mode)
{
    for (uint8_t row = 0; row < MDL_ORDERS; row++) {
        run_month(&(mdl_policy_t){.order = row}, mode, row);
        run_month(&(mdl_policy_t){.order = row, .preemption = MDL_PREEMPTION_CHECKPOINT}, mode, row);
    }
    for (uint8_t row = 0; row < MDL_RESERVATIONS; row++)
        run_month(&(mdl_policy_t){.reservation = row}, mode, 10 + row);
    for (uint8_t row = 0; row < MDL_PLACEMENTS; row++)
        run_month(&(mdl_policy_t){.placement = row}, mode, 20 + row);
}

static void run_mode(run_mode_t mode)
{
    sim_rng_t rng;

    run_rows(mode);
    sim_rng_at(&rng, SEED, 100 + mode, 0, 0, 0);
    for (uint64_t i = 0; i < DRAWN; i++) {
        mdl_policy_t policy = {.order = (uint8_t)sim_draw_below(&rng, MDL_ORDERS),
                               .reservation = (uint8_t)sim_draw_below(&rng, MDL_RESERVATIONS),
                               .placement = (uint8_t)sim_draw_below(&rng, MDL_PLACEMENTS),
                               .preemption = (uint8_t)sim_draw_bernoulli(&rng, 0.3),
                               .preempt_every_s = sim_draw_bernoulli(&rng, 0.5) ? 600 : 0};
        run_month(&policy, mode, 1000 * (1 + mode) + i);
    }
}

static void test_job_by_job(void **state)
{
    (void)state;
    run_mode(JOB_BY_JOB);
}

static void test_bundles_on_nodes(void **state)
{
    (void)state;
    run_mode(BUNDLES_ON_NODES);
}

static void test_bundles_on_a_pool(void **state)
{
    (void)state;
    run_mode(BUNDLES_ON_A_POOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_job_by_job),
        cmocka_unit_test(test_bundles_on_nodes),
        cmocka_unit_test(test_bundles_on_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

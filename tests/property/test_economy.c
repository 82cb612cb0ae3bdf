// SPDX-License-Identifier: GPL-3.0-or-later
/* The economy as a whole: books that balance, bits that do not depend on threads, clones that go the same way, extremes
 * that it survives. All runs under audit count money, chips, loans, contracts, jobs and energy again at every month. */
#include "models/economy/economy_state.h"

#include "tests/support/economy.h"
#include "tests/support/test.h"

static void audit_is_clean_for_many_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        test_economy_t run = {.seed = seed, .audit = true};
        test_economy_run(&run);
        assert_true(run.meta.jobs > 0);
        test_economy_free(&run);
    }
}

/* Each line is one extreme world. */
static const char *const extremes[][8] = {
    {"subsidy.enabled=false"},
    {"subsidy.grant_share=1", "subsidy.max_share=1", "subsidy.budget_scale=100"},
    {"subsidy.utilisation_linked=1", "audit.hazard=12", "subsidy.clawback_share=1", "subsidy.voucher_share=0.8"},
    {"brokers.seizure_scale=0"},
    {"brokers.seizure_scale=20"},
    {"credit.base_rate=0", "credit.risk_spread=0"},
    {"credit.base_rate=0.3", "credit.risk_spread=0.2", "credit.ltv_cap=0.95"},
    {"enterprise.finetune_start=0", "enterprise.batch_start=0", "tokens.demand_start=0", "labs.entrants=0",
     "labs.incumbents=0"},
    {"cities.land_revenue=1000"},
    {"cities.land_revenue=0"},
    {"developers.operators=1", "developers.state_vehicles=0", "developers.cross_industry=0",
     "developers.rent_seekers=0", "start.centres=0", "start.building=0"},
    {"developers.operators=0", "developers.state_vehicles=0", "developers.cross_industry=0",
     "developers.rent_seekers=0", "start.centres=0", "start.building=0", "platforms.fleet_scale=0"},
    {"developers.rent_seekers=200", "developers.rate_rent_seeker=12", "developers.hurdle=-1",
     "horizon.max_projects=6000"},
    {"developers.build_time=7 d", "developers.hurdle=-1", "developers.finance_operator=7", "horizon.max_projects=4000"},
    {"rules.export_rules=false"},
    {"central.approval_cap=1"},
    {"rules.foreign_chips_in_state_centres=false"},
    {"chips.quota_scale=0"},
    {"workload.grain=0 h", "start.centres=2", "platforms.fleet_scale=0"},
    {"beliefs.control=true", "beliefs.switching=80"},
    {"power.resale_hazard=50", "power.quota_scale=0.001"},
};

static void survives_extremes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
        test_economy_t run = {.seed = 3, .audit = true};
        for (int k = 0; k < 8 && extremes[i][k] != NULL; k++)
            run.sets[k] = extremes[i][k];
        test_economy_run(&run);
        test_economy_free(&run);
    }
}

static void survives_one_day_and_one_interval(void **state)
{
    (void)state;
    static const char *const ends[] = {"2023-01-02", "2023-01-15", "2023-02-01", "2023-03-05"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        test_economy_t run = {.seed = 2, .audit = true, .until = ends[i]};
        test_economy_run(&run);
        test_economy_free(&run);
    }
}

static void check_damage_is_found(sim_world_t *world, uint8_t *count)
{
    sim_error_t err = {0};
    *count ^= 1;
    assert_int_equal(mdl_economy_audit(world, &err), SIM_EINVARIANT);
    *count ^= 1;
    assert_int_equal(mdl_economy_audit(world, NULL), SIM_OK);
}

/* Counts that follow changes, in place of looking at all projects, sites and lots each day. */
static void audit_finds_a_count_that_is_stale(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 5};
    test_economy_run(&run);
    mdl_step_t step;
    mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
    mdl_site_t *site = step.sites;
    while (site->stopped || site->offer == MDL_NO_OFFER)
        assert_true(++site < step.sites + step.eco->n_sites);
    check_damage_is_found(run.world, (uint8_t *)&site->leased);
    check_damage_is_found(run.world, (uint8_t *)&step.outlines[0]);
    check_damage_is_found(run.world, &step.project_marks[0]);
    check_damage_is_found(run.world, (uint8_t *)&step.eco->platform_chips[0][0].stock);
    check_damage_is_found(run.world, (uint8_t *)&step.eco->platform_chips[0][0].awaited);
    test_economy_free(&run);
}

/* Sums of use: of sites that have stopped at any time, of all where an interval begins. */
static void audit_finds_use_that_is_not_that_of_the_sites(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 5, .sets = {"developers.fixed_cost_month=1e8"}}; /* which nobody can pay for long */
    test_economy_run(&run);
    mdl_step_t step;
    mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
    mdl_eco_t *eco = step.eco;
    assert_true(eco->use_gone.powered_gpu_s[0] > 0);
    check_damage_is_found(run.world, (uint8_t *)&eco->use_gone.powered_gpu_s[0]);
    check_damage_is_found(run.world, (uint8_t *)&eco->use_gone.wait_s[MDL_JOB_BATCH]);
    check_damage_is_found(run.world, (uint8_t *)&eco->use_before.busy_gpu_s[1]);
    check_damage_is_found(run.world, (uint8_t *)&eco->use_before.metered_wh);
    test_economy_free(&run);
}

static void money_sums_to_zero(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 5};
    test_economy_run(&run);
    mdl_step_t step;
    mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
    int64_t all_fen = 0, deposits_fen = 0;
    for (uint32_t a = 0; a < step.ledger->count; a++) {
        for (int p = 0; p < MDL_POSITIONS; p++)
            all_fen += step.ledger->accounts[a].position_fen[p];
        deposits_fen += mdl_ledger_deposit_fen(step.ledger, a);
    }
    assert_int_equal(all_fen, 0);
    assert_int_equal(deposits_fen, 0);
    assert_true(step.ledger->postings > 1000);
    test_economy_free(&run);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    uint64_t hash = 0, fingerprint = 0;
    for (int i = 0; i < 3; i++) {
        test_economy_t run = {.seed = 11, .threads = threads[i]};
        test_economy_run(&run);
        if (i == 0) {
            hash = test_economy_hash(&run);
            fingerprint = run.meta.fingerprint;
        }
        assert_int_equal(test_economy_hash(&run), hash);
        assert_int_equal(run.meta.fingerprint, fingerprint);
        test_economy_free(&run);
    }
}

static void another_seed_is_another_world(void **state)
{
    (void)state;
    test_economy_t a = {.seed = 1}, b = {.seed = 2}, c = {.seed = 1, .replication = 1};
    test_economy_run(&a);
    test_economy_run(&b);
    test_economy_run(&c);
    assert_int_not_equal(test_economy_hash(&a), test_economy_hash(&b));
    assert_int_not_equal(test_economy_hash(&a), test_economy_hash(&c));
    test_economy_free(&a);
    test_economy_free(&b);
    test_economy_free(&c);
}

static void a_clone_goes_the_same_way(void **state)
{
    (void)state;
    test_economy_t whole = {.seed = 4}, half = {.seed = 4};
    test_economy_run(&whole);
    test_economy_open(&half);
    assert_int_equal(test_economy_advance(&half, 120 * SIM_DAY_S), SIM_OK);
    test_economy_t copy = test_economy_clone(&half);
    test_economy_finish_clone(&copy);
    assert_int_equal(copy.meta.fingerprint, whole.meta.fingerprint);
    assert_int_equal(test_economy_hash(&copy), test_economy_hash(&whole));
    test_economy_free_clone(&copy);
    test_economy_free(&half);
    test_economy_free(&whole);
}

/* A clone whose input differs only in a later change equals the run that had that change from the start. */
static void a_fork_equals_the_arm_run_alone(void **state)
{
    (void)state;
    int64_t fork_s = 150 * SIM_DAY_S;
    int param = mdl_params_find("subsidy.grant_share");
    test_economy_t alone = {.seed = 6}, parent = {.seed = 6};
    test_economy_open(&alone);
    test_economy_open(&parent);
    mdl_change_t changes[64];
    uint32_t n = 0;
    while (n < alone.input->n_changes && alone.input->changes[n].time_s < fork_s) {
        changes[n] = alone.input->changes[n];
        n++;
    }
    changes[n++] = (mdl_change_t){fork_s, param, 0.3};
    mdl_input_t changed = *alone.input;
    changed.changes = changes;
    changed.n_changes = n;

    sim_world_destroy(alone.world);
    sim_world_options_t options = {.seed = 6};
    assert_int_equal(sim_world_create(&alone.world, mdl_economy_model(), &changed, &options, &alone.err), SIM_OK);
    sim_recorder_reset(alone.recorder);
    assert_int_equal(mdl_economy_populate(alone.world, alone.recorder, &alone.err), SIM_OK);
    assert_int_equal(test_economy_advance(&alone, SIM_NEVER), SIM_OK);

    assert_int_equal(test_economy_advance(&parent, fork_s), SIM_OK);
    sim_world_t *fork;
    assert_int_equal(sim_world_clone(&fork, parent.world, &changed, &parent.err), SIM_OK);
    assert_int_equal(mdl_economy_attach(fork, parent.recorder, &parent.err), SIM_OK);
    assert_int_equal(sim_world_run(fork, changed.horizon_s, NULL, &parent.err), SIM_OK);
    assert_int_equal(sim_world_fingerprint(fork), sim_world_fingerprint(alone.world));
    assert_int_equal(test_economy_hash(&parent), test_economy_hash(&alone));
    sim_world_destroy(fork);
    test_economy_free(&alone);
    test_economy_free(&parent);
}

/* No outcome is an input: what a run says of its end does not depend on how long it was told to go on. */
static void the_past_does_not_know_the_horizon(void **state)
{
    (void)state;
    test_economy_t longer = {.seed = 9}, shorter = {.seed = 9, .until = "2023-06-18"}; /* 168 days: 6 intervals */
    test_economy_run(&longer);
    test_economy_run(&shorter);
    for (uint32_t channel = 0; channel < shorter.schema.n_channels; channel++) {
        const sim_channel_t *c = &shorter.schema.channels[channel];
        size_t n, n_longer;
        const double *a = sim_recorder_values(shorter.recorder, channel, &n);
        const double *b = sim_recorder_values(longer.recorder, channel, &n_longer);
        for (size_t i = 0; c->kind == SIM_CHANNEL_SERIES && i < n; i++)
            if (a[i] == a[i] && a[i] != b[i])
                fail_msg("%s/%s: %g in the shorter run, %g in the longer", c->group, c->name, a[i], b[i]);
    }
    test_economy_free(&longer);
    test_economy_free(&shorter);
}

/* Capital is judged once at most, and what never broke even is part of what was invested. */
static void capital_that_never_broke_even_was_invested(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        test_economy_t run = {.seed = seed,
                              .sets = {"developers.hurdle=-1", "developers.build_time=14 d", "chips.quota_scale=1",
                                       "developers.approval_rate=7", "developers.finance_state=7",
                                       "developers.finance_operator=7", "chips.lead_time_scale=0"}};
        test_economy_run(&run);
        double never = test_economy_outcome(&run, "never_broke_even_capital_yuan");
        assert_true(never >= 0 && never <= test_economy_outcome(&run, "investment_yuan") + 1000);
        assert_close(
            test_economy_outcome(&run, "projects_exited"),
            test_economy_outcome(&run, "projects_abandoned") + test_economy_outcome(&run, "projects_defaulted"), 0);
        double error = test_economy_outcome(&run, "revenue_error_at_entry");
        assert_true(isnan(error) || error <= 1);
        test_economy_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_is_clean_for_many_seeds),
        cmocka_unit_test(survives_extremes),
        cmocka_unit_test(survives_one_day_and_one_interval),
        cmocka_unit_test(audit_finds_a_count_that_is_stale),
        cmocka_unit_test(audit_finds_use_that_is_not_that_of_the_sites),
        cmocka_unit_test(money_sums_to_zero),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(another_seed_is_another_world),
        cmocka_unit_test(a_clone_goes_the_same_way),
        cmocka_unit_test(a_fork_equals_the_arm_run_alone),
        cmocka_unit_test(the_past_does_not_know_the_horizon),
        cmocka_unit_test(capital_that_never_broke_even_was_invested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

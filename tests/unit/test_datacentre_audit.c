// SPDX-License-Identifier: GPL-3.0-or-later
/* What the audit of a data centre sees: one thing at a time is damaged. */
#include "models/datacentre/state.h"
#include "models/hardware/pool.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

static void damage(mdl_datacentre_t *state, mdl_dc_t *dc, int kind)
{
    uint32_t first = mdl_dc_contracts(dc)->tenancy;

    switch (kind) {
    case 0: state->leased_nodes--; break;
    case 1: dc->tenancies[first].granted_nodes++; break;
    case 2: dc->tenancies[first].nodes = 1; break;
    case 3: dc->tenancies[first].open = false; break;
    case 4: state->busy[MDL_JOB_FINETUNE].base -= INT64_C(1) << 40; break;
    case 5: state->unsaved[MDL_JOB_FINETUNE].base -= INT64_C(1) << 40; break;
    case 6: state->powered_base_node_s = mdl_line_at(&state->racked, dc->now_s) + 1; break;
    case 7: dc->scheduler->allocated_gpu_s += INT64_C(1) << 40; break;
    case 8: dc->scheduler->running++; break;
    case 9: mdl_cluster_node(dc->cluster, 0)->free ^= 1; break;
    case 10: dc->cluster->free_gpus -= 8; break;
    case 11: mdl_pool_take(dc->cluster, 1); break;
    case 12: state->n_services++; break;
    case 13: mdl_dc_contracts(dc)->nodes++; break;
    case 14: mdl_dc_contracts(dc)->granted_nodes--; break;
    case 15: state->n_contracts--; break;
    case 16: state->n_contracts = state->tenancy_capacity + 1; break;
    case 17: mdl_dc_contracts(dc)->tenancy = state->tenancy_capacity; break;
    case 18: mdl_dc_contracts(dc)->job_class = MDL_JOB_BATCH; break;
    case 19: mdl_scheduler_holding(dc->scheduler, first)->limit_gpus -= MDL_NODE_GPUS; break;
    case 20: state->powered_nodes--; break;
    case 21: state->up_nodes--; break;
    case 22: state->noted_powered_gpu_s--; break;
    case 23: state->noted_leased_gpu_s++; break;
    case 24: state->noted_busy_gpu_s--; break;
    case 25: state->noted_inference_gpu_s++; break;
    case 26: state->noted_training_gpu_s++; break;
    case 27: state->use.useful_gpu_s--; break;
    case 28: state->use.energy_metered_wh++; break;
    case 29: state->use.jobs_finished[MDL_JOB_FINETUNE]--; break;
    case 30: state->use.wait_s[MDL_JOB_BATCH]++; break;
    default: state->power.pue_permille = 900; break;
    }
}

static void test_audit_catches_each_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 31; kind++) {
        test_centres_t centres;
        sim_error_t err = {0};
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 16, 1, kind == 9 ? MDL_DC_MODE_NODES : MDL_DC_MODE_AUTO);
        test_centres_start(&centres, lp, 1, test_quiet_finetune);
        test_centres_run(&centres, 10 * SIM_DAY_S);
        (void)mdl_datacentre_use(centres.world, lp, 10 * SIM_DAY_S);
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_OK);
        mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
        damage(centre, &dc, kind);
        if (mdl_datacentre_audit(centres.world, lp, &err) != SIM_EINVARIANT)
            fail_msg("damage %d went unnoticed", kind);
        test_centres_free(&centres);
    }
}

/* Between two reports what was reported is older than the meters: there the audit sees what is more than they say. */
static void test_audit_sees_reports_that_run_ahead(void **state)
{
    test_centres_t centres;
    sim_error_t err = {0};

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 16, 1);
    test_centres_start(&centres, lp, 1, test_quiet_finetune);
    test_centres_run(&centres, 10 * SIM_DAY_S);
    (void)mdl_datacentre_use(centres.world, lp, 10 * SIM_DAY_S);
    test_centres_run(&centres, 10 * SIM_DAY_S + SIM_HOUR_S);
    mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
    int64_t *const counts[] = {&centre->noted_leased_gpu_s, &centre->use.leased_gpu_s};
    for (size_t i = 0; i < 2; i++) {
        *counts[i] += 64 * SIM_HOUR_S; /* what was leased meanwhile */
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_OK);
        *counts[i] += 1;
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_EINVARIANT);
        *counts[i] = 0;
    }
    test_centres_free(&centres);
}

static void damage_service(mdl_dc_t *dc, int kind)
{
    switch (kind) {
    case 0: dc->services[0].job = MDL_NONE; break;
    case 1: dc->services[0].job = dc->services[1].job; break;
    case 2: dc->services[1].tenancy = dc->services[0].tenancy; break;
    case 3: dc->services[1].nodes++; break;
    case 4: dc->tenancies[dc->services[1].tenancy].service = 0; break;
    default: dc->state->n_services--; break;
    }
}

/* Services stand in the order of their contracts, whichever of these end, and an audit sees where one does not. */
static void test_services_stand_where_their_contracts_say(void **state)
{
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_INFERENCE, .nodes = 4, .activity_permille = 500, .ported = true};

    (void)state;
    for (int kind = 0; kind <= 5; kind++) {
        test_centres_t centres;
        sim_error_t err = {0};
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 64, 1), number = 1;
        for (; number <= 6; number++)
            test_centres_start(&centres, lp, number, terms);
        test_centres_run(&centres, 2 * SIM_DAY_S); /* which audits */
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1 + (uint32_t)kind, 0);
        test_centres_run(&centres, 3 * SIM_DAY_S);
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1 + (uint32_t)(kind + 3) % 6, 0);
        test_centres_start(&centres, lp, number, terms);
        test_centres_run(&centres, 5 * SIM_DAY_S);
        mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
        assert_int_equal(centre->n_services, 5);
        assert_int_equal(mdl_dc_contracts(&dc)[4].number, number);
        assert_int_equal(dc.services[4].tenancy, mdl_dc_contracts(&dc)[4].tenancy);
        damage_service(&dc, kind);
        if (mdl_datacentre_audit(centres.world, lp, &err) != SIM_EINVARIANT)
            fail_msg("damage %d went unnoticed", kind);
        test_centres_free(&centres);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audit_catches_each_damage),
        cmocka_unit_test(test_audit_sees_reports_that_run_ahead),
        cmocka_unit_test(test_services_stand_where_their_contracts_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

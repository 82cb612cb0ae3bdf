// SPDX-License-Identifier: GPL-3.0-or-later
/* Parts of a calibration: distances, screening, the Gaussian process, marginals, what a parameter's prior says, and that
 * a simulation's facts are those that `validate` reads out of a result. */
#include "analysis/calibrate/abc.h"
#include "analysis/calibrate/calibrate.h"
#include "analysis/calibrate/gp.h"
#include "analysis/calibrate/linear.h"
#include "analysis/calibrate/model.h"
#include "analysis/calibrate/msm.h"
#include "scenarios/prior.h"
#include "sim/draw.h"
#include "tests/support/scenario_text.h"
#include "tests/support/test.h"

/* --- distances ---------------------------------------------------------------------------------------------------- */

static void a_band_is_no_distance(void **state)
{
    (void)state;
    ana_target_t target = {.low = 10, .high = 20, .scale = 5};
    assert_close(ana_residual(&target, 10), 0, 0);
    assert_close(ana_residual(&target, 14), 0, 0);
    assert_close(ana_residual(&target, 20), 0, 0);
    assert_close(ana_residual(&target, 25), 1, 1e-15);
    assert_close(ana_residual(&target, 0), -2, 1e-15);
    assert_true(isnan(ana_residual(&target, NAN)));
    target.in_logs = true;
    target.scale = log(2);
    assert_close(ana_residual(&target, 40), 1, 1e-15);
    assert_close(ana_residual(&target, 2.5), -2, 1e-15);
    assert_true(isnan(ana_residual(&target, 0)));
}

static void distances_add_up_and_miss_nothing(void **state)
{
    (void)state;
    ana_target_t targets[] = {{.low = 0, .high = 0, .scale = 1}, {.low = 0, .high = 1, .scale = 2}};
    ana_problem_t problem = {.n_targets = 2, .targets = targets};
    assert_close(ana_distance(&problem, (double[]){0, 0.5}), 0, 0);
    assert_close(ana_distance(&problem, (double[]){1, 5}), log(2) + log(5), 1e-14);
    assert_true(isinf(ana_distance(&problem, (double[]){0, NAN})));
}

/* --- linear algebra ----------------------------------------------------------------------------------------------- */

static void cholesky_mends_what_is_nearly_positive(void **state)
{
    (void)state;
    gsl_matrix *matrix = ana_matrix(3, 3);
    assert_non_null(matrix);
    gsl_matrix_set_all(matrix, 2); /* of rank 1 */
    assert_true(ana_cholesky(matrix));
    for (size_t i = 0; i < 3; i++) {
        double square = 0;
        for (size_t k = 0; k <= i; k++)
            square += gsl_matrix_get(matrix, i, k) * gsl_matrix_get(matrix, i, k);
        assert_close(square, 2, 1e-6);
    }
    gsl_matrix_set_all(matrix, NAN);
    assert_false(ana_cholesky(matrix));
    gsl_matrix_free(matrix);
}

/* --- screening ---------------------------------------------------------------------------------------------------- */

enum { MANY = 60, FEW = 3, SCREENED = 120 };

/* Of 60 parameters, number 7 moves the first target, 21 the second against its sense, and 40 both a little. */
static sim_status_t simulate_few(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    (void)user;
    (void)err;
    for (size_t i = 0; i < batch->n; i++) {
        const double *u = batch->places + i * MANY;
        sim_rng_t rng;
        sim_rng_at(&rng, 3, batch->first + i, 0, 1, 0);
        batch->summaries[2 * i] = 4 * u[7] + 1.5 * u[40] + sim_draw_normal(&rng, 0, 0.2);
        batch->summaries[2 * i + 1] = exp(-6 * u[21]) + 0.3 * u[40] + sim_draw_normal(&rng, 0, 0.02);
    }
    return SIM_OK;
}

static void screening_picks_what_matters(void **state)
{
    (void)state;
    ana_target_t targets[] = {{.scale = 1}, {.scale = 1}};
    ana_problem_t problem = {
        .n_params = MANY, .n_targets = 2, .targets = targets, .seed = 4, .n_worlds = 1, .simulate = simulate_few};
    double centre[MANY];
    ana_influence_t influences[MANY];
    ana_runs_t runs;
    for (int p = 0; p < MANY; p++)
        centre[p] = p == 0 ? 0 : p == 1 ? 1 : 0.5;
    assert_int_equal(ana_screen(&problem, centre, SCREENED, 1, 10, &runs, influences, NULL), SIM_OK);
    for (size_t i = 0; i < SCREENED; i++) {
        const double *u = ana_runs_place(&runs, i);
        assert_true(u[0] >= 0 && u[0] <= 0.5 && u[1] >= 0.5 && u[1] <= 1 && u[2] >= 0.25 && u[2] <= 0.75);
    }
    assert_int_equal(influences[7].rank + influences[21].rank, 3);
    assert_int_equal(influences[40].rank, 3);
    assert_int_equal(influences[7].target, 0);
    assert_int_equal(influences[21].target, 1);
    if (!(influences[7].correlation > 0.8 && influences[21].correlation < -0.6))
        fail_msg("correlations %g and %g", influences[7].correlation, influences[21].correlation);
    size_t picked = 0; /* chance adds about one */
    for (int p = 0; p < MANY; p++)
        picked += influences[p].rank > 0;
    assert_true(picked >= FEW && picked <= FEW + 3);
    assert_int_equal(ana_screen_pick(&runs, 1, 2, influences, NULL), SIM_OK);
    assert_int_equal(influences[40].rank, 0);
    ana_runs_free(&runs);
}

static void screening_takes_targets_that_say_nothing(void **state)
{
    (void)state;
    ana_target_t targets[] = {{.scale = 1}};
    ana_problem_t problem = {.n_params = 2, .n_targets = 1, .targets = targets};
    ana_runs_t runs;
    ana_influence_t influences[2];
    assert_int_equal(ana_runs_init(&runs, &problem, 4, NULL), SIM_OK);
    runs.n = 4;
    for (size_t i = 0; i < 4; i++)
        runs.summaries[i] = i < 2 ? 1 : (double)NAN;
    assert_int_equal(ana_screen_pick(&runs, 1, 2, influences, NULL), SIM_OK);
    assert_int_equal(influences[0].rank, 1);
    assert_int_equal(influences[1].rank, 0);
    assert_close(influences[0].correlation, 0, 0);
    ana_runs_free(&runs);
}

/* --- the Gaussian process ----------------------------------------------------------------------------------------- */

/* A smooth function of one of two places at 40 points: found again between them, and the idle place gets the longer
 * length. */
static void the_process_finds_a_smooth_function(void **state)
{
    (void)state;
    enum { N = 40 };
    double points[2 * N], values[N];
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 1, 0);
    for (size_t i = 0; i < N; i++) {
        points[2 * i] = sim_draw_uniform(&rng);
        points[2 * i + 1] = sim_draw_uniform(&rng);
        values[i] = sin(6 * points[2 * i]);
    }
    ana_gp_t gp;
    assert_int_equal(ana_gp_fit(&gp, points, values, N, 2, NULL, NULL), SIM_OK);
    assert_true(gp.shape.log_length[1] > gp.shape.log_length[0]);
    for (double x = 0.15; x < 0.9; x += 0.05) {
        double mean, sd;
        ana_gp_predict(&gp, (double[]){x, 0.5}, &mean, &sd);
        assert_close(mean, sin(6 * x), 0.1);
        assert_true(sd < 0.2);
    }
    double mean, far, near;
    ana_gp_predict(&gp, points, &mean, &near);
    ana_gp_predict(&gp, (double[]){3, 0.5}, &mean, &far);
    assert_true(far > 3 * near);
    ana_gp_free(&gp);
}

static void expected_improvement_is_known_at_its_ends(void **state)
{
    (void)state;
    assert_close(ana_expected_improvement(1, 0, 2), 1, 0);
    assert_close(ana_expected_improvement(3, 0, 2), 0, 0);
    assert_close(ana_expected_improvement(2, 1, 2), 0.3989422804014327, 1e-12);
    assert_close(ana_expected_improvement(-100, 1, 2), 102, 1e-9);
}

/* --- posteriors --------------------------------------------------------------------------------------------------- */

static void marginals_by_hand(void **state)
{
    (void)state;
    ana_problem_t problem = {.n_params = 1};
    ana_posterior_t posterior;
    ana_marginal_t marginal;
    assert_int_equal(ana_posterior_init(&posterior, &problem, 3, false, NULL), SIM_OK);
    const double weights[] = {2, 1, 1};
    for (size_t i = 0; i < 3; i++)
        posterior.weights[i] = weights[i];
    posterior.scores[0] = 0;   /* place 0.5 */
    posterior.scores[1] = 40;  /* 1 */
    posterior.scores[2] = -40; /* 0 */
    ana_posterior_normalise(&posterior);
    assert_int_equal(posterior.effective, 2); /* 1 / (1/4 + 1/16 + 1/16) = 2.67 */
    assert_int_equal(ana_posterior_marginal(&posterior, 0, &marginal, NULL), SIM_OK);
    assert_close(marginal.mean, 0.5, 1e-15);
    assert_close(marginal.p50, 0.5, 1e-15);
    assert_close(marginal.p5, 0, 1e-15);
    assert_close(marginal.p95, 1, 1e-15);
    assert_close(marginal.ks, 0.25, 1e-15);
    assert_false(marginal.identified);
    double draws[8];
    ana_posterior_draws(&posterior, 1, 8, draws);
    size_t middle = 0;
    for (size_t i = 0; i < 8; i++)
        middle += draws[i] > 0.4 && draws[i] < 0.6;
    assert_int_equal(middle, 4);
    ana_posterior_free(&posterior);
}

/* However close together: two particles identify nothing, two hundred do. */
static void a_handful_of_particles_identifies_nothing(void **state)
{
    (void)state;
    ana_problem_t problem = {.n_params = 1};
    for (size_t n = 2; n <= 200; n += 198) {
        ana_posterior_t posterior;
        ana_marginal_t marginal;
        assert_int_equal(ana_posterior_init(&posterior, &problem, n, false, NULL), SIM_OK);
        for (size_t i = 0; i < n; i++) {
            posterior.weights[i] = 1;
            posterior.scores[i] = 0.3 * ((double)i / (double)(n - 1) - 0.5);
        }
        ana_posterior_normalise(&posterior);
        assert_int_equal(ana_posterior_marginal(&posterior, 0, &marginal, NULL), SIM_OK);
        assert_int_equal(marginal.identified, n == 200);
        ana_posterior_free(&posterior);
    }
}

static sim_status_t refuse(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    (void)batch;
    return sim_fail(err, *(sim_status_t *)user, NULL, "refused");
}

static sim_status_t give_nothing(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    (void)user;
    (void)err;
    for (size_t i = 0; i < batch->n; i++)
        batch->summaries[i] = NAN;
    return SIM_OK;
}

static void what_the_simulator_says_is_handed_on(void **state)
{
    (void)state;
    sim_status_t said = SIM_EINTERRUPTED;
    ana_target_t target = {.scale = 1};
    ana_problem_t problem = {
        .n_params = 1, .n_targets = 1, .targets = &target, .n_worlds = 1, .simulate = refuse, .user = &said};
    for (int method = 0; method < 2; method++)
        for (int nothing = 0; nothing < 2; nothing++) {
            ana_runs_t runs;
            ana_posterior_t posterior;
            sim_error_t err = {0};
            problem.simulate = nothing ? give_nothing : refuse;
            sim_status_t status = method == 0 ? ana_abc(&problem, 40, &runs, &posterior, &err)
                                              : ana_msm(&problem, (double[]){0.5}, 40, &runs, &posterior, &err);
            assert_int_equal(status, nothing ? SIM_EINPUT : SIM_EINTERRUPTED);
            if (nothing)
                assert_non_null(strstr(err.message, "gave every summary"));
            ana_posterior_free(&posterior);
            ana_runs_free(&runs);
        }
}

/* --- priors and parameters ---------------------------------------------------------------------------------------- */

static void places_and_values_are_inverse(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t i = 0; i < n; i++) {
        const mdl_param_t *param = &registry[i];
        if (param->prior.kind == MDL_PRIOR_NONE)
            continue;
        double last = -INFINITY;
        for (double place = 0; place < 1; place += 0.125) {
            double value = scn_prior_value(param, place);
            assert_true(value >= last && value >= param->low && value <= param->high);
            if (!scn_prior_holds(param, value))
                fail_msg("%s: %.17g at %g", param->key, value, place);
            last = value;
            if (param->kind == MDL_KIND_REAL)
                assert_close(scn_prior_place(param, value), place, 1e-9);
        }
        assert_close(scn_prior_place(param, param->low - 1), 0, 0);
        assert_close(scn_prior_place(param, param->high + 1), 1, 0);
    }
}

static void normal_priors_are_cut_at_the_bounds(void **state)
{
    (void)state;
    const mdl_param_t param = {
        .key = "beliefs.extrapolation", .kind = MDL_KIND_REAL, .low = 0, .high = 2.5, .prior = MDL_NORMAL(0.5, 1)};
    for (double place = 0.01; place < 1; place += 0.07)
        assert_close(scn_prior_place(&param, scn_prior_value(&param, place)), place, 1e-9);
    assert_true(scn_prior_holds(&param, 2.5));
    assert_false(scn_prior_holds(&param, 4.6));
}

static bool by_default(const scn_scenario_t *scenario, const char *key)
{
    const char *why = NULL;
    bool taken = ana_calibration_default(scenario, 0, mdl_params_find(key), &why);
    assert_true(taken == (why == NULL));
    return taken;
}

static void what_is_calibrated_by_default(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load("set: {tokens.elasticity: 3}\n"
                                         "changes:\n"
                                         "  - {date: 2022-03-01, set: {credit.ltv: 0.7}}\n"
                                         "arms:\n"
                                         "  - {name: baseline, set: {developers.herding: 1}}\n");
    assert_true(by_default(scenario, "beliefs.extrapolation"));
    assert_true(by_default(scenario, "labs.ambition"));
    assert_false(by_default(scenario, "tokens.elasticity"));     /* outside its prior */
    assert_false(by_default(scenario, "credit.ltv"));            /* dated */
    assert_false(by_default(scenario, "developers.herding"));    /* the arm's */
    assert_false(by_default(scenario, "subsidy.voucher_share")); /* switched off */
    assert_false(by_default(scenario, "workload.service_time")); /* from traces */
    assert_false(by_default(scenario, "subsidy.enabled"));       /* without a prior */
    scn_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_band_is_no_distance),
        cmocka_unit_test(distances_add_up_and_miss_nothing),
        cmocka_unit_test(cholesky_mends_what_is_nearly_positive),
        cmocka_unit_test(screening_picks_what_matters),
        cmocka_unit_test(screening_takes_targets_that_say_nothing),
        cmocka_unit_test(the_process_finds_a_smooth_function),
        cmocka_unit_test(expected_improvement_is_known_at_its_ends),
        cmocka_unit_test(marginals_by_hand),
        cmocka_unit_test(a_handful_of_particles_identifies_nothing),
        cmocka_unit_test(what_the_simulator_says_is_handed_on),
        cmocka_unit_test(places_and_values_are_inverse),
        cmocka_unit_test(normal_priors_are_cut_at_the_bounds),
        cmocka_unit_test(what_is_calibrated_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

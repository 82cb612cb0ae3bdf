// SPDX-License-Identifier: GPL-3.0-or-later
/* Designs: counts, stratification, known points of Sobol's sequence, marginal distributions, independence of factors.
 *
 * Stochastic checks use fixed seeds; the Kolmogorov-Smirnov bounds are those of level 10^-6 (1.36 -> 2.72 / sqrt n), so
 * that a change of seed would fail once in 10^5 runs of this file at most.
 */
#include "tests/support/test.h"

#include "tests/support/scenario_text.h"

#include <math.h>

static double value(const scn_scenario_t *scenario, uint32_t point, const char *key)
{
    for (uint32_t i = 0; i < scn_scenario_factors(scenario); i++)
        if (strcmp(scn_scenario_factor_key(scenario, i), key) == 0) {
            double listed = scn_scenario_factor_value(scenario, point, i);
            assert_true(listed == test_start_value(scenario, 0, point, key));
            return listed;
        }
    fail_msg("no factor %s", key);
    return 0;
}

static void test_latin_hypercube_fills_every_slice_once(void **state)
{
    (void)state;
    enum { N = 257 };
    scn_scenario_t *scenario = test_load("uncertain:\n"
                                         "  subsidy.clawback_share: {dist: uniform, min: 0.2, max: 0.7}\n"
                                         "  beliefs.extrapolation: {dist: uniform, min: 0, max: 2}\n"
                                         "  credit.ltv: {dist: uniform, min: 0.1, max: 0.6}\n"
                                         "design: {method: lhs, points: 257}\n");
    assert_int_equal(scn_scenario_points(scenario), N);
    const char *const keys[] = {"subsidy.clawback_share", "beliefs.extrapolation", "credit.ltv"};
    const double low[] = {0.2, 0, 0.1}, width[] = {0.5, 2, 0.5};
    for (size_t k = 0; k < 3; k++) {
        int seen[N] = {0};
        for (uint32_t point = 0; point < N; point++) {
            double u = (value(scenario, point, keys[k]) - low[k]) / width[k];
            assert_true(u >= 0 && u < 1);
            seen[(size_t)(u * N)]++;
        }
        for (size_t i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    scn_scenario_free(scenario);
}

/* First rows of Sobol's sequence in the usual Antonov-Saleev order, point 0 left out. */
static void test_sobol_first_points(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load("uncertain:\n"
                                         "  subsidy.clawback_share: {dist: uniform, min: 0, max: 1}\n"
                                         "  subsidy.grant_share: {dist: uniform, min: 0, max: 1}\n"
                                         "design: {method: sobol, points: 7}\n");
    const double x[] = {0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125};
    const double y[] = {0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625};
    for (uint32_t i = 0; i < 7; i++) {
        assert_true(value(scenario, i, "subsidy.clawback_share") == x[i]);
        assert_true(value(scenario, i, "subsidy.grant_share") == y[i]);
    }
    scn_scenario_free(scenario);
}

static void test_factorial_has_every_combination_once(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load("uncertain:\n"
                                         "  subsidy.clawback_share: {dist: uniform, min: 0, max: 1}\n"
                                         "  audit.hazard: {dist: loguniform, min: 0.01, max: 1}\n"
                                         "  central.hubs: {dist: choice, values: [true, false]}\n"
                                         "  developers.operators: {dist: choice, values: [7, 8, 9, 10]}\n"
                                         "design: {method: factorial, levels: 3}\n");
    assert_int_equal(scn_scenario_points(scenario), 3 * 3 * 2 * 4);
    const double hazards[] = {0.01, 0.1, 1};
    for (uint32_t point = 0; point < 72; point++) {
        assert_true(value(scenario, point, "developers.operators") == 7 + point % 4);
        assert_true(value(scenario, point, "central.hubs") == (point / 4 % 2 == 0));
        assert_true(fabs(value(scenario, point, "audit.hazard") / hazards[point / 8 % 3] - 1) < 1e-12);
        assert_true(value(scenario, point, "subsidy.clawback_share") == (double)(point / 24) / 2);
    }
    scn_scenario_free(scenario);
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Largest gap between the sorted values' shares and a distribution function. */
static double largest_gap(double *values, size_t n, double (*cdf)(double))
{
    double gap = 0;
    qsort(values, n, sizeof *values, ascending);
    for (size_t i = 0; i < n; i++) {
        double p = cdf(values[i]);
        gap = fmax(gap, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
    }
    return gap;
}

static double cdf_uniform(double x)
{
    return (x - 0.2) / 0.6;
}

static double cdf_loguniform(double x)
{
    return log(x / 0.01) / log(100);
}

static double phi(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

/* Mean 0.9, standard deviation 0.3, cut to [0, 1]. */
static double cdf_cut_normal(double x)
{
    double below = phi(-3), above = phi(1 / 3.0);
    return (phi((x - 0.9) / 0.3) - below) / (above - below);
}

static void test_marginal_distributions(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double values[N];
    scn_scenario_t *scenario = test_load("seed: 11\nuncertain:\n"
                                         "  subsidy.clawback_share: {dist: uniform, min: 0.2, max: 0.8}\n"
                                         "  audit.hazard: {dist: loguniform, min: 0.01, max: 1}\n"
                                         "  subsidy.grant_share: {dist: normal, mean: 0.9, sd: 0.3}\n"
                                         "  developers.operators: {dist: uniform, min: 10, max: 20}\n"
                                         "design: {method: mc, points: 20000}\n");
    const char *const keys[] = {"subsidy.clawback_share", "audit.hazard", "subsidy.grant_share"};
    double (*const cdfs[])(double) = {cdf_uniform, cdf_loguniform, cdf_cut_normal};
    for (size_t k = 0; k < 3; k++) {
        for (uint32_t i = 0; i < N; i++)
            values[i] = value(scenario, i, keys[k]);
        double gap = largest_gap(values, N, cdfs[k]);
        if (gap > 2.72 / sqrt(N))
            fail_msg("%s: Kolmogorov-Smirnov distance %g", keys[k], gap);
    }
    for (uint32_t i = 0; i < N; i++) {
        double count = value(scenario, i, "developers.operators");
        assert_true(count >= 10 && count <= 20 && count == (double)(int64_t)count);
    }
    scn_scenario_free(scenario);
}

/* A factor's values do not depend on the other factors, nor the first points on how many follow. */
static void test_factors_do_not_disturb_each_other(void **state)
{
    (void)state;
    scn_scenario_t *one = test_load("uncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 20}\n");
    scn_scenario_t *two =
        test_load("uncertain: {credit.ltv: prior, audit.hazard: prior}\ndesign: {method: mc, points: 30}\n");
    for (uint32_t point = 0; point < 20; point++)
        assert_true(value(one, point, "audit.hazard") == value(two, point, "audit.hazard"));
    scn_scenario_free(two);
    two = test_load("seed: 2\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 20}\n");
    size_t equal = 0;
    for (uint32_t point = 0; point < 20; point++)
        equal += value(one, point, "audit.hazard") == value(two, point, "audit.hazard");
    assert_int_equal(equal, 0);
    scn_scenario_free(one);
    scn_scenario_free(two);
}

static void test_arms_set_and_command_line_against_factors(void **state)
{
    (void)state;
    const char *text = "uncertain: {audit.hazard: {dist: uniform, min: 0.1, max: 0.2}, credit.ltv: prior}\n"
                       "design: {method: lhs, points: 5}\n"
                       "arms: [{name: free}, {name: fixed, set: {audit.hazard: 1}}]\n";
    scn_scenario_t *scenario = test_load(text);
    for (uint32_t point = 0; point < 5; point++) {
        double free_value = test_start_value(scenario, 0, point, "audit.hazard");
        assert_true(free_value >= 0.1 && free_value <= 0.2);
        assert_true(test_start_value(scenario, 1, point, "audit.hazard") == 1);
    }
    assert_false(scn_scenario_points_share_randomness(scenario));
    scn_scenario_free(scenario);
    const scn_override_t set = {"audit.hazard=0.5"};
    scenario = test_load_with(text, &(scn_options_t){.sets = &set, .n_sets = 1});
    assert_int_equal(scn_scenario_factors(scenario), 1);
    assert_true(test_start_value(scenario, 0, 3, "audit.hazard") == 0.5);
    scn_scenario_free(scenario);
}

/* More factors than Sobol's sequence has dimensions are refused, one fewer is not. */
static void test_sobol_dimensions(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t factors = 40; factors <= 41; factors++) {
        char text[8192] = "uncertain:\n";
        size_t taken = 0;
        for (size_t i = 0; i < n && taken < factors; i++)
            if (registry[i].prior.kind != MDL_PRIOR_NONE) {
                size_t used = strlen(text);
                (void)snprintf(text + used, sizeof text - used, "  %s: prior\n", registry[i].key);
                taken++;
            }
        assert_int_equal(taken, factors);
        strcat(text, "design: {method: sobol, points: 3}\n");
        test_write("sobol.yaml", text);
        scn_scenario_t *scenario = NULL;
        sim_error_t err = {0};
        sim_status_t status = scn_scenario_load(&scenario, "sobol.yaml", NULL, NULL, &err);
        assert_int_equal(status, factors == 40 ? SIM_OK : SIM_EINPUT);
        if (factors == 41)
            assert_non_null(strstr(err.message, "41 uncertain parameters; expected at most 40 with method: sobol"));
        scn_scenario_free(scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latin_hypercube_fills_every_slice_once),
        cmocka_unit_test(test_sobol_first_points),
        cmocka_unit_test(test_factorial_has_every_combination_once),
        cmocka_unit_test(test_marginal_distributions),
        cmocka_unit_test(test_factors_do_not_disturb_each_other),
        cmocka_unit_test(test_arms_set_and_command_line_against_factors),
        cmocka_unit_test(test_sobol_dimensions),
    };
    return cmocka_run_group_tests(tests, test_folder_setup, test_folder_teardown);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Simulation-based calibration (Talts et al. 2018): when parameters are drawn from the prior and data from the model, the
 * rank of the true parameter in its posterior is uniform. And on a model whose posterior is known, the posterior is that
 * one.
 *
 * The model: n normal observations with an unknown mean and an unknown standard deviation, summarised by their mean and
 * the logarithm of their standard deviation, and a third parameter that does nothing. Seeds are fixed. Chi-squared tests
 * of rank histograms reject a right posterior with probability 1e-4 each. */
#include "analysis/calibrate/abc.h"
#include "analysis/calibrate/msm.h"
#include "sim/draw.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>

enum { PARAMS = 3, TARGETS = 2, OBSERVATIONS = 20, BINS = 10 };

/* Priors: mean uniform on -2 to 2, log standard deviation uniform on -1 to 1. */
static void simulate_one(const double *places, uint64_t seed, uint64_t number, double *summaries)
{
    double values[OBSERVATIONS], mean = 0, square = 0;
    sim_rng_t rng;
    sim_rng_at(&rng, seed, number, 0, 1, 0);
    for (int i = 0; i < OBSERVATIONS; i++) {
        values[i] = sim_draw_normal(&rng, -2 + 4 * places[0], exp(-1 + 2 * places[1]));
        mean += values[i] / OBSERVATIONS;
    }
    for (int i = 0; i < OBSERVATIONS; i++)
        square += (values[i] - mean) * (values[i] - mean);
    summaries[0] = mean;
    summaries[1] = 0.5 * log(square / (OBSERVATIONS - 1));
}

static sim_status_t simulate(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    const uint64_t *seed = user;
    (void)err;
    for (size_t i = 0; i < batch->n; i++)
        simulate_one(batch->places + i * PARAMS, *seed, batch->first + i, batch->summaries + i * TARGETS);
    return SIM_OK;
}

/* Draws a truth, its data as targets, and calibrates. */
typedef struct experiment {
    double truth[PARAMS];
    ana_target_t targets[TARGETS];
    uint64_t seed;
    ana_problem_t problem;
} experiment_t;

static void experiment_init(experiment_t *self, uint64_t number, double cell)
{
    sim_rng_t rng;
    double summaries[TARGETS];
    *self = (experiment_t){.seed = 1000 + number};
    sim_rng_at(&rng, 99, number, 0, 2, 0);
    for (int p = 0; p < PARAMS; p++)
        self->truth[p] = sim_draw_uniform(&rng);
    simulate_one(self->truth, 77, number, summaries);
    for (int j = 0; j < TARGETS; j++) { /* the cell of a grid that the summary lies in, or the summary itself */
        double low = cell > 0 ? cell * floor(summaries[j] / cell) : summaries[j];
        self->targets[j] = (ana_target_t){.low = low, .high = low + cell, .scale = j == 0 ? 0.3 : 0.2};
    }
    self->problem = (ana_problem_t){.n_params = PARAMS,
                                    .n_targets = TARGETS,
                                    .targets = self->targets,
                                    .seed = number,
                                    .n_worlds = 1,
                                    .simulate = simulate,
                                    .user = &self->seed};
}

/* Share of the posterior below the truth. */
static double rank_of(const ana_posterior_t *posterior, const double *truth, size_t param)
{
    double below = 0;
    for (size_t i = 0; i < posterior->n; i++)
        if (ana_score_place(posterior->scores[i * PARAMS + param]) < truth[param])
            below += posterior->weights[i];
    return below;
}

/* Probability of a histogram as uneven as this one when ranks are uniform. */
static double evenness(const char *name, const size_t counts[BINS], size_t n)
{
    double chi2 = 0, expected = (double)n / BINS;
    print_message("%-16s", name);
    for (int b = 0; b < BINS; b++) {
        chi2 += ((double)counts[b] - expected) * ((double)counts[b] - expected) / expected;
        print_message(" %3zu", counts[b]);
    }
    double p = gsl_cdf_chisq_Q(chi2, BINS - 1);
    print_message("  p %.3g\n", p);
    return p;
}

/* A posterior made too narrow or too wide on purpose. */
static void stretch(ana_posterior_t *posterior, double factor)
{
    for (size_t p = 0; p < PARAMS; p++) {
        double mean = 0;
        for (size_t i = 0; i < posterior->n; i++)
            mean += posterior->weights[i] * posterior->scores[i * PARAMS + p];
        for (size_t i = 0; i < posterior->n; i++) {
            double *score = &posterior->scores[i * PARAMS + p];
            *score = mean + factor * (*score - mean);
        }
    }
}

/* Histograms of n experiments; `factor` stretches posteriors, 1 leaves them. */
static void rank_histograms(size_t n, double cell, double factor, size_t counts[PARAMS][BINS])
{
    memset(counts, 0, PARAMS * sizeof *counts);
    for (uint64_t number = 0; number < n; number++) {
        experiment_t experiment;
        ana_runs_t runs;
        ana_posterior_t posterior;
        experiment_init(&experiment, number, cell);
        assert_int_equal(ana_abc(&experiment.problem, 1000, &runs, &posterior, NULL), SIM_OK);
        stretch(&posterior, factor);
        for (int p = 0; p < PARAMS; p++) {
            int bin = (int)(BINS * rank_of(&posterior, experiment.truth, (size_t)p));
            counts[p][bin < BINS ? bin : BINS - 1]++;
        }
        ana_posterior_free(&posterior);
        ana_runs_free(&runs);
    }
}

static const char *const names[PARAMS] = {"mean", "log sd", "idle"};

/* Data as they are: targets are points. */
static void test_ranks_are_uniform(void **state)
{
    const size_t experiments = TEST_UNDER_SANITIZER ? 60 : 300;
    size_t counts[PARAMS][BINS];
    (void)state;
    rank_histograms(experiments, 0, 1, counts);
    for (int p = 0; p < PARAMS; p++)
        assert_true(evenness(names[p], counts[p], experiments) > 1e-4);
}

/* Data told as cells of a grid: targets are bands, as facts are. */
static void test_ranks_are_uniform_with_bands(void **state)
{
    const size_t experiments = TEST_UNDER_SANITIZER ? 60 : 300;
    size_t counts[PARAMS][BINS];
    (void)state;
    rank_histograms(experiments, 0.4, 1, counts);
    for (int p = 0; p < PARAMS; p++)
        assert_true(evenness(names[p], counts[p], experiments) > 1e-4);
}

/* The histograms would have shown posteriors that are half as wide, or twice. */
static void test_histograms_find_a_wrong_posterior(void **state)
{
    size_t counts[PARAMS][BINS];
    (void)state;
    rank_histograms(100, 0, 0.5, counts);
    for (int p = 0; p < PARAMS; p++)
        assert_true(evenness("half as wide", counts[p], 100) < 1e-4);
    rank_histograms(100, 0, 2, counts);
    for (int p = 0; p < PARAMS - 1; p++) /* twice as wide in scores: of the idle one most lies at the ends */
        assert_true(evenness("twice as wide", counts[p], 100) < 1e-4);
}

/* --- a posterior that is known ------------------------------------------------------------------------------------ */

/* One normal observation x with standard deviation 1 of a parameter that is uniform on -10 to 10 (place u), and nothing
 * of a second one: the posterior is normal around x. */
static sim_status_t observe(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    (void)user;
    (void)err;
    for (size_t i = 0; i < batch->n; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 5, batch->first + i, batch->worlds[i], 3, 0);
        batch->summaries[i] = -10 + 20 * batch->places[2 * i] + sim_draw_normal(&rng, 0, 1);
    }
    return SIM_OK;
}

typedef sim_status_t (*method_t)(const ana_problem_t *problem, size_t budget, ana_runs_t *runs,
                                 ana_posterior_t *posterior, sim_error_t *err);

static sim_status_t by_moments(const ana_problem_t *problem, size_t budget, ana_runs_t *runs,
                               ana_posterior_t *posterior, sim_error_t *err)
{
    const double centre[] = {0.5, 0.5};
    return ana_msm(problem, centre, budget, runs, posterior, err);
}

/* Mean 3 +- 0.25 and standard deviation 1 +- 0.25 of the first parameter: about three standard errors of 200 effective
 * particles, and the tolerance that is left; the second one stays at its prior. */
static void check_known(method_t method, size_t budget)
{
    ana_target_t target = {.low = 3, .high = 3, .scale = 1};
    ana_problem_t problem = {
        .n_params = 2, .n_targets = 1, .targets = &target, .seed = 8, .n_worlds = 1000, .simulate = observe};
    ana_runs_t runs;
    ana_posterior_t posterior;
    ana_marginal_t told, untold;
    assert_int_equal(method(&problem, budget, &runs, &posterior, NULL), SIM_OK);
    assert_int_equal(ana_posterior_marginal(&posterior, 0, &told, NULL), SIM_OK);
    assert_int_equal(ana_posterior_marginal(&posterior, 1, &untold, NULL), SIM_OK);
    print_message("mean %.3f, sd %.3f; the other: width %.2f, ks %.2f; %zu effective\n", -10 + 20 * told.mean,
                  20 * told.sd, untold.width, untold.ks, posterior.effective);
    assert_close(-10 + 20 * told.mean, 3, 0.25);
    assert_close(20 * told.sd, 1, 0.25);
    assert_true(told.identified);
    assert_false(untold.identified);
    assert_close(untold.width, 1, 0.2);
    assert_true(untold.ks < 0.2);
    ana_posterior_free(&posterior);
    ana_runs_free(&runs);
}

static void test_known_posterior_by_abc(void **state)
{
    (void)state;
    check_known(ana_abc, 4000);
}

static void test_known_posterior_by_moments(void **state)
{
    (void)state;
    check_known(by_moments, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_are_uniform),
        cmocka_unit_test(test_ranks_are_uniform_with_bands),
        cmocka_unit_test(test_histograms_find_a_wrong_posterior),
        cmocka_unit_test(test_known_posterior_by_abc),
        cmocka_unit_test(test_known_posterior_by_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

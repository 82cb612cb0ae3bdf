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

static void check_histogram(const char *name, const size_t counts[BINS], size_t n)
{
    double chi2 = 0, expected = (double)n / BINS;
    print_message("%s:", name);
    for (int b = 0; b < BINS; b++) {
        chi2 += ((double)counts[b] - expected) * ((double)counts[b] - expected) / expected;
        print_message(" %zu", counts[b]);
    }
    double p = gsl_cdf_chisq_Q(chi2, BINS - 1);
    print_message("  chi2 %.1f, p %.3g\n", chi2, p);
    assert_true(p > 1e-4);
}

static void rank_histograms(double cell, ana_posterior_t *(*unused)(void))
{
    static const char *const names[PARAMS] = {"mean", "log sd", "idle"};
    const size_t experiments = TEST_UNDER_SANITIZER ? 60 : 400;
    size_t counts[PARAMS][BINS] = {{0}};
    (void)unused;
    for (uint64_t number = 0; number < experiments; number++) {
        experiment_t experiment;
        ana_runs_t runs;
        ana_posterior_t posterior;
        experiment_init(&experiment, number, cell);
        assert_int_equal(ana_abc(&experiment.problem, 1500, &runs, &posterior, NULL), SIM_OK);
        for (int p = 0; p < PARAMS; p++) {
            int bin = (int)(BINS * rank_of(&posterior, experiment.truth, (size_t)p));
            counts[p][bin < BINS ? bin : BINS - 1]++;
        }
        ana_posterior_free(&posterior);
        ana_runs_free(&runs);
    }
    for (int p = 0; p < PARAMS; p++)
        check_histogram(names[p], counts[p], experiments);
}

static void test_ranks_are_uniform(void **state)
{
    (void)state;
    rank_histograms(0, NULL);
}

static void test_ranks_are_uniform_with_bands(void **state)
{
    (void)state;
    rank_histograms(0.4, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_are_uniform),
        cmocka_unit_test(test_ranks_are_uniform_with_bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

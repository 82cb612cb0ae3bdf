// SPDX-License-Identifier: GPL-3.0-or-later
/* Local linear regression adjustment of a posterior: the surrogate that stands for the simulator near the targets. */
#include "analysis/calibrate/linear.h"
#include "analysis/calibrate/posterior.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

/* Weight of particles that must lie on either side of a target (or inside) for it to be interpolated to. */
#define EITHER_SIDE 0.05
/* Penalty on standardised slopes, in particles: residuals that move together stay harmless. */
#define RIDGE 1e-2
/* Effective particles wanted for each coefficient. */
#define PER_COEFFICIENT 3

typedef struct regression {
    size_t n, p;       /* particles, regressors */
    double *residuals; /* [n][p], standardised but not centred: 0 stays where the target is */
    double *weights;   /* [n]: of the posterior times the kernel's, sum 1 */
    size_t *targets;   /* [p] */
} regression_t;

/* Epanechnikov weights; a tolerance of 0 means that there is nothing to adjust. */
static bool weigh(const ana_posterior_t *posterior, const ana_problem_t *problem, regression_t *self)
{
    double sum = 0;
    if (!(posterior->tolerance > 0) || !isfinite(posterior->tolerance))
        return false;
    for (size_t i = 0; i < self->n; i++) {
        double share =
            ana_distance(problem, posterior->summaries + i * posterior->n_targets) / (posterior->tolerance * 1.0001);
        self->weights[i] = posterior->weights[i] * (1 - share * share);
        sum += self->weights[i];
    }
    for (size_t i = 0; i < self->n; i++)
        self->weights[i] /= sum;
    return sum > 0;
}

/* Takes a target's residuals in as a regressor when they can be interpolated in. */
static void take_target(const ana_posterior_t *posterior, const ana_problem_t *problem, size_t target,
                        regression_t *self)
{
    double *column = self->residuals + self->p * self->n, below = 0, above = 0, mean = 0, square = 0;
    for (size_t i = 0; i < self->n; i++) {
        column[i] = ana_residual(&problem->targets[target], posterior->summaries[i * posterior->n_targets + target]);
        below += column[i] <= 0 ? self->weights[i] : 0;
        above += column[i] >= 0 ? self->weights[i] : 0;
        mean += self->weights[i] * column[i];
    }
    for (size_t i = 0; i < self->n; i++)
        square += self->weights[i] * (column[i] - mean) * (column[i] - mean);
    if (below < EITHER_SIDE || above < EITHER_SIDE || !(square > 0))
        return;
    for (size_t i = 0; i < self->n; i++)
        column[i] /= sqrt(square);
    self->targets[self->p++] = target;
}

static size_t effective(const regression_t *self)
{
    double squares = 0;
    for (size_t i = 0; i < self->n; i++)
        squares += self->weights[i] * self->weights[i];
    return (size_t)(1 / squares + 1e-9);
}

static double regressor(const regression_t *self, size_t i, size_t k)
{
    return k == 0 ? 1 : self->residuals[(k - 1) * self->n + i];
}

/* Normal equations of a constant and p slopes, and the right sides of all parameters. */
static void fill(const regression_t *self, const ana_posterior_t *posterior, gsl_matrix *normal, gsl_matrix *right)
{
    for (size_t i = 0; i < self->n; i++)
        for (size_t k = 0; k <= self->p; k++) {
            double weighted = self->weights[i] * regressor(self, i, k);
            for (size_t l = 0; l <= self->p; l++)
                *gsl_matrix_ptr(normal, k, l) += weighted * regressor(self, i, l);
            for (size_t param = 0; param < posterior->n_params; param++)
                *gsl_matrix_ptr(right, k, param) += weighted * posterior->scores[i * posterior->n_params + param];
        }
    for (size_t k = 1; k <= self->p; k++)
        *gsl_matrix_ptr(normal, k, k) += RIDGE;
}

/* Scores become what the regression expects on the targets plus their own residual, which is widened by as much as
 * fitting coefficients has narrowed it. */
static void move(const regression_t *self, const gsl_matrix *slopes, ana_posterior_t *posterior)
{
    double n = (double)effective(self), widened = sqrt(n / (n - (double)self->p - 1));
    for (size_t i = 0; i < self->n; i++)
        for (size_t param = 0; param < posterior->n_params; param++) {
            double *score = &posterior->scores[i * posterior->n_params + param], fitted = 0;
            for (size_t k = 0; k <= self->p; k++)
                fitted += gsl_matrix_get(slopes, k, param) * regressor(self, i, k);
            *score = gsl_matrix_get(slopes, 0, param) + widened * (*score - fitted);
        }
    for (size_t i = 0; i < self->n; i++)
        posterior->weights[i] = self->weights[i];
    for (size_t k = 0; k < self->p; k++)
        posterior->adjusted[self->targets[k]] = true;
}

static sim_status_t regress(const regression_t *self, ana_posterior_t *posterior, sim_error_t *err)
{
    gsl_matrix *normal = ana_matrix(self->p + 1, self->p + 1), *right = ana_matrix(self->p + 1, posterior->n_params);
    sim_status_t status = SIM_OK;
    if (normal == NULL || right == NULL) {
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for a regression on %zu targets", self->p);
        goto out;
    }
    fill(self, posterior, normal, right);
    if (!ana_cholesky(normal))
        goto out; /* not finite: nothing is adjusted */
    for (size_t param = 0; param < posterior->n_params; param++) {
        gsl_vector_view column = gsl_matrix_column(right, param);
        gsl_linalg_cholesky_svx(normal, &column.vector);
    }
    move(self, right, posterior);
out:
    gsl_matrix_free(normal);
    gsl_matrix_free(right);
    return status;
}

sim_status_t ana_posterior_adjust(ana_posterior_t *self, const ana_problem_t *problem, sim_error_t *err)
{
    regression_t regression = {.n = self->n};
    regression.residuals = calloc(self->n * self->n_targets + 1, sizeof *regression.residuals);
    regression.weights = calloc(self->n + 1, sizeof *regression.weights);
    regression.targets = calloc(self->n_targets + 1, sizeof *regression.targets);
    sim_status_t status = SIM_OK;
    if (regression.residuals == NULL || regression.weights == NULL || regression.targets == NULL)
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for a regression on %zu particles", self->n);
    else if (weigh(self, problem, &regression)) {
        for (size_t j = 0; j < self->n_targets; j++)
            take_target(self, problem, j, &regression);
        if (regression.p > 0 && effective(&regression) >= PER_COEFFICIENT * (regression.p + 1))
            status = regress(&regression, self, err);
    }
    ana_posterior_normalise(self);
    free(regression.residuals);
    free(regression.weights);
    free(regression.targets);
    return status;
}

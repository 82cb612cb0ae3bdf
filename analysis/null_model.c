// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/null_model.h"

#include "sim/draw.h"
#include "sim/plural.h"

#include <float.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>

/* Purposes of the random numbers. */
enum { PURPOSE_FACTOR = 0x62750001, PURPOSE_RESIDUAL = 0x62750002 };

/* Room for a regression of at most `rows` rows. */
typedef struct regression {
    gsl_matrix *x, *covariance;
    gsl_vector *y, *coefficients;
    gsl_multifit_linear_workspace *work;
} regression_t;

static void regression_free(regression_t *self)
{
    gsl_matrix_free(self->x);
    gsl_matrix_free(self->covariance);
    gsl_vector_free(self->y);
    gsl_vector_free(self->coefficients);
    if (self->work != NULL)
        gsl_multifit_linear_free(self->work);
}

static bool regression_init(regression_t *self, size_t rows, size_t columns)
{
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    *self = (regression_t){gsl_matrix_alloc(rows, columns), gsl_matrix_alloc(columns, columns), gsl_vector_alloc(rows),
                           gsl_vector_alloc(columns), gsl_multifit_linear_alloc(rows, columns)};
    gsl_set_error_handler(handler);
    return self->x != NULL && self->covariance != NULL && self->y != NULL && self->coefficients != NULL &&
           self->work != NULL;
}

/* Regresses the changes from number `first` on, on a constant and the k changes before each. Fills phi, and the
 * residuals if `keep`; the sum of their squares goes to `squares`. */
static sim_status_t regress(ana_null_t *self, size_t first, int k, bool keep, double *squares, sim_error_t *err)
{
    size_t rows = self->n - 1 - first, columns = (size_t)k + 1;
    regression_t fit;
    if (!regression_init(&fit, rows, columns)) {
        regression_free(&fit);
        return sim_fail(err, SIM_ENOMEM, "null model", "no memory for a regression of %zu rows", rows);
    }
    for (size_t r = 0; r < rows; r++) {
        gsl_vector_set(fit.y, r, self->change[first + r]);
        gsl_matrix_set(fit.x, r, 0, 1);
        for (size_t j = 1; j < columns; j++)
            gsl_matrix_set(fit.x, r, j, self->change[first + r - j]);
    }
    gsl_multifit_linear(fit.x, fit.y, fit.coefficients, fit.covariance, squares, fit.work);
    for (size_t j = 1; j < columns; j++)
        self->phi[j - 1] = gsl_vector_get(fit.coefficients, j);
    for (size_t r = 0; keep && r < rows; r++) {
        double fitted = 0;
        for (size_t j = 0; j < columns; j++)
            fitted += gsl_matrix_get(fit.x, r, j) * gsl_vector_get(fit.coefficients, j);
        self->residual[r] = self->change[first + r] - fitted;
    }
    regression_free(&fit);
    return SIM_OK;
}

/* The number of earlier changes that the rule takes on the whole series. */
static sim_status_t choose_order(ana_null_t *self, ana_lag_t lag, sim_error_t *err)
{
    double best = INFINITY, most = (double)(self->n - 1) - lag.order;
    self->order = lag.order;
    for (int k = 0; k <= lag.order && lag.rule != ANA_LAG_FIXED; k++) {
        bool schwarz = lag.rule == ANA_LAG_SCHWARZ;
        double squares = 0, criterion;
        sim_status_t status = regress(self, (size_t)(schwarz ? lag.order : k), k, false, &squares, err);
        if (status != SIM_OK)
            return status;
        if (schwarz)
            criterion = most * log(squares / most + DBL_MIN) + (k + 1) * log(most);
        else /* as ANA_LAG_BIC says */
            criterion = ((double)(self->n - 1) - k) * log(2 * acos(-1.0)) + squares + (k + 1) * log(most);
        if (criterion < best) {
            best = criterion;
            self->order = k;
        }
    }
    return SIM_OK;
}

static sim_status_t fit_series(ana_null_t *self, const double *y, ana_lag_t lag, sim_error_t *err)
{
    size_t n = self->n, fewest = 2 * (size_t)lag.order + 4;
    if (n < fewest)
        return sim_fail(err, SIM_EINPUT, "series", "found %zu observation%s; expected at least %zu for a bootstrap", n,
                        sim_plural(n), fewest);
    self->change = calloc(2 * n, sizeof *self->change);
    if (self->change == NULL)
        return sim_fail(err, SIM_ENOMEM, "null model", "no memory for %zu observations", n);
    self->residual = self->change + n;
    for (size_t t = 0; t + 1 < n; t++)
        self->change[t] = y[t + 1] - y[t];
    self->mean = (y[n - 1] - y[0]) / (double)(n - 1);
    sim_status_t status = choose_order(self, lag, err);
    double squares = 0;
    if (status == SIM_OK)
        status = regress(self, (size_t)self->order, self->order, true, &squares, err);
    if (status == SIM_OK && !(squares > 0))
        status =
            sim_fail(err, SIM_EINPUT, "series", "found changes without any chance in them; a bootstrap needs some");
    return status;
}

sim_status_t ana_null_fit(ana_null_t *self, ana_null_kind_t kind, const double *y, size_t n, ana_lag_t lag,
                          sim_error_t *err)
{
    *self = (ana_null_t){.kind = kind, .n = n};
    return kind == ANA_NULL_WALK ? SIM_OK : fit_series(self, y, lag, err);
}

void ana_null_free(ana_null_t *self)
{
    free(self->change);
    *self = (ana_null_t){0};
}

/* The shock of change number t: a residual times the factor that stands there. */
static double shock(const ana_null_t *self, size_t t, double factor, sim_rng_t *rng)
{
    size_t first = (size_t)self->order, residuals = self->n - 1 - first;
    if (t < first && self->kind == ANA_NULL_WILD) /* before the first residual */
        return factor * (self->change[t] - self->mean);
    return factor * self->residual[self->kind == ANA_NULL_WILD ? t - first : sim_draw_below(rng, residuals)];
}

void ana_null_draw(const ana_null_t *self, size_t length, uint64_t seed, uint64_t replication, double *out)
{
    sim_rng_t factors, residuals;
    sim_rng_at(&factors, seed, replication, (uint64_t)self->kind, PURPOSE_FACTOR, 0);
    sim_rng_at(&residuals, seed, replication, (uint64_t)self->kind, PURPOSE_RESIDUAL, 0);
    sim_fill_normal(&factors, 0, 1, out, length);
    for (size_t t = 0; t + 1 < length; t++) { /* out[t + 1] becomes change number t */
        double change = self->kind == ANA_NULL_WALK ? out[t + 1] + self->drift : shock(self, t, out[t + 1], &residuals);
        for (int j = 1; j <= self->order && (size_t)j <= t; j++)
            change += self->phi[j - 1] * out[t + 1 - (size_t)j];
        out[t + 1] = change;
    }
    out[0] = 0;
    for (size_t t = 1; t < length; t++)
        out[t] += out[t - 1];
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/screen.h"

#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#define REACH   0.25 /* to either side of the centre, in places */
#define NOTHING 1e-9 /* squared length of a column of which nothing is left */

/* Ranks as columns of length 1 and mean 0, from which what has been picked is taken out. */
typedef struct columns {
    size_t n, n_params, n_targets;
    double *params;  /* [parameter][n] */
    double *targets; /* [target][n] */
    double *values;  /* [n], scratch */
    size_t *order;
} columns_t;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void scale_to(double *column, size_t n, double length)
{
    double square = dot(column, column, n);
    for (size_t i = 0; i < n; i++)
        column[i] = square > NOTHING * NOTHING ? column[i] * length / sqrt(square) : 0;
}

/* Ranks of self->values, centred; ties share their mean rank, missing values get the middle one. */
static void rank(columns_t *self, double *column)
{
    size_t n = self->n, present = 0;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(self->values[i]))
            column[i] = 0;
        else
            self->order[present++] = i;
    for (size_t i = 1; i < present; i++) /* insertion: columns are short */
        for (size_t k = i; k > 0 && self->values[self->order[k]] < self->values[self->order[k - 1]]; k--) {
            size_t kept = self->order[k];
            self->order[k] = self->order[k - 1];
            self->order[k - 1] = kept;
        }
    for (size_t i = 0, end; i < present; i = end) {
        end = i + 1;
        while (end < present && self->values[self->order[end]] <= self->values[self->order[i]])
            end++;
        for (size_t k = i; k < end; k++)
            column[self->order[k]] = ((double)(i + end - 1) - (double)(present - 1)) / 2;
    }
    scale_to(column, n, 1);
}

static bool columns_init(columns_t *self, const ana_runs_t *runs)
{
    *self = (columns_t){.n = runs->n, .n_params = runs->n_params, .n_targets = runs->n_targets};
    self->params = calloc(runs->n * runs->n_params + 1, sizeof *self->params);
    self->targets = calloc(runs->n * runs->n_targets + 1, sizeof *self->targets);
    self->values = calloc(runs->n + 1, sizeof *self->values);
    self->order = calloc(runs->n + 1, sizeof *self->order);
    if (self->params == NULL || self->targets == NULL || self->values == NULL || self->order == NULL)
        return false;
    for (size_t p = 0; p < runs->n_params; p++) {
        for (size_t i = 0; i < runs->n; i++)
            self->values[i] = ana_runs_place(runs, i)[p];
        rank(self, self->params + p * self->n);
    }
    for (size_t j = 0; j < runs->n_targets; j++) {
        for (size_t i = 0; i < runs->n; i++)
            self->values[i] = ana_runs_summary(runs, i)[j];
        rank(self, self->targets + j * self->n);
    }
    return true;
}

static void columns_free(columns_t *self)
{
    free(self->params);
    free(self->targets);
    free(self->values);
    free(self->order);
}

/* Largest partial correlation of a parameter with a target. */
static void look(const columns_t *self, size_t param, ana_influence_t *influence)
{
    const double *x = self->params + param * self->n;
    double length = dot(x, x, self->n);
    influence->correlation = 0;
    for (size_t j = 0; j < self->n_targets; j++) {
        const double *y = self->targets + j * self->n;
        double rest = dot(y, y, self->n);
        double correlation = length > NOTHING && rest > NOTHING ? dot(x, y, self->n) / sqrt(length * rest) : 0;
        if (fabs(correlation) > fabs(influence->correlation)) {
            influence->correlation = correlation;
            influence->target = j;
        }
    }
}

/* Takes the picked parameter out of all other columns. */
static void take_out(columns_t *self, size_t picked)
{
    double *unit = self->params + picked * self->n;
    scale_to(unit, self->n, 1);
    for (size_t c = 0; c < self->n_params + self->n_targets; c++) {
        double *column =
            c < self->n_params ? self->params + c * self->n : self->targets + (c - self->n_params) * self->n;
        if (column == unit)
            continue;
        double share = dot(column, unit, self->n);
        for (size_t i = 0; i < self->n; i++)
            column[i] -= share * unit[i];
    }
}

/* Correlation in size that chance gives to one of all pairs; with so few simulations that nothing is left over: 1. */
static double by_chance(const columns_t *self, size_t picked)
{
    double pairs = (double)self->n_params * (double)self->n_targets;
    if (self->n < picked + 4)
        return 1;
    return fmin(gsl_cdf_ugaussian_Qinv(fmin(0.5 / pairs, 0.5)) / sqrt((double)(self->n - picked - 2)), 1);
}

sim_status_t ana_screen_pick(const ana_runs_t *runs, size_t least, size_t most, ana_influence_t *influences,
                             sim_error_t *err)
{
    columns_t columns;
    bool good = columns_init(&columns, runs);
    for (size_t p = 0; p < runs->n_params; p++)
        influences[p] = (ana_influence_t){0};
    for (size_t picked = 0; good && picked < most && picked < runs->n_params; picked++) {
        size_t best = runs->n_params;
        for (size_t p = 0; p < runs->n_params; p++) {
            if (influences[p].rank > 0)
                continue;
            look(&columns, p, &influences[p]);
            if (best == runs->n_params || fabs(influences[p].correlation) > fabs(influences[best].correlation))
                best = p;
        }
        if (picked >= least && !(fabs(influences[best].correlation) > by_chance(&columns, picked)))
            break;
        influences[best].rank = picked + 1;
        take_out(&columns, best);
    }
    columns_free(&columns);
    return good ? SIM_OK : sim_fail(err, SIM_ENOMEM, NULL, "no memory to screen %zu parameters", runs->n_params);
}

/* Half of the prior around the centre, moved inside where it would reach beyond an end. */
static double place_around(double centre, double share)
{
    double low = fmin(fmax(centre - REACH, 0), 1 - 2 * REACH);
    return low + 2 * REACH * share;
}

sim_status_t ana_screen(const ana_problem_t *problem, const double *centre, size_t n, size_t least, size_t most,
                        ana_runs_t *runs, ana_influence_t *influences, sim_error_t *err)
{
    sim_status_t status = ana_runs_init(runs, problem, n, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, problem->seed, 0, i, ANA_STREAM_SCREEN, 0);
        for (size_t p = 0; p < problem->n_params; p++)
            ana_runs_place(runs, i)[p] = place_around(centre[p], sim_draw_uniform(&rng));
    }
    if (status == SIM_OK)
        status = ana_runs_simulate(runs, problem, n, 0, err);
    return status == SIM_OK ? ana_screen_pick(runs, least, most, influences, err) : status;
}

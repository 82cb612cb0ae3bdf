// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/adf.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LANES     ANA_ADF_LANES
#define ROOM      (LANES + ANA_LAG_MAX + 1)         /* zeros before a series, and after it */
#define VARIABLES (ANA_LAG_MAX + 2)                 /* earlier changes, level, change */
#define PRODUCTS  (VARIABLES * (VARIABLES + 1) / 2) /* a lower triangle by rows */
#define LN_2PI    1.8378770664093454836
#define DEPENDENT 1e-13 /* of its own sum of squares: what is left of a regressor that the others determine */

/* One number per end. */
typedef struct lanes {
    double of[LANES];
} lanes_t;

/* The moments of windows that have the same number of rows and consecutive ends. */
typedef struct moments {
    lanes_t mean[VARIABLES];
    lanes_t product[PRODUCTS]; /* sums of centred cross-products */
} moments_t;

/* The regression of one lag in terms of what is left of level (x) and change (d) after the earlier changes. */
typedef struct partial {
    lanes_t xx, xd, dd;
    lanes_t good; /* 1: the earlier changes are independent; 0: they are not */
} partial_t;

sim_status_t ana_adf_series_init(ana_adf_series_t *self, size_t n, sim_error_t *err)
{
    size_t length = n + 2 * (size_t)ROOM;
    *self = (ana_adf_series_t){.n = n, .memory = calloc(2 * length, sizeof(double))};
    if (self->memory == NULL)
        return sim_fail(err, SIM_ENOMEM, "series", "no memory for %zu observations", n);
    self->level = self->memory + ROOM;
    self->change = self->level + length;
    return SIM_OK;
}

void ana_adf_series_set(ana_adf_series_t *self, const double *y)
{
    double mean = 0, largest = 0;
    for (size_t t = 0; t < self->n; t++)
        mean += (y[t] - mean) / (double)(t + 1);
    for (size_t t = 0; t < self->n; t++) {
        self->level[t] = y[t] - mean;
        self->change[t] = t > 0 ? y[t] - y[t - 1] : 0;
        largest = fmax(largest, fabs(y[t]));
    }
    self->floor = (8 * DBL_EPSILON * largest) * (8 * DBL_EPSILON * largest) + DBL_MIN;
}

void ana_adf_series_free(ana_adf_series_t *self)
{
    free(self->memory);
    *self = (ana_adf_series_t){0};
}

size_t ana_adf_fewest_rows(ana_lag_t lag)
{
    return (size_t)(lag.rule == ANA_LAG_BIC ? 2 * lag.order + 3 : lag.order + 3);
}

size_t ana_adf_lost(ana_lag_t lag)
{
    return lag.rule == ANA_LAG_BIC ? 1 : (size_t)lag.order + 1;
}

/* Rows of the longest window that ends at observation `end`; 0 when there is none. */
static size_t rows_to(size_t end, ana_lag_t lag)
{
    size_t lost = ana_adf_lost(lag);
    return end + 1 > lost ? end + 1 - lost : 0;
}

/* Adds to each window the row before it; rows end at `row`, `row` + 1, ... and windows then have `count` rows. */
static void add_rows(moments_t *self, const ana_adf_series_t *series, ptrdiff_t row, int lags, double count)
{
    lanes_t off[VARIABLES];
    const double share = 1 / count, weight = (count - 1) / count;
    for (int i = 0; i < lags + 2; i++) {
        const double *from = i < lags    ? series->change + row - (i + 1)
                             : i == lags ? series->level + row - 1
                                         : series->change + row;
        for (int l = 0; l < LANES; l++) {
            off[i].of[l] = from[l] - self->mean[i].of[l];
            self->mean[i].of[l] += off[i].of[l] * share;
        }
    }
    lanes_t *product = self->product;
    for (int i = 0; i < lags + 2; i++)
        for (int j = 0; j <= i; j++, product++)
            for (int l = 0; l < LANES; l++)
                product->of[l] += weight * off[i].of[l] * off[j].of[l];
}

static int place(int row, int column)
{
    return row * (row + 1) / 2 + column;
}

/* Takes the earlier change number `k` out of what comes after it. */
static void eliminate(lanes_t *product, int lags, int k, const lanes_t *before, lanes_t *good)
{
    lanes_t inverse;
    const lanes_t *pivot = &product[place(k, k)];
    for (int l = 0; l < LANES; l++) {
        double kept = pivot->of[l] > DEPENDENT * before->of[l] ? 1.0 : 0.0;
        good->of[l] *= kept;
        inverse.of[l] = kept / (kept > 0 ? pivot->of[l] : 1.0);
    }
    for (int i = k + 1; i < lags + 2; i++) {
        lanes_t factor;
        for (int l = 0; l < LANES; l++)
            factor.of[l] = product[place(i, k)].of[l] * inverse.of[l];
        for (int j = k + 1; j <= i; j++)
            for (int l = 0; l < LANES; l++)
                product[place(i, j)].of[l] -= factor.of[l] * product[place(j, k)].of[l];
    }
}

/* What is left at lags 0 .. lags; only the last of them unless `all`. */
static void regress(const moments_t *self, int lags, bool all, partial_t *partial)
{
    lanes_t product[PRODUCTS], good;
    int n = place(lags + 2, 0);
    for (int i = 0; i < n; i++)
        product[i] = self->product[i];
    for (int l = 0; l < LANES; l++)
        good.of[l] = 1;
    for (int k = 0; k <= lags; k++) {
        if (all || k == lags)
            partial[k] = (partial_t){product[place(lags, lags)], product[place(lags + 1, lags)],
                                     product[place(lags + 1, lags + 1)], good};
        if (k < lags)
            eliminate(product, lags, k, &self->product[place(k, k)], &good);
    }
}

/* The square of the statistic with its sign, which grows with the statistic: t^2 = degrees xd^2 / (xx dd - xd^2).
 * `floor` is the sum of squares that counts as none. */
static lanes_t signed_square(const partial_t *partial, double degrees, double floor)
{
    lanes_t out;
    for (int l = 0; l < LANES; l++) {
        double xx = partial->xx.of[l], xd = partial->xd.of[l], dd = partial->dd.of[l];
        double whole = xx * dd, left = whole - xd * xd, least = DBL_EPSILON * whole;
        double good = (xx > floor ? 1.0 : 0.0) * (dd > floor ? 1.0 : 0.0) * partial->good.of[l];
        left = left > least ? left : least;
        double square = degrees * xd * fabs(xd) / (good > 0 ? left : 1.0);
        out.of[l] = good > 0 ? square : -INFINITY;
    }
    return out;
}

/* The choice of a lag for windows of T + 1 observations: the candidates at lag k have T - k rows, so they come up k
 * rows before the one at lag 0, and wait in a ring. */
typedef struct choice {
    lanes_t criterion[ANA_LAG_MAX + 1];
    lanes_t square[ANA_LAG_MAX + 1];
} choice_t;

/* The sum of squared residuals. */
static double residual(const partial_t *partial, int l)
{
    double xx = partial->xx.of[l], xd = partial->xd.of[l];
    double left = partial->dd.of[l] - xd * xd / (xx > 0 ? xx : 1.0);
    return left > 0 ? left : 0;
}

static void offer(lanes_t *best, lanes_t *best_square, const lanes_t *criterion, const lanes_t *square)
{
    for (int l = 0; l < LANES; l++) {
        bool better = criterion->of[l] <= best->of[l] && square->of[l] > -INFINITY;
        best->of[l] = better ? criterion->of[l] : best->of[l];
        best_square->of[l] = better ? square->of[l] : best_square->of[l];
    }
}

static lanes_t all_lanes(double value)
{
    lanes_t out;
    for (int l = 0; l < LANES; l++)
        out.of[l] = value;
    return out;
}

/* Takes in the windows of `rows` rows at every lag; returns what has been chosen for `rows` + 1 observations. Criteria
 * are compared without their common divisor; among equals the smaller lag wins. */
static lanes_t choose(choice_t *self, const partial_t *partial, int order, size_t rows, double floor)
{
    size_t ring = (size_t)order + 1;
    lanes_t *fresh = &self->criterion[(rows + (size_t)order) % ring];
    lanes_t *fresh_square = &self->square[(rows + (size_t)order) % ring];
    *fresh = all_lanes(INFINITY);
    *fresh_square = all_lanes(-INFINITY);
    for (int k = order; k >= 0; k--) {
        size_t whole = rows + (size_t)k; /* T */
        if (whole < (size_t)(2 * order + 3))
            continue;
        lanes_t square = signed_square(&partial[k], (double)whole - 2 * order - 2, floor), criterion;
        double without_errors = (double)rows * LN_2PI + (k + 2) * log((double)(whole - (size_t)order));
        for (int l = 0; l < LANES; l++)
            criterion.of[l] = without_errors + residual(&partial[k], l);
        offer(&self->criterion[whole % ring], &self->square[whole % ring], &criterion, &square);
    }
    return self->square[rows % ring];
}

/* Schwarz's choice among lags on the same rows. */
static lanes_t choose_schwarz(const partial_t *partial, int order, size_t rows, double floor)
{
    lanes_t best = all_lanes(INFINITY), best_square = all_lanes(-INFINITY);
    double r = (double)rows;
    for (int k = order; k >= 0; k--) {
        lanes_t square = signed_square(&partial[k], r - k - 2, floor), criterion;
        for (int l = 0; l < LANES; l++)
            criterion.of[l] = r * log(residual(&partial[k], l) / r + DBL_MIN) + (k + 2) * log(r);
        offer(&best, &best_square, &criterion, &square);
    }
    return best_square;
}

static lanes_t statistic(choice_t *choice, const partial_t *partial, ana_lag_t lag, size_t rows, double floor)
{
    switch (lag.rule) {
    case ANA_LAG_BIC: return choose(choice, partial, lag.order, rows, floor);
    case ANA_LAG_SCHWARZ: return choose_schwarz(partial, lag.order, rows, floor);
    default: return signed_square(&partial[lag.order], (double)rows - lag.order - 2, floor);
    }
}

static double root(double square)
{
    return square < 0 ? -sqrt(-square) : sqrt(square);
}

/* Takes windows of `rows` rows, which exist from lane `from` on, into the statistics of their ends. */
static void take(const lanes_t *square, int from, size_t rows, size_t min_rows, size_t first_end, ana_lag_t lag,
                 double badf[LANES], double bsadf[LANES])
{
    if (rows < min_rows)
        return;
    for (int l = from; l < LANES; l++)
        bsadf[l] = square->of[l] > bsadf[l] ? square->of[l] : bsadf[l];
    if (rows_to(first_end + (size_t)from, lag) == rows)
        badf[from] = square->of[from];
}

void ana_adf_ends(const ana_adf_series_t *self, ana_lag_t lag, size_t min_rows, size_t first_end, double badf[LANES],
                  double bsadf[LANES])
{
    moments_t moments = {0};
    choice_t choice = {0};
    partial_t partial[ANA_LAG_MAX + 1];
    size_t most = rows_to(first_end + LANES - 1, lag), first = rows_to(first_end, lag);
    size_t start = lag.rule == ANA_LAG_BIC ? min_rows - (size_t)lag.order : min_rows;
    for (int l = 0; l < LANES; l++)
        badf[l] = bsadf[l] = -INFINITY;
    for (size_t rows = 1; rows <= most; rows++) {
        add_rows(&moments, self, (ptrdiff_t)first_end - (ptrdiff_t)rows + 1, lag.order, (double)rows);
        if (rows < start)
            continue;
        regress(&moments, lag.order, lag.rule != ANA_LAG_FIXED, partial);
        lanes_t square = statistic(&choice, partial, lag, rows, self->floor * (double)rows);
        take(&square, rows > first ? (int)(rows - first) : 0, rows, min_rows, first_end, lag, badf, bsadf);
    }
    for (int l = 0; l < LANES; l++) {
        badf[l] = root(badf[l]);
        bsadf[l] = root(bsadf[l]);
    }
}

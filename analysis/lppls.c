// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lppls.h"

#include "sim/draw.h"
#include "sim/ensemble.h"
#include "sim/plural.h"

#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSE_START 0x62750003
#define MOST_STEPS    200
#define TWO_PI        6.2831853071795864769

enum {
    LOG_DISTANCE, /* ln of (tc - last day) over the window's length: tc stays behind the last observation */
    EXPONENT,
    OMEGA,
    N_SEARCHED
};

enum { POWER, COSINE, SINE, N_COLUMNS };

/* A window of observations and room for its regression. Distances are in lengths of the window, and the power stands as
 * (x^m - 1) / m, which stays apart from the constant when m is near zero: the fit is the same. */
typedef struct window {
    size_t n;
    const double *day, *log_price;
    double length_day;
    double *column[N_COLUMNS]; /* centred, then orthogonalised */
    double *left;              /* log price, centred; after the regression the residuals */
    double *room;
    double slope[N_COLUMNS]; /* of the columns as they were */
} window_t;

static sim_status_t window_init(window_t *self, const double *day, const double *log_price, size_t n, sim_error_t *err)
{
    *self = (window_t){.n = n, .day = day, .log_price = log_price, .length_day = day[n - 1] - day[0]};
    self->room = calloc((N_COLUMNS + 1) * n, sizeof *self->room);
    if (self->room == NULL)
        return sim_fail(err, SIM_ENOMEM, "LPPLS", "no memory for %zu observations", n);
    for (int i = 0; i < N_COLUMNS; i++)
        self->column[i] = self->room + (size_t)i * n;
    self->left = self->room + N_COLUMNS * n;
    return SIM_OK;
}

static double centre(double *values, size_t n)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += values[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        values[i] -= mean;
    return mean;
}

static double inner(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Takes `share` times `from` out of `values`. */
static void take_out(double *values, const double *from, double share, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] -= share * from[i];
}

static void build_columns(window_t *self, double distance, double m, double omega)
{
    for (size_t i = 0; i < self->n; i++) {
        double x = (self->day[self->n - 1] - self->day[i]) / self->length_day + distance;
        double phase = log(x), power = exp(m * phase);
        self->column[POWER][i] = fabs(m) < 1e-9 ? phase : expm1(m * phase) / m;
        self->column[COSINE][i] = power * cos(omega * phase);
        self->column[SINE][i] = power * sin(omega * phase);
    }
}

/* Regresses the log price on a constant and the columns (modified Gram-Schmidt); residuals are in `left`. */
static void project(window_t *self)
{
    double shares[N_COLUMNS][N_COLUMNS] = {{0}}, of_price[N_COLUMNS];
    memcpy(self->left, self->log_price, self->n * sizeof *self->left);
    centre(self->left, self->n);
    for (int i = 0; i < N_COLUMNS; i++)
        centre(self->column[i], self->n);
    for (int i = 0; i < N_COLUMNS; i++) {
        double square = inner(self->column[i], self->column[i], self->n);
        double inverse = square > 0 ? 1 / square : 0;
        for (int j = i + 1; j < N_COLUMNS; j++) {
            shares[i][j] = inner(self->column[i], self->column[j], self->n) * inverse;
            take_out(self->column[j], self->column[i], shares[i][j], self->n);
        }
        of_price[i] = inner(self->column[i], self->left, self->n) * inverse;
        take_out(self->left, self->column[i], of_price[i], self->n);
    }
    for (int i = N_COLUMNS - 1; i >= 0; i--) {
        self->slope[i] = of_price[i];
        for (int j = i + 1; j < N_COLUMNS; j++)
            self->slope[i] -= shares[i][j] * self->slope[j];
    }
}

/* gsl_multifit_nlinear's residuals as a function of what is searched. */
static int residuals(const gsl_vector *searched, void *params, gsl_vector *out)
{
    window_t *self = params;
    double distance = exp(gsl_vector_get(searched, LOG_DISTANCE));
    build_columns(self, distance, gsl_vector_get(searched, EXPONENT), gsl_vector_get(searched, OMEGA));
    project(self);
    for (size_t i = 0; i < self->n; i++) {
        if (!isfinite(self->left[i]))
            return GSL_EDOM;
        gsl_vector_set(out, i, self->left[i]);
    }
    return GSL_SUCCESS;
}

/* A start: tc within a fifth of the window's length, m from 0.1 to 1, omega from 4 to 16. */
static void draw_start(uint64_t seed, size_t start, double searched[N_SEARCHED])
{
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 0, PURPOSE_START, start);
    searched[LOG_DISTANCE] = log(0.005 + 0.2 * sim_draw_uniform(&rng));
    searched[EXPONENT] = 0.1 + 0.9 * sim_draw_uniform(&rng);
    searched[OMEGA] = 4 + 12 * sim_draw_uniform(&rng);
}

static bool qualifies(const ana_lppls_t *fit, double last_day, double length_day)
{
    double ahead_day = fit->tc - last_day;
    return fit->b < 0 && fit->m > 0 && fit->m < 1 && fit->omega > 2 && fit->omega < 15 && fit->damping > 0.5 &&
           fit->oscillations > 2.5 && ahead_day < 252 && ahead_day < length_day / 2;
}

/* Describes the fit at the point found, in days. */
static void describe(window_t *self, const double searched[N_SEARCHED], ana_lppls_t *fit)
{
    double distance = exp(searched[LOG_DISTANCE]), m = searched[EXPONENT], omega = fabs(searched[OMEGA]);
    double length = self->length_day, last = self->day[self->n - 1], mean[N_COLUMNS];
    build_columns(self, distance, m, omega);
    for (int i = 0; i < N_COLUMNS; i++)
        mean[i] = centre(self->column[i], self->n);
    project(self);
    double scale = exp(-m * log(length)), turn = omega * log(length);
    double cosine = self->slope[COSINE] * scale, sine = self->slope[SINE] * scale;
    *fit = (ana_lppls_t){.tc = last + distance * length,
                         .m = m,
                         .omega = omega,
                         .b = self->slope[POWER] / m * scale,
                         .c1 = cosine * cos(turn) - sine * sin(turn),
                         .c2 = cosine * sin(turn) + sine * cos(turn),
                         .squares = inner(self->left, self->left, self->n)};
    fit->a = -self->slope[POWER] / m;
    for (int i = 0; i < N_COLUMNS; i++)
        fit->a -= self->slope[i] * mean[i];
    for (size_t i = 0; i < self->n; i++)
        fit->a += self->log_price[i] / (double)self->n;
    fit->damping = m * fabs(fit->b) / (omega * hypot(fit->c1, fit->c2));
    fit->oscillations = omega / TWO_PI * log((1 + distance) / distance);
    fit->qualified = qualifies(fit, last, length);
}

/* Minimises from one start; `found` is false when that leads nowhere. */
static sim_status_t search(window_t *window, double searched[N_SEARCHED], bool *found, sim_error_t *err)
{
    *found = false;
    gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *work =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, window->n, N_SEARCHED);
    gsl_multifit_nlinear_fdf fdf = {.f = residuals, .n = window->n, .p = N_SEARCHED, .params = window};
    gsl_vector_const_view start = gsl_vector_const_view_array(searched, N_SEARCHED);
    if (work == NULL)
        return sim_fail(err, SIM_ENOMEM, "LPPLS", "no memory to fit %zu observations", window->n);
    int info, status = gsl_multifit_nlinear_init(&start.vector, &fdf, work);
    if (status == GSL_SUCCESS)
        status = gsl_multifit_nlinear_driver(MOST_STEPS, 1e-10, 1e-10, 0, NULL, NULL, &info, work);
    /* A point where no step helps any more is as good as the last one. */
    *found = status == GSL_SUCCESS || status == GSL_ENOPROG || status == GSL_EMAXITER;
    for (size_t i = 0; i < N_SEARCHED && *found; i++)
        searched[i] = gsl_vector_get(gsl_multifit_nlinear_position(work), i);
    gsl_multifit_nlinear_free(work);
    *found = *found && fabs(searched[EXPONENT]) > 1e-6;
    return SIM_OK;
}

/* Mean time between observations. */
static double spacing_day(const double *day, size_t n)
{
    return (day[n - 1] - day[0]) / (double)(n - 1);
}

/* The minima that count. With tc nearer to the last observation than observations are to each other, the singularity
 * fits that one observation; with m at or below zero the price has no limit; a tc further off than the window is long
 * is not determined by it. */
static bool counts(const ana_lppls_t *fit, const window_t *window)
{
    double ahead_day = fit->tc - window->day[window->n - 1];
    return fit->squares >= 0 && fit->m > 0 && ahead_day >= spacing_day(window->day, window->n) &&
           ahead_day <= window->length_day;
}

/* Windows that end at one observation, each searched from the same starts: a task for every window and start. */
typedef struct lppls_tasks {
    const double *day, *log_price; /* of the longest window */
    size_t n;
    const size_t *lengths; /* of the windows */
    const ana_lppls_options_t *options;
    ana_lppls_t *fits; /* by window, then start; squares = INFINITY where there is none */
} lppls_tasks_t;

static sim_status_t fit_start(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    lppls_tasks_t *self = user;
    size_t length = self->lengths[index / self->options->starts], skip = self->n - length;
    window_t window;
    double searched[N_SEARCHED];
    (void)worker;
    (void)inner_threads;
    sim_status_t status = window_init(&window, self->day + skip, self->log_price + skip, length, err);
    draw_start(self->options->seed, index % self->options->starts, searched);
    bool found = false;
    if (status == SIM_OK)
        status = search(&window, searched, &found, err);
    if (found)
        describe(&window, searched, &self->fits[index]);
    if (!found || !counts(&self->fits[index], &window))
        self->fits[index].squares = INFINITY;
    free(window.room);
    return status;
}

static sim_status_t check(const double *day, const double *log_price, size_t n, sim_error_t *err)
{
    bool varies = false;
    if (n < ANA_LPPLS_FEWEST)
        return sim_fail(err, SIM_EINPUT, "LPPLS", "found %zu observation%s; expected at least %d", n, sim_plural(n),
                        ANA_LPPLS_FEWEST);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(log_price[i]))
            return sim_fail(err, SIM_EINPUT, "LPPLS", "found a price that is not above zero at observation %zu", i + 1);
        if (i > 0 && !(day[i] > day[i - 1]))
            return sim_fail(err, SIM_EINPUT, "LPPLS",
                            "found observation %zu not after the one before; expected dates "
                            "that increase",
                            i + 1);
        varies = varies || log_price[i] != log_price[0];
    }
    return varies ? SIM_OK
                  : sim_fail(err, SIM_EINPUT, "LPPLS", "found one price throughout; expected prices that vary");
}

/* The best of `starts` fits. */
static ana_lppls_t best_of(const ana_lppls_t *fits, size_t starts)
{
    ana_lppls_t best = {.squares = INFINITY};
    for (size_t i = 0; i < starts; i++)
        if (fits[i].squares < best.squares)
            best = fits[i];
    return best;
}

/* The best fit in each of `n_windows` windows. They are one ensemble: threads wait for each other once, not per window. */
static sim_status_t best_fits(lppls_tasks_t *tasks, size_t n_windows, ana_lppls_t *best, sim_error_t *err)
{
    const ana_lppls_options_t *options = tasks->options;
    size_t n_tasks = n_windows * options->starts;
    tasks->fits = calloc(n_tasks, sizeof *tasks->fits);
    sim_task_result_t *results = calloc(n_tasks, sizeof *results);
    sim_ensemble_options_t ensemble = {.threads = options->threads > 0 ? options->threads : omp_get_num_procs()};
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    sim_status_t status = tasks->fits == NULL || results == NULL
                              ? sim_fail(err, SIM_ENOMEM, "LPPLS", "no memory for %zu starts", n_tasks)
                              : sim_ensemble_run(n_tasks, fit_start, tasks, &ensemble, results, err);
    gsl_set_error_handler(handler);
    for (size_t i = 0; i < n_windows && status == SIM_OK; i++)
        best[i] = best_of(tasks->fits + i * options->starts, options->starts);
    free(tasks->fits);
    free(results);
    return status;
}

sim_status_t ana_lppls_fit(const double *day, const double *log_price, size_t n, const ana_lppls_options_t *options,
                           ana_lppls_t *fit, sim_error_t *err)
{
    lppls_tasks_t tasks = {.day = day, .log_price = log_price, .n = n, .lengths = &n, .options = options};
    *fit = (ana_lppls_t){.squares = INFINITY};
    sim_status_t status = check(day, log_price, n, err);
    return status == SIM_OK ? best_fits(&tasks, 1, fit, err) : status;
}

sim_status_t ana_lppls_confidence(const double *day, const double *log_price, size_t n,
                                  const ana_lppls_options_t *options, double *share, sim_error_t *err)
{
    size_t shortest = n / 6 > ANA_LPPLS_FEWEST ? n / 6 : ANA_LPPLS_FEWEST, qualified = 0;
    size_t lengths[ANA_LPPLS_WINDOWS];
    ana_lppls_t fits[ANA_LPPLS_WINDOWS];
    lppls_tasks_t tasks = {.day = day, .log_price = log_price, .n = n, .lengths = lengths, .options = options};
    *share = 0;
    sim_status_t status = check(day, log_price, n, err);
    for (size_t i = 0; i < ANA_LPPLS_WINDOWS && status == SIM_OK; i++)
        lengths[i] = n - (n - shortest) * i / (ANA_LPPLS_WINDOWS - 1);
    if (status == SIM_OK)
        status = best_fits(&tasks, ANA_LPPLS_WINDOWS, fits, err);
    for (size_t i = 0; i < ANA_LPPLS_WINDOWS && status == SIM_OK; i++)
        qualified += fits[i].qualified;
    *share = (double)qualified / ANA_LPPLS_WINDOWS;
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/critical_cache.h"
#include "app/bubbles_output.h"
#include "app/command.h"
#include "models/params/spelling.h"
#include "sim/plural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_ARM     "rational"
#define BASELINE        "baseline"
#define MOST_THREADS    1024
#define MOST_PROBLEMS   20  /* of a file, printed */
#define LPPLS_STARTS    60  /* of the search over a whole column */
#define RUN_STARTS      24  /* over a replication of a result, of which there may be hundreds */
#define STARTS_A_WINDOW 3   /* one of so many in each window of the confidence indicator */
#define LONG_FITS       5e4 /* starts above which waiting is announced: some ten seconds */
#define LONG_SIMULATION 1e9 /* windows above which waiting is announced: some ten seconds */

typedef struct bubbles_values {
    const char *csv, *column, *date_column, *variable, *arm, *lag, *null, *min_duration;
    double critical_value; /* NaN: not given */
    int64_t min_window, control, simulations, threads, starts;
    app_seed_t seed;
    bool logarithm, lppls, no_cache, json;
} bubbles_values_t;

#define AT(field) offsetof(bubbles_values_t, field)
static const app_option_t options[] = {
    {0, "csv", "FILE", APP_TEXT, AT(csv), "a series from a CSV file with a header, plain or gzipped", 0, 0},
    {0, "column", "C", APP_TEXT, AT(column), "its column, by name", 0, 0},
    {0, "date-column", "D", APP_TEXT, AT(date_column), "column of dates (default: observations are counted from 1)", 0,
     0},
    {0, "variable", "V", APP_TEXT, AT(variable),
     "national series of the result (default: rent_over_full_cost, else rent_node_month)", 0, 0},
    {0, "arm", "A", APP_TEXT, AT(arm), "arm of the result (default: baseline); beside the arm rational", 0, 0},
    {0, "log", NULL, APP_FLAG, AT(logarithm), "test the logarithm of the series", 0, 0},
    {0, "lag", "K", APP_TEXT, AT(lag), "lagged changes: K, or bic:K or schwarz:K to choose 0..K (default: 0)", 0, 0},
    {0, "min-window", "W", APP_INTEGER, AT(min_window),
     "regression rows of the smallest window (default: T (0.01 + 1.8 / sqrt T))", 3, 1000000},
    {0, "critical-value", "X", APP_NUMBER, AT(critical_value), "fixed critical value for GSADF and BSADF", -1000, 1000},
    {0, "null", "N", APP_TEXT, AT(null), "where critical values come from: walk, wild or composite (default: walk)", 0,
     0},
    {0, "control", "T", APP_INTEGER, AT(control), "composite: observations with one chance of a false alarm", 1,
     1000000},
    {0, "simulations", "R", APP_INTEGER, AT(simulations), "series simulated (default: 1000 to 20000 by length)", 100,
     10000000},
    {0, "min-duration", "M", APP_TEXT, AT(min_duration),
     "observations an episode lasts at least; log: ln T (default: 1)", 0, 0},
    {0, "seed", "S", APP_SEED, AT(seed), "seed of the simulation (default: 1)", 0, 0},
    {'j', "threads", "N", APP_INTEGER, AT(threads), "threads (default: all); never changes the result", 1,
     MOST_THREADS},
    {0, "no-cache", NULL, APP_FLAG, AT(no_cache), "neither look up nor keep critical values", 0, 0},
    {0, "lppls", NULL, APP_FLAG, AT(lppls),
     "fit the log-periodic power law to ln of the column, or of each replication up to its peak", 0, 0},
    {0, "starts", "N", APP_INTEGER, AT(starts),
     "LPPLS: starts of a search, a third of them in each window (default: 60, of a result 24)", 3, 100000},
    {0, "json", NULL, APP_FLAG, AT(json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

/* What a call asks for. */
typedef struct bubbles_call {
    bubbles_values_t values;
    const char *file; /* a result; NULL with --csv */
    char folder[4096];
    char lag_text[32];
    ana_bubbles_options_t options;
    app_bubbles_setup_t setup;
} bubbles_call_t;

static sim_status_t parse_lag(const char *text, ana_lag_t *lag, sim_error_t *err)
{
    static const struct {
        const char *prefix;
        ana_lag_rule_t rule;
    } rules[] = {{"bic:", ANA_LAG_BIC}, {"schwarz:", ANA_LAG_SCHWARZ}, {"", ANA_LAG_FIXED}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t n = strlen(rules[i].prefix);
        if (strncmp(text, rules[i].prefix, n) != 0)
            continue;
        char *end;
        long order = strtol(text + n, &end, 10);
        if (text[n] < '0' || text[n] > '9' || *end != '\0' || order > ANA_LAG_MAX)
            break;
        *lag = (ana_lag_t){(int)order, rules[i].rule};
        return SIM_OK;
    }
    return sim_fail(err, SIM_EINPUT, "--lag", "found '%s'; expected 0 to %d, bic:K or schwarz:K, e.g. 1 or bic:6", text,
                    ANA_LAG_MAX);
}

static sim_status_t parse_duration(const char *text, size_t *duration, sim_error_t *err)
{
    char *end;
    long value = strtol(text, &end, 10);
    *duration = 0; /* the rule */
    if (strcmp(text, "log") == 0)
        return SIM_OK;
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > 1000000)
        return sim_fail(err, SIM_EINPUT, "--min-duration", "found '%s'; expected a whole number from 1, or log", text);
    *duration = (size_t)value;
    return SIM_OK;
}

static sim_status_t parse_null(const bubbles_values_t *values, ana_null_kind_t *null, sim_error_t *err)
{
    static const char *const names[] = {
        [ANA_NULL_WALK] = "walk", [ANA_NULL_WILD] = "wild", [ANA_NULL_COMPOSITE] = "composite"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(values->null, names[i]) == 0) {
            *null = (ana_null_kind_t)i;
            if (values->control > 0 && *null != ANA_NULL_COMPOSITE)
                return sim_fail(err, SIM_EINPUT, "--control", "needs --null composite");
            if (values->control == 0 && *null == ANA_NULL_COMPOSITE)
                return sim_fail(err, SIM_EINPUT, "--null",
                                "composite needs --control T, e.g. 24 for two years of months");
            return SIM_OK;
        }
    char hint[MDL_SPELLING_HINT];
    return sim_fail(err, SIM_EINPUT, "--null", "found '%s'; expected walk, wild or composite%s", values->null,
                    mdl_spelling_hint(values->null, names, sizeof names / sizeof names[0], hint));
}

/* Options that go with the other source of series. */
static sim_status_t check_source(const bubbles_call_t *self, sim_error_t *err)
{
    const bubbles_values_t *values = &self->values;
    if ((values->csv != NULL) == (self->file != NULL))
        return sim_fail(err, SIM_EINPUT, NULL, "found %s; expected a result FILE, or --csv FILE with --column C",
                        values->csv != NULL ? "both a FILE and --csv" : "neither a FILE nor --csv");
    if (values->csv != NULL && values->column == NULL)
        return sim_fail(err, SIM_EINPUT, "--csv", "needs --column C; the first line of the file names its columns");
    if (values->csv != NULL && (values->variable != NULL || values->arm != NULL))
        return sim_fail(err, SIM_EINPUT, values->arm != NULL ? "--arm" : "--variable",
                        "needs a result FILE, not --csv");
    if (values->csv == NULL && (values->column != NULL || values->date_column != NULL))
        return sim_fail(err, SIM_EINPUT, values->column != NULL ? "--column" : "--date-column", "needs --csv FILE");
    if (values->starts > 0 && !values->lppls)
        return sim_fail(err, SIM_EINPUT, "--starts", "needs --lppls");
    return SIM_OK;
}

static sim_status_t understand(bubbles_call_t *self, sim_error_t *err)
{
    bubbles_values_t *values = &self->values;
    ana_bubbles_options_t *to = &self->options;
    sim_status_t status = check_source(self, err);
    if (status == SIM_OK)
        status = parse_lag(values->lag, &to->lag, err);
    if (status == SIM_OK)
        status = parse_null(values, &to->null, err);
    if (status == SIM_OK)
        status = parse_duration(values->min_duration, &to->min_duration, err);
    to->critical_value = values->critical_value;
    to->min_rows = (size_t)values->min_window;
    to->control = (size_t)values->control;
    to->replications = (size_t)values->simulations;
    to->seed = values->seed.given ? values->seed.value : 1;
    to->threads = (int)values->threads;
    if (!values->no_cache && ana_cache_folder(self->folder, sizeof self->folder))
        to->folder = self->folder;
    self->setup = (app_bubbles_setup_t){values->lag, values->column, values->logarithm, to};
    return status;
}

/* A line on what will take long, unless it is asked for a program. */
static void announce(const bubbles_call_t *self, size_t n)
{
    size_t length = self->options.null == ANA_NULL_COMPOSITE ? self->options.control : n;
    size_t times = self->options.replications > 0 ? self->options.replications
                                                  : ana_critical_replications(length, self->options.lag);
    double lags = self->options.lag.order > 0 ? 10 : 1;
    if (isnan(self->options.critical_value) &&
        lags * (double)times * (double)length * (double)length / 2 > LONG_SIMULATION)
        fprintf(stderr,
                "simulating %zu series of %zu observations for critical values, unless kept from before; "
                "--simulations R takes fewer, --critical-value X none\n",
                times, length);
}

/* Prints the first problems of a file. */
static void print_problem(void *user, const char *text)
{
    size_t *printed = user;
    if (++*printed <= MOST_PROBLEMS)
        fprintf(stderr, "%s\n", text);
}

static size_t starts_of(const bubbles_call_t *self, size_t by_default)
{
    return self->values.starts > 0 ? (size_t)self->values.starts : by_default;
}

static sim_status_t fit_lppls(const bubbles_call_t *self, const ana_column_t *series, app_lppls_result_t *result,
                              sim_error_t *err)
{
    double *day = calloc(2 * series->n + 1, sizeof *day), *log_price = day + series->n;
    if (day == NULL)
        return sim_fail(err, SIM_ENOMEM, self->values.csv, "no memory for %zu values", series->n);
    for (size_t i = 0; i < series->n; i++) {
        day[i] = series->day != NULL ? (double)series->day[i] : (double)i + 1;
        log_price[i] = log(series->values[i]);
    }
    ana_lppls_options_t search = {starts_of(self, LPPLS_STARTS), self->options.seed, self->options.threads};
    result->starts = search.starts;
    sim_status_t status = ana_lppls_fit(day, log_price, series->n, &search, &result->fit, err);
    search.starts = result->window_starts = result->starts / STARTS_A_WINDOW;
    if (status == SIM_OK)
        status = ana_lppls_confidence(day, log_price, series->n, &search, &result->confidence, err);
    free(day);
    return status;
}

static sim_status_t take_logarithms(const ana_column_t *series, double *out, const char *path, sim_error_t *err)
{
    for (size_t i = 0; i < series->n; i++) {
        if (!(series->values[i] > 0))
            return sim_fail(err, SIM_EINPUT, path,
                            "found %.10g at observation %zu; a logarithm needs values above zero", series->values[i],
                            i + 1);
        out[i] = log(series->values[i]);
    }
    return SIM_OK;
}

/* Tests a series that has been read and prints what came out. */
static sim_status_t run_series(const bubbles_call_t *self, const ana_column_t *series, sim_error_t *err)
{
    app_lppls_result_t lppls = {0};
    ana_bubbles_t bubbles = {0};
    double *values = calloc(series->n + 1, sizeof *values);
    if (values == NULL)
        return sim_fail(err, SIM_ENOMEM, self->values.csv, "no memory for %zu values", series->n);
    memcpy(values, series->values, series->n * sizeof *values);
    sim_status_t status = self->values.logarithm ? take_logarithms(series, values, self->values.csv, err) : SIM_OK;
    announce(self, series->n);
    if (status == SIM_OK)
        status = ana_bubbles(values, series->n, &self->options, NULL, &bubbles, err);
    if (status == SIM_OK && self->values.lppls)
        status = fit_lppls(self, series, &lppls, err);
    const app_lppls_result_t *fitted = self->values.lppls ? &lppls : NULL;
    if (status == SIM_OK && self->values.json)
        app_bubbles_json_series(&self->setup, series, &bubbles, fitted);
    else if (status == SIM_OK)
        app_bubbles_print_series(&self->setup, series, &bubbles, fitted);
    ana_bubbles_free(&bubbles);
    free(values);
    return status;
}

/* Problems of the file are printed one a line, and then `err` stays empty. */
static sim_status_t read_csv(const bubbles_values_t *values, ana_column_t *series, sim_error_t *err)
{
    size_t problems = 0;
    mdl_source_t source = {.path = values->csv, .problem = print_problem, .user = &problems};
    if (access(values->csv, F_OK) < 0)
        return sim_fail(err, SIM_EINPUT, values->csv, "no such file; expected a CSV file with a header");
    sim_status_t status = ana_column_read_csv(&source, values->column, values->date_column, series, NULL);
    if (problems > MOST_PROBLEMS)
        fprintf(stderr, "... and %zu more problem%s\n", problems - MOST_PROBLEMS, sim_plural(problems - MOST_PROBLEMS));
    if (status != SIM_OK && problems == 0)
        return sim_fail(err, status, values->csv, "%s", sim_status_text(status));
    return status;
}

static sim_status_t run_csv(const bubbles_call_t *self, sim_error_t *err)
{
    ana_column_t series = {0};
    sim_status_t status = read_csv(&self->values, &series, err);
    if (status == SIM_OK)
        status = run_series(self, &series, err);
    ana_column_free(&series);
    return status;
}

static bool has_arm(sim_result_t *result, const char *name)
{
    char **arms = NULL;
    size_t n = 0;
    bool found = false;
    if (sim_result_labels(result, "/arm", &arms, &n, NULL) != SIM_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(arms[i], name) == 0;
    sim_labels_free(arms, n);
    return found;
}

/* The law on every replication of `n` arms. */
static sim_status_t fit_arms(const bubbles_call_t *self, sim_result_t *result, const char *const *names, size_t n,
                             const ana_bubbles_arm_t *tested, ana_lppls_arm_t *fitted, sim_error_t *err)
{
    size_t starts = starts_of(self, RUN_STARTS);
    ana_lppls_arm_options_t how = {.search = {starts, self->options.seed, self->options.threads},
                                   .window_starts = starts / STARTS_A_WINDOW};
    size_t all = n * tested[0].n_runs * (starts + ANA_LPPLS_WINDOWS * how.window_starts);
    if ((double)all > LONG_FITS)
        fprintf(stderr, "fitting LPPLS to %zu series from %zu starts in all; --starts N takes fewer\n",
                n * tested[0].n_runs, all);
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        status = ana_lppls_arm(result, self->setup.name, names[i], &how, &fitted[i], err);
    return status;
}

static void print_result(const bubbles_call_t *self, const ana_bubbles_arm_t *arms, const ana_lppls_arm_t *fitted,
                         size_t n)
{
    const ana_lppls_arm_t *lppls = self->values.lppls ? fitted : NULL;
    if (self->values.json)
        app_bubbles_json_arms(&self->setup, arms, lppls, n);
    else
        app_bubbles_print_arms(&self->setup, arms, lppls, n);
}

static sim_status_t run_result(bubbles_call_t *self, sim_error_t *err)
{
    sim_result_t *result = NULL;
    ana_bubbles_arm_t arms[2] = {{{0}}};
    ana_lppls_arm_t fitted[2] = {{{0}}};
    sim_status_t status = sim_result_open(&result, self->file, err);
    if (status != SIM_OK)
        return status;
    const char *names[2] = {self->values.arm != NULL ? self->values.arm : BASELINE, CONTROL_ARM};
    size_t n = strcmp(names[0], CONTROL_ARM) != 0 && has_arm(result, CONTROL_ARM) ? 2 : 1;
    self->setup.name = self->values.variable != NULL ? self->values.variable : ana_column_default_variable(result);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        status =
            ana_bubbles_arm(result, self->setup.name, names[i], self->values.logarithm, &self->options, &arms[i], err);
    if (status == SIM_OK && arms[0].n_tested == 0)
        status = sim_fail(err, SIM_EINPUT, self->setup.name, "none of %zu replication%s could be tested; the first: %s",
                          arms[0].n_runs, sim_plural(arms[0].n_runs), arms[0].n_runs > 0 ? arms[0].runs[0].why : "");
    if (status == SIM_OK && self->values.lppls)
        status = fit_arms(self, result, names, n, arms, fitted, err);
    if (status == SIM_OK)
        print_result(self, arms, fitted, n);
    for (size_t i = 0; i < n; i++) {
        ana_bubbles_arm_free(&arms[i]);
        ana_lppls_arm_free(&fitted[i]);
    }
    sim_result_close(result);
    return status;
}

static int run(const app_command_t *command, int argc, char **argv)
{
    bubbles_call_t self = {.values = {.critical_value = NAN, .lag = "0", .null = "walk", .min_duration = "1"}};
    sim_error_t err = {0};
    if (app_options_parse(command->name, options, &self.values, argc, argv, 0, 1, &self.file) < 0)
        return APP_BAD_INPUT;
    sim_status_t status = understand(&self, &err);
    if (status == SIM_OK)
        status = self.values.csv != NULL ? run_csv(&self, &err) : run_result(&self, &err);
    if (status == SIM_OK || err.code == SIM_OK)
        return app_exit_status(status);
    return app_report(command, &err);
}

const app_command_t app_command_bubbles = {
    .name = "bubbles",
    .synopsis = "(FILE [--variable V] [--arm A] | --csv FILE --column C) [OPTION]...",
    .summary = "test series for explosive episodes, and date them",
    .details =
        "Whether a price grew explosively at some time, as it does in a bubble, and from when to when: the\n"
        "right-tailed unit-root tests ADF, SADF and GSADF with their sequences BADF and BSADF, critical values by\n"
        "simulation, and the dates on which BSADF exceeds them. On a result every replication of an arm is tested,\n"
        "beside those of the arm 'rational', under the same random numbers: a price peak is no proof of a bubble.\n"
        "docs/BUBBLES.md has the formulae and the conventions.\n\n"
        "Critical values of random walks are kept in $XDG_CACHE_HOME/overbuild (or ~/.cache/overbuild).\n\n"
        "Examples:\n"
        "  overbuild bubbles controls.h5                                  rent over full cost, baseline and rational\n"
        "  overbuild bubbles controls.h5 --lppls                          the log-periodic power law beside it\n"
        "  overbuild bubbles policies.h5 --variable chip_price --log --arm tight-export\n"
        "  overbuild bubbles --csv prices.csv --column close --date-column date --lag schwarz:4 --null wild\n"
        "  overbuild bubbles --csv pd.csv --column ratio --date-column date --lag bic:6 --null composite --control 24\n"
        "  overbuild bubbles --csv nasdaq.csv --column Close --date-column Date --lppls --json\n\n"
        "Exit status: 0 tested, 2 bad input, 4 damaged file, 5 memory.",
    .options = options,
    .run = run,
};

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bubbles_output.h"

#include "sim/time.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const level_names[ANA_LEVELS] = {"90", "95", "99"};

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* {"90": ..., "95": ..., "99": ...}; null where nothing was simulated. */
static json_t *critical_json(const ana_critical_t *critical, const double values[ANA_LEVELS])
{
    json_t *json = json_object();
    for (int i = 0; i < ANA_LEVELS; i++)
        json_object_set_new(json, level_names[i], critical->n > 0 ? number_or_null(values[i]) : json_null());
    return json;
}

/* The date of an observation, or its number from 1 where there are no dates. */
static json_t *date_json(const ana_column_t *series, size_t t)
{
    return series->date != NULL ? json_string(series->date[t]) : json_integer((json_int_t)t + 1);
}

static json_t *sequence_json(const ana_column_t *series, const ana_bubbles_t *bubbles)
{
    json_t *sequence = json_array();
    for (size_t t = bubbles->test.first; t < bubbles->test.n; t++)
        json_array_append_new(sequence, json_pack("{s:o, s:o, s:o, s:o}", "date", date_json(series, t), "badf",
                                                  number_or_null(bubbles->test.badf[t]), "bsadf",
                                                  number_or_null(bubbles->test.bsadf[t]), "critical",
                                                  number_or_null(bubbles->threshold[t])));
    return sequence;
}

static json_t *episodes_json(const ana_column_t *series, const ana_bubbles_t *bubbles)
{
    json_t *episodes = json_array();
    for (size_t i = 0; i < bubbles->n_episodes; i++)
        json_array_append_new(episodes, json_pack("{s:o, s:o}", "start", date_json(series, bubbles->episodes[i].start),
                                                  "end", date_json(series, bubbles->episodes[i].end)));
    return episodes;
}

static void add_statistics(json_t *json, const ana_bubbles_t *bubbles)
{
    json_object_set_new(json, "adf", number_or_null(bubbles->test.adf));
    json_object_set_new(json, "sadf", number_or_null(bubbles->test.sadf));
    json_object_set_new(json, "gsadf", number_or_null(bubbles->test.gsadf));
    json_object_set_new(json, "rejects", json_boolean(bubbles->rejects));
}

/* Keys that tell how a test was made, from the first one that was. */
static void add_setup(json_t *json, const app_bubbles_setup_t *setup, const ana_bubbles_t *bubbles)
{
    static const char *const nulls[] = {
        [ANA_NULL_WALK] = "walk", [ANA_NULL_WILD] = "wild", [ANA_NULL_COMPOSITE] = "composite"};
    bool given = !isnan(setup->options->critical_value);
    json_object_set_new(json, "variable", json_string(setup->name));
    json_object_set_new(json, "logarithm", json_boolean(setup->logarithm));
    json_object_set_new(json, "n", json_integer((json_int_t)bubbles->test.n));
    json_object_set_new(json, "lag", json_string(setup->lag_text));
    if (setup->options->lag.rule == ANA_LAG_FIXED)
        json_object_set_new(json, "lag", json_integer(setup->options->lag.order));
    json_object_set_new(json, "min_window", json_integer((json_int_t)bubbles->min_rows));
    json_object_set_new(json, "min_duration", json_integer((json_int_t)bubbles->min_duration));
    json_object_set_new(json, "critical_value", number_or_null(setup->options->critical_value));
    json_object_set_new(json, "null_model", given ? json_null() : json_string(nulls[setup->options->null]));
    json_object_set_new(json, "simulations", given ? json_null() : json_integer((json_int_t)bubbles->replications));
    json_object_set_new(json, "critical_values", critical_json(&bubbles->critical, bubbles->critical.gsadf));
    json_object_set_new(json, "critical_values_sadf", critical_json(&bubbles->critical, bubbles->critical.sadf));
    json_object_set_new(json, "critical_values_adf", critical_json(&bubbles->critical, bubbles->critical.adf));
}

/* A fit; "sum_of_squares" is null and the parameters are absent when there is none. */
static json_t *fit_json(const ana_lppls_t *fit, bool dated, double last, double confidence)
{
    char date[16];
    json_t *json = json_pack("{s:o, s:b, s:f}", "sum_of_squares", number_or_null(fit->squares), "qualified",
                             fit->qualified, "confidence", confidence);
    if (isinf(fit->squares))
        return json;
    json_object_set_new(json, "tc",
                        dated ? json_string(sim_date_format((int64_t)floor(fit->tc), date)) : json_real(fit->tc));
    json_object_set_new(json, "tc_after_last", json_real(fit->tc - last));
    const struct {
        const char *name;
        double value;
    } values[] = {{"m", fit->m},
                  {"omega", fit->omega},
                  {"a", fit->a},
                  {"b", fit->b},
                  {"c1", fit->c1},
                  {"c2", fit->c2},
                  {"damping", fit->damping},
                  {"oscillations", fit->oscillations}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        json_object_set_new(json, values[i].name, number_or_null(values[i].value));
    return json;
}

static json_t *lppls_json(const ana_column_t *series, const app_lppls_result_t *lppls)
{
    bool dated = series->day != NULL;
    double last = dated ? (double)series->day[series->n - 1] : (double)series->n;
    json_t *json = fit_json(&lppls->fit, dated, last, lppls->confidence);
    json_object_set_new(json, "windows", json_integer(ANA_LPPLS_WINDOWS));
    json_object_set_new(json, "starts", json_integer((json_int_t)lppls->starts));
    return json;
}

static void dump(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

void app_bubbles_json_series(const app_bubbles_setup_t *setup, const ana_column_t *series, const ana_bubbles_t *bubbles,
                             const app_lppls_result_t *lppls)
{
    json_t *json = json_object();
    add_setup(json, setup, bubbles);
    add_statistics(json, bubbles);
    json_object_set_new(json, "episodes", episodes_json(series, bubbles));
    if (lppls != NULL)
        json_object_set_new(json, "lppls", lppls_json(series, lppls));
    json_object_set_new(json, "sequence", sequence_json(series, bubbles));
    dump(json);
}

static json_t *run_json(const ana_bubbles_arm_t *arm, size_t replication)
{
    const ana_bubbles_run_t *run = &arm->runs[replication];
    json_t *json = json_pack("{s:I, s:b}", "replication", (json_int_t)replication, "tested", run->tested);
    if (!run->tested) {
        json_object_set_new(json, "why", json_string(run->why));
        return json;
    }
    add_statistics(json, &run->bubbles);
    json_t *episodes = json_array();
    for (size_t i = 0; i < run->bubbles.n_episodes; i++) {
        char start[16], end[16];
        json_array_append_new(
            episodes, json_pack("{s:s, s:s}", "start",
                                sim_date_format(arm->day[run->first + run->bubbles.episodes[i].start], start), "end",
                                sim_date_format(arm->day[run->first + run->bubbles.episodes[i].end], end)));
    }
    json_object_set_new(json, "episodes", episodes);
    return json;
}

static json_t *arm_json(const ana_bubbles_arm_t *arm)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < arm->n_runs; i++)
        json_array_append_new(runs, run_json(arm, i));
    double tested = (double)arm->n_tested;
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "arm", arm->name, "replications", (json_int_t)arm->n_runs,
                     "tested", (json_int_t)arm->n_tested, "rejecting_share",
                     number_or_null((double)arm->n_rejecting / tested), "dated_share",
                     number_or_null((double)arm->n_dated / tested), "runs", runs);
}

static json_t *lppls_run_json(const ana_lppls_run_t *run, size_t replication)
{
    char date[16];
    json_t *json = json_pack("{s:I, s:b}", "replication", (json_int_t)replication, "fitted", run->fitted);
    if (!run->fitted) {
        json_object_set_new(json, "why", json_string(run->why));
        return json;
    }
    json_t *fit = fit_json(&run->fit, true, (double)run->last_day, run->confidence);
    json_object_set_new(json, "last", json_string(sim_date_format(run->last_day, date)));
    json_object_set_new(json, "n", json_integer((json_int_t)run->n));
    json_object_update(json, fit);
    json_decref(fit);
    return json;
}

static json_t *lppls_arm_json(const ana_lppls_arm_t *arm)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < arm->n_runs; i++)
        json_array_append_new(runs, lppls_run_json(&arm->runs[i], i));
    return json_pack("{s:I, s:o, s:o, s:i, s:o}", "fitted", (json_int_t)arm->n_fitted, "qualified_share",
                     number_or_null((double)arm->n_qualified / (double)arm->n_fitted), "mean_confidence",
                     number_or_null(arm->mean_confidence), "windows", ANA_LPPLS_WINDOWS, "runs", runs);
}

/* The first replication that could be tested, or NULL. */
static const ana_bubbles_t *first_tested(const ana_bubbles_arm_t *arms, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t run = 0; run < arms[i].n_runs; run++)
            if (arms[i].runs[run].tested)
                return &arms[i].runs[run].bubbles;
    return NULL;
}

void app_bubbles_json_arms(const app_bubbles_setup_t *setup, const ana_bubbles_arm_t *arms,
                           const ana_lppls_arm_t *lppls, size_t n)
{
    json_t *json = json_object(), *list = json_array();
    const ana_bubbles_t none = {0}, *first = first_tested(arms, n);
    add_setup(json, setup, first != NULL ? first : &none);
    for (size_t i = 0; i < n; i++) {
        json_t *arm = arm_json(&arms[i]);
        if (lppls != NULL)
            json_object_set_new(arm, "lppls", lppls_arm_json(&lppls[i]));
        json_array_append_new(list, arm);
    }
    json_object_set_new(json, "arms", list);
    json_object_set_new(json, "warning", json_string("a price peak is no proof of a bubble: compare with the control"));
    dump(json);
}

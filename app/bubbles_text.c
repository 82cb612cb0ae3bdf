// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bubbles_output.h"

#include "analysis/statistics.h"
#include "sim/plural.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DATED 12 /* replications whose episodes are listed */

static void print_lag(const app_bubbles_setup_t *setup)
{
    const ana_lag_t lag = setup->options->lag;
    if (lag.rule == ANA_LAG_FIXED)
        printf("lag %d", lag.order);
    else
        printf("lag %s", setup->lag_text);
}

static void print_test(const char *name, double statistic, const ana_critical_t *critical,
                       const double values[ANA_LEVELS])
{
    printf("  %-6s %12.4f", name, statistic);
    for (int i = 0; i < ANA_LEVELS && critical->n > 0; i++)
        printf(" %10.4f", values[i]);
    putchar('\n');
}

static void print_tests(const app_bubbles_setup_t *setup, const ana_bubbles_t *bubbles)
{
    const ana_critical_t *critical = &bubbles->critical;
    printf("  %-6s %12s%s\n", "test", "statistic", critical->n > 0 ? "       90 %       95 %       99 %" : "");
    /* A bootstrap over a control period has series of another length: only the largest BSADF compares. */
    const ana_critical_t none = {0}, *whole = setup->options->null == ANA_NULL_COMPOSITE ? &none : critical;
    print_test("ADF", bubbles->test.adf, whole, critical->adf);
    print_test("SADF", bubbles->test.sadf, whole, critical->sadf);
    print_test("GSADF", bubbles->test.gsadf, critical, critical->gsadf);
    printf("\n%s: GSADF %s %.4f.\n", bubbles->rejects ? "Explosive" : "Not explosive",
           bubbles->rejects ? "exceeds" : "does not exceed", bubbles->reject_above);
}

static void print_source(const app_bubbles_setup_t *setup, const ana_bubbles_t *bubbles)
{
    const ana_bubbles_options_t *options = setup->options;
    if (!isnan(options->critical_value))
        printf("Critical value: as given.\n");
    else if (options->null == ANA_NULL_WALK)
        printf("Critical values: %zu random walks of the same length%s.\n", bubbles->replications,
               bubbles->critical.from_cache ? " (kept from an earlier call)" : "");
    else if (options->null == ANA_NULL_WILD)
        printf("Critical values: wild bootstrap of the series, %zu times.\n", bubbles->replications);
    else
        printf("Critical values: composite bootstrap, %zu times; false alarms controlled over %zu observation%s.\n",
               bubbles->replications, options->control, sim_plural(options->control));
}

static void print_date(const ana_column_t *series, size_t t)
{
    if (series->date != NULL)
        printf("%s", series->date[t]);
    else
        printf("observation %zu", t + 1);
}

static void print_episodes(const ana_column_t *series, const ana_bubbles_t *bubbles)
{
    if (bubbles->n_episodes == 0) {
        printf("No episodes.\n");
        return;
    }
    printf("Episodes, BSADF above its critical value for %zu observation%s or more:\n", bubbles->min_duration,
           sim_plural(bubbles->min_duration));
    for (size_t i = 0; i < bubbles->n_episodes; i++) {
        const ana_episode_t *episode = &bubbles->episodes[i];
        printf("  ");
        print_date(series, episode->start);
        printf(" to ");
        print_date(series, episode->end);
        printf("  (%zu)\n", episode->end - episode->start + 1);
    }
}

static void print_lppls(const ana_column_t *series, const app_lppls_result_t *lppls)
{
    const ana_lppls_t *fit = &lppls->fit;
    char date[16];
    printf("\nLPPLS, best of %zu starts: ", lppls->starts);
    if (isinf(fit->squares)) {
        printf("no minimum with m above zero and a critical time ahead\n");
        return;
    }
    if (series->day != NULL)
        printf("critical time %s", sim_date_format((int64_t)floor(fit->tc), date));
    else
        printf("critical time %.2f", fit->tc);
    printf(", m %.4f, omega %.3f, sum of squares %.6f\n", fit->m, fit->omega, fit->squares);
    printf("  damping %.3f, oscillations %.2f: %s as a bubble by the usual filters\n", fit->damping, fit->oscillations,
           fit->qualified ? "qualifies" : "does not qualify");
    printf("  confidence %.2f: share of %d windows up to the last observation whose fit qualifies\n", lppls->confidence,
           ANA_LPPLS_WINDOWS);
}

static void print_warning(void)
{
    printf(
        "\nA price peak is no proof of a bubble: a price that foreseeing builders drive up while capacity is short is\n"
        "explosive as well. The test dates fast growth; it does not say why.\n");
}

void app_bubbles_print_series(const app_bubbles_setup_t *setup, const ana_column_t *series,
                              const ana_bubbles_t *bubbles, const app_lppls_result_t *lppls)
{
    printf("%s%s: %zu values, ", setup->logarithm ? "ln of " : "", setup->name, series->n);
    print_lag(setup);
    printf(", windows of %zu rows and more\n\n", bubbles->min_rows);
    print_tests(setup, bubbles);
    print_source(setup, bubbles);
    print_episodes(series, bubbles);
    if (lppls != NULL)
        print_lppls(series, lppls);
    print_warning();
}

/* The share of tested replications as "12 of 32 (38 %)". */
static void print_share(size_t count, size_t of)
{
    char text[64] = "-";
    if (of > 0)
        (void)snprintf(text, sizeof text, "%zu of %zu (%.0f %%)", count, of, 100 * (double)count / (double)of);
    printf("  %20s", text);
}

static void print_runs(const ana_bubbles_arm_t *arm)
{
    size_t listed = 0;
    for (size_t i = 0; i < arm->n_runs && listed < MOST_DATED; i++) {
        const ana_bubbles_run_t *run = &arm->runs[i];
        for (size_t j = 0; j < run->bubbles.n_episodes; j++) {
            char start[16], end[16];
            printf("%s%s to %s", j == 0 ? "    " : ", ",
                   sim_date_format(arm->day[run->first + run->bubbles.episodes[j].start], start),
                   sim_date_format(arm->day[run->first + run->bubbles.episodes[j].end], end));
        }
        if (run->bubbles.n_episodes > 0) {
            printf("  (replication %zu)\n", i);
            listed++;
        }
    }
    if (arm->n_dated > listed)
        printf("    ... and %zu more; --json has all\n", arm->n_dated - listed);
}

static void print_untested(const ana_bubbles_arm_t *arm)
{
    size_t missing = arm->n_runs - arm->n_tested;
    if (missing == 0)
        return;
    for (size_t i = 0; i < arm->n_runs; i++)
        if (!arm->runs[i].tested) {
            printf("\n%s: %zu replication%s could not be tested; the first, %zu: %s\n", arm->name, missing,
                   sim_plural(missing), i, arm->runs[i].why);
            return;
        }
}

/* 5 % quantile, median and 95 % quantile of the confidence indicator over replications. */
static void print_confidence(const ana_lppls_arm_t *arm)
{
    double *values = calloc(arm->n_runs + 1, sizeof *values);
    size_t n = 0;
    if (values == NULL)
        return;
    for (size_t i = 0; i < arm->n_runs; i++)
        if (arm->runs[i].fitted)
            values[n++] = arm->runs[i].confidence;
    n = ana_sort_present(values, n);
    if (n > 0)
        printf("  %8.2f  %6.2f .. %.2f", arm->mean_confidence, ana_quantile_sorted(values, n, 0.05),
               ana_quantile_sorted(values, n, 0.95));
    free(values);
}

static void print_lppls_arms(const ana_lppls_arm_t *arms, size_t n)
{
    printf("\nLPPLS, each replication up to its highest value: fits that qualify as a bubble by the usual filters, and "
           "the\n"
           "confidence indicator (share of %d windows up to there whose fit qualifies)\n\n  %-24s  %20s  %8s  %s\n",
           ANA_LPPLS_WINDOWS, "arm", "qualify", "mean", "5..95 %");
    for (size_t i = 0; i < n; i++) {
        printf("  %-24s", arms[i].name);
        print_share(arms[i].n_qualified, arms[i].n_fitted);
        print_confidence(&arms[i]);
        putchar('\n');
    }
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < arms[i].n_runs && arms[i].n_fitted < arms[i].n_runs; r++)
            if (!arms[i].runs[r].fitted) {
                size_t missing = arms[i].n_runs - arms[i].n_fitted;
                printf("\n%s: %zu replication%s could not be fitted; the first, %zu: %s\n", arms[i].name, missing,
                       sim_plural(missing), r, arms[i].runs[r].why);
                break;
            }
}

void app_bubbles_print_arms(const app_bubbles_setup_t *setup, const ana_bubbles_arm_t *arms,
                            const ana_lppls_arm_t *lppls, size_t n)
{
    printf("%s%s, ", setup->logarithm ? "ln of " : "", setup->name);
    print_lag(setup);
    printf(": replications whose GSADF exceeds %s\n\n",
           isnan(setup->options->critical_value) ? "its 95 % critical value" : "the critical value given");
    printf("  %-24s  %20s  %20s\n", "arm", "explosive", "with a dated episode");
    for (size_t i = 0; i < n; i++) {
        printf("  %-24s", arms[i].name);
        print_share(arms[i].n_rejecting, arms[i].n_tested);
        print_share(arms[i].n_dated, arms[i].n_tested);
        putchar('\n');
    }
    for (size_t i = 0; i < n; i++) {
        if (arms[i].n_dated > 0)
            printf("\nEpisodes of %s:\n", arms[i].name);
        print_runs(&arms[i]);
        print_untested(&arms[i]);
    }
    if (lppls != NULL)
        print_lppls_arms(lppls, n);
    print_warning();
    if (n == 2)
        printf("What counts is the difference to '%s', whose builders foresee supply, under the same random numbers.\n",
               arms[1].name);
    else if (strcmp(arms[0].name, "rational") != 0)
        printf("The file has no arm 'rational' to hold it against; run the scenario with that arm to have one.\n");
}

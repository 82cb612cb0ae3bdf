// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/validate.h"

#include "analysis/names.h"
#include "analysis/statistics.h"
#include "sim/plural.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDEST_BANDS  3.0 /* times the fact's band, or */
#define WIDEST_CENTRE 0.5 /* times its centre */

static const char *const verdicts[ANA_VERDICTS] = {"hit", "miss", "wide", "not comparable"};

const char *ana_verdict_name(ana_verdict_t verdict)
{
    return verdicts[verdict];
}

/* --- one fact ----------------------------------------------------------------------------------------------------- */

ana_verdict_t ana_judge(const ana_fact_t *fact, double p5, double p95)
{
    if (p5 > fact->high || p95 < fact->low)
        return ANA_VERDICT_MISS;
    double band, width, centre;
    if (fact->scoring == ANA_SCORING_LOG) {
        band = log(fact->high) - log(fact->low);
        width = p5 > 0 ? log(p95) - log(p5) : INFINITY;
        centre = 1;
    } else {
        band = fact->high - fact->low;
        width = p95 - p5;
        centre = fabs(fact->low + fact->high) / 2;
    }
    return width <= fmax(WIDEST_BANDS * band, WIDEST_CENTRE * centre) ? ANA_VERDICT_HIT : ANA_VERDICT_WIDE;
}

double ana_fact_value(const ana_fact_t *fact, const ana_series_t *series, const ana_series_t *over, size_t replication)
{
    double value = ana_reduce(series, replication, fact->reduction, fact->window, fact->base);
    if (over->values != NULL)
        value /= ana_reduce(over, replication, fact->reduction, fact->window, fact->base);
    return isfinite(value) ? value * fact->scale + fact->shift : NAN;
}

/* The fact's number in each replication, in its unit. */
static void reduce_all(const ana_fact_t *fact, const ana_series_t *series, const ana_series_t *over, double *values)
{
    for (size_t r = 0; r < series->n_replications; r++)
        values[r] = ana_fact_value(fact, series, over, r);
}

static void explain_missing(ana_finding_t *finding)
{
    char from[16], until[16];
    const ana_window_t *window = &finding->fact->window;
    if (finding->n > 0 || window->from_day == ANA_NO_DAY)
        snprintf(finding->reason, sizeof finding->reason, "%zu of %zu replication%s with a value; expected half",
                 finding->n, finding->n_all, sim_plural(finding->n_all));
    else
        snprintf(finding->reason, sizeof finding->reason, "the result holds nothing from %s to %s",
                 sim_date_format(window->from_day, from), sim_date_format(window->until_day, until));
}

/* Median, band and, where the fact is scored, the verdict; `values` is overwritten. */
static void judge_values(ana_finding_t *finding, double *values)
{
    const ana_fact_t *fact = finding->fact;
    finding->n = ana_sort_present(values, finding->n_all);
    if (finding->n == 0 || 2 * finding->n < finding->n_all) {
        if (fact->scoring != ANA_SCORING_NONE)
            explain_missing(finding);
        return;
    }
    finding->median = ana_quantile_sorted(values, finding->n, 0.5);
    finding->p5 = ana_quantile_sorted(values, finding->n, 0.05);
    finding->p95 = ana_quantile_sorted(values, finding->n, 0.95);
    if (fact->scoring == ANA_SCORING_NONE)
        return;
    finding->verdict = ana_judge(fact, finding->p5, finding->p95);
    finding->median_inside = finding->median >= fact->low && finding->median <= fact->high;
}

/* A variable that is not there is no failure of the comparison, only of this fact. */
static sim_status_t lacking(ana_finding_t *finding, sim_error_t *missing, sim_error_t *err)
{
    if (missing->code != SIM_EINPUT)
        return sim_fail(err, missing->code, NULL, "%s", missing->message);
    if (finding->fact->scoring != ANA_SCORING_NONE)
        snprintf(finding->reason, sizeof finding->reason, "%.310s", missing->message);
    return SIM_OK;
}

static sim_status_t compare_fact(sim_result_t *result, size_t arm, ana_finding_t *finding, sim_error_t *err)
{
    const ana_fact_t *fact = finding->fact;
    ana_series_t series = {0}, over = {0};
    sim_error_t missing = {0};
    sim_status_t status = ana_series_read(result, arm, fact->variable, &series, &missing);
    if (status == SIM_OK && *fact->over != '\0')
        status = ana_series_read(result, arm, fact->over, &over, &missing);
    double *values = NULL;
    if (status != SIM_OK) {
        status = lacking(finding, &missing, err);
        goto out;
    }
    values = calloc(series.n_replications + 1, sizeof *values);
    if (values == NULL) {
        status = sim_fail(err, SIM_ENOMEM, fact->id, "no memory for %zu replications", series.n_replications);
        goto out;
    }
    finding->n_all = series.n_replications;
    reduce_all(fact, &series, &over, values);
    judge_values(finding, values);
out:
    free(values);
    ana_series_free(&over);
    ana_series_free(&series);
    return status;
}

/* --- scores ------------------------------------------------------------------------------------------------------- */

/* A finding that counts among the comparable ones of a kind. */
static bool counts(const ana_finding_t *finding, ana_fact_kind_t kind)
{
    return finding->fact->kind == kind && finding->verdict != ANA_VERDICT_NOT_COMPARABLE;
}

/* Share of hits among the comparable facts of one source and kind; *first tells whether `at` is the first of them. */
static double share_of_source(const ana_validation_t *validation, size_t at, bool *first)
{
    const ana_fact_t *fact = validation->findings[at].fact;
    double hits = 0, n = 0;
    *first = true;
    for (size_t i = 0; i < validation->n; i++) {
        const ana_finding_t *finding = &validation->findings[i];
        if (!counts(finding, fact->kind) || strcmp(finding->fact->source, fact->source) != 0)
            continue;
        *first = *first && i >= at;
        hits += finding->verdict == ANA_VERDICT_HIT;
        n++;
    }
    return hits / n;
}

static void score_kind(ana_validation_t *validation, ana_fact_kind_t kind)
{
    ana_score_t score = {0};
    double shares = 0;
    for (size_t i = 0; i < validation->n; i++) {
        if (!counts(&validation->findings[i], kind))
            continue;
        bool first;
        double share = share_of_source(validation, i, &first);
        shares += first ? share : 0;
        score.sources += first;
        score.comparable++;
        score.hits += validation->findings[i].verdict == ANA_VERDICT_HIT;
        score.wide += validation->findings[i].verdict == ANA_VERDICT_WIDE;
    }
    bool any = score.comparable > 0;
    score.share = any ? (double)score.hits / (double)score.comparable : NAN;
    score.share_by_source = any ? shares / (double)score.sources : NAN;
    validation->score[kind] = score;
}

void ana_validation_score(ana_validation_t *validation)
{
    size_t comparable = 0, inside = 0;
    for (int kind = 0; kind < ANA_FACT_KINDS; kind++) {
        score_kind(validation, (ana_fact_kind_t)kind);
        comparable += validation->score[kind].comparable;
    }
    for (size_t i = 0; i < validation->n; i++)
        inside += validation->findings[i].median_inside;
    validation->score_medians = comparable > 0 ? (double)inside / (double)comparable : NAN;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static sim_status_t compare_all(sim_result_t *result, size_t arm, const ana_facts_t *facts,
                                ana_validation_t *validation, sim_error_t *err)
{
    validation->findings = calloc(facts->n + 1, sizeof *validation->findings);
    if (validation->findings == NULL)
        return sim_fail(err, SIM_ENOMEM, "facts", "no memory for %zu findings", facts->n);
    validation->n = facts->n;
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < facts->n && status == SIM_OK; i++) {
        ana_finding_t *finding = &validation->findings[i];
        *finding = (ana_finding_t){
            .fact = &facts->rows[i], .median = NAN, .p5 = NAN, .p95 = NAN, .verdict = ANA_VERDICT_NOT_COMPARABLE};
        if (finding->fact->scoring == ANA_SCORING_NONE)
            snprintf(finding->reason, sizeof finding->reason, "%s", finding->fact->note);
        if (*finding->fact->variable != '\0')
            status = compare_fact(result, arm, finding, err);
    }
    return status;
}

sim_status_t ana_validate(sim_result_t *result, const char *arm, const ana_facts_t *facts, ana_validation_t *validation,
                          sim_error_t *err)
{
    size_t index = 0;
    *validation = (ana_validation_t){0};
    sim_status_t status = ana_result_arm(result, "--arm", arm, &index, err);
    if (status == SIM_OK && sim_result_has(result, "/design"))
        status = sim_fail(err, SIM_EINPUT, "/design",
                          "found a result with a design, whose points are no replications; "
                          "expected a result without: run one point as a scenario of its own, or what a calibration "
                          "wrote beside it as FILE.yaml");
    if (status == SIM_OK)
        status = compare_all(result, index, facts, validation, err);
    if (status == SIM_OK)
        ana_validation_score(validation);
    return status;
}

void ana_validation_free(ana_validation_t *validation)
{
    free(validation->findings);
    *validation = (ana_validation_t){0};
}

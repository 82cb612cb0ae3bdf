// SPDX-License-Identifier: GPL-3.0-or-later
/* The first and the last stage of a calibration: what facts are like at the scenario's own values, and at the end. */
#include "analysis/calibrate/stages.h"
#include "analysis/statistics.h"
#include "scenarios/prior.h"

#include <stdlib.h>
#include <string.h>

#define NORMAL_MAD  1.4826 /* standard deviation of a normal distribution over its median absolute deviation */
#define LEAST_SCALE 0.01   /* of a fact's centre */
#define PRESENT     0.5    /* of the pilot's worlds must give a fact */

/* --- pilot -------------------------------------------------------------------------------------------------------- */

/* One fact's values over some simulations, sorted; in logarithms where the fact is. Returns how many there are. */
static size_t gather(const ana_runs_t *runs, size_t first, size_t n, size_t target, double *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = ana_runs_summary(runs, first + i)[target];
    return ana_sort_present(values, n);
}

/* Robust standard deviation of sorted values; they are overwritten. */
static double scatter(double *values, size_t n, bool in_logs)
{
    for (size_t i = 0; i < n && in_logs; i++)
        values[i] = log(fmax(values[i], 1e-300));
    double median = ana_quantile_sorted(values, n, 0.5);
    for (size_t i = 0; i < n; i++)
        values[i] = fabs(values[i] - median);
    n = ana_sort_present(values, n);
    return NORMAL_MAD * ana_quantile_sorted(values, n, 0.5);
}

static ana_target_t target_of(const ana_fact_t *fact, double noise)
{
    bool in_logs = fact->scoring == ANA_SCORING_LOG;
    double half = in_logs ? log(fact->high / fact->low) / 2 : (fact->high - fact->low) / 2;
    double least = in_logs ? LEAST_SCALE : LEAST_SCALE * fabs(fact->low + fact->high) / 2;
    double scale = fmax(fmax(half, noise), least);
    return (ana_target_t){.low = fact->low, .high = fact->high, .scale = scale > 0 ? scale : 1, .in_logs = in_logs};
}

static sim_status_t take_targets(stages_t *self, double *values, sim_error_t *err)
{
    ana_model_t *model = &self->model;
    size_t n = self->pilot.n;
    for (size_t f = 0; f < model->n_facts; f++) {
        const ana_fact_t *fact = model->facts[f];
        size_t present = gather(&self->pilot, 0, n, f, values);
        if ((double)present < PRESENT * (double)n || present == 0) {
            self->out->unreached[self->out->n_unreached++] = fact;
            continue;
        }
        self->targets[self->n_reached] = target_of(fact, scatter(values, present, fact->scoring == ANA_SCORING_LOG));
        self->reached[self->n_reached++] = f;
    }
    if (self->n_reached == 0)
        return sim_fail(err, SIM_EINPUT, scn_scenario_name(self->scenario),
                        "found none of the %zu calibration facts in its runs; expected a scenario whose horizon and "
                        "recorded groups reach some of them ('overbuild validate' says why each is missing)",
                        model->n_facts);
    return SIM_OK;
}

sim_status_t ana_stages_pilot(stages_t *self, sim_error_t *err)
{
    ana_model_t *model = &self->model;
    size_t facts = model->n_facts;
    double *values = calloc(self->out->pilot + 1, sizeof *values);
    self->all_facts = calloc(facts, sizeof *self->all_facts);
    self->reached = calloc(facts, sizeof *self->reached);
    self->targets = calloc(facts, sizeof *self->targets);
    self->out->unreached = calloc(facts, sizeof(const ana_fact_t *));
    sim_status_t status = SIM_OK;
    if (values == NULL || self->all_facts == NULL || self->reached == NULL || self->targets == NULL ||
        self->out->unreached == NULL)
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu facts", facts);
    for (size_t f = 0; status == SIM_OK && f < facts; f++) {
        self->all_facts[f] = f;
        self->targets[f] = target_of(model->facts[f], 0);
    }
    model->targets = self->all_facts;
    model->n_targets = facts;
    model->n_params = 0;
    self->problem.targets = self->targets;
    self->problem.n_targets = facts;
    self->problem.n_params = 0;
    if (status == SIM_OK)
        status = ana_runs_init(&self->pilot, &self->problem, self->out->pilot, err);
    if (status == SIM_OK)
        status = ana_runs_simulate(&self->pilot, &self->problem, self->out->pilot, ANA_STAGE_PILOT, err);
    if (status == SIM_OK)
        status = take_targets(self, values, err);
    free(values);
    return status;
}

/* --- check -------------------------------------------------------------------------------------------------------- */

/* The posterior's centre for what the facts identify, the scenario's own values for the rest. */
static sim_status_t mix_identified(const stages_t *self, const double *centre, double *mixed, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (size_t p = 0; p < self->n_picked && status == SIM_OK; p++) {
        ana_marginal_t marginal = {0};
        status = ana_posterior_marginal(&self->out->posterior, p, &marginal, err);
        mixed[p] = marginal.identified ? centre[p] : self->picked_own[p];
    }
    return status;
}

/* Places of the nearest simulation of the search. */
static void find_nearest(const stages_t *self, double *places)
{
    const ana_runs_t *runs = &self->search;
    size_t best = 0;
    for (size_t i = 1; i < runs->n; i++)
        if (runs->distances[i] < runs->distances[best])
            best = i;
    memcpy(places, ana_runs_place(runs, best), runs->n_params * sizeof *places);
}

/* Values as they will be written, so that what is checked is what comes out; own values are written already. */
static void shorten(stages_t *self)
{
    size_t d = self->n_picked;
    for (size_t i = d; i < ANA_CHECKED * d; i++) {
        const mdl_param_t *param = &mdl_params_registry(NULL)[self->picked[i % d]];
        double value = ana_stages_short_value(self, i % d, self->checked[i], ANA_CALIBRATED_DIGITS);
        self->checked[i] = scn_prior_place(param, value);
    }
}

static sim_status_t run_check(stages_t *self, size_t worlds, sim_error_t *err)
{
    size_t d = self->n_picked, n = ANA_CHECKED * worlds;
    sim_status_t status = ana_runs_init(&self->check, &self->problem, n, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++)
        memcpy(ana_runs_place(&self->check, i), self->checked + i / worlds * d, d * sizeof *self->checked);
    self->problem.n_worlds = (uint32_t)worlds;
    if (status == SIM_OK)
        status = ana_runs_simulate(&self->check, &self->problem, n, ANA_STAGE_CHECK, err);
    return status;
}

/* Median facts of one point and how far they lie from theirs; infinite when a fact is missing in half the worlds. */
static double judge_point(const stages_t *self, size_t point, size_t worlds, double *values, double *medians)
{
    for (size_t j = 0; j < self->n_reached; j++) {
        size_t n = gather(&self->check, point * worlds, worlds, j, values);
        medians[j] = 2 * n >= worlds ? ana_quantile_sorted(values, n, 0.5) : (double)NAN;
    }
    return ana_distance(&self->problem, medians);
}

/* One fact at the scenario's own values (which = 0) or at the chosen ones (1). */
static void judge_fact(const stages_t *self, size_t target, size_t point, size_t worlds, int which, double *values)
{
    ana_checked_fact_t *checked = &self->out->facts[target];
    size_t n = gather(&self->check, point * worlds, worlds, target, values);
    checked->median[which] = ana_quantile_sorted(values, n, 0.5);
    checked->p5[which] = ana_quantile_sorted(values, n, 0.05);
    checked->p95[which] = ana_quantile_sorted(values, n, 0.95);
    checked->verdict[which] = 2 * n < worlds || n == 0
                                  ? ANA_VERDICT_NOT_COMPARABLE
                                  : ana_judge(checked->fact, checked->p5[which], checked->p95[which]);
}

static sim_status_t judge(stages_t *self, size_t worlds, double *values, double *medians, sim_error_t *err)
{
    ana_calibration_t *out = self->out;
    for (int point = 0; point < ANA_CHECKED; point++) {
        double distance = judge_point(self, (size_t)point, worlds, values, medians);
        if (point == 0)
            out->distance[0] = out->distance[1] = distance;
        if (distance < out->distance[1]) {
            out->distance[1] = distance;
            out->chosen = point;
        }
    }
    out->facts = calloc(self->n_reached, sizeof *out->facts);
    if (out->facts == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu facts", self->n_reached);
    out->n_facts = self->n_reached;
    for (size_t j = 0; j < self->n_reached; j++) {
        out->facts[j].fact = self->model.facts[self->reached[j]];
        out->facts[j].scale = self->targets[j].scale;
        out->facts[j].in_logs = self->targets[j].in_logs;
        out->facts[j].adjusted = out->posterior.adjusted != NULL && out->posterior.adjusted[j];
        judge_fact(self, j, 0, worlds, 0, values);
        judge_fact(self, j, (size_t)out->chosen, worlds, 1, values);
    }
    return SIM_OK;
}

sim_status_t ana_stages_check(stages_t *self, sim_error_t *err)
{
    size_t d = self->n_picked, worlds = self->out->check / ANA_CHECKED;
    double *values = calloc(worlds + 1, sizeof *values), *medians = calloc(self->n_reached + 1, sizeof *medians);
    self->checked = calloc(ANA_CHECKED * d, sizeof *self->checked);
    sim_status_t status = SIM_OK;
    if (values == NULL || medians == NULL || self->checked == NULL) {
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for a check");
        goto out;
    }
    memcpy(self->checked, self->picked_own, d * sizeof *self->checked);
    ana_posterior_centre(&self->out->posterior, self->checked + d);
    find_nearest(self, self->checked + 3 * d);
    status = mix_identified(self, self->checked + d, self->checked + 2 * d, err);
    if (status == SIM_OK) {
        shorten(self);
        status = run_check(self, worlds, err);
    }
    if (status == SIM_OK)
        status = judge(self, worlds, values, medians, err);
out:
    free(values);
    free(medians);
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* A calibration's groups in its result; docs/CALIBRATION.md lists them. */
#include "analysis/calibrate/stages.h"
#include "scenarios/provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mdl_param_t *param_of(const ana_parameter_t *parameter)
{
    return &mdl_params_registry(NULL)[parameter->param];
}

static const char *unit_of(const mdl_param_t *param)
{
    return param->kind == MDL_KIND_CHOICE || param->kind == MDL_KIND_FLAG ? "1" : param->unit;
}

/* One variable along one dimension; the values are only read. */
static sim_status_t write_column(sim_result_t *result, const char *group, const char *name, const char *dim, size_t n,
                                 const double *values, const char *units, const char *long_name, sim_error_t *err)
{
    char path[160];
    sim_array_t array = {.values = (double *)(uintptr_t)values, .n_dims = 1, .shape = {n}};
    snprintf(array.dims[0], sizeof array.dims[0], "%s", dim);
    snprintf(array.units, sizeof array.units, "%s", units);
    snprintf(array.long_name, sizeof array.long_name, "%s", long_name);
    snprintf(path, sizeof path, "%s/%s", group, name);
    return sim_result_write(result, path, &array, err);
}

/* --- simulations -------------------------------------------------------------------------------------------------- */

/* Stage, generation, world, distance and places of every point of the result, NaN for those that were not run. */
typedef struct table {
    size_t n, d;
    double *stage, *generation, *world, *distance;
    double *values; /* [parameter][point] */
} table_t;

static double *nan_column(size_t n)
{
    double *column = malloc((n + 1) * sizeof *column);
    for (size_t i = 0; column != NULL && i < n; i++)
        column[i] = NAN;
    return column;
}

static bool table_init(table_t *self, size_t n, size_t d)
{
    *self = (table_t){.n = n,
                      .d = d,
                      .stage = nan_column(n),
                      .generation = nan_column(n),
                      .world = nan_column(n),
                      .distance = nan_column(n),
                      .values = nan_column(n * d)};
    return self->stage != NULL && self->generation != NULL && self->world != NULL && self->distance != NULL &&
           self->values != NULL;
}

static void table_free(table_t *self)
{
    free(self->stage);
    free(self->generation);
    free(self->world);
    free(self->distance);
    free(self->values);
}

/* One stage's simulations from point `first` on. `places_at`: where a calibrated parameter's place is among those of a
 * simulation; NULL: the i-th is the i-th. Without places (pilot) the scenario's values hold. */
static void add_stage(table_t *self, const stages_t *stages, const ana_runs_t *runs, int stage, size_t first,
                      const size_t *places_at)
{
    for (size_t i = 0; i < runs->n; i++) {
        size_t at = first + i;
        self->stage[at] = stage;
        self->generation[at] = runs->stages[i];
        self->world[at] = runs->worlds[i];
        self->distance[at] = stage == ANA_STAGE_PILOT ? (double)NAN : runs->distances[i];
        for (size_t p = 0; p < self->d; p++) {
            double own = stages->out->parameters[p].own;
            self->values[p * self->n + at] =
                runs->n_params == 0
                    ? own
                    : ana_stages_value(stages, p, ana_runs_place(runs, i)[places_at == NULL ? p : places_at[p]]);
        }
    }
}

static sim_status_t write_table(sim_result_t *result, const stages_t *stages, const table_t *table, sim_error_t *err)
{
    const struct {
        const char *name;
        const double *values;
        const char *long_name;
    } columns[] = {
        {"stage", table->stage, "stage: 0 pilot, 1 screening, 2 search, 3 check"},
        {"generation", table->generation, "generation (abc) or round (msm) of the search"},
        {"world", table->world, "replication whose random numbers the simulation had"},
        {"distance", table->distance, "distance of the facts from their bands"},
    };
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0] && status == SIM_OK; i++)
        status = write_column(result, "/simulations", columns[i].name, "point", table->n, columns[i].values, "1",
                              columns[i].long_name, err);
    for (size_t p = 0; p < table->d && status == SIM_OK; p++) {
        const mdl_param_t *param = param_of(&stages->out->parameters[p]);
        status = write_column(result, "/design", param->key, "point", table->n, table->values + p * table->n,
                              unit_of(param), param->meaning, err);
    }
    return status;
}

static sim_status_t write_simulations(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    const ana_calibration_t *out = stages->out;
    table_t table;
    size_t first = out->pilot;
    if (!table_init(&table, stages->options->budget, stages->n_picked)) {
        table_free(&table);
        return sim_fail(err, SIM_ENOMEM, "/simulations", "no memory for %zu simulations", stages->options->budget);
    }
    add_stage(&table, stages, &stages->pilot, ANA_STAGE_PILOT, 0, NULL);
    if (stages->screening.n > 0)
        add_stage(&table, stages, &stages->screening, ANA_STAGE_SCREENING, first, stages->picked_at);
    first += stages->screening.n;
    add_stage(&table, stages, &stages->search, ANA_STAGE_SEARCH, first, NULL);
    first += stages->search.n;
    add_stage(&table, stages, &stages->check, ANA_STAGE_CHECK, first, NULL);
    sim_status_t status = write_table(result, stages, &table, err);
    table_free(&table);
    return status;
}

/* --- posterior ---------------------------------------------------------------------------------------------------- */

static sim_status_t write_particles(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    const ana_posterior_t *posterior = &stages->out->posterior;
    size_t n = posterior->n, d = posterior->n_params;
    double *values = calloc(n + 1, sizeof *values);
    if (values == NULL)
        return sim_fail(err, SIM_ENOMEM, "/posterior", "no memory for %zu particles", n);
    for (size_t i = 0; i < n; i++)
        values[i] = (double)i;
    sim_status_t status = sim_result_write_scale(result, "/posterior", "particle", values, n, "1", "particle", err);
    if (status == SIM_OK)
        status = write_column(result, "/posterior", "weight", "particle", n, posterior->weights, "1",
                              "probability of the particle", err);
    for (size_t p = 0; p < d && status == SIM_OK; p++) {
        const mdl_param_t *param = param_of(&stages->out->parameters[p]);
        for (size_t i = 0; i < n; i++)
            values[i] = ana_stages_value(stages, p, ana_score_place(posterior->scores[i * d + p]));
        status =
            write_column(result, "/posterior", param->key, "particle", n, values, unit_of(param), param->meaning, err);
    }
    free(values);
    return status;
}

/* --- parameters --------------------------------------------------------------------------------------------------- */

enum { N_OF_PARAMETER = 16 };

static void row_of_parameter(const ana_parameter_t *p, double row[N_OF_PARAMETER])
{
    const ana_marginal_t *m = &p->marginal;
    const double values[N_OF_PARAMETER] = {p->own,
                                           p->calibrated,
                                           p->mean,
                                           p->p5,
                                           p->p50,
                                           p->p95,
                                           p->prior_p5,
                                           p->prior_p95,
                                           m->mean,
                                           m->sd,
                                           m->width,
                                           m->width_high,
                                           m->ks,
                                           m->identified,
                                           p->influence.correlation,
                                           (double)p->influence.rank};
    memcpy(row, values, sizeof values);
}

static const struct {
    const char *name, *long_name;
} of_parameter[N_OF_PARAMETER] = {
    {"own", "value of the scenario, in the parameter's unit"},
    {"calibrated", "value that the check chose, in the parameter's unit"},
    {"mean", "posterior mean, in the parameter's unit"},
    {"p5", "5 % quantile of the posterior, in the parameter's unit"},
    {"p50", "median of the posterior, in the parameter's unit"},
    {"p95", "95 % quantile of the posterior, in the parameter's unit"},
    {"prior_p5", "5 % quantile of the prior, in the parameter's unit"},
    {"prior_p95", "95 % quantile of the prior, in the parameter's unit"},
    {"place_mean", "posterior mean of the share of the prior below the value"},
    {"place_sd", "posterior standard deviation of the share of the prior below the value"},
    {"width", "that standard deviation over the prior's"},
    {"width_high", "upper end of the one-sided 95 % interval of width"},
    {"ks", "largest distance between the distribution functions of posterior and prior"},
    {"identified", "whether the facts identify the parameter: 1 yes, 0 no"},
    {"influence", "partial rank correlation by which screening picked it"},
    {"rank", "in which screening picked it, from 1; 0 when nothing was screened"},
};

static sim_status_t write_parameters(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    const ana_calibration_t *out = stages->out;
    size_t n = out->n_parameters;
    const char **keys = calloc(n + 1, sizeof(const char *));
    double *columns = calloc(n * N_OF_PARAMETER + 1, sizeof *columns), row[N_OF_PARAMETER];
    sim_status_t status = keys == NULL || columns == NULL
                              ? sim_fail(err, SIM_ENOMEM, "/parameters", "no memory for %zu parameters", n)
                              : SIM_OK;
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        keys[i] = param_of(&out->parameters[i])->key;
        row_of_parameter(&out->parameters[i], row);
        for (size_t c = 0; c < N_OF_PARAMETER; c++)
            columns[c * n + i] = row[c];
    }
    if (status == SIM_OK)
        status = sim_result_write_labels(result, "/parameters", "parameter", keys, n, err);
    for (size_t c = 0; c < N_OF_PARAMETER && status == SIM_OK; c++)
        status = write_column(result, "/parameters", of_parameter[c].name, "parameter", n, columns + c * n, "1",
                              of_parameter[c].long_name, err);
    free((void *)keys);
    free(columns);
    return status;
}

/* Parameters that were looked at and left. */
static sim_status_t write_left(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    const ana_calibration_t *out = stages->out;
    size_t n = out->n_left;
    if (n == 0)
        return SIM_OK;
    const char **keys = calloc(n, sizeof(const char *));
    double *columns = calloc(2 * n, sizeof *columns);
    sim_status_t status = keys == NULL || columns == NULL
                              ? sim_fail(err, SIM_ENOMEM, "/left", "no memory for %zu parameters", n)
                              : SIM_OK;
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        keys[i] = param_of(&out->left[i])->key;
        columns[i] = out->left[i].own;
        columns[n + i] = out->left[i].influence.correlation;
    }
    if (status == SIM_OK)
        status = sim_result_write_labels(result, "/left", "parameter", keys, n, err);
    if (status == SIM_OK)
        status = write_column(result, "/left", "own", "parameter", n, columns, "1", of_parameter[0].long_name, err);
    if (status == SIM_OK)
        status = write_column(result, "/left", "influence", "parameter", n, columns + n, "1",
                              "largest partial rank correlation with a fact once the others were picked", err);
    free((void *)keys);
    free(columns);
    return status;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

enum { N_OF_FACT = 12 };

static const struct {
    const char *name, *long_name;
} of_fact[N_OF_FACT] = {
    {"low", "lower end of the fact's band, in the fact's unit"},
    {"high", "upper end of the fact's band, in the fact's unit"},
    {"scale", "miss that is one unit of distance, in the fact's unit or in logarithms"},
    {"adjusted", "whether the regression adjustment used it: 1 yes, 0 no"},
    {"own_median", "median at the scenario's own values, in the fact's unit"},
    {"own_p5", "5 % quantile there"},
    {"own_p95", "95 % quantile there"},
    {"median", "median at the calibrated values, in the fact's unit"},
    {"p5", "5 % quantile there"},
    {"p95", "95 % quantile there"},
    {"own_verdict", "verdict at the scenario's own values: 0 hit, 1 miss, 2 wide, 3 not comparable"},
    {"verdict", "verdict at the calibrated values: 0 hit, 1 miss, 2 wide, 3 not comparable"},
};

static void row_of_fact(const ana_checked_fact_t *f, double row[N_OF_FACT])
{
    const double values[N_OF_FACT] = {f->fact->low, f->fact->high, f->scale, f->adjusted, f->median[0],  f->p5[0],
                                      f->p95[0],    f->median[1],  f->p5[1], f->p95[1],   f->verdict[0], f->verdict[1]};
    memcpy(row, values, sizeof values);
}

static sim_status_t write_facts(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    const ana_calibration_t *out = stages->out;
    size_t n = out->n_facts;
    const char **ids = calloc(n + 1, sizeof(const char *));
    double *columns = calloc(n * N_OF_FACT + 1, sizeof *columns), row[N_OF_FACT];
    sim_status_t status =
        ids == NULL || columns == NULL ? sim_fail(err, SIM_ENOMEM, "/facts", "no memory for %zu facts", n) : SIM_OK;
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        ids[i] = out->facts[i].fact->id;
        row_of_fact(&out->facts[i], row);
        for (size_t c = 0; c < N_OF_FACT; c++)
            columns[c * n + i] = row[c];
    }
    if (status == SIM_OK)
        status = sim_result_write_labels(result, "/facts", "fact", ids, n, err);
    for (size_t c = 0; c < N_OF_FACT && status == SIM_OK; c++)
        status =
            write_column(result, "/facts", of_fact[c].name, "fact", n, columns + c * n, "1", of_fact[c].long_name, err);
    free((void *)ids);
    free(columns);
    return status;
}

/* --- provenance --------------------------------------------------------------------------------------------------- */

static sim_status_t write_provenance(sim_result_t *result, const stages_t *stages, sim_error_t *err)
{
    char budget[32], format[16];
    const ana_calibration_options_t *options = stages->options;
    snprintf(budget, sizeof budget, "%zu", options->budget);
    snprintf(format, sizeof format, "%d", ANA_CALIBRATION_FORMAT);
    const struct {
        const char *path, *text;
    } texts[] = {
        {"/provenance/calibration_format", format},
        {"/provenance/method", ana_calibrate_method_name(options->method)},
        {"/provenance/budget", budget},
        {"/provenance/calibrated_arm", options->arm},
        {"/provenance/parameters_asked_for", options->parameters == NULL ? "" : options->parameters},
    };
    sim_status_t status = scn_provenance_write(result, stages->scenario, err);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == SIM_OK; i++)
        status = sim_result_write_text(result, texts[i].path, texts[i].text, err);
    return status;
}

sim_status_t ana_stages_write(sim_result_t *result, void *user, sim_error_t *err)
{
    const stages_t *stages = user;
    sim_status_t status = write_provenance(result, stages, err);
    if (status == SIM_OK)
        status = write_simulations(result, stages, err);
    if (status == SIM_OK)
        status = write_particles(result, stages, err);
    if (status == SIM_OK)
        status = write_parameters(result, stages, err);
    if (status == SIM_OK)
        status = write_left(result, stages, err);
    if (status == SIM_OK)
        status = write_facts(result, stages, err);
    return status;
}

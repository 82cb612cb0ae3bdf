// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/calibrate.h"
#include "sim/plural.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const chosen_names[] = {"own", "centre", "identified", "simulation"};

static const mdl_param_t *param_of(const ana_parameter_t *parameter)
{
    return &mdl_params_registry(NULL)[parameter->param];
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static void print_parameters(const ana_calibration_t *calibration)
{
    printf("%-34s %-9s %10s %10s %10s %10s %10s  %5s  %s\n", "parameter", "unit", "own", "calibrated", "mean", "p5",
           "p95", "width", "identified");
    for (size_t i = 0; i < calibration->n_parameters; i++) {
        const ana_parameter_t *p = &calibration->parameters[i];
        printf("%-34s %-9.9s %10.4g %10.4g %10.4g %10.4g %10.4g  %5.2f  %s\n", param_of(p)->key, param_of(p)->unit,
               p->own, p->calibrated, p->mean, p->p5, p->p95, p->marginal.width,
               p->marginal.identified ? "yes" : "no: at its prior");
    }
}

static size_t count_hits(const ana_calibration_t *calibration, int which)
{
    size_t hits = 0;
    for (size_t i = 0; i < calibration->n_facts; i++)
        hits += calibration->facts[i].verdict[which] == ANA_VERDICT_HIT;
    return hits;
}

static void print_facts(const ana_calibration_t *calibration)
{
    printf("\n%-6s %-48s %9s %9s  %9s %-6s  %9s %-6s\n", "fact", "", "low", "high", "own", "", "calibr.", "");
    for (size_t i = 0; i < calibration->n_facts; i++) {
        const ana_checked_fact_t *f = &calibration->facts[i];
        printf("%-6s %-48.48s %9.4g %9.4g  %9.4g %-6.6s  %9.4g %-6.6s\n", f->fact->id, f->fact->quantity, f->fact->low,
               f->fact->high, f->median[0], ana_verdict_name(f->verdict[0]), f->median[1],
               ana_verdict_name(f->verdict[1]));
    }
    if (calibration->n_unreached > 0)
        printf("\nNot reached by this scenario:");
    for (size_t i = 0; i < calibration->n_unreached; i++)
        printf(" %s", calibration->unreached[i]->id);
    printf("%s", calibration->n_unreached > 0 ? "\n" : "");
}

void app_calibrate_table(const ana_calibration_t *calibration, const app_calibrate_files_t *files)
{
    static const char *const of[] = {"the scenario's own values, which nothing beat", "the posterior's centre",
                                     "the posterior's centre where identified, own values else",
                                     "the nearest simulation"};
    print_parameters(calibration);
    print_facts(calibration);
    printf("\nSimulations: %zu pilot, %zu screening (%zu parameter%s left at the scenario's values), %zu search, %zu "
           "check; %zu failed.\n",
           calibration->pilot, calibration->screening, calibration->n_left, sim_plural(calibration->n_left),
           calibration->search, calibration->check, calibration->failed);
    printf("Facts hit: %zu of %zu, with own values %zu.\n", count_hits(calibration, 1), calibration->n_facts,
           count_hits(calibration, 0));
    printf("Posterior: %zu particles, %zu effective. Calibrated: %s; distance %.4g, own values %.4g.\n",
           calibration->posterior.n, calibration->posterior.effective, of[calibration->chosen],
           calibration->distance[1], calibration->distance[0]);
    printf("%s: digest %016" PRIx64 "; %s: the scenario; %s: %d draws for 'parameters: posterior'\n", files->result,
           calibration->digest, files->scenario, files->draws, ANA_CALIBRATION_DRAWS);
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *parameters_json(const ana_calibration_t *calibration)
{
    json_t *list = json_array();
    for (size_t i = 0; i < calibration->n_parameters; i++) {
        const ana_parameter_t *p = &calibration->parameters[i];
        const ana_marginal_t *m = &p->marginal;
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
                                              "key", param_of(p)->key, "unit", param_of(p)->unit, "own", number(p->own),
                                              "calibrated", number(p->calibrated), "mean", number(p->mean), "p5",
                                              number(p->p5), "p50", number(p->p50), "p95", number(p->p95), "prior_p5",
                                              number(p->prior_p5), "prior_p95", number(p->prior_p95), "width",
                                              number(m->width), "width_high", number(m->width_high), "ks",
                                              number(m->ks), "identified", m->identified));
    }
    return list;
}

static json_t *facts_json(const ana_calibration_t *calibration)
{
    json_t *list = json_array();
    for (size_t i = 0; i < calibration->n_facts; i++) {
        const ana_checked_fact_t *f = &calibration->facts[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:s}", "id",
                                              f->fact->id, "quantity", f->fact->quantity, "unit", f->fact->unit, "low",
                                              number(f->fact->low), "high", number(f->fact->high), "own_median",
                                              number(f->median[0]), "own_verdict", ana_verdict_name(f->verdict[0]),
                                              "median", number(f->median[1]), "p5", number(f->p5[1]), "p95",
                                              number(f->p95[1]), "verdict", ana_verdict_name(f->verdict[1])));
    }
    return list;
}

static json_t *names_json(const ana_calibration_t *calibration, bool facts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < (facts ? calibration->n_unreached : calibration->n_left); i++)
        json_array_append_new(
            list, json_string(facts ? calibration->unreached[i]->id : param_of(&calibration->left[i])->key));
    return list;
}

void app_calibrate_json(const ana_calibration_t *calibration, const ana_calibration_options_t *options,
                        const app_calibrate_files_t *files)
{
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
        "file", files->result, "scenario", files->scenario, "draws", files->draws, "digest",
        json_sprintf("%016" PRIx64, calibration->digest), "method", ana_calibrate_method_name(options->method),
        "budget", (json_int_t)options->budget, "simulations", "pilot", (json_int_t)calibration->pilot, "screening",
        (json_int_t)calibration->screening, "search", (json_int_t)calibration->search, "check",
        (json_int_t)calibration->check, "failed", (json_int_t)calibration->failed, "particles",
        (json_int_t)calibration->posterior.n, "effective_particles", (json_int_t)calibration->posterior.effective,
        "chosen", chosen_names[calibration->chosen], "own_distance", number(calibration->distance[0]), "distance",
        number(calibration->distance[1]), "parameters", parameters_json(calibration), "left_at_prior",
        names_json(calibration, false), "facts", facts_json(calibration), "facts_not_reached",
        names_json(calibration, true));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

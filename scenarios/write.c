// SPDX-License-Identifier: GPL-3.0-or-later
/* A scenario as YAML, resolved: everything written out, nothing inherited, nothing left to defaults. */
#include "models/params/csv.h"
#include "scenarios/design.h"
#include "scenarios/plan.h"
#include "sim/time.h"

#include <stdlib.h>
#include <string.h>

static const mdl_param_t *param_of(int32_t param)
{
    size_t n;
    return &mdl_params_registry(&n)[param];
}

static void put_number(scn_text_t *text, double value)
{
    char number[MDL_VALUE_BYTES];
    scn_text_put(text, mdl_number_format(value, number));
}

static void put_value(scn_text_t *text, int32_t param, double value)
{
    char number[MDL_VALUE_BYTES];
    scn_text_put(text, mdl_param_format(param_of(param), value, number));
}

static void put_date(scn_text_t *text, int64_t day)
{
    char date[16];
    scn_text_put(text, sim_date_format(day, date));
}

/* Where a value was given: the file's own name without folders, so that the text does not depend on where it lies. */
static void put_place(const scn_scenario_t *self, scn_text_t *text, scn_place_t place)
{
    if (place.label != NULL)
        scn_text_put(text, "command line");
    else if (place.file < self->n_sources && mdl_text_valid(self->sources[place.file].base))
        scn_text_add(text, "%s:%u:%u", self->sources[place.file].base, (unsigned)place.line, (unsigned)place.column);
    else
        scn_text_put(text, "file");
}

/* --- parameters --------------------------------------------------------------------------------------------------- */

static bool is_factor(const scn_draft_t *draft, int32_t param)
{
    for (size_t i = 0; i < draft->factors.n; i++)
        if (draft->factors.items[i].param == param)
            return true;
    return false;
}

static void put_param(const scn_scenario_t *self, scn_text_t *text, int32_t i, bool places)
{
    const mdl_param_t *param = param_of(i);
    const scn_setting_t *setting = scn_settings_find(&self->draft.set, i);
    scn_text_add(text, "  %s: ", param->key);
    put_value(text, i, setting != NULL ? setting->value : param->def);
    if (places) {
        scn_text_put(text, " # ");
        if (strcmp(param->unit, "1") != 0)
            scn_text_add(text, "%s; ", param->unit);
        if (setting != NULL)
            put_place(self, text, setting->place);
        else
            scn_text_add(text, "default: %s", param->source);
    }
    scn_text_put(text, "\n");
}

static void put_params(const scn_scenario_t *self, scn_text_t *text, bool places)
{
    size_t n;
    (void)mdl_params_registry(&n);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (is_factor(&self->draft, (int32_t)i))
            continue;
        scn_text_put(text, any ? "" : "set:\n");
        any = true;
        put_param(self, text, (int32_t)i, places);
    }
}

static void put_settings(scn_text_t *text, const scn_settings_t *settings, const char *indent)
{
    for (size_t i = 0; i < settings->n; i++) {
        scn_text_add(text, "%s%s: ", indent, param_of(settings->items[i].param)->key);
        put_value(text, settings->items[i].param, settings->items[i].value);
        scn_text_put(text, "\n");
    }
}

/* --- changes and shocks ------------------------------------------------------------------------------------------- */

static void put_source(scn_text_t *text, const char *source)
{
    if (source != NULL) {
        scn_text_put(text, ", source: ");
        scn_text_put_quoted(text, source);
    }
    scn_text_put(text, "}\n");
}

static void put_changes(scn_text_t *text, const scn_dateds_t *changes, const char *indent)
{
    if (changes->n > 0)
        scn_text_add(text, "%schanges:\n", indent);
    for (size_t i = 0; i < changes->n; i++) {
        const scn_dated_t *change = &changes->items[i];
        scn_text_add(text, "%s  - {date: ", indent);
        put_date(text, change->day);
        scn_text_add(text, ", set: {%s: ", param_of(change->setting.param)->key);
        put_value(text, change->setting.param, change->setting.value);
        scn_text_put(text, "}");
        put_source(text, change->source);
    }
}

static void put_types(const scn_scenario_t *self, scn_text_t *text, uint64_t types)
{
    scn_text_put(text, ", types: [");
    const char *comma = "";
    for (uint32_t i = 0; i < self->tables->n_gpu_types; i++)
        if (types >> i & 1) {
            scn_text_put(text, comma);
            scn_text_put_quoted(text, self->tables->gpu_types[i].name);
            comma = ", ";
        }
    scn_text_put(text, "]");
}

static void put_shocks(const scn_scenario_t *self, scn_text_t *text, const scn_events_t *shocks, const char *indent)
{
    if (shocks->n > 0)
        scn_text_add(text, "%sshocks:\n", indent);
    for (size_t i = 0; i < shocks->n; i++) {
        const scn_event_t *shock = &shocks->items[i];
        scn_text_add(text, "%s  - {date: ", indent);
        put_date(text, shock->day);
        scn_text_add(text, ", kind: %s", shock->type->name);
        if (shock->type->types)
            put_types(self, text, shock->types);
        if (shock->type->value) {
            scn_text_put(text, ", value: ");
            put_number(text, shock->value);
        }
        put_source(text, shock->source);
    }
}

/* --- arms --------------------------------------------------------------------------------------------------------- */

static void put_without(scn_text_t *text, uint32_t without)
{
    size_t n;
    const mdl_shock_type_t *registry = mdl_shock_registry(&n);
    const char *separator = "    without: [";
    for (size_t i = 0; i < n; i++)
        if (without >> i & 1) {
            scn_text_add(text, "%s%s", separator, registry[i].name);
            separator = ", ";
        }
    if (without != 0)
        scn_text_put(text, "]\n");
}

void scn_plan_write_arm(const scn_scenario_t *self, uint32_t index, scn_text_t *text)
{
    const scn_arm_t *arm = &self->draft.arms.items[index];
    scn_text_add(text, "  - name: %s\n", arm->name);
    if (arm->has_from) {
        scn_text_put(text, "    from: ");
        put_date(text, arm->from_day);
        scn_text_put(text, "\n");
    }
    if (arm->set.n > 0) {
        scn_text_put(text, "    set:\n");
        put_settings(text, &arm->set, "      ");
    }
    put_without(text, arm->without);
    put_changes(text, &arm->changes, "    ");
    put_shocks(self, text, &arm->shocks, "    ");
}

/* --- design ------------------------------------------------------------------------------------------------------- */

static void put_factor(scn_text_t *text, const scn_factor_t *factor)
{
    static const char *const names[] = {"uniform", "loguniform", "normal", "choice"};
    const char *a = factor->distribution == SCN_NORMAL ? "mean" : "min";
    const char *b = factor->distribution == SCN_NORMAL ? "sd" : "max";
    scn_text_add(text, "  %s: {dist: %s, ", param_of(factor->param)->key, names[factor->distribution]);
    if (factor->distribution != SCN_CHOICE) {
        scn_text_add(text, "%s: ", a);
        put_number(text, factor->a);
        scn_text_add(text, ", %s: ", b);
        put_number(text, factor->b);
    } else {
        scn_text_put(text, "values: [");
        for (size_t i = 0; i < factor->n_values; i++) {
            scn_text_put(text, i > 0 ? ", " : "");
            put_value(text, factor->param, factor->values[i]);
        }
        scn_text_put(text, "]");
    }
    scn_text_put(text, "}\n");
}

/* The points of a Latin hypercube and the levels of a factorial design can't grow: they belong to the identity. */
static void put_design(const scn_draft_t *draft, scn_text_t *text, bool counts)
{
    static const char *const methods[] = {"mc", "lhs", "sobol", "factorial"};
    if (!draft->has_design)
        return;
    scn_text_put(text, "uncertain:\n");
    for (size_t i = 0; i < draft->factors.n; i++)
        put_factor(text, &draft->factors.items[i]);
    scn_text_add(text, "design: {method: %s", methods[draft->method]);
    bool grows = draft->method == SCN_METHOD_MC || draft->method == SCN_METHOD_SOBOL;
    if (draft->points > 0 && (counts || !grows))
        scn_text_add(text, ", points: %lld", (long long)draft->points);
    if (draft->levels > 0)
        scn_text_add(text, ", levels: %lld", (long long)draft->levels);
    scn_text_add(text, ", share_randomness: %s}\n", draft->share_randomness ? "true" : "false");
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void put_counts(const scn_draft_t *draft, scn_text_t *text)
{
    if (draft->metric != NULL) {
        scn_text_add(text, "precision: {metric: %s, half_width: ", draft->metric);
        put_number(text, draft->half_width);
        scn_text_add(text, ", max: %lld}\n", (long long)draft->replications);
    } else {
        scn_text_add(text, "replications: %lld\n", (long long)draft->replications);
    }
}

static void put_record(const scn_scenario_t *self, scn_text_t *text)
{
    scn_text_add(text, "record: {interval: %lld d, detail: [", (long long)(self->draft.interval_s / SIM_DAY_S));
    const char *comma = "";
    for (int i = 0; i < MDL_DETAILS; i++)
        if (self->inputs[0].detail >> i & 1) {
            scn_text_add(text, "%s%s", comma, mdl_detail_name(i));
            comma = ", ";
        }
    scn_text_put(text, "]}\n");
}

/* A table's text as one double-quoted scalar, a line of it per line of the file. */
static void put_table(scn_text_t *text, const char *indent, const char *name, const char *csv)
{
    scn_text_add(text, "%s%s: \"\\\n    ", indent, name);
    for (const char *c = csv; *c != '\0'; c++) {
        switch (*c) {
        case '\n': scn_text_put(text, c[1] != '\0' ? "\\n\\\n    " : "\\n"); break;
        case '\r': scn_text_put(text, "\\r"); break;
        case '\t': scn_text_put(text, "\\t"); break;
        case '"': scn_text_put(text, "\\\""); break;
        case '\\': scn_text_put(text, "\\\\"); break;
        case ' ': scn_text_put(text, c == csv || c[-1] == '\n' ? "\\x20" : " "); break;
        default: scn_text_put_n(text, c, 1); break;
        }
    }
    scn_text_put(text, "\"\n");
}

static void put_tables(const scn_draft_t *draft, scn_text_t *text)
{
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    bool any = false;
    for (size_t i = 0; i < n; i++)
        if (draft->tables[i].given) {
            scn_text_put(text, any ? "" : "tables:\n");
            any = true;
            put_table(text, "  ", registry[i].name, draft->tables[i].source.text);
        }
}

/* The table as it counts: without the columns that lose to a nearer value. */
static void put_posterior(const scn_draft_t *draft, scn_text_t *text)
{
    const scn_posterior_t *table = &draft->posterior;
    if (table->n_params == 0)
        return;
    scn_text_t csv = {0};
    for (size_t i = 0; i < table->n_params; i++)
        scn_text_add(&csv, "%s%s", i > 0 ? "," : "", param_of(table->params[i])->key);
    scn_text_put(&csv, "\n");
    for (size_t row = 0; row < table->n_rows; row++) {
        for (size_t i = 0; i < table->n_params; i++) {
            scn_text_put(&csv, i > 0 ? "," : "");
            put_value(&csv, table->params[i], table->rows[row][i]);
        }
        scn_text_put(&csv, "\n");
    }
    char *chars = scn_text_take(&csv);
    text->failed = text->failed || chars == NULL;
    scn_text_put(text, "parameters: posterior\n");
    put_table(text, "", "posterior", chars != NULL ? chars : "");
    free(chars);
}

void scn_plan_write(const scn_scenario_t *self, scn_write_options_t options, scn_text_t *text)
{
    const scn_draft_t *draft = &self->draft;
    if (options.counts)
        scn_text_add(text,
                     "# Resolved: every value written out; after each its unit and where it comes from\nname: %s\n",
                     draft->name);
    scn_text_put(text, "horizon: {start: ");
    put_date(text, draft->start_day);
    scn_text_put(text, ", end: ");
    put_date(text, draft->end_day);
    scn_text_put(text, "}\n");
    if (options.counts)
        put_counts(draft, text);
    scn_text_add(text, "seed: %llu\n", (unsigned long long)draft->seed);
    put_record(self, text);
    put_tables(draft, text);
    put_params(self, text, options.places);
    put_posterior(draft, text);
    put_design(draft, text, options.counts);
    put_changes(text, &draft->changes, "");
    put_shocks(self, text, &draft->shocks, "");
    if (options.arms)
        scn_text_put(text, "arms:\n");
    for (uint32_t arm = 0; options.arms && arm < draft->arms.n; arm++)
        scn_plan_write_arm(self, arm, text);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "models/params/input.h"
#include "models/params/shocks.h"
#include "models/params/spelling.h"
#include "scenarios/scenario.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct params_values {
    bool json, json_schema, tables, shocks, markdown;
} params_values_t;

static const app_option_t options[] = {
    {0, "json", NULL, APP_FLAG, offsetof(params_values_t, json), "the registry as JSON", 0, 0},
    {0, "json-schema", NULL, APP_FLAG, offsetof(params_values_t, json_schema),
     "JSON Schema of scenario files, for editors", 0, 0},
    {0, "tables", NULL, APP_FLAG, offsetof(params_values_t, tables),
     "columns of the tables a scenario may replace; with a table's name: the shipped table as CSV", 0, 0},
    {0, "shocks", NULL, APP_FLAG, offsetof(params_values_t, shocks), "kinds of dated shock and their fields", 0, 0},
    {0, "markdown", NULL, APP_FLAG, offsetof(params_values_t, markdown), "the reference page of the docs", 0, 0},
    {0},
};

static const char *const kind_names[] = {"real", "count", "money", "duration", "flag", "choice"};

static void print_param(const mdl_param_t *param)
{
    char def[MDL_VALUE_BYTES], low[MDL_VALUE_BYTES], high[MDL_VALUE_BYTES];
    bool has_unit = param->kind != MDL_KIND_FLAG && param->kind != MDL_KIND_CHOICE && strcmp(param->unit, "1") != 0;
    printf("%s = %s%s%s\n    %s\n    ", param->key, mdl_param_format(param, param->def, def), has_unit ? " " : "",
           has_unit ? param->unit : "", param->meaning);
    if (param->kind == MDL_KIND_FLAG)
        printf("true or false");
    else if (param->kind == MDL_KIND_CHOICE)
        printf("one of %s", param->unit);
    else
        printf("bounds %s to %s%s%s", mdl_param_format(param, param->low, low),
               mdl_param_format(param, param->high, high), has_unit ? " " : "", has_unit ? param->unit : "");
    printf("; source: %s\n", param->source);
}

static json_t *describe_prior(const mdl_prior_t *prior)
{
    static const char *const names[] = {"none", "uniform", "loguniform", "normal"};
    if (prior->kind == MDL_PRIOR_NONE)
        return json_null();
    return json_pack("{s:s, s:f, s:f}", "dist", names[prior->kind], "a", prior->a, "b", prior->b);
}

static json_t *number_or_null(bool number, double value)
{
    return number ? json_real(value) : json_null();
}

/* "a|b|c" as a list. */
static json_t *list_choices(const char *names)
{
    json_t *list = json_array();
    for (const char *name = names; *name != '\0';) {
        size_t length = strcspn(name, "|");
        json_array_append_new(list, json_stringn(name, length));
        name += length + (name[length] == '|');
    }
    return list;
}

/* The default as a scenario would write it. */
static json_t *describe_default(const mdl_param_t *param)
{
    char text[MDL_VALUE_BYTES];
    switch (param->kind) {
    case MDL_KIND_FLAG: return json_boolean(param->def != 0);
    case MDL_KIND_CHOICE: return json_string(mdl_param_format(param, param->def, text));
    default: return json_real(param->def);
    }
}

static json_t *describe_param(const mdl_param_t *param)
{
    bool choice = param->kind == MDL_KIND_CHOICE, number = !choice && param->kind != MDL_KIND_FLAG;
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s}", "key", param->key, "kind", kind_names[param->kind],
                  "unit", number ? param->unit : "1", "default", describe_default(param), "low",
                  number_or_null(number, param->low), "high", number_or_null(number, param->high), "prior",
                  describe_prior(&param->prior), "source", param->source, "meaning", param->meaning);
    if (choice)
        json_object_set_new(entry, "choices", list_choices(param->unit));
    return entry;
}

/* Prints the entries whose key matches; returns how many. */
static size_t print_matching(const char *glob, bool json)
{
    size_t n = 0, matching = 0;
    const mdl_param_t *registry = mdl_params_registry(&n);
    json_t *list = json ? json_array() : NULL;
    for (size_t i = 0; i < n; i++) {
        if (glob != NULL && fnmatch(glob, registry[i].key, 0) != 0)
            continue;
        matching++;
        if (json)
            json_array_append_new(list, describe_param(&registry[i]));
        else
            print_param(&registry[i]);
    }
    if (json) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(list);
    }
    return matching;
}

static void print_tables(void)
{
    size_t n = 0;
    const mdl_table_t *tables = mdl_tables_registry(&n);
    for (size_t i = 0; i < n; i++) {
        printf("%s%s: %s (up to %zu rows)\n", i == 0 ? "" : "\n", tables[i].name, tables[i].meaning,
               tables[i].max_rows);
        for (size_t j = 0; j < tables[i].n_columns; j++) {
            const mdl_column_t *column = &tables[i].columns[j];
            printf("  %-26s %-10s %s%s%s%s\n", column->name, column->unit, column->meaning,
                   *column->source == '\0' ? "" : " (source: ", column->source, *column->source == '\0' ? "" : ")");
        }
    }
}

/* Prints a shipped table, to start one's own from. */
static int print_table(const char *name)
{
    size_t n = 0;
    const mdl_table_t *tables = mdl_tables_registry(&n);
    char hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            fputs(tables[i].default_csv, stdout);
            return APP_DONE;
        }
        mdl_spelling_offer(&near, tables[i].name);
    }
    fprintf(stderr, "overbuild params: '%s': no such table; expected one that 'overbuild params --tables' lists%s\n",
            name, mdl_spelling_hint_of(&near, hint));
    return APP_BAD_INPUT;
}

static void print_shocks(void)
{
    size_t n = 0;
    const mdl_shock_type_t *shocks = mdl_shock_registry(&n);
    for (size_t i = 0; i < n; i++) {
        const mdl_shock_type_t *shock = &shocks[i];
        printf("%-16s %s\n%17sfields: date, source", shock->name, shock->meaning, "");
        if (shock->types)
            printf(", types (list of GPU types)");
        if (shock->value)
            printf(", value (%s, from %.10g to %.10g)", shock->unit, shock->low, shock->high);
        putchar('\n');
    }
}

static int print_made(char *text)
{
    if (text == NULL) {
        fprintf(stderr, "overbuild params: out of memory\n");
        return APP_NO_MEMORY;
    }
    fputs(text, stdout);
    free(text);
    return APP_DONE;
}

/* Each of the options prints something else; of parameters and tables one can ask for a part. */
static bool is_one_thing(const params_values_t *values, const char *glob)
{
    const bool given[] = {values->json, values->json_schema, values->tables, values->shocks, values->markdown};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i] && first != NULL) {
            fprintf(stderr, "overbuild params: found --%s and --%s; expected one of them\n", first, options[i].name);
            return false;
        }
        first = given[i] ? options[i].name : first;
    }
    if (glob == NULL || first == NULL || values->json || values->tables)
        return true;
    fprintf(stderr, "overbuild params: found '%s' and --%s, which prints everything; expected one of them\n", glob,
            first);
    return false;
}

static int run(const app_command_t *command, int argc, char **argv)
{
    params_values_t values = {0};
    const char *glob = NULL;
    if (app_options_parse(command->name, options, &values, argc, argv, 0, 1, &glob) < 0 || !is_one_thing(&values, glob))
        return APP_BAD_INPUT;
    if (values.json_schema)
        return print_made(scn_json_schema());
    if (values.markdown)
        return print_made(scn_params_markdown());
    if (values.tables && glob != NULL)
        return print_table(glob);
    if (values.tables) {
        print_tables();
        return APP_DONE;
    }
    if (values.shocks) {
        print_shocks();
        return APP_DONE;
    }
    if (print_matching(glob, values.json) > 0)
        return APP_DONE;
    const char *near = mdl_params_suggest(glob);
    char hint[MDL_SPELLING_HINT];
    fprintf(stderr, "overbuild params: '%s': no parameter matches; expected a key or a pattern such as 'subsidy.*'%s\n",
            glob, mdl_spelling_hint(glob, &near, near != NULL ? 1 : 0, hint));
    return APP_BAD_INPUT;
}

const app_command_t app_command_params = {
    .name = "params",
    .synopsis = "[GLOB | --tables [TABLE]] [--json | --json-schema | --shocks | --markdown]",
    .summary = "every parameter: key, unit, default, bounds, source, meaning",
    .details = "Lists the parameters whose key matches GLOB (default: all). 'source' names facts by their ids "
               "(docs/FACTS.md),\n"
               "references, or says that the value is assumed. --set and a scenario's set: take a key as KEY=VALUE.\n\n"
               "Examples:\n"
               "  overbuild params 'subsidy.*'\n"
               "  overbuild params --tables routes > my_routes.csv\n"
               "  overbuild params --json-schema > overbuild.schema.json",
    .options = options,
    .run = run,
};

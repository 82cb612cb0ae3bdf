// SPDX-License-Identifier: GPL-3.0-or-later
/* The registries as Markdown: docs/PARAMETERS.md. */
#include "models/params/shocks.h"
#include "scenarios/scenario.h"
#include "scenarios/text.h"

#include <string.h>

/* A table cell: '|' would end it. */
static void put_cell(scn_text_t *text, const char *chars)
{
    scn_text_put(text, "| ");
    for (const char *c = chars; *c != '\0'; c++) {
        if (*c == '|')
            scn_text_put(text, "\\");
        scn_text_put_n(text, c, 1);
    }
    scn_text_put(text, " ");
}

static void put_prior(scn_text_t *text, const mdl_prior_t *prior)
{
    static const char *const names[] = {"", "uniform", "loguniform", "normal"};
    char a[MDL_VALUE_BYTES], b[MDL_VALUE_BYTES];
    if (prior->kind == MDL_PRIOR_NONE)
        scn_text_put(text, "| ");
    else
        scn_text_add(text, "| %s %s, %s ", names[prior->kind], mdl_number_format(prior->a, a),
                     mdl_number_format(prior->b, b));
}

static const char *unit_of(const mdl_param_t *param)
{
    switch (param->kind) {
    case MDL_KIND_FLAG: return "true, false";
    case MDL_KIND_COUNT: return strcmp(param->unit, "1") == 0 ? "whole" : param->unit;
    default: return param->unit;
    }
}

static void put_bounds(scn_text_t *text, const mdl_param_t *param)
{
    char low[MDL_VALUE_BYTES], high[MDL_VALUE_BYTES];
    if (param->kind == MDL_KIND_FLAG || param->kind == MDL_KIND_CHOICE)
        scn_text_put(text, "| ");
    else
        scn_text_add(text, "| %s to %s ", mdl_number_format(param->low, low), mdl_number_format(param->high, high));
}

static void put_param(scn_text_t *text, const mdl_param_t *param)
{
    char value[MDL_VALUE_BYTES];
    scn_text_add(text, "| `%s` ", param->key);
    put_cell(text, unit_of(param));
    put_cell(text, mdl_param_format(param, param->def, value));
    put_bounds(text, param);
    put_prior(text, &param->prior);
    put_cell(text, param->meaning);
    put_cell(text, param->source);
    scn_text_put(text, "|\n");
}

static size_t topic_length(const char *key)
{
    return strcspn(key, ".");
}

static bool same_topic(const char *a, const char *b)
{
    return topic_length(a) == topic_length(b) && strncmp(a, b, topic_length(a)) == 0;
}

/* Topics in the order of their first parameter, each with all of its parameters. */
static void put_params(scn_text_t *text)
{
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t i = 0; i < n; i++) {
        size_t first = 0;
        while (!same_topic(registry[first].key, registry[i].key))
            first++;
        if (first < i)
            continue;
        scn_text_add(text, "\n## %.*s\n\n", (int)topic_length(registry[i].key), registry[i].key);
        scn_text_put(text, "| key | unit | default | bounds | prior | meaning | source |\n"
                           "| --- | --- | --- | --- | --- | --- | --- |\n");
        for (size_t k = i; k < n; k++)
            if (same_topic(registry[k].key, registry[i].key))
                put_param(text, &registry[k]);
    }
}

static void put_column(scn_text_t *text, const mdl_column_t *column)
{
    char low[MDL_VALUE_BYTES], high[MDL_VALUE_BYTES];
    static const char *const kinds[] = {"name", "text", "", "", "", "true, false", "date", "", "province"};
    scn_text_add(text, "| `%s` ", column->name);
    put_cell(text, kinds[column->kind][0] != '\0' ? kinds[column->kind] : column->unit);
    bool number = column->kind == MDL_COLUMN_REAL || column->kind == MDL_COLUMN_COUNT || column->kind == MDL_COLUMN_INT;
    if (number)
        scn_text_add(text, "| %s to %s ", mdl_number_format(column->low, low), mdl_number_format(column->high, high));
    else
        scn_text_put(text, "| ");
    put_cell(text, column->meaning);
    put_cell(text, column->source);
    scn_text_put(text, "|\n");
}

static void put_tables(scn_text_t *text)
{
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    scn_text_put(text, "\n# Tables\n\nA scenario's `tables:` replaces them by CSV files with the same columns, in any "
                       "order; lines that start with `#` are comments.\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "\n## %s\n\n%s; at most %zu rows.\n\n", registry[i].name, registry[i].meaning,
                     registry[i].max_rows);
        scn_text_put(text, "| column | unit | bounds | meaning | source |\n| --- | --- | --- | --- | --- |\n");
        for (size_t k = 0; k < registry[i].n_columns; k++)
            put_column(text, &registry[i].columns[k]);
    }
}

static void put_shocks(scn_text_t *text)
{
    size_t n;
    const mdl_shock_type_t *registry = mdl_shock_registry(&n);
    char low[MDL_VALUE_BYTES], high[MDL_VALUE_BYTES];
    scn_text_put(text,
                 "\n# Shocks\n\nDated outside events, `shocks:` in a scenario; each has `date` and `kind` and may "
                 "have `source`.\n\n| kind | further fields | meaning |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "| `%s` | ", registry[i].name);
        if (registry[i].types)
            scn_text_put(text, "`types` ");
        if (registry[i].value)
            scn_text_add(text, "`value` %s to %s ", mdl_number_format(registry[i].low, low),
                         mdl_number_format(registry[i].high, high));
        put_cell(text, registry[i].meaning);
        scn_text_put(text, "|\n");
    }
}

char *scn_params_markdown(void)
{
    scn_text_t text = {0};
    scn_text_put(
        &text,
        "<!-- generated by `overbuild params --markdown`; change models/params/def instead -->\n"
        "# Parameters\n\nWhat `set:`, `changes:` and `uncertain:` of a scenario may name. A value may carry "
        "a unit that converts into the one given here. Sources are fact ids, references, or "
        "assumed. The coarser weekly model that some values come from is one of the economy alone, without jobs, "
        "fitted to nearly all facts before this one was made: a place to start from, and no evidence.\n");
    put_params(&text);
    put_tables(&text);
    put_shocks(&text);
    return scn_text_take(&text);
}

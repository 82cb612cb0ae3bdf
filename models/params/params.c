// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/params.h"

#include "models/params/spelling.h"

#include <stdio.h>
#include <string.h>

static const mdl_param_t registry[] = {
#define MDL_REAL(field, key, unit, def, low, high, prior, source, meaning)                                             \
    {key, MDL_KIND_REAL, unit, def, low, high, prior, source, meaning, offsetof(mdl_params_t, field)},
#define MDL_COUNT(field, key, unit, def, low, high, prior, source, meaning)                                            \
    {key, MDL_KIND_COUNT, unit, def, low, high, prior, source, meaning, offsetof(mdl_params_t, field)},
#define MDL_MONEY(field, key, unit, def, low, high, prior, source, meaning)                                            \
    {key, MDL_KIND_MONEY, unit, def, low, high, prior, source, meaning, offsetof(mdl_params_t, field##_fen)},
#define MDL_DURATION(field, key, unit, def, low, high, prior, source, meaning)                                         \
    {key, MDL_KIND_DURATION, unit, def, low, high, prior, source, meaning, offsetof(mdl_params_t, field##_s)},
#define MDL_FLAG(field, key, def, source, meaning)                                                                     \
    {key, MDL_KIND_FLAG, "1", def, 0, 1, MDL_NO_PRIOR, source, meaning, offsetof(mdl_params_t, field)},
#define MDL_CHOICE(field, key, names, def, source, meaning)                                                            \
    {key, MDL_KIND_CHOICE, names, def, 0, 63, MDL_NO_PRIOR, source, meaning, offsetof(mdl_params_t, field)},
#include "models/params/params.def"
};

#define N_PARAMS (sizeof registry / sizeof registry[0])

const mdl_param_t *mdl_params_registry(size_t *n)
{
    if (n != NULL)
        *n = N_PARAMS;
    return registry;
}

int mdl_params_find(const char *key)
{
    for (size_t i = 0; i < N_PARAMS; i++)
        if (strcmp(registry[i].key, key) == 0)
            return (int)i;
    return -1;
}

const char *mdl_params_suggest(const char *key)
{
    mdl_spelling_t near = mdl_spelling(key);
    for (size_t i = 0; i < N_PARAMS; i++)
        mdl_spelling_offer(&near, registry[i].key);
    return near.best;
}

bool mdl_choice_name(const char *names, int position, char text[MDL_VALUE_BYTES])
{
    for (; position > 0; position--) {
        names = strchr(names, '|');
        if (names == NULL)
            return false;
        names++;
    }
    (void)snprintf(text, MDL_VALUE_BYTES, "%.*s", (int)strcspn(names, "|"), names);
    return true;
}

int mdl_choice_find(const char *names, const char *name)
{
    char known[MDL_VALUE_BYTES];
    for (int i = 0; mdl_choice_name(names, i, known); i++)
        if (strcmp(known, name) == 0)
            return i;
    return -1;
}

static int choice_count(const char *names)
{
    int n = 1;
    for (; *names != '\0'; names++)
        n += *names == '|';
    return n;
}

/* Units of the held integer (fen, seconds, 1) in one unit of the entry, as an exact ratio. */
static void held_ratio(const mdl_param_t *param, double *numerator, double *denominator)
{
    *numerator = 1;
    *denominator = 1;
    if (param->kind == MDL_KIND_MONEY)
        *numerator = 100;
    else if (param->kind == MDL_KIND_DURATION)
        (void)mdl_unit_factor(param->unit, "s", numerator, denominator, NULL);
}

static int64_t nearest(double value)
{
    return (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

/* The integer that the field holds for `value`. */
static int64_t to_held(const mdl_param_t *param, double value)
{
    double numerator, denominator;
    held_ratio(param, &numerator, &denominator);
    return nearest(value * numerator / denominator);
}

static double from_held(const mdl_param_t *param, int64_t held)
{
    double numerator, denominator;
    held_ratio(param, &numerator, &denominator);
    return (double)held * denominator / numerator;
}

static double upper_bound(const mdl_param_t *param)
{
    return param->kind == MDL_KIND_CHOICE ? choice_count(param->unit) - 1 : param->high;
}

/* Whether the field can hold `value` but for the rounding of decimals to doubles. */
static bool holds(const mdl_param_t *param, double value)
{
    if (param->kind == MDL_KIND_REAL)
        return true;
    double held = from_held(param, to_held(param, value));
    double gap = held > value ? held - value : value - held;
    double size = value < 0 ? -value : value;
    return gap <= 1e-12 * size;
}

double mdl_param_round(const mdl_param_t *param, double value)
{
    double low = param->low, high = upper_bound(param);
    value = value < low ? low : value > high ? high : value;
    return param->kind == MDL_KIND_REAL ? value : from_held(param, to_held(param, value));
}

static void store(mdl_params_t *params, const mdl_param_t *param, double value)
{
    char *field = (char *)params + param->offset;
    switch (param->kind) {
    case MDL_KIND_REAL: *(double *)(void *)field = value; break;
    case MDL_KIND_COUNT:
    case MDL_KIND_MONEY:
    case MDL_KIND_DURATION: *(int64_t *)(void *)field = to_held(param, value); break;
    case MDL_KIND_FLAG: *(bool *)(void *)field = value != 0; break;
    case MDL_KIND_CHOICE: *(int32_t *)(void *)field = (int32_t)value; break;
    }
}

void mdl_params_init(mdl_params_t *params)
{
    memset(params, 0, sizeof *params);
    for (size_t i = 0; i < N_PARAMS; i++)
        store(params, &registry[i], registry[i].def);
}

double mdl_params_get(const mdl_params_t *params, int index)
{
    SIM_ASSERT(index >= 0 && (size_t)index < N_PARAMS);
    const mdl_param_t *param = &registry[index];
    const char *field = (const char *)params + param->offset;
    switch (param->kind) {
    case MDL_KIND_REAL: return *(const double *)(const void *)field;
    case MDL_KIND_COUNT:
    case MDL_KIND_MONEY:
    case MDL_KIND_DURATION: return from_held(param, *(const int64_t *)(const void *)field);
    case MDL_KIND_FLAG: return *(const bool *)(const void *)field;
    case MDL_KIND_CHOICE: return *(const int32_t *)(const void *)field;
    }
    return 0;
}

/* " CNY/kWh" or "" for a bare number. */
static const char *unit_suffix(const mdl_param_t *param, char text[MDL_VALUE_BYTES])
{
    if (strcmp(param->unit, "1") == 0 || param->kind == MDL_KIND_CHOICE)
        return "";
    if (strncmp(param->unit, "1/", 2) == 0)
        (void)snprintf(text, MDL_VALUE_BYTES, " per %s", param->unit + 2);
    else
        (void)snprintf(text, MDL_VALUE_BYTES, " %s", param->unit);
    return text;
}

static const char *whole_name(const mdl_param_t *param)
{
    switch (param->kind) {
    case MDL_KIND_MONEY: return "a whole number of fen";
    case MDL_KIND_DURATION: return "a whole number of seconds";
    default: return "a whole number";
    }
}

/* A share written as a percentage: "; did you mean 30 %?", or "". */
static const char *percent_advice(const mdl_param_t *param, double value, char text[MDL_VALUE_BYTES + 24])
{
    char number[MDL_VALUE_BYTES];
    if (value <= 1 || strcmp(param->unit, "1") != 0 || param->kind != MDL_KIND_REAL || param->high > 2 ||
        value / 100 < param->low || value / 100 > param->high)
        return "";
    (void)snprintf(text, MDL_VALUE_BYTES + 24, "; did you mean %s %%?", mdl_number_format(value, number));
    return text;
}

static bool is_within(const mdl_param_t *param, double value)
{
    return value >= param->low && value <= upper_bound(param);
}

/* Apart: each data centre that is built has dated values set, and numbers are written out for a message only. */
static sim_status_t refuse(const mdl_param_t *param, double value, const char *where, sim_error_t *err)
{
    char found[MDL_VALUE_BYTES], low[MDL_VALUE_BYTES], high[MDL_VALUE_BYTES], unit[MDL_VALUE_BYTES];
    char advice[MDL_VALUE_BYTES + 24];
    mdl_number_format(value, found);
    const char *suffix = unit_suffix(param, unit);
    if (!is_within(param, value))
        return sim_fail(err, SIM_EINPUT, where, "%s%s is out of bounds; expected %s to %s%s%s", found, suffix,
                        mdl_number_format(param->low, low), mdl_number_format(upper_bound(param), high), suffix,
                        percent_advice(param, value, advice));
    return sim_fail(err, SIM_EINPUT, where, "found %s%s; expected %s", found, suffix, whole_name(param));
}

/* Bounds, then what the field can hold. */
static sim_status_t check(const mdl_param_t *param, double value, const char *where, sim_error_t *err)
{
    return is_within(param, value) && holds(param, value) ? SIM_OK : refuse(param, value, where, err);
}

sim_status_t mdl_params_set(mdl_params_t *params, int index, double value, sim_error_t *err)
{
    SIM_ASSERT(index >= 0 && (size_t)index < N_PARAMS);
    const mdl_param_t *param = &registry[index];
    sim_status_t status = check(param, value, param->key, err);
    if (status == SIM_OK)
        store(params, param, value);
    return status;
}

static sim_status_t parse_flag(const char *text, double *value, sim_error_t *err)
{
    *value = strcmp(text, "true") == 0;
    if (*value == 0 && strcmp(text, "false") != 0)
        return sim_fail(err, SIM_EINPUT, NULL, "found %.60s; expected true or false", text);
    return SIM_OK;
}

static sim_status_t parse_choice(const mdl_param_t *param, const char *text, double *value, sim_error_t *err)
{
    int position = mdl_choice_find(param->unit, text);
    *value = position;
    if (position >= 0)
        return SIM_OK;
    mdl_spelling_t near = mdl_spelling(text);
    char names[64][MDL_VALUE_BYTES];
    for (int i = 0; i < 64 && mdl_choice_name(param->unit, i, names[i]); i++)
        mdl_spelling_offer(&near, names[i]);
    if (near.best != NULL)
        return sim_fail(err, SIM_EINPUT, NULL, "found %.60s; expected one of %s; did you mean %s?", text, param->unit,
                        near.best);
    return sim_fail(err, SIM_EINPUT, NULL, "found %.60s; expected one of %s", text, param->unit);
}

sim_status_t mdl_param_parse(const mdl_param_t *param, const char *text, double *value, sim_error_t *err)
{
    if (param->kind == MDL_KIND_FLAG)
        return parse_flag(text, value, err);
    if (param->kind == MDL_KIND_CHOICE)
        return parse_choice(param, text, value, err);
    sim_status_t status = mdl_quantity_parse(text, param->unit, value, err);
    return status < 0 ? status : check(param, *value, NULL, err);
}

char *mdl_param_format(const mdl_param_t *param, double value, char text[MDL_VALUE_BYTES])
{
    if (param->kind == MDL_KIND_CHOICE) {
        bool known = mdl_choice_name(param->unit, (int)value, text);
        SIM_ASSERT(known);
        return text;
    }
    if (param->kind == MDL_KIND_FLAG) {
        (void)snprintf(text, MDL_VALUE_BYTES, "%s", value != 0 ? "true" : "false");
        return text;
    }
    return mdl_number_format(value, text);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* The parameter registry: every number that a scenario may set, once.
 *
 * The `.def` files in `def/` hold one line per parameter. From them come the struct that the models read
 * (mdl_params_t), what the scenario reader accepts, units and bounds, `overbuild params`, the JSON Schema, the
 * provenance in a result and the docs' reference page. Nothing else in the program knows a default.
 *
 * A line reads
 *
 *     MDL_REAL(grant_share, "subsidy.grant_share", "1", 0.15, 0, 0.5, MDL_UNIFORM(0, 0.3), "S01",
 *              "capital grant promised by a city, share of a project's capital cost")
 *
 * that is: field, key, unit, default, lowest, highest, prior, source, meaning. `source` is a fact id, a reference, or
 * starts with "assumed". Kinds:
 *
 *     MDL_REAL      double in the stated unit
 *     MDL_COUNT     int64, a whole number
 *     MDL_MONEY     written in CNY, held as int64 fen
 *     MDL_DURATION  written with a unit (s, min, h, d, wk) or plain in the stated unit, held as int64 seconds
 *     MDL_FLAG      true or false
 *     MDL_CHOICE    one of the names in `unit`, separated by '|'; held as an int, its position, which is also how the
 *                   default is written
 *
 * Money and durations are exact: a value that is no whole number of fen or seconds is refused. Units are those of
 * units.h; a new thing to be counted is one line in units.c. tests/unit/test_params.c checks every line.
 */
#ifndef MDL_PARAMS_H
#define MDL_PARAMS_H

#include "models/params/units.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mdl_params {
#define MDL_REAL(field, key, unit, def, low, high, prior, source, meaning)     double field;
#define MDL_COUNT(field, key, unit, def, low, high, prior, source, meaning)    int64_t field;
#define MDL_MONEY(field, key, unit, def, low, high, prior, source, meaning)    int64_t field##_fen;
#define MDL_DURATION(field, key, unit, def, low, high, prior, source, meaning) int64_t field##_s;
#define MDL_FLAG(field, key, def, source, meaning)                             bool field;
#define MDL_CHOICE(field, key, names, def, source, meaning)                    int32_t field;
#include "models/params/params.def"
} mdl_params_t;

typedef enum mdl_param_kind {
    MDL_KIND_REAL,
    MDL_KIND_COUNT,
    MDL_KIND_MONEY,
    MDL_KIND_DURATION,
    MDL_KIND_FLAG,
    MDL_KIND_CHOICE
} mdl_param_kind_t;

typedef enum mdl_prior_kind {
    MDL_PRIOR_NONE,
    MDL_PRIOR_UNIFORM,
    MDL_PRIOR_LOGUNIFORM,
    MDL_PRIOR_NORMAL
} mdl_prior_kind_t;

typedef struct mdl_prior {
    mdl_prior_kind_t kind;
    double a, b; /* uniform, loguniform: bounds; normal: mean, sd (truncated to the parameter's bounds) */
} mdl_prior_t;

#define MDL_NO_PRIOR                                                                                                   \
    {                                                                                                                  \
        MDL_PRIOR_NONE, 0, 0                                                                                           \
    }
#define MDL_UNIFORM(a, b)                                                                                              \
    {                                                                                                                  \
        MDL_PRIOR_UNIFORM, a, b                                                                                        \
    }
#define MDL_LOGUNIFORM(a, b)                                                                                           \
    {                                                                                                                  \
        MDL_PRIOR_LOGUNIFORM, a, b                                                                                     \
    }
#define MDL_NORMAL(mean, sd)                                                                                           \
    {                                                                                                                  \
        MDL_PRIOR_NORMAL, mean, sd                                                                                     \
    }

/* One registry entry. Numbers are in the entry's unit (CNY for money), whatever the field holds. */
typedef struct mdl_param {
    const char *key;
    mdl_param_kind_t kind;
    const char *unit; /* for a choice: its names, separated by '|' */
    double def, low, high;
    mdl_prior_t prior;
    const char *source;
    const char *meaning;
    size_t offset; /* of the field in mdl_params_t */
} mdl_param_t;

/* The whole registry, sorted as in the .def files; `n` (which may be NULL) receives its length. */
const mdl_param_t *mdl_params_registry(size_t *n);
/* Position of a key, or -1. */
int mdl_params_find(const char *key);
/* Key closest in spelling (Damerau-Levenshtein distance at most 3), or NULL. */
const char *mdl_params_suggest(const char *key);
/* All defaults. */
void mdl_params_init(mdl_params_t *params);
/* A field as a number in the entry's unit, and back (bounds checked: SIM_EINPUT names key, value and bounds). */
double mdl_params_get(const mdl_params_t *params, int index);
sim_status_t mdl_params_set(mdl_params_t *params, int index, double value, sim_error_t *err);

/* The value nearest to `value` that the field can hold: whole counts, fen and seconds, 0 or 1 for a flag, a position
 * for a choice, inside the bounds. For sampled values; what a person wrote is checked, not rounded. */
double mdl_param_round(const mdl_param_t *param, double value);

/* Reads what a person wrote ("0.3", "7 d", "true", a choice's name) into a value in the entry's unit. SIM_EINPUT says
 * what was found and what was expected, without the key: number, unit, bounds, whole counts, fen and seconds. */
sim_status_t mdl_param_parse(const mdl_param_t *param, const char *text, double *value, sim_error_t *err);
/* Writes a value so that mdl_param_parse reads the same one back; without the unit. */
char *mdl_param_format(const mdl_param_t *param, double value, char text[MDL_VALUE_BYTES]);
/* Name number `position` of names separated by '|', copied into `text`; false past the end. */
bool mdl_choice_name(const char *names, int position, char text[MDL_VALUE_BYTES]);
/* Position of a name among names separated by '|', or -1. */
int mdl_choice_find(const char *names, const char *name);

#endif

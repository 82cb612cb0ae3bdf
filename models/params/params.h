// SPDX-License-Identifier: GPL-3.0-or-later
/* The parameter registry: every number that a scenario may set, once.
 *
 * The `.def` files in `def/` hold one line per parameter. From them come the struct that the models read (mdl_params_t), what the
 * scenario reader accepts, units and bounds, `overbuild params`, the JSON Schema, the provenance in a result and the
 * docs' reference page. Nothing else in the program knows a default.
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
 *     MDL_COUNT     int64
 *     MDL_MONEY     written in CNY, held as int64 fen
 *     MDL_DURATION  written with a unit (s, min, h, d, wk) or plain in the stated unit, held as int64 seconds
 *     MDL_FLAG      true or false
 *     MDL_CHOICE    one of the names in `unit`, separated by '|'; held as an int, its position
 */
#ifndef MDL_PARAMS_H
#define MDL_PARAMS_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mdl_params {
#define MDL_REAL(field, key, unit, def, low, high, prior, source, meaning) double field;
#define MDL_COUNT(field, key, unit, def, low, high, prior, source, meaning) int64_t field;
#define MDL_MONEY(field, key, unit, def, low, high, prior, source, meaning) int64_t field##_fen;
#define MDL_DURATION(field, key, unit, def, low, high, prior, source, meaning) int64_t field##_s;
#define MDL_FLAG(field, key, def, source, meaning) bool field;
#define MDL_CHOICE(field, key, names, def, source, meaning) int32_t field;
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

typedef enum mdl_prior_kind { MDL_PRIOR_NONE, MDL_PRIOR_UNIFORM, MDL_PRIOR_LOGUNIFORM, MDL_PRIOR_NORMAL } mdl_prior_kind_t;

typedef struct mdl_prior {
    mdl_prior_kind_t kind;
    double a, b; /* uniform, loguniform: bounds; normal: mean, sd (truncated to the parameter's bounds) */
} mdl_prior_t;

#define MDL_NO_PRIOR {MDL_PRIOR_NONE, 0, 0}
#define MDL_UNIFORM(a, b) {MDL_PRIOR_UNIFORM, a, b}
#define MDL_LOGUNIFORM(a, b) {MDL_PRIOR_LOGUNIFORM, a, b}
#define MDL_NORMAL(mean, sd) {MDL_PRIOR_NORMAL, mean, sd}

/* One registry entry. Numbers are in the entry's unit (CNY for money), whatever the field holds. */
typedef struct mdl_param {
    const char *key;
    mdl_param_kind_t kind;
    const char *unit;    /* for a choice: its names, separated by '|' */
    double def, low, high;
    mdl_prior_t prior;
    const char *source;
    const char *meaning;
    size_t offset;       /* of the field in mdl_params_t */
} mdl_param_t;

/* The whole registry, sorted as in the .def files; `n` receives its length. */
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

#endif

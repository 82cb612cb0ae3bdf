// SPDX-License-Identifier: GPL-3.0-or-later
/* The kinds of dated outside event and their fields: what `shocks:` in a scenario may say. */
#ifndef MDL_SHOCKS_H
#define MDL_SHOCKS_H

#include "models/params/input.h"

/* One kind. `types` and `value` say which fields of mdl_shock_t it reads; `date` and `source` it always has. */
typedef struct mdl_shock_type {
    mdl_shock_kind_t kind;
    const char *name; /* "export_rule" */
    bool types;       /* a list of GPU types is required, else forbidden */
    bool value;       /* a value is required, else forbidden */
    const char *unit; /* of the value */
    double low, high; /* of the value */
    bool lasting;     /* changes how things are from then on; else a passing jolt */
    const char *meaning;
} mdl_shock_type_t;

/* All kinds in the order of mdl_shock_kind_t. */
const mdl_shock_type_t *mdl_shock_registry(size_t *n);
/* The kind of that name, or NULL. */
const mdl_shock_type_t *mdl_shock_find(const char *name);

/* Groups of a result that a scenario may ask for (`record: {detail: [...]}`); a set is a sum of bits. */
typedef enum mdl_detail {
    MDL_DETAIL_PROVINCE = 1 << 0,
    MDL_DETAIL_GPU_MARKET = 1 << 1,
    MDL_DETAIL_RENTAL = 1 << 2,
    MDL_DETAIL_JOBS = 1 << 3,
    MDL_DETAIL_FINANCE = 1 << 4,
    MDL_DETAIL_LEDGER = 1 << 5,
    MDL_DETAIL_DEVELOPERS = 1 << 6,
    MDL_DETAIL_CENTRE = 1 << 7
} mdl_detail_t;

#define MDL_DETAILS 8
/* Name of bit `i` ("province" ... "centre"); a group's name is its detail's, but for /centres. */
const char *mdl_detail_name(int i);

#endif

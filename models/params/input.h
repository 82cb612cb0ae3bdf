// SPDX-License-Identifier: GPL-3.0-or-later
/* Everything one world reads and never changes: parameters, their dated changes, shocks and tables.
 *
 * The scenario reader fills one mdl_input_t per (arm, design point). A world gets a pointer to it; an arm that differs
 * only from a date on is a clone whose input is replaced. Times are seconds from the start date.
 */
#ifndef MDL_INPUT_H
#define MDL_INPUT_H

#include "models/params/params.h"
#include "models/params/tables.h"

/* From time_s on, parameter `param` has `value` (in the registry entry's unit). Sorted by time, then order of reading.
 */
typedef struct mdl_change {
    int64_t time_s;
    int32_t param;
    double value;
} mdl_change_t;

/* Kinds of dated outside event; fields in mdl_shock_t that a kind does not use are 0. `overbuild params --shocks`. */
typedef enum mdl_shock_kind {
    MDL_SHOCK_EXPORT_RULE,    /* from here on GPU types in `types` may not be exported to China */
    MDL_SHOCK_EXPORT_LICENCE, /* from here on they may again */
    MDL_SHOCK_MODEL_RELEASE,  /* an open model moves the open frontier by `value` (log capability) */
    MDL_SHOCK_HYPE,           /* attention jumps by `value` (0 to 1), as at the ChatGPT release */
    MDL_SHOCK_EFFICIENCY,     /* tokens per GPU hour are multiplied by `value` */
    MDL_SHOCK_PRICE_WAR,      /* token margins are multiplied by `value` */
    MDL_SHOCK_KINDS
} mdl_shock_kind_t;

typedef struct mdl_shock {
    int64_t time_s;
    mdl_shock_kind_t kind;
    uint64_t types; /* bit set over GPU types */
    double value;
    char source[64];
} mdl_shock_t;

typedef struct mdl_input {
    mdl_params_t params; /* at the start */
    const mdl_tables_t *tables;
    const mdl_change_t *changes;
    uint32_t n_changes;
    const mdl_shock_t *shocks;
    uint32_t n_shocks;
    int64_t start_day; /* days since 1970-01-01 */
    int64_t horizon_s;
    int64_t record_interval_s; /* a whole number of days */
    uint32_t detail;           /* groups to record: a sum of mdl_detail_t (shocks.h) */
    bool audit;
    bool events; /* record event rows */
} mdl_input_t;

#endif

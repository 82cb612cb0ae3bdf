// SPDX-License-Identifier: GPL-3.0-or-later
/* A scenario while it is being read: what the files said, later ones over earlier ones, each value with its place.
 *
 * Rules of `extends`, from the extended file to the one that extends it:
 *   - maps (`set`, `uncertain`, `tables`, `horizon`, `record`, `design`) are merged key by key, the later key wins;
 *   - lists (`changes`, `shocks`) and `precision` are replaced as a whole;
 *   - `arms`, when given, says which arms there are and in what order; an entry that is nothing but a name takes over
 *     the extended file's arm of that name, any other entry replaces it;
 *   - `replications` and `precision` replace one another;
 *   - a `set` of an uncertain parameter fixes it, an `uncertain` one frees it.
 */
#ifndef SCN_DRAFT_H
#define SCN_DRAFT_H

#include "models/params/shocks.h"
#include "scenarios/source.h"
#include "scenarios/yaml.h"

/* Number of the level of extends that a default comes from. */
#define SCN_NO_FILE UINT32_MAX

typedef struct scn_setting {
    int32_t param;
    double value;
    scn_place_t place;
} scn_setting_t;

typedef struct scn_settings {
    scn_setting_t *items;
    size_t n;
} scn_settings_t;

/* From `day` on, one parameter has a value. */
typedef struct scn_dated {
    int64_t day;
    scn_setting_t setting;
    const char *source; /* why, may be NULL */
    size_t order;       /* of reading */
} scn_dated_t;

typedef struct scn_dateds {
    scn_dated_t *items;
    size_t n;
} scn_dateds_t;

typedef struct scn_event {
    int64_t day;
    const mdl_shock_type_t *type;
    const scn_node_t *type_names; /* GPU types, resolved to `types` when the tables are known */
    uint64_t types;
    double value;
    const char *source; /* may be NULL */
    scn_place_t place;
    size_t order; /* of reading */
} scn_event_t;

typedef struct scn_events {
    scn_event_t *items;
    size_t n;
} scn_events_t;

typedef struct scn_arm {
    const char *name;
    scn_place_t place;
    scn_settings_t set;
    bool has_from;
    int64_t from_day; /* from which `set` holds and `without` counts; else both do from the start */
    scn_dateds_t changes;
    scn_events_t shocks; /* besides the scenario's */
    uint32_t without;    /* kinds of the scenario's shocks left out, bit 1 << kind */
} scn_arm_t;

typedef struct scn_arms {
    scn_arm_t *items;
    size_t n;
} scn_arms_t;

typedef enum scn_distribution { SCN_UNIFORM, SCN_LOGUNIFORM, SCN_NORMAL, SCN_CHOICE } scn_distribution_t;

/* An uncertain parameter. */
typedef struct scn_factor {
    int32_t param;
    scn_place_t place;
    scn_distribution_t distribution;
    double a, b;          /* min and max; mean and standard deviation, cut at the parameter's bounds */
    const double *values; /* of a choice, equally likely */
    size_t n_values;
} scn_factor_t;

typedef struct scn_factors {
    scn_factor_t *items;
    size_t n;
} scn_factors_t;

typedef struct scn_table_file {
    bool given;
    scn_place_t place;
    scn_source_t source;
} scn_table_file_t;

#define SCN_MAX_TABLES 8

/* Draws from a posterior: rows of values of some parameters (scenarios/posterior.h). */
typedef struct scn_posterior {
    int32_t *params;
    size_t n_params;
    double **rows;
    size_t n_rows;
} scn_posterior_t;

/* (arm, point) pairs at most: each holds a complete input in memory. */
#define SCN_MAX_INPUTS       100000
#define SCN_MAX_REPLICATIONS 1000000
#define SCN_MAX_ARMS         1000

typedef struct scn_draft {
    const char *name;
    int64_t start_day, end_day; /* end: the last day that is simulated */
    scn_place_t start_place, end_place;
    bool horizon_bad; /* reported: dates can't be checked against it */
    int64_t replications;
    uint64_t seed;
    const char *metric; /* of `precision`, or NULL */
    double half_width;
    scn_settings_t set;
    scn_dateds_t changes;
    scn_events_t shocks;
    scn_arms_t arms;
    scn_factors_t factors;
    bool has_design, has_method;
    scn_place_t design_place;
    scn_method_t method;
    int64_t points, levels; /* 0 = not given */
    bool share_randomness;
    scn_table_file_t tables[SCN_MAX_TABLES];
    bool draws; /* parameters: posterior */
    scn_place_t draws_place;
    scn_table_file_t posterior_file;
    scn_posterior_t posterior; /* read when `draws` */
    int64_t interval_s;
    bool has_detail;
    uint32_t detail;
    bool audit, events;
} scn_draft_t;

/* What reading functions work on. */
typedef struct scn_reader {
    scn_pool_t *pool;
    scn_log_t *log;
    scn_draft_t *draft;
    const scn_source_t *source; /* being read */
    uint32_t file;
    bool out_of_memory;
} scn_reader_t;

/* The values before any file is read. */
void scn_draft_init(scn_draft_t *draft);
/* Reads one file's tree over the draft; every problem goes to the log. */
void scn_draft_read(scn_reader_t *self, const scn_node_t *root);
/* --set, --until, --seed, -n, --arm over the draft. */
void scn_draft_override(scn_reader_t *self, const scn_options_t *options);
/* What can be checked only when everything is known: design and factors, types of shocks. `tables`
 * NULL: of what GPU types there are nothing can be said. */
void scn_draft_check(scn_reader_t *self, const mdl_tables_t *tables);

/* Once all is checked: sorts dates, moves what an extended file dated before the start to the start (a passing jolt is
 * dropped), and drops what lies behind the end. */
void scn_draft_settle(scn_draft_t *draft);

/* Keeps one setting per parameter, the last. */
void scn_settings_put(scn_reader_t *self, scn_settings_t *settings, scn_setting_t setting);
const scn_setting_t *scn_settings_find(const scn_settings_t *settings, int32_t param);

/* Parts of scn_draft_read, one file each. */
void scn_read_set(scn_reader_t *self, const scn_node_t *node, void *settings);    /* scn_settings_t */
void scn_read_changes(scn_reader_t *self, const scn_node_t *node, void *changes); /* scn_dateds_t */
void scn_read_shocks(scn_reader_t *self, const scn_node_t *node, void *shocks);   /* scn_events_t */
void scn_read_without(scn_reader_t *self, const scn_node_t *node, void *mask);    /* uint32_t */
void scn_read_arms(scn_reader_t *self, const scn_node_t *node, void *draft);      /* scn_draft_t */
void scn_read_uncertain(scn_reader_t *self, const scn_node_t *node, void *draft); /* scn_draft_t */
void scn_read_design(scn_reader_t *self, const scn_node_t *node, void *draft);    /* scn_draft_t */

/* --- helpers for reading nodes ------------------------------------------------------------------------------------ */

typedef struct scn_field {
    const char *key;
    void (*read)(scn_reader_t *self, const scn_node_t *node, void *target);
    bool required;
} scn_field_t;

/* Reads a map by its fields, in the fields' order; reports what is no map, unknown keys and missing ones. `what` names
 * the map in messages. Returns whether it was a map. */
bool scn_read_map(scn_reader_t *self, const scn_node_t *node, const char *what, const scn_field_t *fields, size_t n,
                  void *target);
/* Whether `node` is of a kind; reports "KEY: found X; expected WHAT" otherwise. */
bool scn_expect(scn_reader_t *self, const scn_node_t *node, scn_node_kind_t kind, const char *what);
/* A list with at least one item. */
bool scn_expect_items(scn_reader_t *self, const scn_node_t *node, const char *what);
/* A word of letters, digits, '-', '_' and '.', as files and arms are called; NULL when it is not (reported). */
const char *scn_read_name(scn_reader_t *self, const scn_node_t *node);
/* A date inside the horizon, when `inside`. */
bool scn_read_date(scn_reader_t *self, const scn_node_t *node, bool inside, int64_t *day);
/* A value described like a parameter. */
bool scn_read_value(scn_reader_t *self, const scn_node_t *node, const mdl_param_t *param, double *value);
/* One of names separated by '|'; its position, or -1 (reported). */
int scn_read_choice(scn_reader_t *self, const scn_node_t *node, const char *names);
/* The registry's parameter of a key, or -1 (reported at the key's place, with a suggestion). */
int scn_read_param(scn_reader_t *self, const scn_node_t *node);
/* The key of a node in messages; for items of a list a word for what they are. */
const char *scn_node_name(const scn_node_t *node);

/* Room for one more item: items = scn_grow(reader, items, &n, sizeof *items). On lack of memory n becomes 0. */
void *scn_grow(scn_reader_t *self, void *items, size_t *n, size_t item_bytes);
#define SCN_PUSH(reader, array, ...)                                                                                   \
    do {                                                                                                               \
        (array)->items = scn_grow(reader, (array)->items, &(array)->n, sizeof *(array)->items);                        \
        if ((array)->items != NULL)                                                                                    \
            (array)->items[(array)->n++] = __VA_ARGS__;                                                                \
    } while (0)

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* The world as tables: places, GPU types, platforms, smuggling routes. Another country is another set of tables.
 *
 * The default tables are CSV files in `tables/`, compiled into the program; a scenario's `tables:` replaces them by
 * files. A table's columns are described like parameters (mdl_column_t): name, unit, bounds, meaning. The first column
 * is the name, unique within its table. In a file the columns stand in any order under a header line, a cell may carry
 * its unit, and lines that start with '#' are comments (where the shipped tables give their sources).
 */
#ifndef MDL_TABLES_H
#define MDL_TABLES_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_NAME_BYTES    32
#define MDL_MAX_PROVINCES 64
#define MDL_MAX_GPU_TYPES 16
#define MDL_MAX_CITIES    256
#define MDL_MAX_PLATFORMS 32
#define MDL_MAX_ROUTES    32

typedef enum mdl_stack { MDL_STACK_CUDA, MDL_STACK_CANN, MDL_STACKS } mdl_stack_t;

typedef struct mdl_province {
    char name[MDL_NAME_BYTES];
    char zone[MDL_NAME_BYTES];   /* east, central, west: latency classes are between zones */
    double demand_weight;        /* share of national demand; the table is normalised to sum 1 */
    double power_price_yuan_kwh; /* industrial tariff */
    double pue;                  /* power usage effectiveness of a new centre, >= 1 */
    bool hub;                    /* Eastern Data Western Computing hub (E02) */
    double latency_ms;           /* one way to the national demand centre: classes 1, 5, 20 and above (C27) */
    double grid_quota_mw;        /* power that the grid will allot to AI centres */
} mdl_province_t;

typedef struct mdl_city {
    char name[MDL_NAME_BYTES];
    int32_t province;
    int32_t tier;                 /* 1, 2, 3: whom it compares itself with */
    double land_revenue_bn_yuan;  /* per year, 2021 */
    double debt_ratio;            /* debt over revenue */
    double subsidy_budget_m_yuan; /* per year for AI compute, 2022 */
    double target_pflops;         /* own ambition, dense FP16 PFLOPS by 2025 */
} mdl_city_t;

typedef struct mdl_gpu_type {
    char name[MDL_NAME_BYTES];
    double tflops_fp16; /* dense */
    double memory_gb;
    double memory_tb_s;     /* bandwidth */
    double link_gb_s;       /* NVLink / HCCS per GPU */
    double power_w;         /* board */
    double list_price_yuan; /* official channel, per GPU with its share of the server */
    mdl_stack_t stack;
    bool foreign;
    int64_t available_day; /* first day in official channels, days since 1970-01-01 */
    int64_t lead_time_d;   /* official delivery */
    double quota_per_week; /* GPUs per week through official channels in 2022 */
    double quota_growth_per_year;
    double rate_training; /* throughput against an H100 in each class of job (C27, T17, T18) */
    double rate_finetune;
    double rate_inference;
    double rate_batch;
} mdl_gpu_type_t;

typedef struct mdl_platform {
    char name[MDL_NAME_BYTES];
    bool telco;
    int32_t home_province;
    double fleet_h100e;      /* H100-equivalents at the start */
    double capex_bn_yuan[5]; /* AI share of capital spending plan, years 0 to 4 from the start (F32-F37) */
} mdl_platform_t;

typedef struct mdl_route {
    char name[MDL_NAME_BYTES];
    int32_t hops;
    double gpus_per_week;       /* capacity */
    double seizure_probability; /* per hop and shipment */
    double markup_per_hop;      /* share */
    int64_t transit_d;
} mdl_route_t;

typedef struct mdl_tables {
    mdl_province_t provinces[MDL_MAX_PROVINCES];
    uint32_t n_provinces;
    mdl_city_t cities[MDL_MAX_CITIES];
    uint32_t n_cities;
    mdl_gpu_type_t gpu_types[MDL_MAX_GPU_TYPES];
    uint32_t n_gpu_types;
    mdl_platform_t platforms[MDL_MAX_PLATFORMS];
    uint32_t n_platforms;
    mdl_route_t routes[MDL_MAX_ROUTES];
    uint32_t n_routes;
    int32_t reference_type; /* the GPU type called H100: unit of capacity */
} mdl_tables_t;

typedef enum mdl_column_kind {
    MDL_COLUMN_NAME,    /* unique key, char[MDL_NAME_BYTES] */
    MDL_COLUMN_TEXT,    /* char[MDL_NAME_BYTES] */
    MDL_COLUMN_REAL,    /* double */
    MDL_COLUMN_COUNT,   /* int64_t */
    MDL_COLUMN_INT,     /* int32_t */
    MDL_COLUMN_FLAG,    /* bool */
    MDL_COLUMN_DATE,    /* int64_t, days since 1970-01-01 */
    MDL_COLUMN_CHOICE,  /* int32_t-sized enum; names in `unit` separated by '|' */
    MDL_COLUMN_PROVINCE /* int32_t, written as a province's name */
} mdl_column_kind_t;

typedef struct mdl_column {
    const char *name;
    mdl_column_kind_t kind;
    const char *unit;
    double low, high;
    const char *source;
    const char *meaning;
    size_t offset; /* in the row struct */
} mdl_column_t;

typedef struct mdl_table {
    const char *name; /* "provinces" */
    const char *meaning;
    const mdl_column_t *columns;
    size_t n_columns;
    size_t row_bytes;
    size_t min_rows, max_rows;
    size_t rows_offset;      /* in mdl_tables_t */
    size_t count_offset;     /* in mdl_tables_t */
    const char *default_csv; /* text of the shipped table */
} mdl_table_t;

/* Descriptions of all tables, in the order in which they must be read (provinces first). */
const mdl_table_t *mdl_tables_registry(size_t *n);

/* Reads one table from CSV text into `tables`, replacing its rows. Every problem is passed to `report` as
 * "NAME:line:column: found; expected" and counted; returns the number of problems. */
typedef void (*mdl_report_t)(void *user, const char *message);
size_t mdl_table_read(mdl_tables_t *tables, const mdl_table_t *table, const char *name, const char *csv,
                      mdl_report_t report, void *user);

/* The shipped tables. */
sim_status_t mdl_tables_default(mdl_tables_t *tables, sim_error_t *err);

/* Positions by name, or -1. */
int32_t mdl_tables_find_province(const mdl_tables_t *tables, const char *name);
int32_t mdl_tables_find_gpu_type(const mdl_tables_t *tables, const char *name);

#endif

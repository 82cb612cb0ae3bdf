// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tables hold, column by column: the registry behind mdl_tables_registry(). */
#include "models/params/tables.h"

/* Texts of tables/NAME.csv, embedded by the build. */
extern const unsigned char mdl_table_text_provinces[], mdl_table_text_cities[], mdl_table_text_gpu_types[],
    mdl_table_text_platforms[], mdl_table_text_routes[];

#define PROVINCE(field) offsetof(mdl_province_t, field)
static const mdl_column_t province_columns[] = {
    {"name", MDL_COLUMN_NAME, "", 0, 0, "", "name of the province, as other tables refer to it", PROVINCE(name)},
    {"zone", MDL_COLUMN_TEXT, "", 0, 0, "E02", "zone: latency classes are between zones", PROVINCE(zone)},
    {"demand_weight", MDL_COLUMN_REAL, "1", 0, 1e6, "assumed; share of the digital economy",
     "weight in national demand; normalised to sum 1", PROVINCE(demand_weight)},
    {"power_price_yuan_kwh", MDL_COLUMN_REAL, "CNY/kWh", 0.05, 3, "S10-S13", "industrial power price in 2022",
     PROVINCE(power_price_yuan_kwh)},
    {"pue", MDL_COLUMN_REAL, "1", 1, 3, "C26", "power usage effectiveness of a new centre", PROVINCE(pue)},
    {"hub", MDL_COLUMN_FLAG, "", 0, 1, "E02", "hub of Eastern Data Western Computing", PROVINCE(hub)},
    {"latency_ms", MDL_COLUMN_REAL, "ms", 0, 1000, "C27", "one way to the national demand centre",
     PROVINCE(latency_ms)},
    {"grid_quota_mw", MDL_COLUMN_REAL, "MW", 0, 1e6, "assumed", "power that the grid will allot to AI centres",
     PROVINCE(grid_quota_mw)},
};

#define CITY(field) offsetof(mdl_city_t, field)
static const mdl_column_t city_columns[] = {
    {"name", MDL_COLUMN_NAME, "", 0, 0, "", "name of the city", CITY(name)},
    {"province", MDL_COLUMN_PROVINCE, "", 0, 0, "", "province in which it lies", CITY(province)},
    {"tier", MDL_COLUMN_INT, "1", 1, 5, "assumed", "tier: whom it compares itself with", CITY(tier)},
    {"land_revenue_bn_yuan", MDL_COLUMN_REAL, "bnCNY", 0, 1e5, "S17", "land revenue in 2021, per year",
     CITY(land_revenue_bn_yuan)},
    {"debt_ratio", MDL_COLUMN_REAL, "1", 0, 20, "S18", "debt over revenue", CITY(debt_ratio)},
    {"subsidy_budget_m_yuan", MDL_COLUMN_REAL, "MCNY", 0, 1e6, "S01-S07", "budget for AI compute in 2022, per year",
     CITY(subsidy_budget_m_yuan)},
    {"target_pflops", MDL_COLUMN_REAL, "PFLOPS", 0, 1e7, "assumed", "own ambition, dense FP16 by 2025",
     CITY(target_pflops)},
};

#define GPU(field) offsetof(mdl_gpu_type_t, field)
static const mdl_column_t gpu_type_columns[] = {
    {"name", MDL_COLUMN_NAME, "", 0, 0, "", "name of the type; one must be H100, the unit of capacity", GPU(name)},
    {"tflops_fp16", MDL_COLUMN_REAL, "TFLOPS", 1, 1e6, "vendor; T17, T18", "dense FP16 speed", GPU(tflops_fp16)},
    {"memory_gb", MDL_COLUMN_REAL, "GB", 1, 1e5, "vendor", "memory", GPU(memory_gb)},
    {"memory_tb_s", MDL_COLUMN_REAL, "TB/s", 0.01, 1e3, "vendor", "memory bandwidth", GPU(memory_tb_s)},
    {"link_gb_s", MDL_COLUMN_REAL, "GB/s", 0, 1e5, "vendor", "NVLink or HCCS bandwidth per GPU", GPU(link_gb_s)},
    {"power_w", MDL_COLUMN_REAL, "W", 1, 1e4, "vendor", "board power", GPU(power_w)},
    {"list_price_yuan", MDL_COLUMN_REAL, "CNY", 0, 1e8, "X03-X05, X24-X27",
     "official price per GPU with its share of the server", GPU(list_price_yuan)},
    {"stack", MDL_COLUMN_CHOICE, "cuda|cann", 0, 0, "vendor", "software stack", GPU(stack)},
    {"foreign", MDL_COLUMN_FLAG, "", 0, 1, "vendor", "made abroad: export rules apply", GPU(foreign)},
    {"available", MDL_COLUMN_DATE, "", 0, 0, "vendor", "first day in official channels", GPU(available_day)},
    {"lead_time_d", MDL_COLUMN_COUNT, "d", 0, 3650, "X04", "official delivery time", GPU(lead_time_d)},
    {"quota_per_week", MDL_COLUMN_REAL, "GPU/wk", 0, 1e7, "assumed", "flow through official channels in 2022",
     GPU(quota_per_week)},
    {"quota_growth_per_year", MDL_COLUMN_REAL, "1", -1, 100, "assumed", "growth of that flow per year",
     GPU(quota_growth_per_year)},
    {"rate_training", MDL_COLUMN_REAL, "1", 0, 100, "T17, T18", "training throughput against an H100",
     GPU(rate_training)},
    {"rate_finetune", MDL_COLUMN_REAL, "1", 0, 100, "T17, T18", "fine-tuning throughput against an H100",
     GPU(rate_finetune)},
    {"rate_inference", MDL_COLUMN_REAL, "1", 0, 100, "T17, T18", "inference throughput against an H100",
     GPU(rate_inference)},
    {"rate_batch", MDL_COLUMN_REAL, "1", 0, 100, "T17, T18", "batch throughput against an H100", GPU(rate_batch)},
};

#define PLATFORM(field) offsetof(mdl_platform_t, field)
#define CAPEX(year)                                                                                                    \
    {                                                                                                                  \
        "capex_bn_yuan_y" #year, MDL_COLUMN_REAL, "bnCNY", 0, 1e4, "F32-F37",                                          \
            "AI share of the capital spending plan in year " #year " from the start", PLATFORM(capex_bn_yuan[year])    \
    }
static const mdl_column_t platform_columns[] = {
    {"name", MDL_COLUMN_NAME, "", 0, 0, "", "name of the platform", PLATFORM(name)},
    {"telco", MDL_COLUMN_FLAG, "", 0, 1, "", "telecom operator", PLATFORM(telco)},
    {"home_province", MDL_COLUMN_PROVINCE, "", 0, 0, "assumed", "province of its first region",
     PLATFORM(home_province)},
    {"fleet_h100e", MDL_COLUMN_REAL, "H100e", 0, 1e7, "assumed", "own fleet at the start", PLATFORM(fleet_h100e)},
    CAPEX(0),
    CAPEX(1),
    CAPEX(2),
    CAPEX(3),
    CAPEX(4),
};

#define ROUTE(field) offsetof(mdl_route_t, field)
static const mdl_column_t route_columns[] = {
    {"name", MDL_COLUMN_NAME, "", 0, 0, "", "name of the route", ROUTE(name)},
    {"hops", MDL_COLUMN_INT, "hop", 1, 20, "assumed", "changes of hand", ROUTE(hops)},
    {"gpus_per_week", MDL_COLUMN_REAL, "GPU/wk", 0, 1e6, "assumed", "capacity", ROUTE(gpus_per_week)},
    {"seizure_probability", MDL_COLUMN_REAL, "1", 0, 0.99, "assumed", "per hop and shipment",
     ROUTE(seizure_probability)},
    {"markup_per_hop", MDL_COLUMN_REAL, "1", 0, 10, "assumed", "share of the price paid", ROUTE(markup_per_hop)},
    {"transit_d", MDL_COLUMN_COUNT, "d", 0, 3650, "assumed", "from purchase to sale", ROUTE(transit_d)},
};

#define TABLE(name, meaning, type, columns, rows, least, most)                                                         \
    {                                                                                                                  \
#name, meaning, columns,                                                                                       \
            sizeof columns / sizeof columns[0], sizeof(type), least, most, offsetof(mdl_tables_t, rows),               \
                                            offsetof(mdl_tables_t, n_##rows), (const char *)mdl_table_text_##name      \
    }

static const mdl_table_t registry[] = {
    TABLE(provinces, "where centres can stand and demand arises", mdl_province_t, province_columns, provinces, 1,
          MDL_MAX_PROVINCES),
    TABLE(cities, "local governments that approve and subsidise", mdl_city_t, city_columns, cities, 1, MDL_MAX_CITIES),
    TABLE(gpu_types, "speed, power, price, who may buy them", mdl_gpu_type_t, gpu_type_columns, gpu_types, 1,
          MDL_MAX_GPU_TYPES),
    TABLE(platforms, "hyperscalers and telecom operators", mdl_platform_t, platform_columns, platforms, 0,
          MDL_MAX_PLATFORMS),
    TABLE(routes, "routes of brokers around the export rule", mdl_route_t, route_columns, routes, 0, MDL_MAX_ROUTES),
};

const mdl_table_t *mdl_tables_registry(size_t *n)
{
    *n = sizeof registry / sizeof registry[0];
    return registry;
}

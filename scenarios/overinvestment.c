// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/overinvestment.h"

#include "sim/recorder.h"

#include <math.h>
#include <string.h>

/* How an outcome of an arm is held against that of the control. */
typedef enum against {
    AGAINST_OVER, /* divided by it */
    AGAINST_LESS  /* it taken away */
} against_t;

static const struct {
    const char *from, *to;
    against_t against;
    double resolution;
} pairs[] = {
    {"/outcomes/investment_yuan", "/outcomes/overinvestment_ratio", AGAINST_OVER, 0.0001},
    {"/outcomes/never_broke_even_capital_yuan", "/outcomes/excess_never_broke_even_capital_yuan", AGAINST_LESS, 1000},
    {"/outcomes/projects_completed", "/outcomes/excess_projects_completed", AGAINST_LESS, 1},
    {"/outcomes/bad_debt_share", "/outcomes/excess_bad_debt_share", AGAINST_LESS, 0.0001},
    {"/outcomes/stranded_capital_yuan", "/outcomes/excess_stranded_capital_yuan", AGAINST_LESS, 1000},
    {"/outcomes/projects_exited", "/outcomes/excess_projects_exited", AGAINST_LESS, 1},
    {"/outcomes/revenue_error_at_entry", "/outcomes/excess_revenue_error_at_entry", AGAINST_LESS, 0.0001},
};

/* Number of the control among the arms, or n. */
static size_t find_control(char **arms, size_t n)
{
    size_t arm = 0;
    while (arm < n && strcmp(arms[arm], SCN_CONTROL_ARM) != 0)
        arm++;
    return arm;
}

static double compare(double value, double control, against_t against, double resolution)
{
    if (against == AGAINST_LESS)
        return sim_round_to(value - control, resolution);
    return control > 0 ? sim_round_to(value / control, resolution) : (double)NAN;
}

/* Turns values [arm][...] into comparisons with those of the control. */
static void hold_against(sim_array_t *array, size_t control, against_t against, double resolution)
{
    size_t n = 1;
    for (uint32_t i = 1; i < array->n_dims; i++)
        n *= array->shape[i];
    for (size_t i = 0; i < n; i++) {
        double reference = array->values[control * n + i];
        for (size_t arm = 0; arm < array->shape[0]; arm++) {
            double *value = &array->values[arm * n + i];
            *value = compare(*value, reference, against, resolution);
        }
    }
}

static sim_status_t write_pair(sim_result_t *result, size_t control, size_t pair, sim_error_t *err)
{
    sim_array_t values = {0}, out = {0};
    sim_status_t status = sim_result_describe(result, pairs[pair].to, &out, err);
    if (status == SIM_OK)
        status = sim_result_read(result, pairs[pair].from, &values, err);
    if (status == SIM_OK) {
        hold_against(&values, control, pairs[pair].against, pairs[pair].resolution);
        out.values = values.values;
        status = sim_result_write(result, pairs[pair].to, &out, err);
    }
    sim_array_free(&values);
    return status;
}

sim_status_t scn_overinvestment_write(sim_result_t *result, sim_error_t *err)
{
    char **arms = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    size_t control = status == SIM_OK ? find_control(arms, n) : n;
    for (size_t pair = 0; pair < sizeof pairs / sizeof pairs[0] && status == SIM_OK && control < n; pair++)
        status = write_pair(result, control, pair, err);
    sim_labels_free(arms, n);
    return status;
}

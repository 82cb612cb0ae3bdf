// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/overinvestment.h"

#include "sim/recorder.h"

#include <math.h>
#include <string.h>

#define INVESTMENT     "/outcomes/investment_yuan"
#define OVERINVESTMENT "/outcomes/overinvestment_ratio"
#define RESOLUTION     0.0001

/* Number of the arm `rational`, or n. */
static size_t find_rational(char **arms, size_t n)
{
    size_t arm = 0;
    while (arm < n && strcmp(arms[arm], "rational") != 0)
        arm++;
    return arm;
}

/* Turns investments [arm][...] into ratios to those of `rational`. */
static void divide(sim_array_t *investment, size_t rational)
{
    size_t n = 1;
    for (uint32_t i = 1; i < investment->n_dims; i++)
        n *= investment->shape[i];
    for (size_t i = 0; i < n; i++) {
        double reference = investment->values[rational * n + i];
        for (size_t arm = 0; arm < investment->shape[0]; arm++) {
            double *value = &investment->values[arm * n + i];
            *value = reference > 0 ? sim_round_to(*value / reference, RESOLUTION) : (double)NAN;
        }
    }
}

sim_status_t scn_overinvestment_write(sim_result_t *result, sim_error_t *err)
{
    char **arms = NULL;
    size_t n = 0;
    sim_array_t investment = {0}, ratio = {0};
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    size_t rational = status == SIM_OK ? find_rational(arms, n) : n;
    if (status != SIM_OK || rational == n)
        goto out;
    status = sim_result_describe(result, OVERINVESTMENT, &ratio, err);
    if (status == SIM_OK)
        status = sim_result_read(result, INVESTMENT, &investment, err);
    if (status != SIM_OK)
        goto out;
    divide(&investment, rational);
    ratio.values = investment.values;
    status = sim_result_write(result, OVERINVESTMENT, &ratio, err);
out:
    sim_array_free(&investment);
    sim_labels_free(arms, n);
    return status;
}

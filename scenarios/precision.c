// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/precision.h"

#include "sim/student.h"

#include <math.h>

sim_status_t scn_precision_init(scn_precision_t *self, const scn_experiment_t *experiment, sim_error_t *err)
{
    const char *metric = NULL;
    *self = (scn_precision_t){0};
    self->wanted = scn_scenario_precision(experiment->scenario, &metric, &self->half_width);
    if (!self->wanted)
        return SIM_OK;
    int32_t channel = sim_schema_find(&experiment->schema, "outcomes", metric);
    if (channel < 0)
        return sim_fail(err, SIM_EINPUT, "precision.metric",
                        "found '%s'; expected the name of an outcome; docs/OUTPUT.md lists them", metric);
    self->channel = (uint32_t)channel;
    return SIM_OK;
}

/* Half width of the 95 % interval of a mean of n values with this sum of squared deviations; infinite below two. */
static double half_width(size_t n, double squares)
{
    if (n < 2)
        return (double)INFINITY;
    double degrees = (double)n - 1;
    return sim_student_quantile(0.975, degrees) * sqrt(squares / degrees / (double)n);
}

/* Half width in one arm and point; missing values are left out. */
static sim_status_t measure(const scn_precision_t *self, const scn_experiment_t *experiment, uint32_t arm,
                            uint32_t point, double *width, sim_error_t *err)
{
    size_t n = 0;
    double mean = 0, squares = 0;
    for (uint32_t replication = 0; replication < experiment->first_replication; replication++) {
        double value;
        sim_run_key_t key = {arm, point, replication};
        sim_status_t status = sim_store_outcome(experiment->store, key, self->channel, &value, err);
        if (status != SIM_OK)
            return status;
        if (isnan(value))
            continue;
        double step = value - mean;
        mean += step / (double)++n;
        squares += step * (value - mean);
    }
    *width = half_width(n, squares);
    return SIM_OK;
}

sim_status_t scn_precision_reached(const scn_precision_t *self, const scn_experiment_t *experiment, bool *reached,
                                   sim_error_t *err)
{
    *reached = true;
    for (uint32_t arm = 0; arm < scn_scenario_arms(experiment->scenario); arm++)
        for (uint32_t point = 0; point < experiment->n_points; point++) {
            double width = 0;
            sim_status_t status = measure(self, experiment, arm, point, &width, err);
            if (status != SIM_OK)
                return status;
            *reached = *reached && width <= self->half_width;
        }
    return SIM_OK;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/problem.h"

#include <math.h>
#include <stdlib.h>

sim_status_t ana_runs_init(ana_runs_t *self, const ana_problem_t *problem, size_t room, sim_error_t *err)
{
    *self = (ana_runs_t){.room = room, .n_params = problem->n_params, .n_targets = problem->n_targets};
    self->places = calloc(room * problem->n_params + 1, sizeof *self->places);
    self->summaries = calloc(room * problem->n_targets + 1, sizeof *self->summaries);
    self->distances = calloc(room + 1, sizeof *self->distances);
    self->worlds = calloc(room + 1, sizeof *self->worlds);
    self->stages = calloc(room + 1, sizeof *self->stages);
    if (self->places != NULL && self->summaries != NULL && self->distances != NULL && self->worlds != NULL &&
        self->stages != NULL)
        return SIM_OK;
    return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu simulations", room);
}

void ana_runs_free(ana_runs_t *self)
{
    free(self->places);
    free(self->summaries);
    free(self->distances);
    free(self->worlds);
    free(self->stages);
    *self = (ana_runs_t){0};
}

sim_status_t ana_runs_simulate(ana_runs_t *self, const ana_problem_t *problem, size_t n, uint32_t stage,
                               sim_error_t *err)
{
    SIM_ASSERT(self->n + n <= self->room);
    for (size_t i = 0; i < n; i++) {
        self->worlds[self->n + i] = (uint32_t)(i % problem->n_worlds);
        self->stages[self->n + i] = stage;
    }
    ana_batch_t batch = {.first = problem->first + self->n,
                         .n = n,
                         .places = ana_runs_place(self, self->n),
                         .worlds = self->worlds + self->n,
                         .summaries = ana_runs_summary(self, self->n)};
    sim_status_t status = problem->simulate(problem->user, &batch, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++)
        self->distances[self->n + i] = ana_distance(problem, ana_runs_summary(self, self->n + i));
    if (status == SIM_OK)
        self->n += n;
    return status;
}

double ana_residual(const ana_target_t *target, double summary)
{
    if (isnan(summary) || (target->in_logs && !(summary > 0)))
        return NAN;
    double nearest = fmin(fmax(summary, target->low), target->high);
    double miss = target->in_logs ? log(summary / nearest) : summary - nearest;
    return miss / target->scale;
}

double ana_distance(const ana_problem_t *problem, const double *summaries)
{
    double sum = 0;
    for (size_t j = 0; j < problem->n_targets; j++) {
        double residual = ana_residual(&problem->targets[j], summaries[j]);
        if (isnan(residual))
            return INFINITY;
        sum += log1p(residual * residual);
    }
    return sum;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/problems.h"

#include <stdio.h>

sim_status_t app_load_scenario(scn_scenario_t **scenario, const char *name, const scn_options_t *options,
                               sim_error_t *err)
{
    scn_problems_t problems = {0};
    sim_status_t status = scn_scenario_load(scenario, name, options, &problems, err);
    for (size_t i = 0; i < problems.n; i++)
        fprintf(stderr, "%s\n", problems.items[i].text);
    if (problems.n > 0)
        *err = (sim_error_t){0};
    scn_problems_free(&problems);
    return status;
}

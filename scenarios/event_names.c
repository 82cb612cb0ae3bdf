// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/event_names.h"

#include <stdlib.h>

enum { CITY, PLATFORM, GPU_TYPE, PARAMETER, SCALES };

/* Name of entry `i` of a scale; NULL behind its end. */
static const char *name_of(int scale, size_t i, const mdl_tables_t *tables)
{
    size_t n_params;
    const mdl_param_t *params = mdl_params_registry(&n_params);
    switch (scale) {
    case CITY: return i < tables->n_cities ? tables->cities[i].name : NULL;
    case PLATFORM: return i < tables->n_platforms ? tables->platforms[i].name : NULL;
    case GPU_TYPE: return i < tables->n_gpu_types ? tables->gpu_types[i].name : NULL;
    default: return i < n_params ? params[i].key : NULL;
    }
}

sim_status_t scn_event_names_write(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err)
{
    static const char *const scales[SCALES] = {"city", "platform", "gpu_type", "parameter"};
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    sim_status_t status = SIM_OK;
    for (int scale = 0; input->events && scale < SCALES && status == SIM_OK; scale++) {
        size_t n = 0;
        while (name_of(scale, n, input->tables) != NULL)
            n++;
        const char **names = calloc(n + 1, sizeof *names);
        if (names == NULL)
            return sim_fail(err, SIM_ENOMEM, "/events", "no memory for %zu names", n);
        for (size_t i = 0; i < n; i++)
            names[i] = name_of(scale, i, input->tables);
        if (n > 0)
            status = sim_result_write_labels(result, "/events", scales[scale], names, n, err);
        free(names);
    }
    return status;
}

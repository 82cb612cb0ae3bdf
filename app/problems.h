// SPDX-License-Identifier: GPL-3.0-or-later
/* Loading a scenario for a command, with all its problems printed on stderr. */
#ifndef APP_PROBLEMS_H
#define APP_PROBLEMS_H

#include "scenarios/scenario.h"

/* As scn_scenario_load(); each problem is one line on stderr and `err` stays empty when problems were printed. */
sim_status_t app_load_scenario(scn_scenario_t **scenario, const char *name, const scn_options_t *options,
                               sim_error_t *err);

#endif

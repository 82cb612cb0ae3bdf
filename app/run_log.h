// SPDX-License-Identifier: GPL-3.0-or-later
/* FILE.log.jsonl: what must not be in a result because it differs from run to run: clock, host, threads, speed. */
#ifndef APP_RUN_LOG_H
#define APP_RUN_LOG_H

#include "scenarios/experiment.h"

/* Appends one line about a run; a log that cannot be written is reported on stderr and changes nothing else. */
void app_run_log(const char *path, const scn_scenario_t *scenario, int threads, const scn_experiment_report_t *report);

#endif

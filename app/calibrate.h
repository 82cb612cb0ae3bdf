// SPDX-License-Identifier: GPL-3.0-or-later
/* What `calibrate` prints. */
#ifndef APP_CALIBRATE_H
#define APP_CALIBRATE_H

#include "analysis/calibrate/calibrate.h"

/* The names of what was written. */
typedef struct app_calibrate_files {
    char result[4096], scenario[4096], draws[4096];
} app_calibrate_files_t;

/* Parameters, then facts before and after, then where everything is; 120 columns. */
void app_calibrate_table(const ana_calibration_t *calibration, const app_calibrate_files_t *files);
/* One JSON object. */
void app_calibrate_json(const ana_calibration_t *calibration, const ana_calibration_options_t *options,
                        const app_calibrate_files_t *files);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* A calibration as a scenario: a file that extends the calibrated one with the calibrated values, and a table of draws
 * for `parameters: posterior`. */
#ifndef ANA_CALIBRATE_EXPORT_H
#define ANA_CALIBRATE_EXPORT_H

#include "analysis/calibrate/calibrate.h"

/* YAML. `extends`: preset or path; `name`: of the scenario, "" to leave it out; `draws`: how the file names the table.
 * The caller frees it; NULL without memory. */
char *ana_calibration_yaml(const ana_calibration_t *calibration, const char *extends, const char *name,
                           const char *draws);
/* CSV: a header of keys, then ANA_CALIBRATION_DRAWS equally likely rows. The caller frees it; NULL without memory. */
char *ana_calibration_csv(const ana_calibration_t *calibration);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Paths with the facts on them, as SVG: a small panel for each series that facts are read from, with median and 5-95 %
 * band over replications and a box for each fact, as wide as the days it speaks of and as high as its band.
 *
 * Facts about an outcome, a change or a rise have no level on a path and are left out; the table has them. */
#ifndef ANA_VALIDATE_PLOT_H
#define ANA_VALIDATE_PLOT_H

#include "analysis/validate.h"

/* `text` is the caller's to free, NUL-terminated, `bytes` without the NUL. SIM_EINPUT when there is no such arm or no
 * fact that could be drawn, SIM_ENOMEM. */
sim_status_t ana_validate_plot(sim_result_t *result, const char *arm, const ana_validation_t *validation, char **text,
                               size_t *bytes, sim_error_t *err);

#endif

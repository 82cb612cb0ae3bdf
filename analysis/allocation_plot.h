// SPDX-License-Identifier: GPL-3.0-or-later
/* How full a placement rule gets the GPUs: GPUs allocated against GPUs asked for, both in percent of the cluster's. The
 * diagonal is a rule that never turns a pod away; what a curve lacks to it (and beyond 100 % to the top) was lost.
 *
 *     ana_allocation_curve_t curve = {"fgd", arrived, allocated, n};
 *     status = ana_allocation_plot(&curve, 1, "openb, FGD", &svg, &bytes, &err); // svg is the caller's to free
 */
#ifndef ANA_ALLOCATION_PLOT_H
#define ANA_ALLOCATION_PLOT_H

#include "sim/error.h"

#include <stddef.h>

typedef struct ana_allocation_curve {
    const char *name;
    const double *arrived_percent, *allocated_percent; /* by arrived, ascending */
    size_t n;
} ana_allocation_curve_t;

/* Draws up to eight curves on common axes, with a legend that tells where each ends. SIM_EINPUT: more; SIM_ENOMEM. */
sim_status_t ana_allocation_plot(const ana_allocation_curve_t *curves, size_t n, const char *title, char **svg,
                                 size_t *bytes, sim_error_t *err);

#endif

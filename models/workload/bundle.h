// SPDX-License-Identifier: GPL-3.0-or-later
/* How coarse a contract's jobs are: the bundle of whole nodes that smaller jobs are batched to. */
#ifndef MDL_BUNDLE_H
#define MDL_BUNDLE_H

#include "models/workload/settings.h"

/* GPUs of a bundle for a lease of `nodes`: one node up to settings->bundles nodes, above that about nodes / bundles,
 * chosen (down to half of it) to leave the fewest nodes over. 0 when jobs are simulated one by one. */
uint32_t mdl_bundle_gpus(const mdl_workload_settings_t *settings, uint32_t nodes);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/bundle.h"

#include "models/hardware/cluster.h"

uint32_t mdl_bundle_gpus(const mdl_workload_settings_t *settings, uint32_t nodes)
{
    uint32_t widest = (nodes + settings->bundles - 1) / settings->bundles, best = widest;

    if (settings->grain_s <= 0)
        return 0;
    for (uint32_t width = widest; width > 0 && 2 * width > widest; width--) {
        if (nodes % width < nodes % best)
            best = width;
    }
    return (best > 0 ? best : 1) * MDL_NODE_GPUS;
}

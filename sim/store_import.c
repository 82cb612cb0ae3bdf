// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/store_assemble.h"
sim_status_t sim_store_import(sim_store_t *self, sim_error_t *err)
{
    (void)self;
    (void)err;
    return SIM_OK;
}

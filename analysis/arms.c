// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/arms.h"

#include <stdio.h>
#include <string.h>

sim_status_t ana_find_arm(char *const *arms, size_t n, const char *option, const char *name, size_t *index,
                          sim_error_t *err)
{
    char known[512] = "";
    for (size_t i = 0; i < n; i++) {
        if (strcmp(arms[i], name) == 0) {
            *index = i;
            return SIM_OK;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", arms[i]);
    }
    return sim_fail(err, SIM_EINPUT, option, "found '%s'; expected an arm of the file: %s", name, known);
}

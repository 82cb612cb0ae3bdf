// SPDX-License-Identifier: GPL-3.0-or-later
/* Arms of a result by name. */
#ifndef ANA_ARMS_H
#define ANA_ARMS_H

#include "sim/error.h"

#include <stddef.h>

/* The position of the arm called `name` among the labels of a result. SIM_EINPUT names the arms that there are;
 * `option` is where the user said it ("--baseline"). */
sim_status_t ana_find_arm(char *const *arms, size_t n, const char *option, const char *name, size_t *index,
                          sim_error_t *err);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Arms and variables of a result, as a user names them: found, or an error with the names that there are and the one
 * that was perhaps meant.
 *
 *     size_t arm;
 *     status = ana_result_arm(result, "--arm", "basline", &arm, &err);
 *     // "--arm: found 'basline'; expected an arm of the file: baseline, rational; did you mean baseline?"
 */
#ifndef ANA_NAMES_H
#define ANA_NAMES_H

#include "models/params/spelling.h"
#include "sim/store.h"

#include <stddef.h>

/* The position of the arm called `name` among `n` names. SIM_EINPUT names the arms that there are; `whose` they are is
 * "file" or "scenario", and `option` is where the user said it ("--baseline"). */
sim_status_t ana_find_arm(char *const *arms, size_t n, const char *whose, const char *option, const char *name,
                          size_t *index, sim_error_t *err);
/* The same among the arms of a result. */
sim_status_t ana_result_arm(sim_result_t *result, const char *option, const char *name, size_t *index,
                            sim_error_t *err);

/* Writes "; did you mean X?" with the variable of a group ("/", "/outcomes") whose name is closest to `word`, "" when
 * none is close, and returns it. */
const char *ana_variable_hint(sim_result_t *result, const char *group, const char *word, char hint[MDL_SPELLING_HINT]);

#endif

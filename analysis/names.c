// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/names.h"

#include <stdio.h>
#include <string.h>

sim_status_t ana_find_arm(char *const *arms, size_t n, const char *whose, const char *option, const char *name,
                          size_t *index, sim_error_t *err)
{
    char known[512] = "", hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(arms[i], name) == 0) {
            *index = i;
            return SIM_OK;
        }
        mdl_spelling_offer(&near, arms[i]);
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", arms[i]);
    }
    return sim_fail(err, SIM_EINPUT, option, "found '%s'; expected an arm of the %s: %s%s", name, whose, known,
                    mdl_spelling_hint_of(&near, hint));
}

sim_status_t ana_result_arm(sim_result_t *result, const char *option, const char *name, size_t *index, sim_error_t *err)
{
    char **arms = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    if (status == SIM_OK)
        status = ana_find_arm(arms, n, "file", option, name, index, err);
    sim_labels_free(arms, n);
    return status;
}

const char *ana_variable_hint(sim_result_t *result, const char *group, const char *word, char hint[MDL_SPELLING_HINT])
{
    char **names = NULL;
    size_t n = 0;
    mdl_spelling_t near = mdl_spelling(word);
    if (sim_result_list(result, group, &names, &n, NULL) != SIM_OK)
        n = 0;
    for (size_t i = 0; i < n; i++)
        mdl_spelling_offer(&near, names[i]);
    (void)mdl_spelling_hint_of(&near, hint);
    sim_labels_free(names, n);
    return hint;
}

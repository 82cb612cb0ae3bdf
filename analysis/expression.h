// SPDX-License-Identifier: GPL-3.0-or-later
/* What is read out of a result: a variable, a choice of labels, or a sum of several, as a text.
 *
 *     rent_node_month                                  a national series
 *     /developers/energised                            a group's series, summed over its dimension
 *     /gpu_market/price[gpu_type=H800]                 one label of it
 *     /outcomes/idle_share_new_2025q1                  an outcome
 *     projects_building + projects_waiting             a sum
 *
 * Several choices are separated by commas. Only the text is looked at here; whether a result holds it is found out by
 * who reads it (analysis/series.h).
 */
#ifndef ANA_EXPRESSION_H
#define ANA_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#define ANA_MAX_TERMS   4
#define ANA_MAX_CHOICES 2
#define ANA_PATH_BYTES  96
#define ANA_LABEL_BYTES 64

typedef struct ana_choice {
    char dim[ANA_LABEL_BYTES], label[ANA_LABEL_BYTES];
} ana_choice_t;

typedef struct ana_term {
    char path[ANA_PATH_BYTES]; /* with the leading slash */
    ana_choice_t choices[ANA_MAX_CHOICES];
    uint32_t n_choices;
} ana_term_t;

typedef struct ana_expression {
    ana_term_t terms[ANA_MAX_TERMS];
    uint32_t n;
} ana_expression_t;

/* NULL, or what was expected where the text could not be read ("a name after '+'"). */
const char *ana_expression_parse(const char *text, ana_expression_t *expression);
/* Whether all of it are outcomes, which have no time. */
bool ana_expression_is_outcome(const ana_expression_t *expression);

#endif

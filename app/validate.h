// SPDX-License-Identifier: GPL-3.0-or-later
/* What `validate` prints. */
#ifndef APP_VALIDATE_H
#define APP_VALIDATE_H

#include "analysis/bubble_measure.h"
#include "analysis/validate.h"

/* Comparable facts by topic, those that are not with their reasons, the scores against their bars; 120 columns. */
void app_validate_table(const ana_validation_t *validation, const char *arm, const double bars[ANA_FACT_KINDS]);
/* One JSON object; `bubble` is the arm against the rational control, NULL without one. */
void app_validate_json(const ana_validation_t *validation, const ana_bubble_arm_t *bubble);

#endif

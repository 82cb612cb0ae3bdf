// SPDX-License-Identifier: GPL-3.0-or-later
/* The bubble measure for readers and programs: in `validate` for one arm, at the end of `run` for all. */
#ifndef APP_BUBBLE_MEASURE_H
#define APP_BUBBLE_MEASURE_H

#include "analysis/bubble_measure.h"

#include <jansson.h>

/* One arm: a row for each part with the control's mean, the arm's, their difference and its interval; 120 columns. */
void app_bubble_measure_print(const ana_bubble_arm_t *arm);
/* All arms, a line each: differences from the control. */
void app_bubble_measure_print_arms(const ana_bubble_measure_t *measure);

/* {control, arm, measure: [...], witnesses: [...], above_control, by_assumption}; null for NULL. */
json_t *app_bubble_measure_json(const ana_bubble_arm_t *arm);

#endif

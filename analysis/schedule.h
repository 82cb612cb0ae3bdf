// SPDX-License-Identifier: GPL-3.0-or-later
/* What a replay did over time, made ready for pictures: bars on rows of GPUs, and levels as steps.
 *
 * A result does not say on which GPUs of which nodes a job ran, so rows are given first fit: a job takes the lowest
 * unbroken range of free rows that holds it, or else the lowest free rows in several bars. As no GPU is given twice,
 * there are always enough.
 */
#ifndef ANA_SCHEDULE_H
#define ANA_SCHEDULE_H

#include "models/replay/replay.h"

enum { ANA_SIZE_CLASSES = 5 };

/* Name of a size class of jobs ("1 GPU", "2-4 GPUs", ...) and the class of a number of GPUs. */
const char *ana_size_class_name(uint32_t size_class);
uint32_t ana_size_class(uint32_t gpus);

typedef struct ana_bar {
    double from_s, to_s; /* from_s < to_s */
    uint32_t row, rows;
    uint32_t job; /* index into the result's jobs */
    uint8_t size_class;
} ana_bar_t;

typedef struct ana_schedule {
    double from_s, to_s; /* first submission and last end; at least a second apart */
    ana_bar_t *bars;     /* by from_s */
    size_t n_bars, room;
    uint32_t rows;         /* at most 65,536: */
    uint32_t gpus_per_row; /* above, several GPUs share one */
    bool has[ANA_SIZE_CLASSES];
    /* Levels from each time to the next. */
    double *at_s, *gpus, *waiting;
    size_t n_levels;
} ana_schedule_t;

/* Fails with SIM_ENOMEM. Free is legal after that. */
sim_status_t ana_schedule_init(ana_schedule_t *self, const mdl_replay_result_t *result, sim_error_t *err);
void ana_schedule_free(ana_schedule_t *self);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* A replay as a picture: who ran when, how many GPUs were held, how many jobs waited. Three panels over one time axis.
 *
 *     char *svg;
 *     size_t bytes;
 *     if (ana_schedule_plot(&result, "SRTF, 8 nodes of 8 GPUs", NULL, &svg, &bytes, &err) == SIM_OK)
 *         ... write it ...
 *     free(svg);
 *
 * Up to a few thousand bars each is drawn as it is. Beyond, the upper panel becomes a grid of cells a pixel wide, each
 * in the colour of the size class that holds most of it, paler where GPUs are idle; and levels that change more often
 * than pixels can show become their mean, with the band between their least and most. So a picture stays below 2 MB,
 * however many jobs there are.
 */
#ifndef ANA_SCHEDULE_PLOT_H
#define ANA_SCHEDULE_PLOT_H

#include "models/replay/replay.h"

#include <stddef.h>

/* What runs, on what: "job" on "GPU", or "request" on "slot". */
typedef struct ana_schedule_words {
    const char *job, *gpu;
} ana_schedule_words_t;

/* Draws `result` under a title (UTF-8); `words` NULL: jobs on GPUs, of which alone sizes are told. `*svg` is the caller's
 * to free; SIM_ENOMEM. A result without jobs gives empty axes. */
sim_status_t ana_schedule_plot(const mdl_replay_result_t *result, const char *title, const ana_schedule_words_t *words,
                               char **svg, size_t *bytes, sim_error_t *err);

#endif

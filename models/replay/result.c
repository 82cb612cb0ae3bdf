// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/replay.h"

#include <stdlib.h>
#include <time.h>

void mdl_replay_free(mdl_replay_result_t *self)
{
    free(self->jobs);
    free(self->pieces);
    *self = (mdl_replay_result_t){0};
}

double mdl_replay_wall_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/replay.h"

#include <stdlib.h>

void mdl_replay_free(mdl_replay_result_t *self)
{
    free(self->jobs);
    free(self->pieces);
    *self = (mdl_replay_result_t){0};
}

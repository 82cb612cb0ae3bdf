// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/trace.h"

#include <stdlib.h>

void mdl_trace_free(mdl_trace_t *self)
{
    free(self->tenants);
    free(self->jobs);
    *self = (mdl_trace_t){0};
}

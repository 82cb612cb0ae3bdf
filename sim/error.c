// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

sim_status_t sim_fail(sim_error_t *err, sim_status_t code, const char *where, const char *format, ...)
{
    if (err == NULL || err->code != SIM_OK)
        return code;
    err->code = code;
    int used = 0;
    if (where != NULL)
        used = snprintf(err->message, sizeof err->message, "%s: ", where);
    if (used < 0 || (size_t)used >= sizeof err->message)
        return code;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->message + used, sizeof err->message - (size_t)used, format, args);
    va_end(args);
    return code;
}

const char *sim_status_text(sim_status_t code)
{
    switch (code) {
    case SIM_OK: return "ok";
    case SIM_EINPUT: return "bad input";
    case SIM_EIO: return "input/output error";
    case SIM_ENOMEM: return "out of memory";
    case SIM_ELIMIT: return "a declared bound was exceeded";
    case SIM_EINVARIANT: return "an invariant of the model was broken";
    case SIM_EINTERRUPTED: return "interrupted";
    case SIM_EEXISTS: return "already exists";
    case SIM_EINTERNAL: return "internal error";
    }
    return "unknown status";
}

void sim_bug(const char *condition, const char *file, int line)
{
    fprintf(stderr, "overbuild: internal error: %s:%d: expected %s\n", file, line, condition);
    abort();
}

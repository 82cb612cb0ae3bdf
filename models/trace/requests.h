// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests to a large language model, as in the Azure LLM inference traces (Patel et al., "Splitwise", ISCA 2024). */
#ifndef MDL_TRACE_REQUESTS_H
#define MDL_TRACE_REQUESTS_H

#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_request {
    int64_t arrival_us;  /* since the trace's first request */
    uint32_t context;    /* tokens of the prompt, >= 1 */
    uint32_t generated;  /* tokens of the answer, >= 1 */
} mdl_request_t;

typedef struct mdl_requests {
    mdl_request_t *requests; /* by arrival */
    size_t n;
} mdl_requests_t;

/* Reads TIMESTAMP,ContextTokens,GeneratedTokens. Errors as in trace.h. */
sim_status_t mdl_requests_read_azure(const char *path, mdl_requests_t *out, sim_error_t *err);
void mdl_requests_free(mdl_requests_t *self);

#endif

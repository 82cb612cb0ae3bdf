// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests to a large language model, as in the Azure LLM inference traces (Patel et al., "Splitwise", ISCA 2024). */
#ifndef MDL_TRACE_REQUESTS_H
#define MDL_TRACE_REQUESTS_H

#include "models/trace/lines.h"
#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_request {
    int64_t arrival_us; /* since the trace's first request, cut to whole microseconds */
    uint32_t context;   /* tokens of the prompt, >= 1 */
    uint32_t generated; /* tokens of the answer, >= 1 */
} mdl_request_t;

typedef struct mdl_requests {
    mdl_request_t *requests; /* by arrival */
    size_t n;
    size_t dropped; /* requests that were never answered (0 tokens generated) and are left out */
} mdl_requests_t;

/* Reads TIMESTAMP,ContextTokens,GeneratedTokens; requests of one moment stay in order of the file. Errors as in
 * trace.h. */
sim_status_t mdl_requests_read_azure(const char *path, mdl_requests_t *out, sim_error_t *err);
/* The same from any source, whose `problem` hears of every problem. */
sim_status_t mdl_requests_read_azure_from(const mdl_source_t *source, mdl_requests_t *out, sim_error_t *err);
/* Frees what it owns and empties it; legal on an empty one. */
void mdl_requests_free(mdl_requests_t *self);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the reader of the Standard Workload Format. */
#include "tests/fuzz/traces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_jobs(mdl_trace_read_swf_from, data, size);
}

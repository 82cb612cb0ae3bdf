// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the readers of Muri's jobs and clusters. */
#include "tests/fuzz/traces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_muri(data, size);
}

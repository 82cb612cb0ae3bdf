// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the readers of openb's nodes, pods and orders. */
#include "tests/fuzz/traces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_openb(data, size);
}

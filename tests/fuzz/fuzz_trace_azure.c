// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the reader of Azure's LLM requests. */
#include "tests/fuzz/traces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_azure(data, size);
}

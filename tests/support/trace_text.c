// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/trace_text.h"

#include "tests/support/test.h"

#include <unistd.h>

static void keep(void *user, const char *text)
{
    test_problems_t *problems = user;
    if (problems->n < TEST_MAX_PROBLEMS)
        (void)snprintf(problems->texts[problems->n], sizeof problems->texts[0], "%s", text);
    problems->n++;
}

mdl_source_t test_source(const char *name, const char *text, test_problems_t *problems)
{
    return (mdl_source_t){name, text, strlen(text), problems != NULL ? keep : NULL, problems};
}

const char *test_shared(const char *file)
{
    static char path[4096];
    const char *source = getenv("OVERBUILD_SOURCE");
    (void)snprintf(path, sizeof path, "%s/../shared/%s", source != NULL ? source : ".", file);
    if (access(path, R_OK) != 0) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    return path;
}

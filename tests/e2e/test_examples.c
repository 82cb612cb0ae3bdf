// SPDX-License-Identifier: GPL-3.0-or-later
/* The examples of docs/examples run as programs and give the answers of theory.
 *
 * docs/examples/mmc.c prints a 99 % interval from batch means of one run. Its seed is fixed; Erlang's formula must lie
 * within twice the half width, which a right program misses with probability below 1e-5 per run. */
#include "tests/support/test.h"

#include <math.h>
#include <unistd.h>

typedef struct answer {
    double wait, low, high, busy;
} answer_t;

/* Runs the example that stands beside the program under test. */
static answer_t run_mmc(const char *arguments)
{
    const char *binary = getenv("OVERBUILD_BINARY");
    if (binary == NULL)
        exit(77); /* skipped: only CTest knows where the build is */
    const char *slash = strrchr(binary, '/');
    char command[4096];
    answer_t answer = {0};
    assert_non_null(slash);
    (void)snprintf(command, sizeof command, "'%.*s/examples/example_mmc' %s", (int)(slash - binary), binary, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    int fields = fscanf(pipe, "wait %lf [%lf, %lf] services, clerks %lf busy", &answer.wait, &answer.low, &answer.high,
                        &answer.busy);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(fields, 4);
    return answer;
}

static void check(const char *arguments, double wait, double load)
{
    answer_t answer = run_mmc(arguments);
    double half_width = (answer.high - answer.low) / 2;
    assert_true(fabs(answer.wait - (answer.low + half_width)) < 1e-4);
    assert_true(half_width > 0 && half_width < 0.05 * wait);
    assert_true(fabs(answer.wait - wait) < 2 * half_width);
    assert_true(fabs(answer.busy - load) < 0.003); /* 2 million customers: over 4 standard errors */
}

/* Mean waits by Erlang C, in services: 96/89 for three clerks at load 0.8, 4 for one, 1/3 for two at 0.5. */
static void test_mmc(void **state)
{
    (void)state;
    check("", 96.0 / 89, 0.8);
    check("1 0.8", 4, 0.8);
    check("2 0.5", 1.0 / 3, 0.5);
}

/* Three requests, seconds apart, wait for nothing, however few replicas. */
static void test_serving(void **state)
{
    const char *binary = getenv("OVERBUILD_BINARY");
    char path[] = "/tmp/example_serving_XXXXXX", command[4096], line[256];
    unsigned slots, replicas, rows = 0;
    double target, replayed, modelled;

    (void)state;
    if (binary == NULL)
        exit(77);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *trace = fdopen(fd, "w");
    assert_non_null(trace);
    (void)fputs("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,100,5\n"
                "2023-11-16 18:17:13.5,20,8\n2023-11-16 18:17:24,3,1\n",
                trace);
    assert_int_equal(fclose(trace), 0);
    (void)snprintf(command, sizeof command, "'%.*s/examples/example_serving' %s 2",
                   (int)(strrchr(binary, '/') - binary), binary, path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    for (; fgets(line, sizeof line, pipe) != NULL; rows++) {
        assert_int_equal(sscanf(line, "%u,%u,%lf,%lf,%lf", &slots, &replicas, &target, &replayed, &modelled), 5);
        assert_int_equal(slots, 2);
        assert_true(replayed == 1 && modelled > 0.9);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(rows, 36);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mmc),
        cmocka_unit_test(test_serving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

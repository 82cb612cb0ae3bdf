// SPDX-License-Identifier: GPL-3.0-or-later
/* Errors: the first one wins, long texts are cut, every code has a name. */
#include "sim/error.h"
#include "tests/support/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_first_failure_wins(void **state)
{
    (void)state;
    sim_error_t err = {0};
    assert_int_equal(sim_fail(&err, SIM_EINPUT, "a.yaml:3:1", "found %d", 7), SIM_EINPUT);
    assert_string_equal(err.message, "a.yaml:3:1: found 7");
    assert_int_equal(sim_fail(&err, SIM_EIO, NULL, "later"), SIM_EIO);
    assert_int_equal(err.code, SIM_EINPUT);
    assert_string_equal(err.message, "a.yaml:3:1: found 7");
    assert_int_equal(sim_fail(NULL, SIM_ELIMIT, "x", "y"), SIM_ELIMIT);
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    sim_error_t err = {0};
    (void)sim_fail(&err, SIM_EINPUT, "place", "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    err = (sim_error_t){0};
    (void)sim_fail(&err, SIM_EINPUT, text, "never seen");
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void test_every_code_has_a_text(void **state)
{
    (void)state;
    for (int code = SIM_EINTERNAL; code <= SIM_OK; code++) {
        assert_string_not_equal(sim_status_text((sim_status_t)code), "unknown status");
        for (int other = SIM_EINTERNAL; other < code; other++)
            assert_string_not_equal(sim_status_text((sim_status_t)code), sim_status_text((sim_status_t)other));
    }
    assert_string_equal(sim_status_text((sim_status_t)-99), "unknown status");
}

/* A programmer's bug ends the program, naming the condition and the place, in release builds too. */
static void test_bug_aborts_with_a_message(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        SIM_ASSERT(child > 7);
    }
    (void)close(ends[1]);
    char text[300] = "";
    ssize_t length = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(length > 0);
    assert_non_null(strstr(text, "expected child > 7"));
    assert_non_null(strstr(text, "test_error.c:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_failure_wins),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_every_code_has_a_text),
        cmocka_unit_test(test_bug_aborts_with_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

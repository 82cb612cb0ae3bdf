// SPDX-License-Identifier: GPL-3.0-or-later
/* Result files open in what people read them with: tests/support/check_readers.py does the looking, with Debian's
 * Python. */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <sys/wait.h>

static void write_result(const char *path, uint32_t n_points, uint32_t n_replications)
{
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, n_points, n_replications);
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    assert_int_equal(fake_put_all(store, &plan, &err), SIM_OK);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    sim_store_close(store);
}

static int exit_code;

static void results_open_in_every_reader(void **state)
{
    (void)state;
    char *folder = fake_folder(), command[1024];
    const char *source = getenv("OVERBUILD_SOURCE");
    assert_non_null(folder);
    if (source == NULL) {
        print_message("skipped: OVERBUILD_SOURCE is not set\n");
        exit_code = 77;
        fake_remove(folder);
        free(folder);
        skip();
    }
    write_result(fake_path(folder, "plain.h5"), 1, 6);
    write_result(fake_path(folder, "design.h5"), 3, 2);
    snprintf(command, sizeof command, "/usr/bin/python3 -B '%s/tests/support/check_readers.py' '%s'", source, folder);
    int status = system(command);
    fake_remove(folder);
    free(folder);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        exit_code = 77;
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(results_open_in_every_reader)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed > 0 ? failed : exit_code;
}

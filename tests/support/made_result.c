// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/made_result.h"

#include "tests/support/fake_run.h"
#include "tests/support/test.h"

static void put_all(sim_store_t *store, const made_plan_t *plan)
{
    sim_recorder_t *recorder = NULL;
    const sim_run_meta_t meta = {.seed = 1};
    assert_int_equal(sim_recorder_create(&recorder, plan->schema, NULL), SIM_OK);
    for (uint32_t arm = 0; arm < plan->n_arms; arm++)
        for (uint32_t replication = 0; replication < plan->n_replications; replication++) {
            sim_run_key_t key = {arm, 0, replication};
            sim_recorder_reset(recorder);
            plan->record(recorder, key);
            assert_int_equal(sim_store_put(store, key, recorder, &meta, NULL), SIM_OK);
        }
    sim_recorder_destroy(recorder);
}

made_t made_open(const made_plan_t *plan)
{
    made_t made = {.folder = plan->in_memory ? fake_folder_in_memory() : fake_folder()};
    const char *path = fake_path(made.folder, "x.h5");
    sim_store_plan_t whole = {.schema = plan->schema,
                              .arms = plan->arms,
                              .n_arms = plan->n_arms,
                              .n_points = 1,
                              .n_replications = plan->n_replications,
                              .identity = "x"};
    sim_error_t err = {0};
    sim_store_t *store = NULL;
    if (sim_store_open(&store, path, &whole, SIM_STORE_NEW, &err) < 0)
        fail_msg("%s", err.message);
    put_all(store, plan);
    if (sim_store_assemble(store, true, plan->finish, NULL, &err) < 0 || sim_result_open(&made.result, path, &err) < 0)
        fail_msg("%s", err.message);
    sim_store_close(store);
    return made;
}

void made_close(made_t *made)
{
    sim_result_close(made->result);
    fake_remove(made->folder);
    free(made->folder);
}

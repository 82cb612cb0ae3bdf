// SPDX-License-Identifier: GPL-3.0-or-later
/* Types of event and the sentences made of them: the list is sound, and a small result written here by hand reads as it
 * should, chains included. */
#include "analysis/story.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <math.h>

static void every_type_can_be_told(void **state)
{
    (void)state;
    size_t n, of_kind[MDL_WHO_KINDS] = {0};
    const mdl_event_type_t *types = mdl_event_registry(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(mdl_event_type_find(types[i].name), &types[i]); /* no name twice */
        assert_null(strchr(types[i].name, ' '));                         /* flag_meanings are cut at blanks */
        assert_true(++of_kind[types[i].who] < 64);
        assert_true(*types[i].meaning != '\0');
        bool none = types[i].value == MDL_EV_VALUE_NONE;
        assert_int_equal(strstr(types[i].sentence, "{value}") == NULL, none);
        assert_int_equal(strcmp(types[i].meaning, "none") == 0, none);
        if (mdl_who_is_many(types[i].who))
            assert_non_null(strstr(types[i].sentence, "{who}"));
        for (const char *brace = strchr(types[i].sentence, '{'); brace != NULL; brace = strchr(brace + 1, '{'))
            assert_true(strncmp(brace, "{who}", 5) == 0 || strncmp(brace, "{value}", 7) == 0);
    }
    assert_null(mdl_event_type_find("no_such_type"));
}

/* --- a result written by hand ------------------------------------------------------------------------------------- */

static char *folder;

static const char *const cities[] = {"Guiyang", "Ulanqab"};
static const char *const gpu_types[] = {"A800", "H100", "H20"};

static sim_status_t write_names(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    sim_status_t status = sim_result_write_labels(result, "/events", "city", cities, 2, err);
    return status == SIM_OK ? sim_result_write_labels(result, "/events", "gpu_type", gpu_types, 3, err) : status;
}

static const sim_event_row_t rows[] = {
    {86400, MDL_EV_EXPORT_RULE, 0, 0, 3},
    {2 * 86400, MDL_EV_OFFER_RAISED, 1, 0, 0.235},
    {3 * 86400, MDL_EV_ANNOUNCED, 137, 2, 1},
    {3 * 86400, MDL_EV_CHIPS_WAITING, 137, 1, 480},
    {40 * 86400 - 1, MDL_EV_ABANDONED_CHIPS, 137, 4, 480},
    {40 * 86400, MDL_EV_BANK_LOSS, 0, 5, 1.25e9},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void write_result(const char *path, bool events)
{
    size_t n;
    const mdl_event_type_t *types = mdl_event_registry(&n);
    const char *names[MDL_EV_COUNT], *kinds[MDL_WHO_KINDS];
    uint8_t kind_of[MDL_EV_COUNT];
    for (size_t i = 0; i < n; i++) {
        names[i] = types[i].name;
        kind_of[i] = (uint8_t)types[i].who;
    }
    for (int i = 0; i < MDL_WHO_KINDS; i++)
        kinds[i] = mdl_who_name((mdl_who_t)i);
    names[MDL_EV_BANK_LOSS] = "loss_of_another_version";
    sim_schema_t schema = events ? *fake_schema() : *fake_schema_quiet();
    schema.event_types = names;
    schema.n_event_types = (uint32_t)n;
    schema.event_entities = kinds;
    schema.n_event_entities = MDL_WHO_KINDS;
    schema.event_entity_of = kind_of;
    sim_store_plan_t plan = fake_plan(&schema, 2, 1, 2);
    sim_error_t err = {0};
    sim_store_t *store;
    sim_recorder_t *recorder;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    assert_int_equal(sim_recorder_create(&recorder, &schema, &err), SIM_OK);
    for (uint32_t arm = 0; arm < 2; arm++)
        for (uint32_t r = 0; r < 2; r++) {
            sim_recorder_reset(recorder);
            for (size_t i = 0; arm == 1 && r == 1 && i < ROWS; i++)
                (void)sim_recorder_event(recorder, &rows[i]);
            sim_run_meta_t meta = {.status = SIM_OK};
            assert_int_equal(sim_store_put(store, (sim_run_key_t){arm, 0, r}, recorder, &meta, &err), SIM_OK);
        }
    sim_recorder_destroy(recorder);
    assert_int_equal(sim_store_assemble(store, true, events ? write_names : NULL, NULL, &err), SIM_OK);
    sim_store_close(store);
}

static void open_story(ana_story_t **story, sim_result_t **result)
{
    sim_error_t err = {0};
    assert_int_equal(sim_result_open(result, fake_path(folder, "story.h5"), &err), SIM_OK);
    if (ana_story_open(story, *result, "clawback", 0, 1, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

static void sentences_read_as_they_should(void **state)
{
    (void)state;
    static const char *const expected[ROWS] = {
        "an export rule barred A800, H100 from China",      "Ulanqab raised its offer to 23.5 % of capital",
        "project 137 was announced with 1 H100-equivalent", "project 137 stood finished and waited for 480 GPUs",
        "project 137 was given up, still without 480 GPUs", "the bank: loss_of_another_version (1.25e+09)",
    };
    ana_story_t *story;
    sim_result_t *result;
    open_story(&story, &result);
    assert_int_equal(ana_story_size(story), ROWS);
    char text[ANA_STORY_TEXT], date[16], tiny[8];
    for (size_t i = 0; i < ROWS; i++) {
        ana_story_sentence(story, i, text, sizeof text);
        assert_string_equal(text, expected[i]);
        assert_int_equal(ana_story_event(story, i)->cause, (int64_t)rows[i].cause - 1);
        ana_story_sentence(story, i, tiny, sizeof tiny);
        assert_int_equal(strncmp(tiny, expected[i], sizeof tiny - 1), 0);
    }
    ana_story_date(story, 4, date);
    assert_string_equal(date, "2022-02-09");
    ana_story_close(story);
    sim_result_close(result);
}

static void entities_are_found_by_name_and_number(void **state)
{
    (void)state;
    ana_story_t *story;
    sim_result_t *result;
    open_story(&story, &result);
    sim_error_t err = {0};
    ana_who_t who;
    assert_int_equal(ana_story_find(story, "project:137", &who, &err), SIM_OK);
    assert_int_equal(who.kind, MDL_WHO_PROJECT);
    assert_int_equal(who.ordinal, 137);
    assert_int_equal(ana_story_find(story, "city:Ulanqab", &who, &err), SIM_OK);
    assert_int_equal(ana_story_find(story, "city:1", &who, &err), SIM_OK);
    assert_int_equal(ana_story_find(story, "bank", &who, &err), SIM_OK);
    static const char *const wrong[] = {"",
                                        ":",
                                        "project",
                                        "project:",
                                        "project:1x",
                                        "bank:0",
                                        "town:3",
                                        "lab:-1",
                                        "city:Nowhere",
                                        "project:99999999999",
                                        "project:136",
                                        "city:Guiyang"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(ana_story_find(story, wrong[i], &who, &err), SIM_EINPUT);
    ana_who_count_t counts[2];
    size_t n;
    assert_int_equal(ana_story_busiest(story, counts, 2, &n, &err), SIM_OK);
    assert_int_equal(n, 2);
    assert_int_equal(counts[0].n, 3);
    assert_int_equal(counts[0].who.ordinal, 137);
    ana_story_close(story);
    sim_result_close(result);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    sim_error_t err = {0};
    sim_result_t *result;
    ana_story_t *story;
    assert_int_equal(sim_result_open(&result, fake_path(folder, "quiet.h5"), &err), SIM_OK);
    assert_int_equal(ana_story_open(&story, result, NULL, 0, 0, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "--events"));
    sim_result_close(result);
    err = (sim_error_t){0};
    assert_int_equal(sim_result_open(&result, fake_path(folder, "story.h5"), &err), SIM_OK);
    assert_int_equal(ana_story_open(&story, result, "clawback", 0, 0, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "replication 0"));
    err = (sim_error_t){0};
    assert_int_equal(ana_story_open(&story, result, "no-arm", 0, 1, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "clawback"));
    sim_result_close(result);
}

static int set_up(void **state)
{
    (void)state;
    folder = fake_folder();
    if (folder == NULL)
        return -1;
    write_result(fake_path(folder, "story.h5"), true);
    write_result(fake_path(folder, "quiet.h5"), false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_can_be_told),
        cmocka_unit_test(sentences_read_as_they_should),
        cmocka_unit_test(entities_are_found_by_name_and_number),
        cmocka_unit_test(what_is_missing_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/wrap/store_trials.h"

#include "sim/store.h"
#include "sim/store_hash.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

/* HDF5 forgets some of its own memory when a call of it fails half-way. Ids that Overbuild forgets are counted here. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

#define ARMS         2
#define REPLICATIONS 2

static char *folder;
static char path[512], parts[512], part[512], other[512], saved_parts[512], saved_file[512];
static uint32_t n_points;  /* of the plan in use */
static uint64_t whole[3];  /* digest of a complete result, by n_points */
static uint64_t read_hash; /* of everything that reading gives */
static bool acknowledged[ARMS][2][REPLICATIONS];
static bool opened;
static bool lasting;      /* what fails goes on failing */
static long call;         /* that fails */
static char context[128]; /* which trial, which call */

/* A claim about what a failing call left behind. */
#define CLAIM(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: not true: %s", context, #condition);                                                         \
    } while (0)

static sim_store_plan_t plan_of(uint32_t replications)
{
    return fake_plan(fake_schema(), ARMS, n_points, replications);
}

static bool exists(const char *name)
{
    struct stat info;
    return lstat(name, &info) == 0;
}

/* What a run adds to its result: labels, a scale, small and large variables, texts. */
static sim_status_t finish(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    static const char *const statistics[] = {"mean", "p50"};
    static double values[9000];
    for (int i = 0; i < 9000; i++)
        values[i] = i;
    sim_array_t table = {.values = values, .n_dims = 1, .shape = {2}, .dims = {"statistic"}, .units = "yuan"};
    sim_array_t large = {.values = values, .n_dims = 1, .shape = {9000}, .dims = {"grid"}};
    sim_array_t borrowed = {.values = values, .n_dims = 2, .shape = {ARMS, 2}, .dims = {"arm", "statistic"}};
    sim_status_t status = sim_result_write_labels(result, "/summary", "statistic", statistics, 2, err);
    if (status == SIM_OK)
        status = sim_result_write(result, "/summary/price", &table, err);
    if (status == SIM_OK)
        status = sim_result_write(result, "/summary/price", &table, err); /* the same again */
    if (status == SIM_OK)
        status = sim_result_write_scale(result, "/summary", "grid", values, 9000, "1", "grid", err);
    if (status == SIM_OK)
        status = sim_result_write(result, "/summary/large", &large, err);
    if (status == SIM_OK)
        status = sim_result_write(result, "/summary/by_arm", &borrowed, err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/provenance/scenario", "name: fake\n", err);
    return status < 0 ? status : sim_result_write_text(result, "/@title", "trial", err);
}

static sim_status_t put_missing(sim_store_t *store, const sim_store_plan_t *plan, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    sim_run_key_t key;
    for (key.arm = 0; key.arm < plan->n_arms; key.arm++)
        for (key.point = 0; key.point < plan->n_points; key.point++)
            for (key.replication = 0; status == SIM_OK && key.replication < plan->n_replications; key.replication++)
                if (!sim_store_has(store, key)) {
                    status = fake_put(store, key, plan->schema, err);
                    acknowledged[key.arm][key.point][key.replication] |= status == SIM_OK;
                }
    return status;
}

static sim_status_t run(sim_store_mode_t mode, uint32_t replications, bool whole_run, sim_error_t *err)
{
    sim_store_plan_t plan = plan_of(replications);
    sim_store_t *store;
    (void)sim_store_expected_bytes(&plan);
    sim_status_t status = sim_store_open(&store, path, &plan, mode, err);
    opened = status == SIM_OK;
    assert_true((store != NULL) == opened);
    if (status == SIM_OK && !whole_run) {
        const sim_run_meta_t failed = {.status = SIM_EINVARIANT};
        status = sim_store_put(store, (sim_run_key_t){0, 0, 0}, NULL, &failed, err);
    } else if (status == SIM_OK) {
        status = put_missing(store, &plan, err);
    }
    if (status == SIM_OK)
        status = sim_store_assemble(store, whole_run, finish, NULL, err);
    sim_store_close(store);
    return status;
}

static void must(sim_status_t status, const sim_error_t *err)
{
    if (status < 0)
        print_error("%s: %s\n", context, err->message);
    assert_int_equal(status, SIM_OK);
}

/* Digest of the result, after checking each of its bytes. */
static uint64_t digest_of_file(void)
{
    sim_error_t err = {0};
    sim_result_t *result;
    uint64_t digest;
    must(sim_result_open(&result, path, &err), &err);
    must(sim_result_verify(result, &err), &err);
    must(sim_result_digest(result, "/", &digest, &err), &err);
    sim_result_close(result);
    return digest;
}

static void prepare(uint32_t points)
{
    fake_remove(parts);
    unlink(path);
    unlink(part);
    memset(acknowledged, 0, sizeof acknowledged);
    opened = false;
    n_points = points;
    if (whole[points] != 0)
        return;
    sim_error_t err = {0};
    must(run(SIM_STORE_NEW, REPLICATIONS, true, &err), &err);
    whole[points] = digest_of_file();
    unlink(path);
    memset(acknowledged, 0, sizeof acknowledged);
}

static void prepare_nothing(void)
{
    prepare(1);
}

static void prepare_design(void)
{
    prepare(2);
}

/* Copies a file, or a folder of files. */
static void copy(const char *from, const char *to)
{
    char command[1200];
    snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* Parts with a failed replication and two finished ones. */
static void prepare_parts(void)
{
    prepare(1);
    acknowledged[0][0][1] = true;
    if (exists(saved_parts)) {
        copy(saved_parts, parts);
        return;
    }
    sim_store_plan_t plan = plan_of(REPLICATIONS);
    sim_error_t err = {0};
    sim_store_t *store;
    must(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), &err);
    const sim_run_meta_t failed = {.status = SIM_EINVARIANT};
    must(sim_store_put(store, (sim_run_key_t){0, 0, 0}, NULL, &failed, &err), &err);
    must(fake_put(store, (sim_run_key_t){0, 0, 1}, plan.schema, &err), &err);
    sim_store_close(store);
    copy(parts, saved_parts);
}

/* A whole result of fewer replications. */
static void prepare_file(void)
{
    prepare(1);
    if (exists(saved_file)) {
        copy(saved_file, path);
        return;
    }
    sim_error_t err = {0};
    must(run(SIM_STORE_NEW, REPLICATIONS - 1, true, &err), &err);
    copy(path, saved_file);
}

static sim_status_t act_new(sim_error_t *err)
{
    return run(SIM_STORE_NEW, REPLICATIONS, true, err);
}

static sim_status_t act_force(sim_error_t *err)
{
    memset(acknowledged, 0, sizeof acknowledged);
    return run(SIM_STORE_FORCE, REPLICATIONS, true, err);
}

static sim_status_t act_resume(sim_error_t *err)
{
    return run(SIM_STORE_RESUME, REPLICATIONS, true, err);
}

/* As after Ctrl-C: the result is assembled, its parts stay. */
static sim_status_t act_incomplete(sim_error_t *err)
{
    return run(SIM_STORE_RESUME, REPLICATIONS, false, err);
}

/* What was put is there, and a resume ends with the right file. */
static void must_end_well(void)
{
    sim_store_plan_t plan = plan_of(REPLICATIONS);
    sim_error_t err = {0};
    sim_store_t *store;
    must(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    for (uint32_t arm = 0; arm < ARMS; arm++)
        for (uint32_t point = 0; point < n_points; point++)
            for (uint32_t i = 0; i < REPLICATIONS; i++)
                CLAIM(!acknowledged[arm][point][i] || sim_store_has(store, (sim_run_key_t){arm, point, i}));
    if (call % 3 != 0) { /* the rest of the way takes long */
        sim_store_close(store);
        return;
    }
    must(put_missing(store, &plan, &err), &err);
    must(sim_store_assemble(store, true, finish, NULL, &err), &err);
    sim_store_close(store);
    CLAIM(digest_of_file() == whole[n_points]);
    CLAIM(!exists(parts) && !exists(part));
}

static void check_new(sim_status_t status)
{
    CLAIM(!exists(part));
    CLAIM(opened || lasting || !exists(parts)); /* nothing stands in the way of another try */
    if (status == SIM_OK || exists(path))
        CLAIM(digest_of_file() == whole[n_points]);
    must_end_well();
}

static void check_rest(sim_status_t status)
{
    CLAIM(!exists(part));
    if (exists(path))
        (void)digest_of_file();
    CLAIM(status < 0 || exists(path));
    must_end_well();
}

static uint64_t hash_array(uint64_t hash, sim_array_t *array)
{
    size_t n = 1;
    for (uint32_t i = 0; i < array->n_dims; i++) {
        hash = sim_hash_text(sim_hash_word(hash, array->shape[i]), array->dims[i]);
        n *= array->shape[i];
    }
    hash = sim_hash_text(sim_hash_text(hash, array->units), array->long_name);
    hash = array->values == NULL ? hash : sim_hash_word(hash, sim_hash_values(array->values, n));
    sim_array_free(array);
    return hash;
}

static uint64_t hash_labels(uint64_t hash, char **labels, size_t n)
{
    assert_true(labels != NULL || n == 0);
    for (size_t i = 0; i < n; i++)
        hash = sim_hash_text(hash, labels[i]);
    sim_labels_free(labels, n);
    return hash;
}

static sim_status_t read_variables(sim_result_t *result, uint64_t *hash, sim_error_t *err)
{
    static const char *const names[] = {"/chip_price",  "/gpu_market/stock", "/centres/gpus", "/outcomes/peak_price",
                                        "/events/time", "/summary/price",    "/summary/large"};
    sim_status_t status = SIM_OK;
    for (size_t i = 0; status == SIM_OK && i < sizeof names / sizeof *names; i++) {
        sim_array_t array;
        if ((status = sim_result_describe(result, names[i], &array, err)) == SIM_OK)
            *hash = hash_array(*hash, &array);
        if (status == SIM_OK && (status = sim_result_read(result, names[i], &array, err)) == SIM_OK)
            *hash = hash_array(*hash, &array);
        if (status == SIM_OK && i < 4 && (status = sim_result_read_arm(result, names[i], 1, &array, err)) == SIM_OK)
            *hash = hash_array(*hash, &array);
        assert_null(array.values);
    }
    return status;
}

static sim_status_t read_names(sim_result_t *result, uint64_t *hash, sim_error_t *err)
{
    static const char *const texts[] = {"/provenance/identity", "/@Conventions", "/chip_price@units"};
    char **labels, *text;
    size_t n;
    sim_status_t status = sim_result_list(result, "/", &labels, &n, err);
    if (status == SIM_OK) {
        *hash = hash_labels(*hash, labels, n);
        if ((status = sim_result_groups(result, &labels, &n, err)) == SIM_OK)
            *hash = hash_labels(*hash, labels, n);
    }
    if (status == SIM_OK && (status = sim_result_labels(result, "/gpu_market/gpu_type", &labels, &n, err)) == SIM_OK)
        *hash = hash_labels(*hash, labels, n);
    for (int i = 0; status == SIM_OK && i < 3; i++) {
        status = sim_result_text(result, texts[i], &text, err);
        *hash = status < 0 ? *hash : sim_hash_text(*hash, text);
        free(text);
    }
    return status;
}

static sim_status_t read_sums(sim_result_t *result, uint64_t *hash, sim_error_t *err)
{
    uint64_t *seeds, digests[ARMS];
    size_t n;
    sim_status_t status = sim_result_read_u64(result, "/outcomes/seed", &seeds, &n, err);
    if (status == SIM_OK)
        *hash = sim_hash_bytes(*hash, seeds, n * sizeof *seeds);
    free(seeds);
    if (status == SIM_OK)
        status = sim_result_digest(result, "/", digests, err);
    *hash = sim_hash_word(*hash, digests[0]);
    if (status == SIM_OK)
        status = sim_result_digest_arms(result, digests, ARMS, err);
    *hash = sim_hash_bytes(*hash, digests, sizeof digests);
    return status;
}

/* Everything that can be read; the hash of it must not depend on what failed. */
static sim_status_t act_read(sim_error_t *err)
{
    sim_result_t *result;
    uint64_t hash = 0;
    sim_status_t status = sim_result_open(&result, other, err);
    assert_true((result != NULL) == (status == SIM_OK));
    if (status == SIM_OK)
        status = sim_result_verify(result, err);
    if (status == SIM_OK)
        status = read_variables(result, &hash, err);
    if (status == SIM_OK)
        status = read_names(result, &hash, err);
    if (status == SIM_OK)
        status = read_sums(result, &hash, err);
    sim_result_close(result);
    if (status == SIM_OK && read_hash == 0)
        read_hash = hash;
    if (status == SIM_OK)
        CLAIM(hash == read_hash);
    return status;
}

static void prepare_read(void)
{
    n_points = 1;
    if (exists(other))
        return;
    prepare(1);
    sim_error_t err = {0};
    must(run(SIM_STORE_NEW, REPLICATIONS, true, &err), &err);
    assert_int_equal(rename(path, other), 0);
    must(act_read(&err), &err);
}

static void check_read(sim_status_t status)
{
    sim_error_t err = {0};
    if (status < 0 && call % 3 == 0)
        must(act_read(&err), &err);
}

const test_trial_t test_store_trials[] = {
    {"a new run", prepare_nothing, act_new, check_new},
    {"a new run of a design", prepare_design, act_new, check_new},
    {"a run over another", prepare_parts, act_force, check_rest},
    {"a run over a result", prepare_file, act_force, check_rest},
    {"a run that goes on", prepare_parts, act_resume, check_rest},
    {"a result that grows", prepare_file, act_resume, check_rest},
    {"a run that is interrupted", prepare_parts, act_incomplete, check_rest},
    {"reading", prepare_read, act_read, check_read},
};
const int test_store_n_trials = sizeof test_store_trials / sizeof *test_store_trials;

int test_trials_open(void **state)
{
    (void)state;
    folder = fake_folder_in_memory();
    if (folder == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/trial.h5", folder);
    snprintf(other, sizeof other, "%s/read.h5", folder);
    snprintf(saved_parts, sizeof saved_parts, "%s/saved.parts", folder);
    snprintf(saved_file, sizeof saved_file, "%s/saved.h5", folder);
    snprintf(parts, sizeof parts, "%s/trial.h5.parts", folder);
    snprintf(part, sizeof part, "%s/trial.h5.part", folder);
    return 0;
}

int test_trials_close(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return 0;
}

/* Ids of HDF5 that are in use; those of its own types and lists included. */
static int64_t ids_in_use(void)
{
    static const H5I_type_t types[] = {H5I_FILE,    H5I_GROUP, H5I_DATATYPE,    H5I_DATASPACE,
                                       H5I_DATASET, H5I_ATTR,  H5I_GENPROP_LST, H5I_ERROR_STACK};
    int64_t n = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        hsize_t members = 0;
        if (H5Inmembers(types[i], &members) >= 0)
            n += (int64_t)members;
    }
    return n;
}

static bool is_allowed(sim_status_t status, const sim_status_t *allowed, int n)
{
    for (int i = 0; i < n; i++)
        if (status == allowed[i])
            return true;
    return status == SIM_OK;
}

static long next_call(long n, const test_trial_t *trial, test_fail_mode_t mode, long step)
{
    if (getenv("OVERBUILD_FAULT_ALL") != NULL)
        return n + 1;
    long residue = (2 * (trial - test_store_trials) + (long)mode) * step / (2 * test_store_n_trials);
    do
        n++;
    while ((n - residue) % step != 0);
    return n;
}

long test_trial_run(const test_trial_t *trial, test_fail_mode_t mode, const sim_status_t *allowed, int n_allowed,
                    long step)
{
    lasting = mode == TEST_FAIL_ON;
    for (long n = next_call(0, trial, mode, step);; n = next_call(n, trial, mode, step)) {
        call = n;
        sim_error_t err = {0};
        snprintf(context, sizeof context, "%s, %s call %ld", trial->name, lasting ? "from" : "at", n);
        trial->prepare();
        int64_t ids = ids_in_use();
        test_fail_nth(n, mode);
        sim_status_t status = trial->act(&err);
        bool failed = test_fail_end();
        bool told = status == err.code && (status == SIM_OK || err.message[0] != '\0');
        snprintf(context, sizeof context, "%s, %s call %ld (%s)", trial->name, lasting ? "from" : "at", n,
                 test_fail_call());
        if (!is_allowed(status, allowed, n_allowed) || !told || ids_in_use() != ids || (!failed && status < 0))
            fail_msg("%s: status %d, %lld ids left open, '%s'", context, status, (long long)(ids_in_use() - ids),
                     err.message);
        trial->check(status);
        if (!failed)
            return n;
    }
}

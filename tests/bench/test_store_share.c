// SPDX-License-Identifier: GPL-3.0-or-later
/* What storing costs: replications of 150 weekly series over five years, half of them slow and half noisy, put by two
 * threads and assembled. Prints seconds and bytes; asserts that the file is whole and that nothing is kept per
 * replication in memory. OVERBUILD_BENCH_REPLICATIONS sets their number (default 200; the figures in docs/OUTPUT.md are
 * of 2,000). */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define SERIES   150
#define WEEKS    261
#define OUTCOMES 30
#define CHANNELS (SERIES + OUTCOMES)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#if !defined(SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SANITIZED true
#elif !defined(SANITIZED)
#define SANITIZED false
#endif
#define MAX_RSS (UINT64_C(96) << 20)

static sim_channel_t channels[CHANNELS];
static char names[CHANNELS][16];
static double weeks[WEEKS];

static sim_schema_t make_schema(void)
{
    static const double resolutions[] = {0.01, 1, 0.0001, 1000, 0};
    for (int i = 0; i < CHANNELS; i++) {
        snprintf(names[i], sizeof names[i], "v%d", i);
        channels[i] = (sim_channel_t){.group = i < SERIES ? (i < 100 ? "" : "rental") : "outcomes",
                                      .name = names[i],
                                      .units = "1",
                                      .long_name = "made-up variable",
                                      .kind = i < SERIES ? SIM_CHANNEL_SERIES : SIM_CHANNEL_OUTCOME,
                                      .resolution = resolutions[i % 5]};
    }
    for (int i = 0; i < WEEKS; i++)
        weeks[i] = 7 * (i + 1);
    return (sim_schema_t){
        .channels = channels, .n_channels = CHANNELS, .start_day = 18993, .times_day = {weeks}, .n_times = {WEEKS}};
}

/* CPU time of the calling thread: other work on the machine does not count, nor does waiting for the disk. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t resident_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

static void record(sim_recorder_t *recorder, uint64_t seed)
{
    sim_recorder_reset(recorder);
    double level[SERIES];
    for (int i = 0; i < SERIES; i++)
        level[i] = 1000 + i;
    for (int week = 0; week < WEEKS; week++) {
        for (uint32_t i = 0; i < SERIES; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            double u = (double)(seed >> 11) / 9007199254740992.0;
            if (i % 2 == 0 || u < 0.15) /* the odd ones move every seventh week or so */
                level[i] *= 0.98 + 0.04 * u;
            sim_recorder_set(recorder, i, 0, level[i]);
        }
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
    for (uint32_t i = SERIES; i < CHANNELS; i++)
        sim_recorder_outcome(recorder, i, level[i - SERIES]);
}

/* Seconds of one thread spent in sim_store_put, all replications. */
static double put_all(sim_store_t *store, const sim_schema_t *schema, int n)
{
    double seconds = 0;
#pragma omp parallel num_threads(2) reduction(+ : seconds)
    {
        sim_recorder_t *recorder = NULL;
        if (sim_recorder_create(&recorder, schema, NULL) < 0)
            abort();
#pragma omp for schedule(dynamic)
        for (int i = 0; i < n; i++) {
            record(recorder, (uint64_t)i);
            sim_run_meta_t meta = {.events = 1};
            double start = now_s();
            if (sim_store_put(store, (sim_run_key_t){0, 0, (uint32_t)i}, recorder, &meta, NULL) < 0)
                abort();
            seconds += now_s() - start;
        }
        sim_recorder_destroy(recorder);
    }
    return seconds;
}

static void report(const char *path, int n, double put_s, double assemble_s, double read_s)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    double raw = (double)n * SERIES * WEEKS * 8;
    print_message("%d replications of %d series x %d weeks: %.1f MB, file %.1f MB (%.2f)\n", n, SERIES, WEEKS,
                  raw / 1e6, (double)info.st_size / 1e6, (double)info.st_size / raw);
    print_message("put %.2f ms a replication and thread; assemble %.2f ms a replication (%.2f s); digest %.2f s\n",
                  1e3 * put_s / n, 1e3 * assemble_s / n, assemble_s, read_s);
    print_message("share of the CPU-bound wall time of two threads with replications of 20 ms, 100 ms, 1 s:");
    for (int i = 0; i < 3; i++) {
        const double run_s[] = {0.02, 0.1, 1};
        double wall = n * (run_s[i] + put_s / n) / 2 + assemble_s;
        print_message(" %.1f %%", 100 * (put_s / 2 + assemble_s) / wall);
    }
    print_message("; peak resident %.0f MB\n", (double)resident_bytes() / 1e6);
}

static void storing_is_cheap(void **state)
{
    (void)state;
    char *folder = fake_folder();
    const char *path = fake_path(folder, "bench.h5"), *text = getenv("OVERBUILD_BENCH_REPLICATIONS");
    int n = text == NULL ? 200 : atoi(text);
    sim_schema_t schema = make_schema();
    static const char *const arms[] = {"baseline"};
    sim_store_plan_t plan = {
        .schema = &schema, .arms = arms, .n_arms = 1, .n_points = 1, .n_replications = (uint32_t)n};
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    double put_s = put_all(store, &schema, n), start = now_s();
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    double assemble_s = now_s() - start;
    if (!SANITIZED) /* sanitizers multiply memory */
        assert_true(resident_bytes() < MAX_RSS);
    start = now_s();
    sim_result_t *result;
    uint64_t digest;
    assert_int_equal(sim_result_open(&result, path, &err), SIM_OK);
    assert_int_equal(sim_result_digest(result, "/", &digest, &err), SIM_OK);
    double read_s = now_s() - start;
    assert_true(digest == sim_store_digest(store));
    sim_result_close(result);
    sim_store_close(store);
    report(path, n, put_s, assemble_s, read_s);
    fake_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(storing_is_cheap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

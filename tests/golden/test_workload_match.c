// SPDX-License-Identifier: GPL-3.0-or-later
/* Generated jobs against the published files: ../shared/data/traces beside the repository; skipped where it is absent.
 *
 * Summaries: what a profile holds as published is what the file says, digit by digit.
 *
 * Philly's VCs, job by job: shares of sizes equal; run times of each common size and gaps between submissions by the
 * largest distance of their distribution functions (Kolmogorov-Smirnov) between the file and 20,000 to 100,000
 * generated jobs. Run times follow tabulated quantiles, so their distance is that between two of them at most (0.07
 * allowed, 0.1 where a published size has fewer than 100 jobs); gaps follow few parameters (0.1).
 *
 * Helios' Earth cluster, GPUs allocated minute by minute in eight VCs: each VC is given jobs of the profile at the load
 * at which it ran, and starts them in order of arrival, smaller ones passing those that do not fit. Quantiles over time
 * of the eight together and of single VCs are compared over twenty such months. Nothing was fitted to allocation: the
 * tolerances are what the generator is worth, docs/WORKLOADS.md.
 *
 * Seeds are fixed, so each check passes always or never. */
#include "tests/support/test.h"

#include "models/workload/generator.h"
#include "sim/time.h"

#include <libdeflate.h>

/* ---- files ---- */

/* Text of a file of the traces' folder, plain or gzipped; skips the test when there is no such folder. */
static char *text_of(const char *name)
{
    const char *source = getenv("OVERBUILD_SOURCE");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/../shared/data/traces/%s", source != NULL ? source : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t n = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(n + 1, 1);
    assert_int_equal(fread(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    if (n < 4 || (unsigned char)bytes[0] != 0x1F)
        return bytes;
    const unsigned char *tail = (const unsigned char *)bytes + n - 4; /* length modulo 2^32 */
    size_t length = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    char *text = calloc(length + 1, 1);
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_gzip_decompress(inflate, bytes, n, text, length, NULL), LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(inflate);
    free(bytes);
    return text;
}

/* Cell of a column, counted from 0, in the line at `line`. */
static const char *cell(const char *line, size_t column)
{
    for (; column > 0; column--) {
        line += strcspn(line, ",\n");
        assert_int_equal(*line, ',');
        line++;
    }
    return line;
}

static size_t column_of(const char *text, const char *name)
{
    size_t column = 0, n = strlen(name);
    for (const char *at = text;; at++, column++) {
        size_t width = strcspn(at, ",\r\n");
        if (width == n && strncmp(at, name, n) == 0)
            return column;
        at += width;
        if (*at != ',')
            fail_msg("no column %s", name);
    }
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\n' ? line + 1 : line;
}

/* ---- summaries ---- */

static double number(const char *text, const char *row, const char *column)
{
    size_t n = strlen(row);
    for (const char *line = text; *line != '\0'; line = next_line(line))
        if (strncmp(line, row, n) == 0 && line[n] == ',')
            return strtod(cell(line, column_of(text, column)), NULL);
    fail_msg("no row %s", row);
    return 0;
}

static void check_summary(const mdl_profile_t *profile)
{
    static const char *const ends[MDL_JOB_ENDS] = {"complete", "cancel", "fail"};
    const mdl_profile_published_t *published = &profile->published;
    char file[64], column[64];
    const char *row = strstr(profile->source, ", ") + 2;
    (void)snprintf(file, sizeof file, "%.*s", (int)(row - 2 - profile->source), profile->source);
    char *text = text_of(file);
    assert_true(published->jobs == number(text, row, "gpu_job_num"));
    assert_true(published->mean_run_s == number(text, row, "avg_run_time_gpu"));
    assert_true(published->median_run_s == number(text, row, "med_run_time_gpu"));
    assert_true(published->mean_gpus == number(text, row, "avg_gpu_num"));
    assert_true(published->median_gpus == number(text, row, "med_gpu_num"));
    for (int end = 0; end < MDL_JOB_ENDS; end++) {
        (void)snprintf(column, sizeof column, "%s_rate_gpu", ends[end]);
        assert_true(published->end_share[end] == number(text, row, column));
        (void)snprintf(column, sizeof column, "%s_gpu_time", ends[end]);
        assert_true(published->gpu_s[end] == number(text, row, column));
    }
    free(text);
}

static void test_published_numbers_are_those_of_the_files(void **state)
{
    (void)state;
    size_t n, checked = 0;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++)
        if (profiles[p].run_table == NULL) {
            check_summary(&profiles[p]);
            checked++;
        }
    assert_int_equal(checked, 7);
}

/* ---- jobs of Philly's VCs ---- */

typedef struct sample {
    double *values;
    size_t n;
} sample_t;

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(sample_t *sample)
{
    if (sample->n > 0)
        qsort(sample->values, sample->n, sizeof *sample->values, compare_double);
}

/* Largest distance between two empirical distribution functions; both samples are sorted. */
static double distance(const sample_t *a, const sample_t *b)
{
    double largest = 0;
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        double x = fmin(a->values[i], b->values[j]);
        while (i < a->n && a->values[i] <= x)
            i++;
        while (j < b->n && b->values[j] <= x)
            j++;
        largest = fmax(largest, fabs((double)i / (double)a->n - (double)j / (double)b->n));
    }
    return largest;
}

/* Jobs of one VC: submissions in order, and run times by size. */
typedef struct vc_jobs {
    sample_t submit_s, gaps_s, run_s[MDL_PROFILE_SIZES];
} vc_jobs_t;

static void append(sample_t *sample, double value, size_t room)
{
    if (sample->values == NULL)
        sample->values = calloc(room, sizeof *sample->values);
    assert_true(sample->n < room);
    sample->values[sample->n++] = value;
}

static void finish(vc_jobs_t *jobs)
{
    sort(&jobs->submit_s);
    for (size_t i = 1; i < jobs->submit_s.n; i++)
        append(&jobs->gaps_s, jobs->submit_s.values[i] - jobs->submit_s.values[i - 1], jobs->submit_s.n);
    sort(&jobs->gaps_s);
    for (int size = 0; size < MDL_PROFILE_SIZES; size++)
        sort(&jobs->run_s[size]);
}

static void free_jobs(vc_jobs_t *jobs)
{
    free(jobs->submit_s.values);
    free(jobs->gaps_s.values);
    for (int size = 0; size < MDL_PROFILE_SIZES; size++)
        free(jobs->run_s[size].values);
}

static double seconds_of(const char *date)
{
    char day[11] = {0};
    int64_t days;
    int hour, minute, second;
    memcpy(day, date, 10);
    assert_int_equal(sim_date_parse(day, &days, NULL), SIM_OK);
    assert_int_equal(sscanf(date + 10, " %d:%d:%d", &hour, &minute, &second), 3);
    return (double)(days * SIM_DAY_S + hour * SIM_HOUR_S + minute * SIM_MINUTE_S + second);
}

static vc_jobs_t read_vc(const char *vc)
{
    enum { ROOM = 4000 };
    vc_jobs_t jobs = {0};
    char *text = text_of("philly/philly_vcs.csv");
    size_t at = column_of(text, "timestamp"), run = column_of(text, "duration"), gpus = column_of(text, "num_gpus");
    for (const char *line = next_line(text); *line != '\0'; line = next_line(line)) {
        if (strncmp(cell(line, column_of(text, "cluster")), vc, strlen(vc)) != 0)
            continue;
        unsigned long width = strtoul(cell(line, gpus), NULL, 10);
        assert_true(width > 0 && (width & (width - 1)) == 0);
        append(&jobs.submit_s, seconds_of(cell(line, at)), ROOM);
        append(&jobs.run_s[__builtin_ctzl(width)], strtod(cell(line, run), NULL), ROOM);
    }
    free(text);
    finish(&jobs);
    return jobs;
}

static vc_jobs_t generate_vc(const mdl_profile_t *profile, size_t n)
{
    vc_jobs_t jobs = {0};
    mdl_trace_t trace;
    sim_error_t err = {0};
    /* Submissions at the published rate; 100 years hold no more than this. */
    mdl_generator_request_t request = {.profile = profile->name, .seed = 20220101, .jobs = n};
    if (mdl_generator_fill(&request, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < trace.n; i++) {
        append(&jobs.submit_s, (double)trace.jobs[i].submit_s, n);
        append(&jobs.run_s[__builtin_ctz(trace.jobs[i].gpus)], (double)trace.jobs[i].run_s, n);
    }
    mdl_trace_free(&trace);
    finish(&jobs);
    return jobs;
}

static void check_vc(const char *name, size_t n, double gap_limit)
{
    enum { COMMON = 30 }; /* jobs of one size that make a distribution */
    const mdl_profile_t *profile = mdl_profile_find(name, NULL);
    vc_jobs_t file = read_vc(strchr(name, '-') + 1), made = generate_vc(profile, n);
    assert_true((double)file.submit_s.n == profile->published.jobs);
    for (int size = 0; size < MDL_PROFILE_SIZES; size++) {
        const sample_t *run_s = &file.run_s[size];
        assert_close(profile->size_share[size], (double)run_s->n / (double)file.submit_s.n, 1e-9);
        assert_close((double)made.run_s[size].n / (double)n, profile->size_share[size], 0.01);
        if (run_s->n < COMMON)
            continue;
        double off = distance(run_s, &made.run_s[size]), limit = run_s->n < 100 ? 0.1 : 0.07;
        print_message("%s: %zu jobs of %d GPUs, run times %.3f off\n", name, run_s->n, 1 << size, off);
        assert_true(off < limit);
    }
    double off = distance(&file.gaps_s, &made.gaps_s);
    print_message("%s: gaps %.3f off\n", name, off);
    assert_true(off < gap_limit);
    free_jobs(&file);
    free_jobs(&made);
}

static void test_philly_jobs(void **state)
{
    (void)state;
    check_vc("philly-103959", 100000, 0.1);
    check_vc("philly-2869ce", 20000, 0.1);
}

/* ---- allocation of Helios' Earth ---- */

enum { MONTH_MIN = 31 * 1440, WARM_DAYS = 90, MONTHS = 20, OUTAGE_DAY = 9, BINS = 1000, VCS = 8, ALL_GPUS = 376 };
static const char *const vcs[VCS] = {"vc3sl", "vc8Sj", "vcJkd", "vcMod", "vcTJs", "vcdI0", "vchbv", "vcpDC"};

/* Minutes by the share of GPUs that is allocated, in thousandths, and how many. */
typedef struct histogram {
    uint64_t count[BINS + 1], n;
} histogram_t;

static void tally(histogram_t *self, double share)
{
    assert_true(share >= 0 && share <= 1);
    self->count[(int)(share * BINS + 0.5)]++;
    self->n++;
}

static double quantile(const histogram_t *self, double p)
{
    uint64_t passed = 0;
    int bin = 0;
    while (bin < BINS && (double)(passed += self->count[bin]) < p * (double)self->n)
        bin++;
    return bin / (double)BINS;
}

static double mean_share(const histogram_t *self)
{
    double sum = 0;
    for (int bin = 0; bin <= BINS; bin++)
        sum += (double)self->count[bin] * bin / BINS;
    return sum / (double)self->n;
}

/* Adds a VC's allocated GPUs, minute by minute, to `allocated`. Returns its GPUs. */
static uint32_t read_allocation(const char *vc, uint32_t *allocated)
{
    char name[64];
    (void)snprintf(name, sizeof name, "helios_earth/%s.csv.gz", vc);
    char *text = text_of(name);
    size_t total = column_of(text, "total_gpu_num"), running = column_of(text, "running_gpu_num"), minutes = 0;
    uint32_t gpus = (uint32_t)strtoul(cell(next_line(text), total), NULL, 10);
    for (const char *line = next_line(text); *line != '\0'; line = next_line(line)) {
        assert_true(minutes < MONTH_MIN);
        allocated[minutes++] = (uint32_t)strtoul(cell(line, running), NULL, 10);
    }
    assert_int_equal(minutes, MONTH_MIN);
    free(text);
    return gpus;
}

/* A VC that starts jobs in order of arrival, smaller ones passing those that do not fit. */
typedef struct vc {
    const mdl_trace_t *trace;
    uint32_t gpus, free_gpus;
    size_t *waiting, n_waiting;
    int64_t end_s[64]; /* of running jobs: no VC has more GPUs */
    uint32_t width[64], n_running;
    int32_t *change; /* of allocated GPUs, minute by minute after the warm-up */
} vc_t;

static int64_t minute_of(int64_t second)
{
    int64_t minute = (second - WARM_DAYS * SIM_DAY_S + 59) / 60;
    return second < WARM_DAYS * SIM_DAY_S ? 0 : minute < MONTH_MIN ? minute : MONTH_MIN;
}

static void start_what_fits(vc_t *self, int64_t now_s)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->n_waiting; i++) {
        const mdl_trace_job_t *job = &self->trace->jobs[self->waiting[i]];
        if (job->gpus > self->free_gpus) {
            self->waiting[kept++] = self->waiting[i];
            continue;
        }
        self->free_gpus -= job->gpus;
        self->width[self->n_running] = job->gpus;
        self->end_s[self->n_running++] = now_s + job->run_s;
        self->change[minute_of(now_s)] += (int32_t)job->gpus;
        self->change[minute_of(now_s + job->run_s)] -= (int32_t)job->gpus;
    }
    self->n_waiting = kept;
}

/* Ends jobs one after the other up to `until_s`, starting others in their place. */
static void run_until(vc_t *self, int64_t until_s)
{
    for (;;) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < self->n_running; i++)
            if (self->end_s[i] < self->end_s[first])
                first = i;
        if (self->n_running == 0 || self->end_s[first] > until_s)
            return;
        int64_t now_s = self->end_s[first];
        self->free_gpus += self->width[first];
        self->end_s[first] = self->end_s[--self->n_running];
        self->width[first] = self->width[self->n_running];
        start_what_fits(self, now_s);
    }
}

/* Minute by minute the allocated GPUs of a VC with generated jobs. */
static void simulate(uint32_t gpus, double load, uint64_t seed, uint32_t *allocated)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_generator_request_t request = {.profile = "helios-earth",
                                       .gpus = gpus,
                                       .load = load,
                                       .seed = seed,
                                       .tenants = 1,
                                       .until_s = WARM_DAYS * SIM_DAY_S + MONTH_MIN * SIM_MINUTE_S};
    if (mdl_generator_fill(&request, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    vc_t vc = {.trace = &trace, .gpus = gpus, .free_gpus = gpus};
    vc.waiting = calloc(trace.n + 1, sizeof *vc.waiting);
    vc.change = calloc(MONTH_MIN + 1, sizeof *vc.change);
    for (size_t i = 0; i < trace.n; i++) {
        run_until(&vc, trace.jobs[i].submit_s);
        vc.waiting[vc.n_waiting++] = i;
        start_what_fits(&vc, trace.jobs[i].submit_s);
    }
    run_until(&vc, request.until_s);
    int32_t level = 0;
    for (int minute = 0; minute < MONTH_MIN; minute++)
        allocated[minute] = (uint32_t)(level += vc.change[minute]);
    free(vc.waiting);
    free(vc.change);
    mdl_trace_free(&trace);
}

/* Allocation of the eight VCs, together and one by one. */
typedef struct allocation {
    histogram_t together, single;
    uint32_t sum[MONTH_MIN];
} allocation_t;

static double add_vc(allocation_t *self, uint32_t gpus, const uint32_t *allocated, bool outage)
{
    double sum = 0;
    int days = 0;
    for (int day = 0; day < 31; day++) {
        if (outage && day == OUTAGE_DAY)
            continue;
        for (int minute = 1440 * day; minute < 1440 * (day + 1); minute++) {
            tally(&self->single, allocated[minute] / (double)gpus);
            self->sum[minute] += allocated[minute];
            sum += allocated[minute];
        }
        days++;
    }
    return sum / (1440.0 * days * gpus);
}

static void end_month(allocation_t *self, bool outage)
{
    for (int minute = 0; minute < MONTH_MIN; minute++)
        if (!outage || minute / 1440 != OUTAGE_DAY)
            tally(&self->together, self->sum[minute] / (double)ALL_GPUS);
    memset(self->sum, 0, sizeof self->sum);
}

static void compare(const char *what, const histogram_t *file, const histogram_t *made, double limit)
{
    static const double p[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95};
    double worst = fabs(mean_share(file) - mean_share(made));
    print_message("%s: mean %.3f in the file, %.3f generated\n", what, mean_share(file), mean_share(made));
    for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
        double a = quantile(file, p[i]), b = quantile(made, p[i]);
        print_message("%s: %2.0f %% quantile %.3f in the file, %.3f generated\n", what, 100 * p[i], a, b);
        worst = fmax(worst, fabs(a - b));
    }
    if (!(worst < limit))
        fail_msg("%s: allocated share off by %.3f; expected less than %.2f", what, worst, limit);
}

static void test_helios_allocation(void **state)
{
    (void)state;
    static allocation_t file, made;
    static uint32_t allocated[MONTH_MIN];
    uint32_t gpus[VCS], all = 0;
    double load[VCS];
    for (int v = 0; v < VCS; v++) {
        gpus[v] = read_allocation(vcs[v], allocated);
        load[v] = add_vc(&file, gpus[v], allocated, true);
        all += gpus[v];
    }
    assert_int_equal(all, ALL_GPUS);
    end_month(&file, true);
    for (uint64_t month = 0; month < MONTHS; month++) {
        for (uint64_t v = 0; v < VCS; v++) {
            simulate(gpus[v], load[v], 100 * month + v, allocated);
            (void)add_vc(&made, gpus[v], allocated, false);
        }
        end_month(&made, false);
    }
    compare("eight VCs together", &file.together, &made.together, 0.1);
    compare("single VCs", &file.single, &made.single, 0.15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_numbers_are_those_of_the_files),
        cmocka_unit_test(test_philly_jobs),
        cmocka_unit_test(test_helios_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

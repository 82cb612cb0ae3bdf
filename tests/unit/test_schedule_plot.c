// SPDX-License-Identifier: GPL-3.0-or-later
/* Pictures of replays: well-formed, everything inside its axes, small however many jobs there are. */
#include "analysis/allocation_plot.h"
#include "analysis/schedule.h"
#include "analysis/schedule_plot.h"
#include "analysis/svg.h"
#include "sim/draw.h"
#include "tests/support/test.h"

enum { MANY = 100000, GPUS = 256 };

/* One element's tag from '<' to its '>': its quotes match and hold no markup. Returns the '>'. */
static const char *check_tag(const char *at)
{
    while (*++at != '>')
        if (*at == '\'') {
            while (*++at != '\'')
                assert_true(*at != '\0' && *at != '<' && *at != '&');
        } else {
            assert_true(*at != '\0' && *at != '<');
        }
    return at;
}

/* Elements nest and close by name; text has no bare markup; no number is missing. */
static void check_well_formed(const char *svg, size_t bytes)
{
    const char *open[16];
    size_t depth = 0, elements = 0;
    assert_int_equal(strlen(svg), bytes);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    assert_memory_equal(svg, "<?xml", 5);
    for (const char *at = strchr(svg, '>') + 1; *at != '\0'; at++) {
        if (*at == '&')
            assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 || strncmp(at, "&gt;", 4) == 0);
        if (*at != '<')
            continue;
        const char *end = check_tag(at);
        if (at[1] == '/') {
            assert_true(depth > 0);
            size_t length = (size_t)(end - at) - 2;
            assert_memory_equal(open[--depth], at + 2, length);
        } else if (end[-1] != '/') {
            assert_true(depth < 16 && (depth > 0 || elements == 0));
            open[depth++] = at + 1;
        }
        elements++;
        at = end;
    }
    assert_int_equal(depth, 0);
}

static char *plot(const mdl_replay_result_t *result, const char *title, size_t *bytes)
{
    char *svg;
    sim_error_t err = {0};
    if (ana_schedule_plot(result, title, NULL, &svg, bytes, &err) < 0)
        fail_msg("%s", err.message);
    check_well_formed(svg, *bytes);
    return svg;
}

/* The absolute corners "Mx yHxVyHxz" of all bars lie within the upper panel. Returns their number. */
static size_t check_bars(const char *svg)
{
    size_t n = 0;
    for (const char *at = strstr(svg, "class='bars'"); at != NULL; at = strstr(at, "class='bars'")) {
        for (at = strstr(at, " d='") + 4; *at == 'M'; n++) {
            double left, top, right, bottom, back;
            int length;
            assert_int_equal(sscanf(at, "M%lf %lfH%lfV%lfH%lfz%n", &left, &top, &right, &bottom, &back, &length), 5);
            assert_true(left >= 76 && left < right && right <= 936.2 && back == left);
            assert_true(top >= 71.9 && top < bottom && bottom <= 372);
            at += length;
        }
        assert_int_equal(*at, '\'');
    }
    return n;
}

static void test_nothing_gives_empty_axes(void **state)
{
    size_t bytes;
    mdl_replay_result_t none = {0}, refused = {.gpus = 8, .refused = 7};

    (void)state;
    free(plot(&none, "", &bytes));
    char *svg = plot(&refused, "nobody fits", &bytes);
    assert_non_null(strstr(svg, "nothing ran"));
    assert_non_null(strstr(svg, "0 jobs on 8 GPUs, 7 more refused"));
    assert_int_equal(check_bars(svg), 0);
    free(svg);
}

static void test_one_job_and_a_title_that_is_not_markup(void **state)
{
    size_t bytes;
    mdl_replay_job_t job = {.submit_s = 10, .start_s = 40, .end_s = 100, .run_s = 60, .gpus = 4};

    (void)state;
    char *svg = plot(&(mdl_replay_result_t){.jobs = &job, .n = 1, .gpus = 8}, "a<b & \"c\" > 'd'\n\x01", &bytes);
    assert_int_equal(check_bars(svg), 1);
    assert_non_null(strstr(svg, "a&lt;b &amp; \"c\" &gt; 'd'  <"));
    assert_non_null(strstr(svg, "first submission (s)"));
    assert_non_null(strstr(svg, "2\u20134 GPUs"));
    assert_null(strstr(svg, "33 GPUs"));
    free(svg);
}

static void test_all_at_one_instant(void **state)
{
    size_t bytes;
    mdl_replay_job_t jobs[3] = {{.gpus = 1}, {.gpus = 1}, {.gpus = 1}};

    (void)state;
    char *svg = plot(&(mdl_replay_result_t){.jobs = jobs, .n = 3, .gpus = 8}, "no time", &bytes);
    assert_int_equal(check_bars(svg), 0); /* nothing lasts */
    free(svg);
}

/* First fit, in rows of GPUs: the third job finds no range of four and gets two bars. A preempted job waits between its
 * pieces. */
static void test_rows_and_levels(void **state)
{
    mdl_replay_job_t jobs[] = {{.start_s = 0, .end_s = 10, .gpus = 2},
                               {.start_s = 0, .end_s = 30, .gpus = 4},
                               {.submit_s = 5, .start_s = 10, .end_s = 30, .gpus = 4, .stops = 1}};
    mdl_replay_piece_t pieces[] = {{0, 0, 10}, {1, 0, 30}, {2, 10, 20}, {2, 25, 30}};
    mdl_replay_result_t result = {.jobs = jobs, .n = 3, .gpus = 8, .pieces = pieces, .n_pieces = 4};
    ana_schedule_t s;

    (void)state;
    assert_int_equal(ana_schedule_init(&s, &result, NULL), SIM_OK);
    assert_int_equal(s.n_bars, 6);
    assert_int_equal(s.bars[1].row, 2);
    assert_int_equal(s.bars[2].row, 0);
    assert_int_equal(s.bars[2].rows, 2);
    assert_int_equal(s.bars[3].row, 6);
    assert_int_equal(s.bars[3].rows, 2);
    double at_s[] = {0, 5, 10, 20, 25, 30}, gpus[] = {6, 6, 8, 4, 8, 0}, waiting[] = {0, 1, 0, 1, 0, 0};
    assert_int_equal(s.n_levels, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_close(s.at_s[i], at_s[i], 0);
        assert_close(s.gpus[i], gpus[i], 0);
        assert_close(s.waiting[i], waiting[i], 0);
    }
    ana_schedule_free(&s);
    ana_schedule_free(&s);
}

/* Jobs one after another wherever GPUs are free, so that no more than there are is ever held. */
static mdl_replay_job_t *random_jobs(size_t n, uint32_t most_gpus)
{
    static double free_at[GPUS];
    sim_rng_t rng;
    mdl_replay_job_t *jobs = calloc(n, sizeof *jobs);
    sim_rng_at(&rng, 2022, n, 0, 0, 0);
    memset(free_at, 0, sizeof free_at);
    for (size_t i = 0; i < n; i++) {
        uint32_t gpus = 1 + (uint32_t)(sim_draw_uniform(&rng) * most_gpus);
        uint32_t from = (uint32_t)(sim_draw_uniform(&rng) * (GPUS - gpus + 1));
        double start_s = 0;
        for (uint32_t k = from; k < from + gpus; k++)
            start_s = fmax(start_s, free_at[k]);
        double end_s = start_s + sim_draw_exponential(&rng, 1000);
        for (uint32_t k = from; k < from + gpus; k++)
            free_at[k] = end_s;
        jobs[i] = (mdl_replay_job_t){.start_s = start_s, .end_s = end_s, .gpus = gpus};
        jobs[i].submit_s = start_s * sim_draw_uniform(&rng);
    }
    return jobs;
}

/* Bars keep to their rows, do not overlap, and hold together what the jobs hold. */
static void test_bars_do_not_overlap(void **state)
{
    enum { N = 2000 };
    ana_schedule_t s;
    mdl_replay_job_t *jobs = random_jobs(N, 60);
    mdl_replay_result_t result = {.jobs = jobs, .n = N, .gpus = GPUS};
    double free_at[GPUS] = {0}, held = 0, drawn = 0;

    (void)state;
    assert_int_equal(ana_schedule_init(&s, &result, NULL), SIM_OK);
    for (size_t i = 0; i < s.n_bars; i++) {
        assert_true(s.bars[i].rows > 0 && s.bars[i].row + s.bars[i].rows <= GPUS);
        for (uint32_t k = s.bars[i].row; k < s.bars[i].row + s.bars[i].rows; k++) {
            assert_true(s.bars[i].from_s >= free_at[k]);
            free_at[k] = s.bars[i].to_s;
        }
        drawn += (s.bars[i].to_s - s.bars[i].from_s) * s.bars[i].rows;
    }
    for (size_t i = 0; i < N; i++)
        held += (jobs[i].end_s - jobs[i].start_s) * jobs[i].gpus;
    assert_close(drawn, held, 1e-9 * held);
    ana_schedule_free(&s);
    size_t bytes;
    char *svg = plot(&(mdl_replay_result_t){.jobs = jobs, .n = 1000, .gpus = GPUS}, "bars", &bytes);
    assert_true(check_bars(svg) >= 1000);
    free(svg);
    free(jobs);
}

static void test_many_jobs_make_a_small_picture(void **state)
{
    size_t bytes;

    (void)state;
    for (uint32_t most_gpus = 1; most_gpus <= 64; most_gpus *= 8) {
        mdl_replay_job_t *jobs = random_jobs(MANY, most_gpus);
        char *svg = plot(&(mdl_replay_result_t){.jobs = jobs, .n = MANY, .gpus = GPUS}, "many", &bytes);
        assert_true(bytes < 2000000);
        assert_non_null(strstr(svg, "class='cells'"));
        free(svg);
        free(jobs);
    }
}

/* More GPUs than rows, and a result that claims more than the cluster has: drawn as far as there is room. */
static void test_huge_and_inconsistent_results(void **state)
{
    size_t bytes;
    mdl_replay_job_t jobs[] = {{.end_s = 10, .gpus = 3000000}, {.end_s = 10, .gpus = 1}, {.end_s = 5, .gpus = 2000000}};

    (void)state;
    char *svg = plot(&(mdl_replay_result_t){.jobs = jobs, .n = 3, .gpus = 4000000}, "huge", &bytes);
    assert_int_equal(check_bars(svg), 3);
    free(svg);
}

static void check_ticks(double span_s, double step_s, const char *unit)
{
    ana_ticks_t ticks = ana_ticks_time(0, span_s, 10);
    assert_string_equal(ticks.unit_name, unit);
    assert_close(ticks.step, step_s, 1e-9 * step_s);
    assert_true(span_s / ticks.step <= 10);
}

static void test_ticks_read_well(void **state)
{
    (void)state;
    check_ticks(1, 0.1, "s");
    check_ticks(100, 10, "s");
    check_ticks(3600, 600, "min");
    check_ticks(86400, 10800, "h");
    check_ticks(8 * 86400., 86400, "days");
    check_ticks(100 * 86400., 10 * 86400., "days");
    check_ticks(2e9, 5000 * 86400., "days");
    assert_close(ana_ticks(0, 130, 8).step, 20, 1e-9);
    assert_close(ana_ticks(-7, 3, 5).first, -6, 1e-9);
}

static void test_allocation_curves(void **state)
{
    double arrived[5000], allocated[5000];
    char *svg;
    size_t bytes;
    sim_error_t err = {0};

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        arrived[i] = 130. * (double)(i + 1) / 5000;
        allocated[i] = fmin(arrived[i], 92.5);
    }
    ana_allocation_curve_t curves[9] = {{"fgd", arrived, allocated, 5000}, {"one", arrived, allocated, 1}, {"none", 0}};
    assert_int_equal(ana_allocation_plot(curves, 3, "openb & more", &svg, &bytes, &err), SIM_OK);
    check_well_formed(svg, bytes);
    assert_non_null(strstr(svg, "fgd: 92.50 % at the end"));
    assert_null(strstr(svg, "none:"));
    assert_true(bytes < 100000);
    free(svg);
    assert_int_equal(ana_allocation_plot(curves, 9, "", &svg, &bytes, &err), SIM_EINPUT);
    assert_null(svg);
    assert_int_equal(ana_allocation_plot(NULL, 0, "", &svg, &bytes, &err), SIM_OK);
    check_well_formed(svg, bytes);
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_gives_empty_axes),
        cmocka_unit_test(test_one_job_and_a_title_that_is_not_markup),
        cmocka_unit_test(test_all_at_one_instant),
        cmocka_unit_test(test_rows_and_levels),
        cmocka_unit_test(test_bars_do_not_overlap),
        cmocka_unit_test(test_many_jobs_make_a_small_picture),
        cmocka_unit_test(test_huge_and_inconsistent_results),
        cmocka_unit_test(test_ticks_read_well),
        cmocka_unit_test(test_allocation_curves),
    };
    return cmocka_run_group_tests_name("unit.schedule_plot", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* The recorder: rounding, rows, items, event rows, copies, and schemas that must be refused. */
#include "sim/recorder.h"
#include "tests/support/test.h"

#include <math.h>

enum { CH_PRICE, CH_BUSY, CH_LEDGER, CH_PEAK, CH_OPENED, CH_GPUS, N_CHANNELS };

static const char *const province_labels[] = {"Beijing", "Guizhou", "Inner Mongolia"};
static const sim_dimension_t dimensions[] = {
    {.name = "province", .long_name = "province", .labels = province_labels, .size = 3},
    {.name = "centre", .long_name = "centre, in order of announcement", .size = 100},
};
static const sim_channel_t channels[N_CHANNELS] = {
    {.group = "", .name = "chip_price", .units = "yuan", .long_name = "chip price", .resolution = 0.01},
    {.group = "province", .name = "busy", .units = "1", .long_name = "busy share", .dims = {"province"}},
    {.group = "ledger", .name = "debt", .units = "yuan", .long_name = "debt", .clock = SIM_CLOCK_MONTH},
    {.group = "outcomes", .name = "peak", .units = "yuan", .long_name = "peak", .kind = SIM_CHANNEL_OUTCOME},
    {.group = "centres",
     .name = "opened",
     .units = "1",
     .long_name = "opening date",
     .dims = {"centre"},
     .kind = SIM_CHANNEL_ITEM,
     .is_date = true},
    {.group = "centres",
     .name = "gpus",
     .units = "1",
     .long_name = "GPUs",
     .dims = {"centre"},
     .kind = SIM_CHANNEL_ITEM},
};
static const double weeks[] = {7, 14, 21, 28};
static const double months[] = {31, 59};
static const sim_schema_t schema = {
    .channels = channels,
    .n_channels = N_CHANNELS,
    .dimensions = dimensions,
    .n_dimensions = 2,
    .start_day = 18993,
    .times_day = {weeks, months},
    .n_times = {4, 2},
    .events = true,
};

static sim_recorder_t *new_recorder(const sim_schema_t *of)
{
    sim_recorder_t *rec;
    sim_error_t err = {0};
    assert_int_equal(sim_recorder_create(&rec, of, &err), SIM_OK);
    return rec;
}

static double value_at(const sim_recorder_t *rec, uint32_t channel, size_t i)
{
    size_t n;
    const double *values = sim_recorder_values(rec, channel, &n);
    assert_true(i < n);
    return values[i];
}

static uint64_t bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static void rounding_gives_clean_decimals(void **state)
{
    (void)state;
    assert_true(sim_round_to(0.1 + 0.2, 0.1) == 0.3);
    assert_true(sim_round_to(1234.5649999, 0.01) == 1234.56);
    assert_true(sim_round_to(-1234.5651, 0.01) == -1234.57);
    assert_true(sim_round_to(0.12345678, 1e-4) == 0.1235);
    assert_true(sim_round_to(7.3, 0.25) == 7.25);
    assert_true(sim_round_to(123456, 1000) == 123000);
    assert_true(sim_round_to(2.5, 1) == 2 && sim_round_to(3.5, 1) == 4); /* ties to even */
    assert_true(sim_round_to(7, 3) == 6 && sim_round_to(8, 3) == 9);
    assert_true(sim_round_to(0.7, 0.3) == 2 * 0.3); /* 1 / 0.3 is not an integer */
}

static void rounding_leaves_what_has_no_fraction(void **state)
{
    (void)state;
    assert_true(sim_round_to(1.23456789, 0) == 1.23456789);
    assert_true(sim_round_to(1e300, 0.01) == 1e300);
    assert_true(sim_round_to(9007199254740993.0, 1) == 9007199254740993.0);
    assert_true(isinf(sim_round_to((double)INFINITY, 0.01)));
}

static void equal_values_become_equal_bits(void **state)
{
    (void)state;
    assert_true(bits(sim_round_to(-0.0, 0)) == 0 && bits(sim_round_to(-0.0, 0.1)) == 0);
    assert_true(bits(sim_round_to(-0.0001, 0.01)) == 0);
    uint64_t odd_nan = UINT64_C(0xfff8000000000123);
    double nan_value;
    memcpy(&nan_value, &odd_nan, sizeof nan_value);
    assert_true(bits(sim_round_to(nan_value, 0)) == bits(sim_round_to((double)NAN, 0.5)));
}

/* Rounding again changes nothing, and the result is never further than half a step (plus one rounding error). */
static void rounding_is_idempotent_and_near(void **state)
{
    (void)state;
    const double resolutions[] = {1e-6, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.25, 0.3, 1, 3, 10, 1000};
    uint64_t seed = 12345;
    for (int i = 0; i < 200000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double x = ((double)(seed >> 11) / 9007199254740992.0 - 0.5) * 2e6;
        double step = resolutions[(seed >> 3) % (sizeof resolutions / sizeof *resolutions)];
        double y = sim_round_to(x, step);
        assert_true(fabs(y - x) <= 0.5 * step * (1 + 1e-9) + 1e-9);
        assert_true(bits(sim_round_to(y, step)) == bits(y));
    }
}

static void everything_starts_missing(void **state)
{
    (void)state;
    sim_recorder_t *rec = new_recorder(&schema);
    size_t n;
    const double *busy = sim_recorder_values(rec, CH_BUSY, &n);
    assert_int_equal(n, 12);
    for (size_t i = 0; i < n; i++)
        assert_true(isnan(busy[i]));
    (void)sim_recorder_values(rec, CH_LEDGER, &n);
    assert_int_equal(n, 2);
    (void)sim_recorder_values(rec, CH_GPUS, &n);
    assert_int_equal(n, 0);
    assert_null(sim_recorder_events(rec, &n));
    assert_ptr_equal(sim_recorder_schema(rec), &schema);
    sim_recorder_destroy(rec);
    sim_recorder_destroy(NULL);
}

static void rows_follow_their_clock(void **state)
{
    (void)state;
    sim_recorder_t *rec = new_recorder(&schema);
    for (int week = 0; week < 6; week++) { /* two more than there are rows */
        sim_recorder_set(rec, CH_PRICE, 0, 100 + week);
        sim_recorder_set(rec, CH_BUSY, 2, week);
        sim_recorder_set(rec, CH_LEDGER, 0, -week);
        sim_recorder_advance(rec, SIM_CLOCK_INTERVAL);
        if (week == 1)
            sim_recorder_advance(rec, SIM_CLOCK_MONTH);
    }
    assert_int_equal(sim_recorder_row(rec, SIM_CLOCK_INTERVAL), 6);
    assert_int_equal(sim_recorder_row(rec, SIM_CLOCK_MONTH), 1);
    assert_true(value_at(rec, CH_PRICE, 3) == 103);
    assert_true(value_at(rec, CH_BUSY, 3 * 3 + 2) == 3 && isnan(value_at(rec, CH_BUSY, 3 * 3 + 1)));
    assert_true(value_at(rec, CH_LEDGER, 0) == -1 && value_at(rec, CH_LEDGER, 1) == -5);
    sim_recorder_destroy(rec);
}

static void items_grow_together(void **state)
{
    (void)state;
    sim_recorder_t *rec = new_recorder(&schema);
    sim_recorder_item(rec, CH_OPENED, 4, 400);
    sim_recorder_item(rec, CH_GPUS, 1, 1024);
    assert_int_equal(sim_recorder_items(rec, 1), 5);
    size_t n;
    const double *gpus = sim_recorder_values(rec, CH_GPUS, &n);
    assert_int_equal(n, 5);
    assert_true(isnan(gpus[0]) && gpus[1] == 1024 && isnan(gpus[4]));
    sim_recorder_reset(rec);
    sim_recorder_item(rec, CH_GPUS, 2, 8);
    gpus = sim_recorder_values(rec, CH_GPUS, &n);
    assert_true(n == 3 && isnan(gpus[1]) && gpus[2] == 8);
    sim_recorder_destroy(rec);
}

static void events_are_numbered_from_one(void **state)
{
    (void)state;
    sim_recorder_t *rec = new_recorder(&schema);
    for (uint64_t i = 0; i < 10000; i++)
        assert_true(sim_recorder_event(rec, &(sim_event_row_t){.time_s = (int64_t)i, .cause = i}) == i + 1);
    size_t n;
    const sim_event_row_t *rows = sim_recorder_events(rec, &n);
    assert_int_equal(n, 10000);
    assert_true(rows[9999].time_s == 9999 && rows[9999].cause == 9999);
    assert_int_equal(sim_recorder_status(rec), SIM_OK);
    sim_recorder_destroy(rec);

    sim_schema_t quiet = schema;
    quiet.events = false;
    rec = new_recorder(&quiet);
    assert_true(sim_recorder_event(rec, &(sim_event_row_t){.time_s = 1}) == 0);
    sim_recorder_destroy(rec);
}

static void a_copy_goes_its_own_way(void **state)
{
    (void)state;
    sim_recorder_t *parent = new_recorder(&schema), *child = new_recorder(&schema);
    sim_recorder_item(child, CH_GPUS, 60, 1); /* must not survive the copy */
    sim_recorder_set(parent, CH_PRICE, 0, 5);
    sim_recorder_advance(parent, SIM_CLOCK_INTERVAL);
    sim_recorder_item(parent, CH_GPUS, 0, 7);
    sim_recorder_outcome(parent, CH_PEAK, 9);
    (void)sim_recorder_event(parent, &(sim_event_row_t){.time_s = 3});
    sim_recorder_copy(child, parent);
    sim_recorder_set(parent, CH_PRICE, 0, 6);
    sim_recorder_set(child, CH_PRICE, 0, 8);
    size_t n;
    (void)sim_recorder_values(child, CH_GPUS, &n);
    assert_int_equal(n, 1);
    assert_true(value_at(child, CH_PRICE, 0) == 5 && value_at(child, CH_PRICE, 1) == 8);
    assert_true(value_at(parent, CH_PRICE, 1) == 6 && value_at(child, CH_PEAK, 0) == 9);
    assert_true(sim_recorder_event(child, &(sim_event_row_t){.time_s = 4}) == 2);
    sim_recorder_destroy(parent);
    sim_recorder_destroy(child);
}

static void channels_are_found_by_group_and_name(void **state)
{
    (void)state;
    assert_int_equal(sim_schema_find(&schema, "centres", "gpus"), CH_GPUS);
    assert_int_equal(sim_schema_find(&schema, "", "gpus"), -1);
    assert_int_equal(sim_schema_dimension(&schema, "centre"), 1);
    assert_int_equal(sim_schema_dimension(&schema, "city"), -1);
    assert_int_equal(sim_schema_row_size(&schema, CH_BUSY), 3);
    assert_int_equal(sim_schema_rows(&schema, CH_LEDGER), 2);
}

static void wrong_schemas_are_refused_by_name(void **state)
{
    (void)state;
    const sim_channel_t wrong[] = {
        {.group = "", .name = "a b", .units = "1", .long_name = "x"},
        {.group = "x/y", .name = "a", .units = "1", .long_name = "x"},
        {.group = "", .name = "a", .long_name = "x"},
        {.group = "", .name = "a", .units = "1"},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .resolution = -1},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .dims = {"nowhere"}},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .dims = {"centre"}},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .dims = {"province"}, .kind = SIM_CHANNEL_ITEM},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .dims = {"province"}, .kind = SIM_CHANNEL_OUTCOME},
        {.group = "", .name = "a", .units = "1", .long_name = "x", .clock = SIM_CLOCKS},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        sim_schema_t bad = schema;
        bad.channels = &wrong[i];
        bad.n_channels = 1;
        sim_recorder_t *rec = NULL;
        sim_error_t err = {0};
        assert_int_equal(sim_recorder_create(&rec, &bad, &err), SIM_EINTERNAL);
        assert_null(rec);
        assert_non_null(strstr(err.message, wrong[i].name));
    }
    sim_channel_t twice[2] = {channels[0], channels[0]};
    sim_schema_t bad = schema;
    bad.channels = twice;
    bad.n_channels = 2;
    assert_int_equal(sim_schema_check(&bad, NULL), SIM_EINTERNAL);
    sim_dimension_t same[2] = {dimensions[0], dimensions[0]};
    bad = schema;
    bad.dimensions = same;
    assert_int_equal(sim_schema_check(&bad, NULL), SIM_EINTERNAL);
    same[0].size = 0;
    assert_int_equal(sim_schema_check(&bad, NULL), SIM_EINTERNAL);
}

/* A chunk of HDF5 ends at 4 GiB, and so does a replication's part of a channel: far beyond that products would wrap. */
static void sizes_beyond_a_chunk_are_refused(void **state)
{
    (void)state;
    static const char *const labels[1] = {"never read"};
    const sim_dimension_t wide[2] = {
        {.name = "a", .long_name = "a", .labels = labels, .size = UINT32_C(1) << 16},
        {.name = "b", .long_name = "b", .labels = labels, .size = UINT32_C(1) << 16},
    };
    const sim_channel_t square = {
        .group = "", .name = "square", .units = "1", .long_name = "2^32 values", .dims = {"a", "b"}};
    const sim_channel_t line = {.group = "", .name = "line", .units = "1", .long_name = "2^16", .dims = {"a"}};
    sim_schema_t large = schema;
    large.dimensions = wide;
    large.n_dimensions = 2;
    large.channels = &square;
    large.n_channels = 1;
    sim_error_t err = {0};
    assert_int_equal(sim_schema_check(&large, &err), SIM_EINTERNAL);
    assert_non_null(strstr(err.message, "square"));
    large.channels = &line;
    assert_int_equal(sim_schema_check(&large, NULL), SIM_OK);
    large.n_times[SIM_CLOCK_INTERVAL] = UINT32_C(1) << 13; /* 2^32 bytes */
    assert_int_equal(sim_schema_check(&large, NULL), SIM_EINTERNAL);
    large.n_times[SIM_CLOCK_INTERVAL]--;
    assert_int_equal(sim_schema_check(&large, NULL), SIM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_gives_clean_decimals),
        cmocka_unit_test(rounding_leaves_what_has_no_fraction),
        cmocka_unit_test(equal_values_become_equal_bits),
        cmocka_unit_test(rounding_is_idempotent_and_near),
        cmocka_unit_test(everything_starts_missing),
        cmocka_unit_test(rows_follow_their_clock),
        cmocka_unit_test(items_grow_together),
        cmocka_unit_test(events_are_numbered_from_one),
        cmocka_unit_test(a_copy_goes_its_own_way),
        cmocka_unit_test(channels_are_found_by_group_and_name),
        cmocka_unit_test(wrong_schemas_are_refused_by_name),
        cmocka_unit_test(sizes_beyond_a_chunk_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

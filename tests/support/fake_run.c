// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_run.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CENTRES 1000

const char *const fake_arms[4] = {"baseline", "clawback", "vouchers", "no-subsidy"};
const char *const fake_provinces[FAKE_PROVINCES] = {"Beijing", "Guizhou", "内蒙古"};
static const char *const types[FAKE_TYPES_N] = {"A800", "H100"};
static const char *const event_types[] = {"announce", "open", "fail"};
static const char *const event_entities[] = {"centre", "firm"};
static const uint8_t event_entity_of[] = {0, 0, 1};

static const sim_dimension_t dimensions[] = {
    {.name = "province", .long_name = "province", .labels = fake_provinces, .size = FAKE_PROVINCES},
    {.name = "gpu_type", .long_name = "type of GPU", .labels = types, .size = FAKE_TYPES_N},
    {.name = "centre", .long_name = "centre, in order of announcement", .size = MAX_CENTRES},
};
static const sim_channel_t channels[FAKE_CHANNELS] = {
    [FAKE_PRICE] = {.group = "", .name = "chip_price", .units = "yuan", .long_name = "chip price", .resolution = 0.01},
    [FAKE_NOISE] = {.group = "", .name = "noise", .units = "1", .long_name = "unrounded noise"},
    [FAKE_BUSY] = {.group = "province",
                   .name = "busy",
                   .units = "1",
                   .long_name = "busy share",
                   .dims = {"province"},
                   .resolution = 1e-4},
    [FAKE_TYPES] = {.group = "gpu_market",
                    .name = "stock",
                    .units = "1",
                    .long_name = "GPUs by province and type",
                    .dims = {"province", "gpu_type"},
                    .resolution = 1},
    [FAKE_DEBT] = {.group = "ledger",
                   .name = "debt",
                   .units = "yuan",
                   .long_name = "debt",
                   .clock = SIM_CLOCK_MONTH,
                   .resolution = 1000},
    [FAKE_PEAK] = {.group = "outcomes",
                   .name = "peak_price",
                   .units = "yuan",
                   .long_name = "peak price",
                   .kind = SIM_CHANNEL_OUTCOME,
                   .resolution = 0.01},
    [FAKE_PEAK_DATE] = {.group = "outcomes",
                        .name = "peak_date",
                        .units = "1",
                        .long_name = "date of the peak",
                        .kind = SIM_CHANNEL_OUTCOME,
                        .is_date = true},
    [FAKE_OPENED] = {.group = "centres",
                     .name = "opened",
                     .units = "1",
                     .long_name = "opening date",
                     .dims = {"centre"},
                     .kind = SIM_CHANNEL_ITEM,
                     .is_date = true},
    [FAKE_GPUS] = {.group = "centres",
                   .name = "gpus",
                   .units = "1",
                   .long_name = "GPUs",
                   .dims = {"centre"},
                   .kind = SIM_CHANNEL_ITEM,
                   .resolution = 1},
};
static const double weeks[FAKE_WEEKS] = {7,  14, 21, 28, 35,  42,  49,  56,  63,  70,
                                         77, 84, 91, 98, 105, 112, 119, 126, 133, 140};
static const double months[FAKE_MONTHS] = {31, 59, 90, 120, 151};

#define SCHEMA(with_events)                                                                                            \
    {                                                                                                                  \
        .channels = channels, .n_channels = FAKE_CHANNELS, .dimensions = dimensions, .n_dimensions = 3,                \
        .start_day = 18993, /* 2022-01-01 */                                                                           \
            .times_day = {weeks, months}, .n_times = {FAKE_WEEKS, FAKE_MONTHS}, .events = with_events,                 \
        .event_types = event_types, .n_event_types = 3, .event_entities = event_entities, .n_event_entities = 2,       \
        .event_entity_of = event_entity_of,                                                                            \
    }

static const sim_schema_t schema_events = SCHEMA(true);
static const sim_schema_t schema_quiet = SCHEMA(false);

const sim_schema_t *fake_schema(void)
{
    return &schema_events;
}

const sim_schema_t *fake_schema_quiet(void)
{
    return &schema_quiet;
}

sim_store_plan_t fake_plan(const sim_schema_t *schema, uint32_t n_arms, uint32_t n_points, uint32_t n_replications)
{
    return (sim_store_plan_t){.schema = schema,
                              .arms = fake_arms,
                              .n_arms = n_arms,
                              .n_points = n_points,
                              .n_replications = n_replications,
                              .identity = "name: fake\nseed: 1\n"};
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 0 <= u < 1 from a key and two numbers. */
static double chance(sim_run_key_t key, uint64_t a, uint64_t b)
{
    uint64_t run = (uint64_t)key.arm << 48 | (uint64_t)key.point << 32 | key.replication;
    return (double)(mix(mix(mix(run + 1) ^ a) ^ b) >> 11) / 9007199254740992.0;
}

double fake_value(sim_run_key_t key, uint32_t channel, size_t i)
{
    double u = chance(key, channel, i);
    switch (channel) {
    case FAKE_PRICE: return 100000 + 5000 * u + 100 * (double)i;
    case FAKE_NOISE: return u - 0.5;
    case FAKE_BUSY: return i % FAKE_PROVINCES == 1 ? (double)NAN : u;
    case FAKE_TYPES: return 1e5 * u;
    case FAKE_DEBT: return 1e12 * u;
    case FAKE_PEAK: return key.replication % 7 == 3 ? (double)NAN : 1e5 * u;
    case FAKE_PEAK_DATE: return key.replication % 7 == 3 ? (double)NAN : (double)(int64_t)(140 * u);
    case FAKE_OPENED: return i % 2 == 1 ? (double)NAN : (double)(int64_t)(140 * u);
    default: return 8 * (double)(int64_t)(1 + 1000 * u);
    }
}

uint32_t fake_items(sim_run_key_t key)
{
    return key.arm == 0 && key.replication == 2 ? 300 : (uint32_t)(6 * chance(key, 1000, 0));
}

uint32_t fake_events(sim_run_key_t key)
{
    return (uint32_t)(10 * chance(key, 1001, 0));
}

static void record_rows(sim_recorder_t *recorder, sim_run_key_t key, uint32_t channel)
{
    const sim_schema_t *schema = sim_recorder_schema(recorder);
    size_t width = sim_schema_row_size(schema, channel);
    uint32_t row = sim_recorder_row(recorder, channels[channel].clock);
    for (uint32_t i = 0; i < width; i++)
        sim_recorder_set(recorder, channel, i, fake_value(key, channel, row * width + i));
}

void fake_record(sim_recorder_t *recorder, sim_run_key_t key)
{
    sim_recorder_reset(recorder);
    for (int week = 0; week < FAKE_WEEKS; week++) {
        for (uint32_t channel = FAKE_PRICE; channel <= FAKE_TYPES; channel++)
            record_rows(recorder, key, channel);
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
    for (int month = 0; month < FAKE_MONTHS; month++) {
        record_rows(recorder, key, FAKE_DEBT);
        sim_recorder_advance(recorder, SIM_CLOCK_MONTH);
    }
    sim_recorder_outcome(recorder, FAKE_PEAK, fake_value(key, FAKE_PEAK, 0));
    sim_recorder_outcome(recorder, FAKE_PEAK_DATE, fake_value(key, FAKE_PEAK_DATE, 0));
    for (uint32_t item = 0; item < fake_items(key); item++) {
        sim_recorder_item(recorder, FAKE_OPENED, item, fake_value(key, FAKE_OPENED, item));
        sim_recorder_item(recorder, FAKE_GPUS, item, fake_value(key, FAKE_GPUS, item));
    }
    for (uint32_t i = 0; i < fake_events(key); i++)
        (void)sim_recorder_event(
            recorder,
            &(sim_event_row_t){
                .time_s = 86400 * (int64_t)i + 1, .type = i % 3, .entity = 7 * i, .cause = i, .value = i + 0.5});
}

sim_run_meta_t fake_meta(sim_run_key_t key)
{
    return (sim_run_meta_t){.fingerprint = mix(((uint64_t)key.arm << 32 | key.replication) + 99),
                            .events = 1000 + key.replication,
                            .jobs = 10 + key.arm,
                            .seed = UINT64_C(0xfedcba9876543210)};
}

sim_status_t fake_put(sim_store_t *store, sim_run_key_t key, const sim_schema_t *schema, sim_error_t *err)
{
    sim_recorder_t *recorder;
    sim_status_t status = sim_recorder_create(&recorder, schema, err);
    if (status < 0)
        return status;
    fake_record(recorder, key);
    sim_run_meta_t meta = fake_meta(key);
    status = sim_store_put(store, key, recorder, &meta, err);
    sim_recorder_destroy(recorder);
    return status;
}

sim_status_t fake_put_all(sim_store_t *store, const sim_store_plan_t *plan, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    sim_run_key_t key;
    for (key.arm = 0; key.arm < plan->n_arms; key.arm++)
        for (key.point = 0; key.point < plan->n_points; key.point++)
            for (key.replication = 0; status == SIM_OK && key.replication < plan->n_replications; key.replication++)
                if (!sim_store_has(store, key))
                    status = fake_put(store, key, plan->schema, err);
    return status;
}

static char *make_folder(const char *parent)
{
    char path[256];
    snprintf(path, sizeof path, "%s/overbuild-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(path) == NULL ? NULL : strdup(path);
}

char *fake_folder(void)
{
    return make_folder(getenv("TMPDIR"));
}

char *fake_folder_in_memory(void)
{
    const char *parent = getenv("TMPDIR");
    return make_folder(parent == NULL && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : parent);
}

void fake_remove(const char *folder)
{
    DIR *open = opendir(folder);
    if (open == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct stat info;
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            fake_remove(path);
        else
            unlink(path);
    }
    closedir(open);
    rmdir(folder);
}

const char *fake_path(const char *folder, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

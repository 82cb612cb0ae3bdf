// SPDX-License-Identifier: GPL-3.0-or-later
/* info and digest: what a result or a calibration holds. */
#include "app/command.h"
#include "sim/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct info_values {
    bool verify;
} info_values_t;

static const app_option_t info_options[] = {
    {0, "verify", NULL, APP_FLAG, offsetof(info_values_t, verify), "read everything back and compare checksums", 0, 0},
    {0},
};

static void print_text(sim_result_t *result, const char *label, const char *path)
{
    char *text = NULL;
    if (sim_result_text(result, path, &text, NULL) == SIM_OK)
        printf("%-14s %s\n", label, text);
    free(text);
}

/* What kind of file it is, and what a calibration was asked for. */
static void print_kind(sim_result_t *result)
{
    bool calibration = sim_result_has(result, "/provenance/calibration_format");
    printf("%-14s %s\n", "kind", calibration ? "calibration: posterior and simulations" : "result of an experiment");
    if (!calibration)
        return;
    print_text(result, "calib. format", "/provenance/calibration_format");
    print_text(result, "method", "/provenance/method");
    print_text(result, "budget", "/provenance/budget");
    print_text(result, "arm calibrated", "/provenance/calibrated_arm");
}

/* What a run or a calibration that was interrupted or killed has left beside the file. */
static bool has_parts(const char *path)
{
    char parts[4200];
    struct stat there;
    int bytes = snprintf(parts, sizeof parts, "%s.parts", path);
    return bytes < (int)sizeof parts && stat(parts, &there) == 0 && S_ISDIR(there.st_mode);
}

/* As sim_result_open(); where there is nothing but an unfinished run, that is said. */
static sim_status_t open_result(sim_result_t **result, const char *path, sim_error_t *err)
{
    if (access(path, F_OK) != 0 && has_parts(path))
        return sim_fail(err, SIM_EINPUT, path,
                        "no such file yet: %s.parts holds what an unfinished run has stored; expected a file; the same "
                        "'overbuild run' or 'calibrate' with --resume makes it",
                        path);
    return sim_result_open(result, path, err);
}

static sim_status_t print_arms(sim_result_t *result, sim_error_t *err)
{
    char **arms = NULL;
    size_t n = 0;
    sim_array_t statuses = {0};
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    if (status == SIM_OK)
        status = sim_result_read(result, "/outcomes/status", &statuses, err);
    for (size_t arm = 0; status == SIM_OK && arm < n; arm++) {
        size_t per_arm = 1, done = 0, failed = 0;
        for (uint32_t i = 1; i < statuses.n_dims; i++)
            per_arm *= statuses.shape[i];
        for (size_t i = 0; i < per_arm; i++) {
            double value = statuses.values[arm * per_arm + i];
            done += value == SIM_OK;
            failed += value < 0;
        }
        printf("%-14s %s: %zu finished, %zu failed, %zu missing\n", arm == 0 ? "arms" : "", arms[arm], done, failed,
               per_arm - done - failed);
    }
    sim_array_free(&statuses);
    sim_labels_free(arms, n);
    return status;
}

static sim_status_t print_variable(sim_result_t *result, const char *group, const char *name, sim_error_t *err)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", strcmp(group, "/") == 0 ? "" : group, name);
    sim_array_t array = {0};
    sim_status_t status = sim_result_describe(result, path, &array, err);
    if (status != SIM_OK)
        return status;
    printf("  %-34s", name);
    for (uint32_t i = 0; i < array.n_dims; i++)
        printf("%s%s=%zu", i == 0 ? "[" : ", ", array.dims[i], array.shape[i]);
    printf("%s %s  %s\n", array.n_dims > 0 ? "]" : "", array.units, array.long_name);
    return SIM_OK;
}

static sim_status_t print_group(sim_result_t *result, const char *group, sim_error_t *err)
{
    char **names = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_list(result, group, &names, &n, err);
    if (status == SIM_OK)
        printf("\n%s\n", group);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        status = print_variable(result, group, names[i], err);
    sim_labels_free(names, n);
    return status;
}

static sim_status_t print_groups(sim_result_t *result, sim_error_t *err)
{
    char **groups = NULL;
    size_t n = 0;
    sim_status_t status = print_group(result, "/", err);
    if (status == SIM_OK)
        status = sim_result_groups(result, &groups, &n, err);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        if (strcmp(groups[i], "/provenance") != 0)
            status = print_group(result, groups[i], err);
    sim_labels_free(groups, n);
    return status;
}

static int run_info(const app_command_t *command, int argc, char **argv)
{
    info_values_t values = {0};
    const char *path = NULL;
    if (app_options_parse(command->name, info_options, &values, argc, argv, 1, 1, &path) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    sim_result_t *result = NULL;
    sim_status_t status = open_result(&result, path, &err);
    if (status == SIM_OK && values.verify) {
        status = sim_result_verify(result, &err);
        if (status == SIM_OK)
            printf("%s: every object matches its checksum\n", path);
    } else if (status == SIM_OK) {
        printf("%-14s %s, format %d\n", "file", path, sim_result_format(result));
        print_kind(result);
        if (has_parts(path))
            printf(
                "%-14s %s.parts holds more, of a run that was not finished; the same command with --resume goes on\n",
                "unfinished", path);
        print_text(result, "scenario", "/provenance/name");
        print_text(result, "seed", "/provenance/seed");
        print_text(result, "written by", "/provenance/version");
        print_text(result, "compiled by", "/provenance/compiler");
        status = print_arms(result, &err);
        if (status == SIM_OK)
            status = print_groups(result, &err);
    }
    sim_result_close(result);
    return status == SIM_OK ? APP_DONE : app_report(command, &err);
}

typedef struct digest_values {
    bool arms, outcomes;
} digest_values_t;

static const app_option_t digest_options[] = {
    {0, "arms", NULL, APP_FLAG, offsetof(digest_values_t, arms), "one digest per arm: NAME<TAB>HEX", 0, 0},
    {0, "outcomes", NULL, APP_FLAG, offsetof(digest_values_t, outcomes), "of the outcomes alone", 0, 0},
    {0},
};

static sim_status_t print_arm_digests(sim_result_t *result, sim_error_t *err)
{
    char **arms = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    uint64_t *digests = calloc(n + 1, sizeof *digests);
    if (status == SIM_OK && digests == NULL)
        status = sim_fail(err, SIM_ENOMEM, "/arm", "no memory for %zu digests", n);
    if (status == SIM_OK)
        status = sim_result_digest_arms(result, digests, n, err);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        printf("%s\t%016" PRIx64 "\n", arms[i], digests[i]);
    free(digests);
    sim_labels_free(arms, n);
    return status;
}

static int run_digest(const app_command_t *command, int argc, char **argv)
{
    digest_values_t values = {0};
    const char *path = NULL;
    if (app_options_parse(command->name, digest_options, &values, argc, argv, 1, 1, &path) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    sim_result_t *result = NULL;
    uint64_t digest = 0;
    sim_status_t status = sim_result_open(&result, path, &err);
    if (status == SIM_OK && values.arms)
        status = print_arm_digests(result, &err);
    else if (status == SIM_OK) {
        status = sim_result_digest(result, values.outcomes ? "/outcomes" : "/", &digest, &err);
        if (status == SIM_OK)
            printf("%016" PRIx64 "\n", digest);
    }
    sim_result_close(result);
    return status == SIM_OK ? APP_DONE : app_report(command, &err);
}

const app_command_t app_command_info = {
    .name = "info",
    .synopsis = "FILE [--verify]",
    .summary = "what a result file holds",
    .details = "Result or calibration, scenario, seed, version, whether a run was left unfinished (FILE.parts), arms "
               "with their\n"
               "finished and failed replications, then every group with its variables: dimensions, unit, meaning. The "
               "names are\n"
               "those that 'compare --metric' and 'bubbles --variable' take. --verify reads everything back and names "
               "the first\n"
               "damaged object.\n\n"
               "Example:\n"
               "  overbuild info china-2022.h5",
    .options = info_options,
    .run = run_info,
};

const app_command_t app_command_digest = {
    .name = "digest",
    .synopsis = "FILE [--arms | --outcomes]",
    .summary = "hash of a result's scientific content",
    .details = "16 hex digits over every value, unit and label of the file, but for the program's version and "
               "compiler. Two runs\n"
               "of one scenario have one digest at any number of threads, with any compiler, on any x86-64 machine.\n\n"
               "Example:\n"
               "  overbuild digest china-2022.h5 --arms",
    .options = digest_options,
    .run = run_digest,
};

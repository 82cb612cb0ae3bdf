// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/source.h"

#include "models/params/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any sensible scenario or table; keeps a mistaken path (a device, a result) from filling the memory. */
#define MAX_FILE_BYTES ((size_t)1 << 20)

static char *copy_text(scn_pool_t *pool, const char *text)
{
    return scn_pool_copy(pool, text, strlen(text));
}

static char *join(scn_pool_t *pool, const char *folder, const char *path)
{
    if (path[0] == '/' || folder[0] == '\0')
        return copy_text(pool, path);
    size_t bytes = strlen(folder) + strlen(path) + 2;
    char *joined = scn_pool_take(pool, bytes);
    if (joined != NULL)
        (void)snprintf(joined, bytes, "%s/%s", folder, path);
    return joined;
}

/* "a/b.yaml" -> "a", "/b.yaml" -> "/", "b.yaml" -> "" */
static char *folder_of(scn_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return copy_text(pool, "");
    return scn_pool_copy(pool, path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The file's path without links and dots, so that a cycle is seen however it is written. */
static char *identity_of(scn_pool_t *pool, const char *path)
{
    char *real = realpath(path, NULL);
    char *id = copy_text(pool, real != NULL ? real : path);
    free(real);
    return id;
}

/* What every result file begins with. */
static bool is_hdf5(const char *bytes, size_t n)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    return n >= sizeof signature - 1 && memcmp(bytes, signature, sizeof signature - 1) == 0;
}

static sim_status_t read_stream(scn_pool_t *pool, FILE *stream, scn_source_t *source, scn_reason_t *why)
{
    char *buffer = malloc(MAX_FILE_BYTES + 1);
    if (buffer == NULL)
        return SIM_ENOMEM;
    sim_status_t status = SIM_OK;
    errno = 0;
    source->length = fread(buffer, 1, MAX_FILE_BYTES + 1, stream);
    if (ferror(stream)) {
        (void)snprintf(why->text, sizeof why->text, "can't be read: %s", strerror(errno));
        status = SIM_EINPUT;
    } else if (is_hdf5(buffer, source->length)) {
        (void)snprintf(
            why->text, sizeof why->text,
            "found an HDF5 file, a result perhaps; expected a text file (`overbuild info` says what it holds)");
        status = SIM_EINPUT;
    } else if (source->length > MAX_FILE_BYTES) {
        (void)snprintf(why->text, sizeof why->text, "found more than %zu MiB; expected a text file",
                       MAX_FILE_BYTES >> 20);
        status = SIM_EINPUT;
    } else {
        source->text = scn_pool_copy(pool, buffer, source->length);
        status = source->text != NULL ? SIM_OK : SIM_ENOMEM;
    }
    free(buffer);
    return status;
}

sim_status_t scn_source_open_file(scn_pool_t *pool, const char *path, const char *folder, scn_source_t *source,
                                  scn_reason_t *why)
{
    const char *joined = join(pool, folder, path);
    if (joined == NULL)
        return SIM_ENOMEM;
    FILE *stream = fopen(joined, "rb");
    if (stream == NULL) {
        why->missing = errno == ENOENT;
        (void)snprintf(why->text, sizeof why->text, "can't be read: %s", strerror(errno));
        return SIM_EINPUT;
    }
    sim_status_t status = read_stream(pool, stream, source, why);
    (void)fclose(stream);
    source->name = joined;
    source->base = base_of(joined);
    source->id = identity_of(pool, joined);
    source->folder = folder_of(pool, joined);
    if (status == SIM_OK && (source->id == NULL || source->folder == NULL))
        status = SIM_ENOMEM;
    return status;
}

static sim_status_t open_preset(scn_pool_t *pool, const char *name, const char *text, scn_source_t *source)
{
    size_t bytes = strlen(name) + sizeof " (preset)";
    char *shown = scn_pool_take(pool, bytes);
    char *copy = copy_text(pool, name);
    if (shown == NULL || copy == NULL)
        return SIM_ENOMEM;
    (void)snprintf(shown, bytes, "%s (preset)", name);
    *source = (scn_source_t){shown, copy, shown, "", text, strlen(text)};
    return SIM_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_path(const char *text)
{
    return strchr(text, '/') != NULL || ends_with(text, ".yaml") || ends_with(text, ".yml") || ends_with(text, ".json");
}

static void no_such_preset(const char *name, scn_reason_t *why)
{
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < scn_preset_count(); i++)
        mdl_spelling_offer(&near, scn_preset_name(i));
    if (near.best != NULL)
        (void)snprintf(why->text, sizeof why->text, "found neither a preset nor a file of that name; did you mean %s?",
                       near.best);
    else
        (void)snprintf(why->text, sizeof why->text,
                       "found neither a preset nor a file of that name; expected a path or one of `overbuild list`");
}

sim_status_t scn_source_open(scn_pool_t *pool, const char *path_or_preset, const char *folder, scn_source_t *source,
                             scn_reason_t *why)
{
    const char *preset = scn_preset_text(path_or_preset);
    if (preset != NULL)
        return open_preset(pool, path_or_preset, preset, source);
    sim_status_t status = scn_source_open_file(pool, path_or_preset, folder, source, why);
    if (status == SIM_EINPUT && why->missing && !is_path(path_or_preset))
        no_such_preset(path_or_preset, why);
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/critical_cache.h"

#include "sim/hash.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION    "overbuild critical values 1" /* grows when the simulation changes */
#define PATH_BYTES 4352
#define MOST_BYTES (64L << 20)

bool ana_cache_folder(char *path, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (cache != NULL && cache[0] == '/')
        n = snprintf(path, size, "%s/overbuild", cache);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, size, "%s/.cache/overbuild", home);
    return n > 0 && (size_t)n < size;
}

/* The plan in words that tell it from every other. */
static void write_key(const ana_critical_plan_t *plan, char key[256])
{
    static const char *const rules[] = {
        [ANA_LAG_FIXED] = "fixed", [ANA_LAG_BIC] = "bic", [ANA_LAG_SCHWARZ] = "schwarz"};
    (void)snprintf(key, 256, "n%zu-%s%d-w%zu-r%zu-s%" PRIu64 "-d%a", plan->n, rules[plan->lag.rule], plan->lag.order,
                   plan->min_rows, plan->replications, plan->seed, plan->drift);
}

static bool file_path(const char *folder, const char *key, char path[PATH_BYTES])
{
    int n = snprintf(path, PATH_BYTES, "%s/critical-%s.txt", folder, key);
    return n > 0 && n < PATH_BYTES;
}

static uint64_t checksum(const char *text, size_t n)
{
    uint64_t hash = n;
    for (size_t i = 0; i < n; i++)
        hash = sim_hash_pair(hash, (unsigned char)text[i]);
    return hash;
}

/* The whole file as a string; NULL when there is none. The caller frees it. */
static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size > 0 && size < MOST_BYTES && fseek(file, 0, SEEK_SET) == 0)
        text = calloc((size_t)size + 1, 1);
    if (text != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    if (file != NULL)
        (void)fclose(file);
    return text;
}

/* Cuts the checksum off and compares it. */
static bool is_whole(char *text)
{
    char *line = strstr(text, "\nchecksum ");
    uint64_t found;
    if (line == NULL || sscanf(line, "\nchecksum %" SCNx64, &found) != 1)
        return false;
    line[1] = '\0';
    return found == checksum(text, strlen(text));
}

/* Reads "WORD a b c" at *at, which moves behind it. */
static bool read_row(char **at, const char *word, double values[ANA_LEVELS])
{
    size_t n = strlen(word);
    if (strncmp(*at, word, n) != 0)
        return false;
    *at += n;
    for (int i = 0; i < ANA_LEVELS; i++) {
        char *end;
        values[i] = strtod(*at, &end);
        if (end == *at || isnan(values[i]))
            return false;
        *at = end;
    }
    return *(*at)++ == '\n';
}

static bool read_values(char *at, size_t first, ana_critical_t *critical)
{
    bool good = read_row(&at, "adf", critical->adf) && read_row(&at, "sadf", critical->sadf) &&
                read_row(&at, "gsadf", critical->gsadf);
    for (size_t t = first; t < critical->n && good; t++) {
        double values[ANA_LEVELS];
        good = read_row(&at, "bsadf", values);
        for (int i = 0; i < ANA_LEVELS && good; i++)
            critical->bsadf[i][t] = values[i];
    }
    return good && *at == '\0';
}

bool ana_critical_load(const char *folder, const ana_critical_plan_t *plan, ana_critical_t *critical)
{
    char key[256], path[PATH_BYTES], head[512];
    write_key(plan, key);
    char *text = file_path(folder, key, path) ? read_all(path) : NULL;
    int n = snprintf(head, sizeof head, "%s\n%s\n", VERSION, key);
    size_t first = ana_adf_lost(plan->lag) + plan->min_rows - 1;
    bool good =
        text != NULL && is_whole(text) && strncmp(text, head, (size_t)n) == 0 && read_values(text + n, first, critical);
    free(text);
    if (good) {
        critical->first = first;
        critical->from_cache = true;
    }
    return good;
}

static char *add_row(char *at, const char *word, const double values[ANA_LEVELS])
{
    return at + sprintf(at, "%s %a %a %a\n", word, values[0], values[1], values[2]);
}

/* The file's text; NULL without memory. The caller frees it. */
static char *compose(const char *key, const ana_critical_t *critical)
{
    char *text = malloc(1024 + 128 * (critical->n + 3));
    if (text == NULL)
        return NULL;
    char *at = text + sprintf(text, "%s\n%s\n", VERSION, key);
    at = add_row(at, "adf", critical->adf);
    at = add_row(at, "sadf", critical->sadf);
    at = add_row(at, "gsadf", critical->gsadf);
    for (size_t t = critical->first; t < critical->n; t++) {
        const double values[] = {critical->bsadf[0][t], critical->bsadf[1][t], critical->bsadf[2][t]};
        at = add_row(at, "bsadf", values);
    }
    (void)sprintf(at, "checksum %016" PRIx64 "\n", checksum(text, (size_t)(at - text)));
    return text;
}

/* mkdir -p of a folder and its parent. */
static void make_folder(const char *folder)
{
    char parent[PATH_BYTES];
    (void)snprintf(parent, sizeof parent, "%s", folder);
    char *slash = strrchr(parent, '/');
    if (slash != NULL && slash != parent) {
        *slash = '\0';
        (void)mkdir(parent, 0700);
    }
    (void)mkdir(folder, 0700);
}

static bool write_file(const char *path, const char *text)
{
    char part[PATH_BYTES + 16];
    (void)snprintf(part, sizeof part, "%s.XXXXXX", path);
    int fd = mkstemp(part);
    if (fd < 0)
        return false;
    size_t n = strlen(text);
    bool good = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    good = close(fd) == 0 && good && rename(part, path) == 0;
    if (!good)
        (void)unlink(part);
    return good;
}

bool ana_critical_save(const char *folder, const ana_critical_plan_t *plan, const ana_critical_t *critical)
{
    char key[256], path[PATH_BYTES];
    write_key(plan, key);
    char *text = file_path(folder, key, path) ? compose(key, critical) : NULL;
    if (text == NULL)
        return false;
    make_folder(folder);
    bool good = write_file(path, text);
    free(text);
    return good;
}

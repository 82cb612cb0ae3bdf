// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/story.h"

#include "analysis/names.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that the result brings along. */
enum { NAMES_CITY, NAMES_PLATFORM, NAMES_GPU_TYPE, NAMES_PARAMETER, NAMES };

struct ana_story {
    ana_event_t *events;
    size_t n;
    int64_t start_day;
    char *types; /* names of the types, cut into words */
    char **names[NAMES];
    size_t n_names[NAMES];
};

enum { COLUMN_TIME, COLUMN_TYPE, COLUMN_KIND, COLUMN_ENTITY, COLUMN_CAUSE, COLUMN_VALUE, COLUMNS };

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Rows begin..end of the replication: they stand together. */
static sim_status_t find_rows(sim_result_t *result, size_t arm, uint32_t point, uint32_t replication, size_t *begin,
                              size_t *end, sim_error_t *err)
{
    static const char *const paths[3] = {"/events/arm", "/events/point", "/events/replication"};
    const double wanted[3] = {(double)arm, point, replication};
    *begin = 0;
    *end = SIZE_MAX;
    for (int i = 0; i < 3; i++) {
        sim_array_t column = {0};
        if (i == 1 && !sim_result_has(result, paths[i]))
            continue;
        sim_status_t status = sim_result_read(result, paths[i], &column, err);
        if (status != SIM_OK)
            return status;
        size_t last = *end < column.shape[0] ? *end : column.shape[0];
        while (*begin < last && column.values[*begin] != wanted[i])
            ++*begin;
        *end = *begin;
        while (*end < last && column.values[*end] == wanted[i])
            ++*end;
        sim_array_free(&column);
    }
    return SIM_OK;
}

/* Cuts the names of the types into words; type `i` is the i-th of them. */
static const char **cut_types(char *text, size_t *n)
{
    *n = 0;
    const char **words = calloc(strlen(text) / 2 + 2, sizeof *words);
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); words != NULL && word != NULL; word = strtok_r(NULL, " ", &rest))
        words[(*n)++] = word;
    return words;
}

static ana_event_t event_of(const sim_array_t *columns, size_t row, const char **types, size_t n_types)
{
    double number = columns[COLUMN_TYPE].values[row], kind = columns[COLUMN_KIND].values[row];
    const char *name = number >= 0 && number < (double)n_types ? types[(size_t)number] : "event";
    bool known = kind >= 0 && kind < MDL_WHO_KINDS;
    return (ana_event_t){
        .time_s = columns[COLUMN_TIME].values[row],
        .type = mdl_event_type_find(name),
        .type_name = name,
        .who = {known ? (mdl_who_t)kind : MDL_WHO_OUTSIDE, (uint32_t)columns[COLUMN_ENTITY].values[row]},
        .cause = (int64_t)columns[COLUMN_CAUSE].values[row],
        .value = columns[COLUMN_VALUE].values[row]};
}

/* A cause that points nowhere (a damaged or foreign file) counts as none: chains must end. */
static void fill(ana_story_t *self, const sim_array_t *columns, size_t begin, const char **types, size_t n_types)
{
    for (size_t i = 0; i < self->n; i++) {
        self->events[i] = event_of(columns, begin + i, types, n_types);
        if (self->events[i].cause < 0 || self->events[i].cause >= (int64_t)i)
            self->events[i].cause = -1;
    }
}

static sim_status_t read_rows(ana_story_t *self, sim_result_t *result, size_t begin, sim_error_t *err)
{
    static const char *const paths[COLUMNS] = {"/events/time",   "/events/type",  "/events/entity_kind",
                                               "/events/entity", "/events/cause", "/events/value"};
    sim_array_t columns[COLUMNS] = {{0}};
    sim_status_t status = sim_result_text(result, "/events/type@flag_meanings", &self->types, err);
    for (int i = 0; status == SIM_OK && i < COLUMNS; i++)
        status = sim_result_read(result, paths[i], &columns[i], err);
    size_t n_types = 0;
    const char **types = status == SIM_OK ? cut_types(self->types, &n_types) : NULL;
    self->events = calloc(self->n + 1, sizeof *self->events);
    if (status == SIM_OK && (types == NULL || self->events == NULL))
        status = sim_fail(err, SIM_ENOMEM, "/events", "no memory for %zu events", self->n);
    const char *since = strstr(columns[COLUMN_TIME].units, "since ");
    if (status == SIM_OK && since != NULL) {
        char date[16] = "";
        snprintf(date, sizeof date, "%.10s", since + strlen("since "));
        status = sim_date_parse(date, &self->start_day, err);
    }
    if (status == SIM_OK)
        fill(self, columns, begin, types, n_types);
    for (int i = 0; i < COLUMNS; i++)
        sim_array_free(&columns[i]);
    free(types);
    return status;
}

static sim_status_t read_names(ana_story_t *self, sim_result_t *result, sim_error_t *err)
{
    static const char *const paths[NAMES] = {"/events/city", "/events/platform", "/events/gpu_type",
                                             "/events/parameter"};
    sim_status_t status = SIM_OK;
    for (int i = 0; status == SIM_OK && i < NAMES; i++)
        if (sim_result_has(result, paths[i]))
            status = sim_result_labels(result, paths[i], &self->names[i], &self->n_names[i], err);
    return status;
}

sim_status_t ana_story_open(ana_story_t **self, sim_result_t *result, const char *arm, uint32_t point,
                            uint32_t replication, sim_error_t *err)
{
    *self = NULL;
    size_t number = 0, begin, end;
    if (!sim_result_has(result, "/events/entity_kind"))
        return sim_fail(err, SIM_EINPUT, "/events",
                        "the result holds no events; make one that does with 'overbuild run SCENARIO --events'");
    sim_status_t status = SIM_OK;
    if (point > 0 && !sim_result_has(result, "/events/point"))
        return sim_fail(err, SIM_EINPUT, "--point",
                        "found %u; the result has no design, and so no points but 0; expected none", point);
    if (arm != NULL)
        status = ana_result_arm(result, "--arm", arm, &number, err);
    if (status == SIM_OK)
        status = find_rows(result, number, point, replication, &begin, &end, err);
    if (status != SIM_OK)
        return status;
    if (begin == end)
        return sim_fail(err, SIM_EINPUT, "/events",
                        "no events of point %u, replication %u: it was not run or has failed; 'overbuild info' says "
                        "how many there are, and they count from 0",
                        point, replication);
    ana_story_t *story = calloc(1, sizeof *story);
    if (story == NULL)
        return sim_fail(err, SIM_ENOMEM, "/events", "no memory for a story");
    story->n = end - begin;
    status = read_rows(story, result, begin, err);
    if (status == SIM_OK)
        status = read_names(story, result, err);
    if (status == SIM_OK)
        *self = story;
    else
        ana_story_close(story);
    return status;
}

void ana_story_close(ana_story_t *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < NAMES; i++)
        sim_labels_free(self->names[i], self->n_names[i]);
    free(self->types);
    free(self->events);
    free(self);
}

size_t ana_story_size(const ana_story_t *self)
{
    return self->n;
}

const ana_event_t *ana_story_event(const ana_story_t *self, size_t i)
{
    SIM_ASSERT(i < self->n);
    return &self->events[i];
}

bool ana_story_is(const ana_story_t *self, size_t i, ana_who_t who)
{
    return self->events[i].who.kind == who.kind && self->events[i].who.ordinal == who.ordinal;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* Which names a kind of entity goes by; -1: by its number. */
static int names_of(mdl_who_t kind)
{
    return kind == MDL_WHO_CITY        ? NAMES_CITY
           : kind == MDL_WHO_PLATFORM  ? NAMES_PLATFORM
           : kind == MDL_WHO_PARAMETER ? NAMES_PARAMETER
                                       : -1;
}

static const char *known_name(const ana_story_t *self, int names, double ordinal)
{
    return names >= 0 && ordinal >= 0 && ordinal < (double)self->n_names[names] ? self->names[names][(size_t)ordinal]
                                                                                : NULL;
}

void ana_story_name(const ana_story_t *self, ana_who_t who, char *text, size_t bytes)
{
    const char *name = known_name(self, names_of(who.kind), who.ordinal);
    if (name != NULL)
        snprintf(text, bytes, "%s", name);
    else if (mdl_who_is_many(who.kind))
        snprintf(text, bytes, "%s %u", mdl_who_name(who.kind), who.ordinal);
    else
        snprintf(text, bytes, "the %s", mdl_who_name(who.kind));
}

void ana_story_key(const ana_story_t *self, ana_who_t who, char *text, size_t bytes)
{
    const char *name = known_name(self, names_of(who.kind), who.ordinal);
    if (name != NULL)
        snprintf(text, bytes, "%s:%s", mdl_who_name(who.kind), name);
    else if (mdl_who_is_many(who.kind))
        snprintf(text, bytes, "%s:%u", mdl_who_name(who.kind), who.ordinal);
    else
        snprintf(text, bytes, "%s", mdl_who_name(who.kind));
}

/* What stands behind the colon: a name of the kind or a number. */
static bool parse_ordinal(const ana_story_t *self, mdl_who_t kind, const char *text, uint32_t *ordinal)
{
    int names = names_of(kind);
    for (size_t i = 0; names >= 0 && i < self->n_names[names]; i++)
        if (strcmp(self->names[names][i], text) == 0) {
            *ordinal = (uint32_t)i;
            return true;
        }
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    *ordinal = (uint32_t)number;
    return *text >= '0' && *text <= '9' && *end == '\0' && number < UINT32_MAX;
}

static bool parse_who(const ana_story_t *self, const char *text, ana_who_t *who)
{
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    for (int kind = 0; kind < MDL_WHO_KINDS; kind++) {
        const char *name = mdl_who_name((mdl_who_t)kind);
        if (strlen(name) != length || strncmp(name, text, length) != 0)
            continue;
        *who = (ana_who_t){(mdl_who_t)kind, 0};
        if (mdl_who_is_many((mdl_who_t)kind))
            return colon != NULL && parse_ordinal(self, (mdl_who_t)kind, colon + 1, &who->ordinal);
        return colon == NULL;
    }
    return false;
}

/* What was perhaps meant: a name of the kind before the colon, or, where there is no such kind, a kind. */
static const char *who_hint(const ana_story_t *self, const char *text, char hint[MDL_SPELLING_HINT])
{
    size_t length = strcspn(text, ":");
    char kind_text[64];
    (void)snprintf(kind_text, sizeof kind_text, "%.*s", (int)(length < sizeof kind_text ? length : 0), text);
    mdl_spelling_t near = mdl_spelling(kind_text);
    for (int kind = 0; kind < MDL_WHO_KINDS; kind++) {
        const char *name = mdl_who_name((mdl_who_t)kind);
        int names = names_of((mdl_who_t)kind);
        if (strcmp(name, kind_text) == 0)
            return mdl_spelling_hint(text + length + (text[length] == ':'),
                                     names >= 0 ? (const char *const *)self->names[names] : NULL,
                                     names >= 0 ? self->n_names[names] : 0, hint);
        mdl_spelling_offer(&near, name);
    }
    return mdl_spelling_hint_of(&near, hint);
}

sim_status_t ana_story_find(const ana_story_t *self, const char *text, ana_who_t *who, sim_error_t *err)
{
    char hint[MDL_SPELLING_HINT];
    if (!parse_who(self, text, who))
        return sim_fail(err, SIM_EINPUT, "ENTITY",
                        "'%s'; expected a kind and a number or name, as project:137, lab:12, city:NAME, developer:40, "
                        "platform:NAME, parameter:KEY, or one of bank, market, outside; without ENTITY those with "
                        "most events are listed%s",
                        text, who_hint(self, text, hint));
    for (size_t i = 0; i < self->n; i++)
        if (ana_story_is(self, i, *who))
            return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "ENTITY",
                    "nothing happened to '%s' in this replication; without ENTITY those with most events are listed",
                    text);
}

/* --- sentences ---------------------------------------------------------------------------------------------------- */

static void count_of(double value, const char *one, const char *many, char *text, size_t bytes)
{
    snprintf(text, bytes, "%.0f %s", value, value >= 0.5 && value < 1.5 ? one : many);
}

static void yuan(double value, char *text, size_t bytes)
{
    double size = fabs(value);
    if (size >= 1e9)
        snprintf(text, bytes, "%.2f billion yuan", value / 1e9);
    else if (size >= 1e6)
        snprintf(text, bytes, "%.1f million yuan", value / 1e6);
    else if (size >= 1e4)
        snprintf(text, bytes, "%.0f thousand yuan", value / 1e3);
    else
        snprintf(text, bytes, "%.0f yuan", value);
}

static void row_name(const ana_story_t *self, int names, double row, const char *what, char *text, size_t bytes)
{
    const char *name = known_name(self, names, row);
    if (name != NULL)
        snprintf(text, bytes, "%s", name);
    else
        snprintf(text, bytes, "%s %.0f", what, row);
}

static void type_set(const ana_story_t *self, double value, char *text, size_t bytes)
{
    uint64_t set = value >= 0 && value < 9e15 ? (uint64_t)value : 0;
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < 53 && used + 1 < bytes; i++) {
        if (!(set >> i & 1))
            continue;
        char name[64];
        row_name(self, NAMES_GPU_TYPE, i, "GPU type", name, sizeof name);
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used == 0 ? "" : ", ", name);
    }
}

static void value_text(const ana_story_t *self, mdl_ev_value_t kind, double value, char *text, size_t bytes)
{
    switch (kind) {
    case MDL_EV_VALUE_SHARE: snprintf(text, bytes, "%.3g %%", 100 * value); break;
    case MDL_EV_VALUE_YUAN: yuan(value, text, bytes); break;
    case MDL_EV_VALUE_MW: snprintf(text, bytes, "%.3g MW", value); break;
    case MDL_EV_VALUE_GPUS: count_of(value, "GPU", "GPUs", text, bytes); break;
    case MDL_EV_VALUE_NODES: count_of(value, "node", "nodes", text, bytes); break;
    case MDL_EV_VALUE_H100E: count_of(value, "H100-equivalent", "H100-equivalents", text, bytes); break;
    case MDL_EV_VALUE_CITY: row_name(self, NAMES_CITY, value, "city", text, bytes); break;
    case MDL_EV_VALUE_TYPE: row_name(self, NAMES_GPU_TYPE, value, "GPU type", text, bytes); break;
    case MDL_EV_VALUE_TYPES: type_set(self, value, text, bytes); break;
    default: snprintf(text, bytes, "%.3g", value); break;
    }
}

/* Appends `n` bytes as far as there is room. */
static void append(char *text, size_t bytes, const char *what, size_t n)
{
    size_t used = strlen(text), room = bytes - used - 1;
    n = n < room ? n : room;
    memcpy(text + used, what, n);
    text[used + n] = '\0';
}

void ana_story_sentence(const ana_story_t *self, size_t i, char *text, size_t bytes)
{
    const ana_event_t *event = &self->events[i];
    char who[128], value[256];
    ana_story_name(self, event->who, who, sizeof who);
    if (event->type == NULL) {
        snprintf(text, bytes, "%s: %s (%.6g)", who, event->type_name, event->value);
        return;
    }
    value_text(self, event->type->value, event->value, value, sizeof value);
    *text = '\0';
    for (const char *at = event->type->sentence; *at != '\0';) {
        const char *brace = strchr(at, '{');
        append(text, bytes, at, brace == NULL ? strlen(at) : (size_t)(brace - at));
        if (brace == NULL)
            break;
        bool is_who = strncmp(brace, "{who}", 5) == 0;
        append(text, bytes, is_who ? who : value, strlen(is_who ? who : value));
        at = strchr(brace, '}') + 1;
    }
}

void ana_story_date(const ana_story_t *self, size_t i, char text[16])
{
    sim_date_format(self->start_day + (int64_t)floor(self->events[i].time_s / (double)SIM_DAY_S), text);
}

/* --- who has most ------------------------------------------------------------------------------------------------- */

static int by_who(const void *a, const void *b)
{
    const ana_who_count_t *x = a, *y = b;
    if (x->who.kind != y->who.kind)
        return x->who.kind < y->who.kind ? -1 : 1;
    return x->who.ordinal < y->who.ordinal ? -1 : x->who.ordinal > y->who.ordinal;
}

static int by_count(const void *a, const void *b)
{
    const ana_who_count_t *x = a, *y = b;
    return x->n != y->n ? (x->n > y->n ? -1 : 1) : by_who(a, b);
}

sim_status_t ana_story_busiest(const ana_story_t *self, ana_who_count_t *counts, size_t most, size_t *n,
                               sim_error_t *err)
{
    ana_who_count_t *all = calloc(self->n + 1, sizeof *all);
    if (all == NULL)
        return sim_fail(err, SIM_ENOMEM, "/events", "no memory to count them");
    for (size_t i = 0; i < self->n; i++)
        all[i] = (ana_who_count_t){self->events[i].who, 1};
    qsort(all, self->n, sizeof *all, by_who);
    size_t used = 0;
    for (size_t i = 0; i < self->n; i++) {
        if (used > 0 && by_who(&all[used - 1], &all[i]) == 0)
            all[used - 1].n++;
        else
            all[used++] = all[i];
    }
    qsort(all, used, sizeof *all, by_count);
    *n = used < most ? used : most;
    memcpy(counts, all, *n * sizeof *counts);
    free(all);
    return SIM_OK;
}

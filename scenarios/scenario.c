// SPDX-License-Identifier: GPL-3.0-or-later
/* Loading a scenario: the chain of files, the command line, the tables; then accessors. */
#include "scenarios/scenario.h"

#include "scenarios/plan.h"
#include "scenarios/posterior.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One file of the chain of extends. */
typedef struct level {
    scn_node_t *root;
    uint32_t file;
} level_t;

typedef struct loader {
    scn_scenario_t *scenario;
    scn_reader_t reader;
    scn_log_t log;
    level_t levels[SCN_MAX_EXTENDS];
    bool broken_chain;  /* something extended could not be read */
    bool types_unknown; /* the given table of GPU types has problems */
} loader_t;

/* --- the chain of extends ----------------------------------------------------------------------------------------- */

static bool is_cycle(const loader_t *self, const scn_source_t *source)
{
    for (size_t i = 0; i < self->scenario->n_sources; i++)
        if (strcmp(self->scenario->sources[i].id, source->id) == 0)
            return true;
    return false;
}

/* Opens `name` as the next level, named at `place` by the level before (or the command line). */
static bool open_level(loader_t *self, const char *name, const char *folder, scn_place_t place)
{
    scn_scenario_t *scenario = self->scenario;
    scn_source_t source = {0};
    scn_reason_t why = {0};
    bool first = scenario->n_sources == 0;
    sim_status_t status = scn_source_open(&scenario->pool, name, folder, &source, &why);
    self->reader.out_of_memory = self->reader.out_of_memory || status == SIM_ENOMEM;
    if (status == SIM_EINPUT && first)
        scn_log_add(&self->log, place, "%s", why.text);
    else if (status == SIM_EINPUT)
        scn_log_add(&self->log, place, "extends: %.200s: %s", name, why.text);
    else if (status == SIM_OK && is_cycle(self, &source))
        scn_log_add(&self->log, place, "extends: %.200s extends this file in turn; expected no cycle", name);
    else if (status == SIM_OK && scenario->n_sources == SCN_MAX_EXTENDS)
        scn_log_add(&self->log, place, "extends: more than %d files deep; expected fewer", SCN_MAX_EXTENDS);
    else if (status == SIM_OK) {
        scenario->sources[scenario->n_sources++] = source;
        return true;
    }
    return false;
}

static void parse_level(loader_t *self, size_t i)
{
    const scn_source_t *source = &self->scenario->sources[i];
    level_t *level = &self->levels[i];
    level->file = scn_log_file(&self->log, source->name);
    size_t before = self->log.n;
    sim_status_t status =
        scn_yaml_read(&self->scenario->pool, &self->log, level->file, source->text, source->length, &level->root);
    self->reader.out_of_memory = self->reader.out_of_memory || status == SIM_ENOMEM;
    if (level->root == NULL && self->log.n == before)
        scn_log_add(&self->log, (scn_place_t){level->file, 1, 1, NULL},
                    "found an empty file; expected keys such as name, extends, set and arms");
}

/* What level `i` extends: a preset or path, or NULL. */
static const scn_node_t *extended_by(loader_t *self, size_t i)
{
    const scn_node_t *extends = scn_node_get(self->levels[i].root, "extends");
    if (extends == NULL || scn_expect(&self->reader, extends, SCN_SCALAR, "a preset or a path"))
        return extends;
    self->broken_chain = true;
    return NULL;
}

/* Reads the first level, which is open, and all that it extends into trees. */
static void read_chain(loader_t *self)
{
    scn_scenario_t *scenario = self->scenario;
    for (size_t i = 0; i < scenario->n_sources; i++) {
        parse_level(self, i);
        if (self->levels[i].root == NULL) {
            self->broken_chain = true;
            return;
        }
        const scn_node_t *extends = extended_by(self, i);
        if (extends != NULL && !open_level(self, extends->text, scenario->sources[i].folder, extends->place))
            self->broken_chain = true;
    }
}

/* From the last extended file to the scenario's own. */
static void read_levels(loader_t *self)
{
    scn_draft_t *draft = self->reader.draft;
    for (size_t i = self->scenario->n_sources; i-- > 0;) {
        self->reader.source = &self->scenario->sources[i];
        self->reader.file = self->levels[i].file;
        draft->name = NULL; /* a name is not inherited */
        /* Without the extended horizon dates can't be judged. */
        draft->horizon_bad = draft->horizon_bad || self->broken_chain;
        if (self->levels[i].root != NULL)
            scn_draft_read(&self->reader, self->levels[i].root);
    }
}

/* "some folder/my file.yaml" -> "my-file" */
static const char *name_from(scn_pool_t *pool, const scn_source_t *source)
{
    const char *dot = strrchr(source->base, '.');
    size_t n = dot != NULL && dot != source->base ? (size_t)(dot - source->base) : strlen(source->base);
    char *name = scn_pool_copy(pool, source->base, n < 63 ? n : 63);
    if (name == NULL)
        return "scenario";
    for (char *c = name; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *c) == NULL)
            *c = '-';
    if (strchr(".-_", name[0]) != NULL)
        name[0] = 'x';
    return name;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

typedef struct table_report {
    scn_log_t *log;
    uint32_t file;
} table_report_t;

static void on_table_problem(void *user, const char *message)
{
    table_report_t *report = user;
    scn_log_add_text(report->log, report->file, message);
}

/* A shipped table is sound, so what is wrong with it is that it names provinces that a given table does not have: worth
 * saying unless that table has problems of its own. */
static void read_shipped(loader_t *self, const mdl_table_t *table, bool given_are_sound)
{
    size_t wrong = mdl_table_read(self->scenario->tables, table, table->name, table->default_csv, NULL, NULL);
    if (wrong > 0 && given_are_sound)
        scn_log_add(&self->log, self->reader.draft->tables[0].place,
                    "provinces: lacks provinces that the shipped table %s names; expected tables: {%s: ...} with it",
                    table->name, table->name);
}

static void read_given(loader_t *self, const mdl_table_t *table, const scn_table_file_t *given)
{
    const scn_source_t *source = &given->source;
    table_report_t report = {&self->log, scn_log_file(&self->log, source->name)};
    size_t before = self->log.n;
    if (source->length > strlen(source->text))
        scn_log_add(&self->log, given->place, "%s: found a NUL byte in %.200s; expected a CSV file", table->name,
                    source->name);
    else
        (void)mdl_table_read(self->scenario->tables, table, source->name, source->text, on_table_problem, &report);
    if (self->log.n > before && strcmp(table->name, "gpu_types") == 0)
        self->types_unknown = true;
}

static void read_tables(loader_t *self)
{
    self->scenario->tables = scn_pool_take(&self->scenario->pool, sizeof *self->scenario->tables);
    if (self->scenario->tables == NULL) {
        self->reader.out_of_memory = true;
        return;
    }
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    size_t before = self->log.n;
    for (size_t i = 0; i < n; i++) {
        const scn_table_file_t *given = &self->reader.draft->tables[i];
        if (given->given)
            read_given(self, &registry[i], given);
        else
            read_shipped(self, &registry[i], self->log.n == before);
    }
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static void read_everything(loader_t *self, const scn_options_t *options)
{
    static const scn_options_t none = {0};
    if (self->scenario->n_sources == 0)
        return;
    read_chain(self);
    read_levels(self);
    if (self->reader.draft->name == NULL)
        self->reader.draft->name = name_from(&self->scenario->pool, &self->scenario->sources[0]);
    read_tables(self);
    scn_draft_override(&self->reader, options != NULL ? options : &none);
    if (!self->reader.out_of_memory)
        scn_draft_check(&self->reader, self->types_unknown ? NULL : self->scenario->tables);
}

static sim_status_t summarise(const scn_problems_t *problems, const char *name, sim_error_t *err)
{
    if (problems->n == 1)
        return sim_fail(err, SIM_EINPUT, NULL, "%s", problems->items[0].text);
    return sim_fail(err, SIM_EINPUT, name, "%zu problems, the first: %s", problems->n, problems->items[0].text);
}

static sim_status_t finish(loader_t *self, const char *name, scn_problems_t *problems, sim_error_t *err)
{
    scn_problems_t found = {0};
    bool any = self->log.n > 0;
    bool out_of_memory = self->reader.out_of_memory || self->log.out_of_memory;
    scn_log_finish(&self->log, &found);
    if (out_of_memory || (any && found.items == NULL)) {
        scn_problems_free(&found);
        return sim_fail(err, SIM_ENOMEM, name, "out of memory while reading the scenario");
    }
    if (any) {
        sim_status_t status = summarise(&found, name, err);
        if (problems != NULL)
            *problems = found;
        else
            scn_problems_free(&found);
        return status;
    }
    scn_draft_settle(&self->scenario->draft);
    if (scn_plan_build(self->scenario) < 0)
        return sim_fail(err, SIM_ENOMEM, name, "out of memory for the plan of arms and points");
    return SIM_OK;
}

/* Loads a text when there is one, else what `name` names. */
static sim_status_t load(scn_scenario_t **self, const char *name, const scn_source_t *text,
                         const scn_options_t *options, scn_problems_t *problems, sim_error_t *err)
{
    *self = NULL;
    scn_scenario_t *scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL)
        return sim_fail(err, SIM_ENOMEM, name, "out of memory while reading the scenario");
    loader_t loader = {.scenario = scenario};
    loader.reader = (scn_reader_t){.pool = &scenario->pool, .log = &loader.log, .draft = &scenario->draft};
    scn_draft_init(&scenario->draft);
    if (text != NULL)
        scenario->sources[scenario->n_sources++] = *text;
    else
        (void)open_level(&loader, name, "", (scn_place_t){.label = name});
    read_everything(&loader, options);
    sim_status_t status = finish(&loader, name, problems, err);
    if (status == SIM_OK)
        *self = scenario;
    else
        scn_scenario_free(scenario);
    return status;
}

sim_status_t scn_scenario_load(scn_scenario_t **self, const char *path_or_preset, const scn_options_t *options,
                               scn_problems_t *problems, sim_error_t *err)
{
    return load(self, path_or_preset, NULL, options, problems, err);
}

sim_status_t scn_scenario_load_text(scn_scenario_t **self, const char *name, const char *text, size_t length,
                                    const scn_options_t *options, scn_problems_t *problems, sim_error_t *err)
{
    scn_source_t source = {.name = name, .base = name, .id = name, .folder = "", .text = text, .length = length};
    return load(self, name, &source, options, problems, err);
}

void scn_scenario_free(scn_scenario_t *self)
{
    if (self == NULL)
        return;
    scn_pool_free(&self->pool);
    free(self);
}

/* --- accessors ---------------------------------------------------------------------------------------------------- */

const char *scn_scenario_name(const scn_scenario_t *self)
{
    return self->draft.name;
}

uint64_t scn_scenario_seed(const scn_scenario_t *self)
{
    return self->draft.seed;
}

uint32_t scn_scenario_arms(const scn_scenario_t *self)
{
    return (uint32_t)self->draft.arms.n;
}

const char *scn_scenario_arm_name(const scn_scenario_t *self, uint32_t arm)
{
    SIM_ASSERT(arm < self->draft.arms.n);
    return self->draft.arms.items[arm].name;
}

uint32_t scn_scenario_points(const scn_scenario_t *self)
{
    return (uint32_t)self->n_points;
}

uint32_t scn_scenario_replications(const scn_scenario_t *self)
{
    return (uint32_t)self->draft.replications;
}

bool scn_scenario_precision(const scn_scenario_t *self, const char **metric, double *half_width)
{
    *metric = self->draft.metric;
    *half_width = self->draft.half_width;
    return self->draft.metric != NULL;
}

int32_t scn_scenario_forks_from(const scn_scenario_t *self, uint32_t arm, int64_t *from_s)
{
    SIM_ASSERT(arm < self->draft.arms.n);
    *from_s = self->courses[arm].fork_s;
    return self->courses[arm].forks_from;
}

bool scn_scenario_has_design(const scn_scenario_t *self)
{
    return self->draft.has_design;
}

bool scn_scenario_points_share_randomness(const scn_scenario_t *self)
{
    return self->draft.share_randomness;
}

uint32_t scn_scenario_factors(const scn_scenario_t *self)
{
    return (uint32_t)self->draft.factors.n;
}

const char *scn_scenario_factor_key(const scn_scenario_t *self, uint32_t factor)
{
    SIM_ASSERT(factor < self->draft.factors.n);
    size_t n;
    return mdl_params_registry(&n)[self->draft.factors.items[factor].param].key;
}

double scn_scenario_factor_value(const scn_scenario_t *self, uint32_t point, uint32_t factor)
{
    SIM_ASSERT(point < self->n_points && factor < self->draft.factors.n);
    return self->factor_values[point * self->draft.factors.n + factor];
}

const mdl_input_t *scn_scenario_input(const scn_scenario_t *self, uint32_t arm, uint32_t point)
{
    SIM_ASSERT(arm < self->draft.arms.n && point < self->n_points);
    return &self->inputs[arm * self->n_points + point];
}

/* --- draws -------------------------------------------------------------------------------------------------------- */

uint32_t scn_scenario_drawn(const scn_scenario_t *self)
{
    return (uint32_t)self->draft.posterior.n_params;
}

int32_t scn_scenario_drawn_param(const scn_scenario_t *self, uint32_t i)
{
    SIM_ASSERT(i < self->draft.posterior.n_params);
    return self->draft.posterior.params[i];
}

size_t scn_scenario_drawn_row(const scn_scenario_t *self, uint64_t replication)
{
    return scn_posterior_row(&self->draft, replication);
}

double scn_scenario_drawn_value(const scn_scenario_t *self, size_t row, uint32_t i)
{
    SIM_ASSERT(row < self->draft.posterior.n_rows && i < self->draft.posterior.n_params);
    return self->draft.posterior.rows[row][i];
}

void scn_scenario_draw(const scn_scenario_t *self, uint32_t arm, uint32_t point, uint64_t replication,
                       mdl_input_t *input)
{
    const scn_posterior_t *table = &self->draft.posterior;
    *input = *scn_scenario_input(self, arm, point);
    const double *row = table->rows[scn_posterior_row(&self->draft, replication)];
    for (size_t i = 0; i < table->n_params; i++) {
        if (scn_course_sets(&self->courses[arm], table->params[i]))
            continue;
        sim_status_t status = mdl_params_set(&input->params, table->params[i], row[i], NULL);
        SIM_ASSERT(status == SIM_OK); /* checked where it was read */
    }
}

uint64_t scn_scenario_random_replication(const scn_scenario_t *self, uint32_t point, uint32_t replication)
{
    return (uint64_t)(self->draft.share_randomness ? 0 : point) << 32 | replication;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

char *scn_scenario_resolved(const scn_scenario_t *self)
{
    scn_text_t text = {0};
    scn_plan_write(self, (scn_write_options_t){.counts = true, .arms = true, .places = true}, &text);
    return scn_text_take(&text);
}

char *scn_scenario_identity(const scn_scenario_t *self)
{
    scn_text_t text = {0};
    scn_plan_write(self, (scn_write_options_t){0}, &text);
    scn_text_add(&text, "events: %s\n", self->draft.events ? "true" : "false");
    return scn_text_take(&text);
}

char *scn_scenario_arm_identity(const scn_scenario_t *self, uint32_t arm)
{
    SIM_ASSERT(arm < self->draft.arms.n);
    scn_text_t text = {0};
    scn_plan_write_arm(self, arm, &text);
    return scn_text_take(&text);
}

bool scn_scenario_reads(const scn_scenario_t *self, const char *path)
{
    char *real = realpath(path, NULL);
    bool found = false;
    for (size_t i = 0; real != NULL && i < self->n_sources; i++)
        found = found || strcmp(self->sources[i].id, real) == 0;
    for (size_t i = 0; real != NULL && i < SCN_MAX_TABLES; i++)
        found = found || (self->draft.tables[i].given && strcmp(self->draft.tables[i].source.id, real) == 0);
    free(real);
    return found;
}

char *scn_scenario_source(const scn_scenario_t *self)
{
    scn_text_t text = {0};
    for (size_t i = 0; i < self->n_sources; i++) {
        const scn_source_t *source = &self->sources[i];
        scn_text_add(&text, "# --- %s\n", source->base);
        scn_text_put_n(&text, source->text, source->length);
        if (source->length == 0 || source->text[source->length - 1] != '\n')
            scn_text_put(&text, "\n");
    }
    return scn_text_take(&text);
}

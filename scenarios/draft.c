// SPDX-License-Identifier: GPL-3.0-or-later
/* The keys of a scenario file, and the command line's changes to them. */
#include "scenarios/draft.h"

#include "models/economy/economy.h"
#include "models/params/spelling.h"
#include "scenarios/posterior.h"
#include "sim/time.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_REPLICATIONS 100
#define DEFAULT_INTERVAL_S   (7 * SIM_DAY_S)
#define MAX_HORIZON_DAYS     36525

void scn_draft_init(scn_draft_t *draft)
{
    *draft = (scn_draft_t){.replications = DEFAULT_REPLICATIONS, .seed = 1, .interval_s = DEFAULT_INTERVAL_S};
    draft->start_day = sim_date_to_day((sim_date_t){2022, 1, 1});
    draft->end_day = sim_date_to_day((sim_date_t){2026, 12, 31});
    draft->start_place.file = SCN_NO_FILE;
    draft->end_place.file = SCN_NO_FILE;
}

/* --- horizon ------------------------------------------------------------------------------------------------------ */

static void read_start(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    draft->horizon_bad = !scn_read_date(self, node, false, &draft->start_day) || draft->horizon_bad;
    draft->start_place = node->place;
}

static void read_end(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    draft->horizon_bad = !scn_read_date(self, node, false, &draft->end_day) || draft->horizon_bad;
    draft->end_place = node->place;
}

static const scn_field_t horizon_fields[] = {{"start", read_start, false}, {"end", read_end, false}};

static void check_horizon(scn_reader_t *self, scn_place_t place)
{
    scn_draft_t *draft = self->draft;
    char start[16], end[16];
    sim_date_format(draft->start_day, start);
    sim_date_format(draft->end_day, end);
    if (draft->horizon_bad)
        return;
    if (draft->end_day < draft->start_day)
        scn_log_add(self->log, place, "end: %s is before the start %s; expected the last day to simulate", end, start);
    else if (draft->end_day - draft->start_day > MAX_HORIZON_DAYS)
        scn_log_add(self->log, place, "end: %s is more than 100 years after %s; expected a nearer day", end, start);
    else
        return;
    draft->horizon_bad = true;
}

static void read_horizon(scn_reader_t *self, const scn_node_t *node, void *target)
{
    if (!scn_read_map(self, node, "a horizon {start, end}", horizon_fields,
                      sizeof horizon_fields / sizeof horizon_fields[0], target))
        return;
    const scn_node_t *end = scn_node_get(node, "end");
    check_horizon(self, end != NULL ? end->place : node->place);
}

/* --- counts ------------------------------------------------------------------------------------------------------- */

static void read_draft_name(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const char *name = scn_read_name(self, node);
    if (name != NULL)
        ((scn_draft_t *)target)->name = name;
}

static void read_replications(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"replications", MDL_KIND_COUNT, "1", 0, 1, SCN_MAX_REPLICATIONS};
    scn_draft_t *draft = target;
    double value;
    if (!scn_read_value(self, node, &param, &value))
        return;
    draft->replications = (int64_t)value;
    draft->metric = NULL;
}

static void read_metric(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const char *name = scn_read_name(self, node), *known;
    if (name == NULL)
        return;
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; (known = mdl_economy_outcome(i)) != NULL; i++) {
        mdl_spelling_offer(&near, known);
        if (strcmp(known, name) == 0) {
            ((scn_draft_t *)target)->metric = name;
            return;
        }
    }
    char hint[MDL_SPELLING_HINT];
    scn_log_add(self->log, node->place,
                "metric: found %s; expected the name of an outcome, as docs/OUTPUT.md lists them%s", name,
                mdl_spelling_hint_of(&near, hint));
}

static void read_half_width(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"half_width", MDL_KIND_REAL, "1", 0, 0, 1e15};
    scn_draft_t *draft = target;
    if (scn_read_value(self, node, &param, &draft->half_width) && !(draft->half_width > 0))
        scn_log_add(self->log, node->place, "half_width: found 0; expected a positive one");
}

static void read_max(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"max", MDL_KIND_COUNT, "1", 0, 2, SCN_MAX_REPLICATIONS};
    double value;
    if (scn_read_value(self, node, &param, &value))
        ((scn_draft_t *)target)->replications = (int64_t)value;
}

static const scn_field_t precision_fields[] = {
    {"metric", read_metric, true}, {"half_width", read_half_width, true}, {"max", read_max, true}};

static void read_precision(scn_reader_t *self, const scn_node_t *node, void *target)
{
    (void)scn_read_map(self, node, "a precision {metric, half_width, max}", precision_fields,
                       sizeof precision_fields / sizeof precision_fields[0], target);
}

/* Whole numbers of 64 bits, which a double could not hold. */
static bool parse_seed(const char *text, uint64_t *seed)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 20 || text[digits] != '\0' || (text[0] == '0' && digits > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    *seed = value;
    return true;
}

static void read_seed(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const char *const what = "a whole number from 0 to 18446744073709551615";
    if (scn_expect(self, node, SCN_SCALAR, what) && !parse_seed(node->text, &((scn_draft_t *)target)->seed))
        scn_log_add(self->log, node->place, "seed: found %.60s; expected %s", node->text, what);
}

/* --- recording ---------------------------------------------------------------------------------------------------- */

static void read_interval(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"interval", MDL_KIND_COUNT, "d", 7, 1, 366};
    double days;
    if (scn_read_value(self, node, &param, &days))
        ((scn_draft_t *)target)->interval_s = (int64_t)days * SIM_DAY_S;
}

static void read_detail_item(scn_reader_t *self, const scn_node_t *item, uint32_t *detail)
{
    char names[256] = "";
    for (int i = 0; i < MDL_DETAILS; i++) {
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? "|" : "", mdl_detail_name(i));
    }
    int position = scn_read_choice(self, item, names);
    if (position < 0)
        return;
    uint32_t bit = UINT32_C(1) << position;
    if (*detail & bit)
        scn_log_add(self->log, item->place, "detail: %s is listed twice; expected once", item->text);
    *detail |= bit;
}

static void read_detail(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    if (!scn_expect(self, node, SCN_LIST, "a list of groups to record"))
        return;
    draft->has_detail = true;
    draft->detail = 0;
    for (const scn_node_t *item = node->first; item != NULL; item = item->next)
        read_detail_item(self, item, &draft->detail);
}

static const scn_field_t record_fields[] = {{"interval", read_interval, false}, {"detail", read_detail, false}};

static void read_record(scn_reader_t *self, const scn_node_t *node, void *target)
{
    (void)scn_read_map(self, node, "a record {interval, detail}", record_fields,
                       sizeof record_fields / sizeof record_fields[0], target);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* A table is a file, or, when the text has lines, the table itself (as resolved scenarios carry it). */
static void read_table(scn_reader_t *self, const scn_node_t *node, scn_table_file_t *table)
{
    if (!scn_expect(self, node, SCN_SCALAR, "the path of a CSV file"))
        return;
    scn_table_file_t read = {.given = true, .place = node->place};
    scn_reason_t why = {0};
    if (strchr(node->text, '\n') != NULL) {
        read.source =
            (scn_source_t){.name = node->key, .base = node->key, .text = node->text, .length = strlen(node->text)};
    } else {
        sim_status_t status = scn_source_open_file(self->pool, node->text, self->source->folder, &read.source, &why);
        self->out_of_memory = self->out_of_memory || status == SIM_ENOMEM;
        if (status < 0) {
            scn_log_add(self->log, node->place, "%s: %.200s: %s; expected a CSV file", node->key, node->text, why.text);
            return;
        }
    }
    *table = read;
}

static void read_tables(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    SIM_ASSERT(n <= SCN_MAX_TABLES);
    if (!scn_expect(self, node, SCN_MAP, "a map of tables and their files"))
        return;
    for (const scn_node_t *child = node->first; child != NULL; child = child->next) {
        size_t i = 0;
        mdl_spelling_t near = mdl_spelling(child->key);
        for (; i < n && strcmp(registry[i].name, child->key) != 0; i++)
            mdl_spelling_offer(&near, registry[i].name);
        if (i < n)
            read_table(self, child, &draft->tables[i]);
        else if (near.best != NULL)
            scn_log_add(self->log, child->key_place, "%s: unknown table; did you mean %s?", child->key, near.best);
        else
            scn_log_add(self->log, child->key_place,
                        "%.100s: unknown table; expected one of those that `overbuild params --tables` lists",
                        child->key);
    }
}

/* --- the whole file ----------------------------------------------------------------------------------------------- */

static void drop_factor(scn_draft_t *draft, int32_t param)
{
    scn_factors_t *factors = &draft->factors;
    size_t kept = 0;
    for (size_t i = 0; i < factors->n; i++)
        if (factors->items[i].param != param)
            factors->items[kept++] = factors->items[i];
    factors->n = kept;
}

static void read_top_set(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    scn_settings_t given = {0};
    scn_read_set(self, node, &given);
    for (size_t i = 0; i < given.n; i++) {
        drop_factor(draft, given.items[i].param);
        scn_settings_put(self, &draft->set, given.items[i]);
    }
}

static void read_top_changes(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_read_changes(self, node, &((scn_draft_t *)target)->changes);
}

static void read_top_shocks(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_read_shocks(self, node, &((scn_draft_t *)target)->shocks);
}

static void read_nothing(scn_reader_t *self, const scn_node_t *node, void *target)
{
    (void)self;
    (void)node;
    (void)target;
}

/* In the order in which they must be read: dates need the horizon, `uncertain` is checked against `set`. */
static const scn_field_t scenario_fields[] = {
    {"name", read_draft_name, false},
    {"extends", read_nothing, false}, /* followed before this file is read */
    {"horizon", read_horizon, false},
    {"replications", read_replications, false},
    {"precision", read_precision, false},
    {"seed", read_seed, false},
    {"set", read_top_set, false},
    {"uncertain", scn_read_uncertain, false},
    {"changes", read_top_changes, false},
    {"shocks", read_top_shocks, false},
    {"arms", scn_read_arms, false},
    {"design", scn_read_design, false},
    {"tables", read_tables, false},
    {"record", read_record, false},
    {"posterior", scn_read_posterior, false},
    {"parameters", scn_read_parameters, false},
};

void scn_draft_read(scn_reader_t *self, const scn_node_t *root)
{
    if (!scn_read_map(self, root, "a scenario (a map of keys)", scenario_fields,
                      sizeof scenario_fields / sizeof scenario_fields[0], self->draft))
        return;
    const scn_node_t *precision = scn_node_get(root, "precision");
    if (precision != NULL && scn_node_get(root, "replications") != NULL)
        scn_log_add(self->log, precision->key_place, "precision: given beside replications; expected one of the two");
}

/* --- the command line --------------------------------------------------------------------------------------------- */

static scn_place_t option_place(scn_reader_t *self, const char *option, const char *text)
{
    size_t bytes = strlen(option) + strlen(text) + 2;
    char *label = scn_pool_take(self->pool, bytes);
    self->out_of_memory = self->out_of_memory || label == NULL;
    if (label != NULL)
        (void)snprintf(label, bytes, "%s %s", option, text);
    return (scn_place_t){.file = SCN_COMMAND_LINE, .label = label != NULL ? label : option};
}

/* --set KEY=VALUE as the node of a map, so that it is read as a line of the file would be. */
static void override_set(scn_reader_t *self, const char *text)
{
    scn_place_t place = option_place(self, "--set", text);
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        scn_log_add(self->log, place,
                    "no key and value in it; expected KEY=VALUE, for example --set subsidy.grant_share=0.1");
        return;
    }
    char *key = scn_pool_copy(self->pool, text, (size_t)(equals - text));
    if (key == NULL) {
        self->out_of_memory = true;
        return;
    }
    scn_node_t value = {.kind = SCN_SCALAR, .text = equals + 1, .place = place, .key = key, .key_place = place};
    scn_node_t map = {.kind = SCN_MAP, .first = &value, .last = &value, .n = 1};
    read_top_set(self, &map, self->draft);
}

static void override_until(scn_reader_t *self, const char *until)
{
    scn_draft_t *draft = self->draft;
    scn_place_t place = option_place(self, "--until", until);
    sim_error_t err = {0};
    int64_t day;
    char start[16], end[16];
    if (sim_date_parse(until, &day, &err) < 0)
        scn_log_add(self->log, place, "%s", err.message);
    else if (!draft->horizon_bad && (day < draft->start_day || day > draft->end_day))
        scn_log_add(self->log, place, "outside the horizon; expected a date from %s to %s",
                    sim_date_format(draft->start_day, start), sim_date_format(draft->end_day, end));
    else
        draft->end_day = day;
}

static void unknown_arm(scn_reader_t *self, const char *name)
{
    const scn_arms_t *arms = &self->draft->arms;
    scn_place_t place = option_place(self, "--arm", name);
    mdl_spelling_t near = mdl_spelling(name);
    char names[200] = "";
    for (size_t i = 0; i < arms->n; i++) {
        mdl_spelling_offer(&near, arms->items[i].name);
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", arms->items[i].name);
    }
    if (near.best != NULL)
        scn_log_add(self->log, place, "the scenario has no such arm; did you mean %s?", near.best);
    else
        scn_log_add(self->log, place, "the scenario has no such arm; expected one of %s", names);
}

static void keep_arms(scn_reader_t *self, const scn_options_t *options)
{
    scn_arms_t *arms = &self->draft->arms, kept = {0};
    for (size_t i = 0; i < options->n_arms; i++) {
        size_t k = 0;
        while (k < arms->n && strcmp(arms->items[k].name, options->arms[i]) != 0)
            k++;
        bool twice = false;
        for (size_t j = 0; j < kept.n; j++)
            twice = twice || strcmp(kept.items[j].name, options->arms[i]) == 0;
        if (k == arms->n)
            unknown_arm(self, options->arms[i]);
        else if (!twice)
            SCN_PUSH(self, &kept, arms->items[k]);
    }
    if (options->n_arms > 0)
        *arms = kept;
}

static void override_replications(scn_reader_t *self, int64_t replications)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)replications);
    if (replications < 0 || replications > SCN_MAX_REPLICATIONS)
        scn_log_add(self->log, option_place(self, "-n", text), "out of bounds; expected 1 to %d replications",
                    SCN_MAX_REPLICATIONS);
    self->draft->replications = replications;
    self->draft->metric = NULL;
}

void scn_draft_override(scn_reader_t *self, const scn_options_t *options)
{
    for (size_t i = 0; i < options->n_sets; i++)
        override_set(self, options->sets[i].text);
    if (options->until != NULL)
        override_until(self, options->until);
    if (options->seed != NULL)
        self->draft->seed = *options->seed;
    if (options->replications != 0)
        override_replications(self, options->replications);
    if (self->draft->arms.n == 0)
        SCN_PUSH(self, &self->draft->arms, (scn_arm_t){.name = "baseline", .place = {.file = SCN_NO_FILE}});
    keep_arms(self, options);
    self->draft->audit = options->audit;
    self->draft->events = options->events;
}

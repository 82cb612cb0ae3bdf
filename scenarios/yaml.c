// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/yaml.h"

#include "models/params/csv.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 12
#define MAX_KEYS  10000 /* of one map; finding repeated keys takes a comparison per pair */

typedef struct builder {
    scn_pool_t *pool;
    scn_log_t *log;
    uint32_t file;
    const char *text;
    size_t length;
    scn_node_t *root;
    scn_node_t *open[MAX_DEPTH]; /* collections being read, outermost first */
    const char *key[MAX_DEPTH];  /* of a map: the key whose value comes next, or NULL */
    scn_place_t key_place[MAX_DEPTH];
    bool skip_value[MAX_DEPTH]; /* the key was unusable: read its value but do not keep it */
    int depth;                  /* open collections */
    int too_deep;               /* open collections beyond MAX_DEPTH */
    int documents;
    bool out_of_memory;
} builder_t;

static scn_place_t place_of(const builder_t *self, yaml_mark_t mark)
{
    return (scn_place_t){self->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1, NULL};
}

static void *take(builder_t *self, size_t bytes)
{
    void *taken = scn_pool_take(self->pool, bytes);
    self->out_of_memory = self->out_of_memory || taken == NULL;
    return taken;
}

static const scn_node_t *find_key(const scn_node_t *map, const char *key)
{
    for (const scn_node_t *node = map->first; node != NULL; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return NULL;
}

/* The scalar that stands where a map's key is due. */
static void take_key(builder_t *self, const scn_node_t *scalar)
{
    int top = self->depth - 1;
    self->key[top] = scalar->text;
    self->key_place[top] = scalar->place;
    if (self->open[top]->n >= MAX_KEYS) {
        self->skip_value[top] = true;
        if (self->open[top]->n++ == MAX_KEYS)
            scn_log_add(self->log, scalar->place, "more than %d keys in one map; expected fewer", MAX_KEYS);
        return;
    }
    const scn_node_t *before = find_key(self->open[top], scalar->text);
    self->skip_value[top] = before != NULL;
    if (before != NULL)
        scn_log_add(self->log, scalar->place, "%.100s: given twice, first in line %u; expected once", scalar->text,
                    (unsigned)before->key_place.line);
}

/* Hangs a node below the innermost open collection, unless its key was unusable. */
static void attach(builder_t *self, scn_node_t *node)
{
    if (self->depth == 0) {
        self->root = node;
        return;
    }
    int top = self->depth - 1;
    scn_node_t *parent = self->open[top];
    if (parent->kind == SCN_MAP) {
        node->key = self->key[top];
        node->key_place = self->key_place[top];
        self->key[top] = NULL;
        if (self->skip_value[top])
            return;
    }
    node->list = parent->key != NULL ? parent->key : parent->list;
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->n++;
}

static bool key_is_due(const builder_t *self)
{
    return self->depth > 0 && self->open[self->depth - 1]->kind == SCN_MAP && self->key[self->depth - 1] == NULL;
}

/* A key that is no word: its value is read and dropped. */
static void bad_key(builder_t *self, scn_place_t place)
{
    self->key[self->depth - 1] = "";
    self->key_place[self->depth - 1] = place;
    self->skip_value[self->depth - 1] = true;
}

static void check_extras(builder_t *self, scn_place_t place, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    const char *const standard = "tag:yaml.org,2002:"; /* what !! stands for */
    bool short_form = tag != NULL && strncmp((const char *)tag, standard, strlen(standard)) == 0;
    if (anchor != NULL)
        scn_log_add(self->log, place, "found the anchor &%.60s; expected no anchors and aliases; write the value out",
                    (const char *)anchor);
    if (tag != NULL)
        scn_log_add(self->log, place, "found the tag %s%.60s; expected no tags; write the plain value",
                    short_form ? "!!" : "", (const char *)tag + (short_form ? strlen(standard) : 0));
}

static scn_node_t *new_node(builder_t *self, scn_node_kind_t kind, scn_place_t place)
{
    scn_node_t *node = take(self, sizeof *node);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->place = place;
    node->text = "";
    return node;
}

static void on_scalar(builder_t *self, const yaml_event_t *event)
{
    if (self->too_deep > 0)
        return;
    scn_place_t place = place_of(self, event->start_mark);
    check_extras(self, place, event->data.scalar.anchor, event->data.scalar.tag);
    scn_node_t *node = new_node(self, SCN_SCALAR, place);
    char *text = scn_pool_copy(self->pool, (const char *)event->data.scalar.value, event->data.scalar.length);
    self->out_of_memory = self->out_of_memory || text == NULL;
    if (node == NULL || text == NULL)
        return;
    node->text = text;
    if (strlen(text) != event->data.scalar.length)
        scn_log_add(self->log, place, "found a NUL character; expected text");
    if (key_is_due(self))
        take_key(self, node);
    else
        attach(self, node);
}

/* A value that is not kept as such, or a key that can't be used. */
static void on_unusable(builder_t *self, scn_place_t place)
{
    scn_node_t *node = new_node(self, SCN_BROKEN, place);
    if (key_is_due(self))
        bad_key(self, place);
    else if (node != NULL)
        attach(self, node);
}

static void on_open(builder_t *self, scn_node_kind_t kind, const yaml_event_t *event, const yaml_char_t *anchor,
                    const yaml_char_t *tag)
{
    scn_place_t place = place_of(self, event->start_mark);
    check_extras(self, place, anchor, tag);
    if (self->too_deep > 0 || self->depth == MAX_DEPTH) {
        if (self->too_deep++ == 0) {
            scn_log_add(self->log, place, "nested more than %d deep; expected a flatter file", MAX_DEPTH);
            on_unusable(self, place);
        }
        return;
    }
    scn_node_t *node = new_node(self, kind, place);
    if (node == NULL)
        return;
    if (key_is_due(self)) {
        scn_log_add(self->log, place, "found %s as a key; expected a word", kind == SCN_MAP ? "a map" : "a list");
        bad_key(self, place);
    } else {
        attach(self, node);
    }
    self->open[self->depth] = node;
    self->key[self->depth] = NULL;
    self->depth++;
}

static void on_close(builder_t *self)
{
    if (self->too_deep > 0)
        self->too_deep--;
    else
        self->depth--;
}

static void on_alias(builder_t *self, const yaml_event_t *event)
{
    scn_place_t place = place_of(self, event->start_mark);
    scn_log_add(self->log, place, "found the alias *%.60s; expected no anchors and aliases; write the value out",
                (const char *)event->data.alias.anchor);
    if (self->too_deep == 0)
        on_unusable(self, place);
}

static void on_document(builder_t *self, const yaml_event_t *event)
{
    if (++self->documents == 2)
        scn_log_add(self->log, place_of(self, event->start_mark),
                    "found a second document; expected one; put it into a file of its own");
}

/* Returns false when nothing more is to be read. */
static bool on_event(builder_t *self, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: on_document(self, event); return self->documents < 2;
    case YAML_SCALAR_EVENT: on_scalar(self, event); return true;
    case YAML_ALIAS_EVENT: on_alias(self, event); return true;
    case YAML_MAPPING_START_EVENT:
        on_open(self, SCN_MAP, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        on_open(self, SCN_LIST, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        return true;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: on_close(self); return true;
    case YAML_STREAM_END_EVENT: return false;
    default: return true;
    }
}

static void syntax_error(builder_t *self, const yaml_parser_t *parser)
{
    self->root = NULL;
    if (parser->error == YAML_MEMORY_ERROR) {
        self->out_of_memory = true;
        return;
    }
    scn_place_t place = place_of(self, parser->problem_mark);
    const char *problem = parser->problem != NULL ? parser->problem : "unreadable text";
    size_t at = parser->problem_mark.index;
    const char *advice = at < self->length && self->text[at] == '\t' ? "; indent with blanks, not tabs" : "";
    if (parser->context != NULL)
        scn_log_add(self->log, place, "not YAML: %s %s (from line %zu); expected `key: value`%s", problem,
                    parser->context, parser->context_mark.line + 1, advice);
    else
        scn_log_add(self->log, place, "not YAML: %s; expected `key: value`%s", problem, advice);
}

static void run_parser(builder_t *self, yaml_parser_t *parser)
{
    bool more = true;
    while (more && !self->out_of_memory) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            syntax_error(self, parser);
            return;
        }
        more = on_event(self, &event);
        yaml_event_delete(&event);
    }
}

/* Whether a line is text; reports where it stops being. */
static bool line_is_text(builder_t *self, char *line, size_t length, uint32_t number)
{
    char last = line[length];
    line[length] = '\0';
    const char *bad = mdl_text_invalid(line);
    if (bad == NULL && strlen(line) < length)
        bad = line + strlen(line);
    line[length] = last;
    if (bad == NULL)
        return true;
    uint32_t column = 1;
    for (const char *c = line; c < bad; c++)
        column += ((unsigned char)*c & 0xC0) != 0x80;
    scn_log_add(self->log, (scn_place_t){self->file, number, column, NULL},
                "found a byte that is not UTF-8 text; expected a file in UTF-8");
    return false;
}

static bool is_text(builder_t *self, const char *text, size_t length)
{
    char *copy = scn_pool_copy(self->pool, text, length);
    if (copy == NULL) {
        self->out_of_memory = true;
        return false;
    }
    bool good = true;
    uint32_t number = 1;
    for (char *line = copy, *end = copy + length; line < end; number++) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = stop != NULL ? (size_t)(stop - line) : (size_t)(end - line);
        size_t shown = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
        good = line_is_text(self, line, shown, number) && good;
        line += n + 1;
    }
    return good;
}

sim_status_t scn_yaml_read(scn_pool_t *pool, scn_log_t *log, uint32_t file, const char *text, size_t length,
                           scn_node_t **root)
{
    builder_t self = {.pool = pool, .log = log, .file = file};
    *root = NULL;
    yaml_parser_t parser;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        length -= 3;
    }
    self.text = text;
    self.length = length;
    if (!is_text(&self, text, length))
        return self.out_of_memory ? SIM_ENOMEM : SIM_OK;
    if (!yaml_parser_initialize(&parser))
        return SIM_ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    run_parser(&self, &parser);
    yaml_parser_delete(&parser);
    *root = self.root;
    return self.out_of_memory ? SIM_ENOMEM : SIM_OK;
}

const scn_node_t *scn_node_get(const scn_node_t *map, const char *key)
{
    return map != NULL && map->kind == SCN_MAP ? find_key(map, key) : NULL;
}

const char *scn_node_found(const scn_node_t *node)
{
    switch (node->kind) {
    case SCN_MAP: return "a map";
    case SCN_LIST: return "a list";
    case SCN_BROKEN: return "nothing usable";
    case SCN_SCALAR: break;
    }
    return node->text[0] == '\0' ? "nothing" : node->text;
}

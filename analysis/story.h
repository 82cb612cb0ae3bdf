// SPDX-License-Identifier: GPL-3.0-or-later
/* Stories: the events of one replication read back from a result, as sentences and chains of causes.
 *
 *     ana_story_open(&story, result, "baseline", 0, 0, &err);
 *     ana_story_find(story, "project:137", &who, &err);
 *     for (size_t i = 0; i < ana_story_size(story); i++)
 *         if (ana_story_is(story, i, who))
 *             ana_story_sentence(story, i, text, sizeof text);   // "Project 137 was energised with 24 nodes"
 *     ana_story_close(story);
 *
 * Types that this program does not know (a result of another version) are told by their names.
 */
#ifndef ANA_STORY_H
#define ANA_STORY_H

#include "models/economy/events.h"
#include "sim/store.h"

typedef struct ana_story ana_story_t;

/* An entity: kind and ordinal. */
typedef struct ana_who {
    mdl_who_t kind;
    uint32_t ordinal;
} ana_who_t;

typedef struct ana_event {
    double time_s;                /* since the result's start */
    const mdl_event_type_t *type; /* NULL: not known to this program */
    const char *type_name;
    ana_who_t who;
    int64_t cause; /* an earlier event of the story, or -1 */
    double value;  /* NaN when the type has none */
} ana_event_t;

#define ANA_STORY_TEXT 512 /* no sentence is longer */

/* Events of a replication of an arm (NULL: the first arm) at a design point (0 without a design). SIM_EINPUT when the
 * result holds no events, there is no such arm, or this replication left none; SIM_EIO, SIM_ENOMEM. */
sim_status_t ana_story_open(ana_story_t **self, sim_result_t *result, const char *arm, uint32_t point,
                            uint32_t replication, sim_error_t *err);
void ana_story_close(ana_story_t *self); /* NULL is fine */

size_t ana_story_size(const ana_story_t *self);
const ana_event_t *ana_story_event(const ana_story_t *self, size_t i);
bool ana_story_is(const ana_story_t *self, size_t i, ana_who_t who);
/* The entity that `text` names: "project:137", "city:Guiyang", "platform:Alibaba", "bank", "parameter:cities.land_revenue".
 * Cities, platforms and parameters go by name or by number. SIM_EINPUT says what was expected, or that nothing
 * happened to it. */
sim_status_t ana_story_find(const ana_story_t *self, const char *text, ana_who_t *who, sim_error_t *err);
/* Its name: "project 137", "Guiyang", "the bank". */
void ana_story_name(const ana_story_t *self, ana_who_t who, char *text, size_t bytes);
/* The same as `text` in ana_story_find takes it: "project:137", "city:Guiyang". */
void ana_story_key(const ana_story_t *self, ana_who_t who, char *text, size_t bytes);
/* What happened, without date and stop; begins small. */
void ana_story_sentence(const ana_story_t *self, size_t i, char *text, size_t bytes);
/* Its date, YYYY-MM-DD. */
void ana_story_date(const ana_story_t *self, size_t i, char text[16]);
/* The entities with most events, most first; *n receives how many there are, at most `most`. */
typedef struct ana_who_count {
    ana_who_t who;
    size_t n;
} ana_who_count_t;
sim_status_t ana_story_busiest(const ana_story_t *self, ana_who_count_t *counts, size_t most, size_t *n,
                               sim_error_t *err);

#endif

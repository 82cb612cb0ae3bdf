// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/availability.h"

#include "sim/error.h"

#include <string.h>

#define FULL     MDL_AVAILABILITY_BLOCK_STEPS
#define NO_BLOCK UINT32_MAX

/* Two blocks that stand together have more steps than that, so a block has more than half as many in the mean. */
#define FEW (MDL_AVAILABILITY_BLOCK_STEPS / 2)

mdl_availability_t mdl_availability_in(void *memory, uint32_t blocks)
{
    mdl_availability_entry_t *entries = memory;

    return (mdl_availability_t){
        .entries = entries, .blocks = (mdl_availability_block_t *)(void *)(entries + blocks), .capacity = blocks};
}

void mdl_availability_copy(mdl_availability_t *self, const mdl_availability_t *from)
{
    SIM_ASSERT(self->capacity >= from->capacity);
    self->state = from->state;
    memcpy(self->entries, from->entries, from->state.n * sizeof *from->entries);
    memcpy(self->blocks, from->blocks, from->state.used * sizeof *from->blocks);
}

static uint32_t take_block(mdl_availability_t *self)
{
    mdl_availability_state_t *state = &self->state;
    uint32_t block = state->spare;

    if (block == NO_BLOCK) {
        SIM_ASSERT(state->used < self->capacity);
        return state->used++;
    }
    state->spare = (uint32_t)self->blocks[block].from_s[0];
    return block;
}

static void give_block(mdl_availability_t *self, uint32_t block)
{
    self->blocks[block].from_s[0] = self->state.spare;
    self->state.spare = block;
}

static mdl_availability_block_t *block_of(const mdl_availability_t *self, uint32_t entry)
{
    return &self->blocks[self->entries[entry].block];
}

/* Works out anew what an entry says of its block. */
static void renew(mdl_availability_t *self, uint32_t entry)
{
    mdl_availability_entry_t *e = &self->entries[entry];
    const mdl_availability_block_t *block = block_of(self, entry);
    int64_t least = block->free_gpus[0], most = least;

    for (uint32_t i = 1; i < e->n; i++) {
        least = block->free_gpus[i] < least ? block->free_gpus[i] : least;
        most = block->free_gpus[i] > most ? block->free_gpus[i] : most;
    }
    e->from_s = block->from_s[0];
    e->least = least + e->more;
    e->most = most + e->more;
}

void mdl_availability_reset(mdl_availability_t *self, int64_t now_s, int64_t free_gpus)
{
    self->state = (mdl_availability_state_t){.n = 1, .used = 1, .spare = NO_BLOCK, .lowest = free_gpus};
    self->entries[0] = (mdl_availability_entry_t){.n = 1};
    self->blocks[0].from_s[0] = now_s;
    self->blocks[0].free_gpus[0] = free_gpus;
    renew(self, 0);
}

/* Moves `n` steps of a block to another place in it or in another block. */
static void move_steps(mdl_availability_block_t *to, uint32_t at, const mdl_availability_block_t *from, uint32_t first,
                       uint32_t n)
{
    memmove(to->from_s + at, from->from_s + first, n * sizeof to->from_s[0]);
    memmove(to->free_gpus + at, from->free_gpus + first, n * sizeof to->free_gpus[0]);
}

static void remove_entry(mdl_availability_t *self, uint32_t entry)
{
    give_block(self, self->entries[entry].block);
    self->state.n--;
    memmove(self->entries + entry, self->entries + entry + 1, (self->state.n - entry) * sizeof self->entries[0]);
}

/* Brings a block together with the one behind it, where both have few steps. */
static void join(mdl_availability_t *self, uint32_t entry)
{
    mdl_availability_entry_t *e = &self->entries[entry], *behind = e + 1;

    if (entry + 1 >= self->state.n || e->n + behind->n > FEW)
        return;
    mdl_availability_block_t *block = block_of(self, entry);
    move_steps(block, e->n, block_of(self, entry + 1), 0, behind->n);
    for (uint32_t i = e->n; i < e->n + behind->n; i++)
        block->free_gpus[i] += behind->more - e->more;
    e->n += behind->n;
    remove_entry(self, entry + 1);
    renew(self, entry);
}

void mdl_availability_drop_past(mdl_availability_t *self, int64_t now_s)
{
    uint32_t over = 0;

    while (self->state.n > 1 && self->entries[1].from_s <= now_s)
        remove_entry(self, 0);
    mdl_availability_entry_t *first = &self->entries[0];
    mdl_availability_block_t *block = block_of(self, 0);
    while (over + 1 < first->n && block->from_s[over + 1] <= now_s)
        over++;
    if (over == 0)
        return;
    first->n -= over;
    move_steps(block, 0, block, over, first->n);
    renew(self, 0);
    join(self, 0);
}

/* The last step that begins at time_s or before; the first where there is none. Halved without branches, as none of them
 * could be guessed. */
static mdl_availability_place_t find(const mdl_availability_t *self, int64_t time_s)
{
    uint32_t entry = 0, at = 0;

    for (uint32_t n = self->state.n; n > 1; n -= n / 2)
        entry += self->entries[entry + n / 2].from_s <= time_s ? n / 2 : 0;
    const int64_t *from_s = block_of(self, entry)->from_s;
    for (uint32_t n = self->entries[entry].n; n > 1; n -= n / 2)
        at += from_s[at + n / 2] <= time_s ? n / 2 : 0;
    return (mdl_availability_place_t){entry, at};
}

static int64_t free_at(const mdl_availability_t *self, mdl_availability_place_t place)
{
    return block_of(self, place.entry)->free_gpus[place.at] + self->entries[place.entry].more;
}

int64_t mdl_availability_at(const mdl_availability_t *self, int64_t time_s)
{
    return free_at(self, find(self, time_s));
}

bool mdl_availability_step(const mdl_availability_t *self, mdl_availability_place_t place, int64_t *from_s,
                           int64_t *free_gpus)
{
    if (place.entry >= self->state.n)
        return false;
    *from_s = block_of(self, place.entry)->from_s[place.at];
    *free_gpus = block_of(self, place.entry)->free_gpus[place.at] + self->entries[place.entry].more;
    return true;
}

mdl_availability_place_t mdl_availability_next(const mdl_availability_t *self, mdl_availability_place_t place)
{
    if (place.at + 1 < self->entries[place.entry].n)
        return (mdl_availability_place_t){place.entry, place.at + 1};
    return (mdl_availability_place_t){place.entry + 1, 0};
}

/* Goes on to the first step from *place on that begins before end_s and has room for `gpus`, or has none for them; false:
 * there is no such step. Inlined, as which of the two is known where it is called. */
static inline __attribute__((always_inline)) bool
find_step(const mdl_availability_t *self, mdl_availability_place_t *place, int64_t gpus, int64_t end_s, bool room)
{
    uint32_t at = place->at;

    for (uint32_t entry = place->entry; entry < self->state.n; entry++, at = 0) {
        const mdl_availability_entry_t *e = &self->entries[entry];
        if (e->from_s >= end_s)
            return false;
        if (room ? e->most < gpus : e->least >= gpus)
            continue;
        const mdl_availability_block_t *block = block_of(self, entry);
        for (int64_t enough = gpus - e->more; at < e->n; at++)
            if ((block->free_gpus[at] >= enough) == room) {
                *place = (mdl_availability_place_t){entry, at};
                return block->from_s[at] < end_s;
            }
    }
    return false;
}

static bool find_room(const mdl_availability_t *self, mdl_availability_place_t *place, int64_t gpus, int64_t end_s)
{
    return find_step(self, place, gpus, end_s, true);
}

static bool find_lack(const mdl_availability_t *self, mdl_availability_place_t *place, int64_t gpus, int64_t end_s)
{
    return find_step(self, place, gpus, end_s, false);
}

/* Whether it stays free from *place on until end_s; if not, *place is the step that is in the way. From held_s on the
 * job's own GPUs are enough, where nobody has taken more than there are. */
static bool stays_free(const mdl_availability_t *self, mdl_availability_place_t *place, int64_t gpus, int64_t end_s,
                       int64_t held_s)
{
    if (find_lack(self, place, gpus, end_s < held_s ? end_s : held_s))
        return false;
    if (end_s <= held_s || self->state.lowest >= 0)
        return true;
    mdl_availability_place_t held = find(self, held_s);
    if (block_of(self, held.entry)->from_s[held.at] < held_s)
        held = mdl_availability_next(self, held);
    if (!find_lack(self, &held, 0, end_s))
        return true;
    *place = held;
    return false;
}

int64_t mdl_availability_earlier(const mdl_availability_t *self, int64_t from_s, int64_t gpus, int64_t length_s,
                                 int64_t held_s)
{
    mdl_availability_place_t place = find(self, from_s);

    while (find_room(self, &place, gpus, held_s)) {
        int64_t step_s = block_of(self, place.entry)->from_s[place.at];
        int64_t start_s = step_s > from_s ? step_s : from_s;
        int64_t end_s = start_s < INT64_MAX - length_s ? start_s + length_s : INT64_MAX;
        if (start_s >= held_s || stays_free(self, &place, gpus, end_s, held_s))
            return start_s < held_s ? start_s : held_s;
    }
    return held_s;
}

int64_t mdl_availability_earliest(const mdl_availability_t *self, int64_t from_s, int64_t gpus, int64_t length_s)
{
    return mdl_availability_earlier(self, from_s, gpus, length_s, INT64_MAX);
}

int64_t mdl_availability_fewest(const mdl_availability_t *self, int64_t from_s)
{
    int64_t fewest = INT64_MAX, step_s, free_gpus;
    mdl_availability_place_t place = find(self, from_s);

    while (place.at > 0 && mdl_availability_step(self, place, &step_s, &free_gpus)) {
        if (step_s < INT64_MAX && free_gpus < fewest)
            fewest = free_gpus;
        place = mdl_availability_next(self, place);
    }
    for (uint32_t entry = place.entry; entry < self->state.n; entry++)
        if (self->entries[entry].from_s < INT64_MAX && self->entries[entry].least < fewest)
            fewest = self->entries[entry].least;
    return fewest;
}

int64_t mdl_availability_most(const mdl_availability_t *self, int64_t from_s, int64_t to_s)
{
    mdl_availability_place_t first = find(self, from_s), last = find(self, to_s - 1);
    int64_t most = INT64_MIN;

    for (uint32_t entry = first.entry; entry <= last.entry; entry++) {
        const mdl_availability_entry_t *e = &self->entries[entry];
        uint32_t at = entry == first.entry ? first.at : 0, end = entry == last.entry ? last.at + 1 : e->n;
        if (e->most <= most)
            continue;
        if (at == 0 && end == e->n) {
            most = e->most;
            continue;
        }
        for (const mdl_availability_block_t *block = block_of(self, entry); at < end; at++)
            most = block->free_gpus[at] + e->more > most ? block->free_gpus[at] + e->more : most;
    }
    return most;
}

/* When the room for `gpus` begins that a step has; since_s where it is there from before. */
static int64_t room_since(const mdl_availability_t *self, mdl_availability_place_t place, int64_t gpus, int64_t since_s)
{
    uint32_t at = place.at;

    for (uint32_t entry = place.entry;; at = self->entries[--entry].n) {
        const mdl_availability_entry_t *e = &self->entries[entry];
        const mdl_availability_block_t *block = block_of(self, entry);
        for (int64_t enough = gpus - e->more; e->least < gpus && at > 0; at--)
            if (block->free_gpus[at - 1] < enough) {
                int64_t room_s = at < e->n ? block->from_s[at] : self->entries[entry + 1].from_s;
                return room_s > since_s ? room_s : since_s;
            }
        if (entry == 0 || e->from_s <= since_s)
            return since_s;
    }
}

int64_t mdl_availability_gap(const mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t since_s,
                             int64_t gpus, int64_t length_s, int64_t held_s)
{
    mdl_availability_place_t place = find(self, from_s > since_s ? from_s : since_s);
    int64_t end_s = to_s < held_s ? to_s : held_s;

    while (find_room(self, &place, gpus, end_s)) {
        int64_t gap_s = room_since(self, place, gpus, since_s);
        int64_t full_s = gap_s < INT64_MAX - length_s ? gap_s + length_s : INT64_MAX;
        if (!find_lack(self, &place, gpus, full_s < held_s ? full_s : held_s))
            return gap_s;
    }
    return held_s;
}

int64_t mdl_availability_longest(const mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t since_s,
                                 int64_t gpus)
{
    mdl_availability_place_t place = find(self, from_s > since_s ? from_s : since_s);
    int64_t longest_s = 0;

    while (find_room(self, &place, gpus, to_s)) {
        int64_t gap_s = room_since(self, place, gpus, since_s);
        if (!find_lack(self, &place, gpus, INT64_MAX))
            return INT64_MAX;
        int64_t length_s = block_of(self, place.entry)->from_s[place.at] - gap_s;
        longest_s = length_s > longest_s ? length_s : longest_s;
    }
    return longest_s;
}

/* Makes room for a step before that at `place`. */
static mdl_availability_place_t open_step(mdl_availability_t *self, mdl_availability_place_t place)
{
    mdl_availability_entry_t *e = &self->entries[place.entry];

    if (e->n == FULL) {
        uint32_t behind = place.entry + 1;
        memmove(self->entries + behind + 1, self->entries + behind, (self->state.n - behind) * sizeof *e);
        self->state.n++;
        self->entries[behind] = (mdl_availability_entry_t){.more = e->more, .block = take_block(self), .n = FULL / 2};
        move_steps(block_of(self, behind), 0, block_of(self, place.entry), FULL / 2, FULL / 2);
        e->n = FULL / 2;
        renew(self, place.entry);
        renew(self, behind);
        if (place.at > FULL / 2)
            place = (mdl_availability_place_t){behind, place.at - FULL / 2};
        e = &self->entries[place.entry];
    }
    mdl_availability_block_t *block = block_of(self, place.entry);
    move_steps(block, place.at + 1, block, place.at, e->n - place.at);
    e->n++;
    return place;
}

/* Lets a step begin at time_s, and says where it is. Returns whether one did before. */
static bool make_step(mdl_availability_t *self, int64_t time_s, mdl_availability_place_t *place)
{
    *place = find(self, time_s);
    if (block_of(self, place->entry)->from_s[place->at] == time_s)
        return true;
    place->at++;
    *place = open_step(self, *place);
    mdl_availability_block_t *block = block_of(self, place->entry);
    block->from_s[place->at] = time_s;
    block->free_gpus[place->at] = block->free_gpus[place->at - 1];
    return false;
}

/* Drops the step that begins at time_s where it equals the one before it. */
static void merge(mdl_availability_t *self, int64_t time_s)
{
    mdl_availability_place_t place = find(self, time_s), before = place;

    if (place.at > 0)
        before.at--;
    else if (place.entry > 0)
        before = (mdl_availability_place_t){place.entry - 1, self->entries[place.entry - 1].n - 1};
    else
        return;
    if (free_at(self, place) != free_at(self, before))
        return;
    mdl_availability_entry_t *e = &self->entries[place.entry];
    mdl_availability_block_t *block = block_of(self, place.entry);
    e->n--;
    move_steps(block, place.at, block, place.at + 1, e->n - place.at);
    if (e->n == 0) {
        remove_entry(self, place.entry);
    } else {
        renew(self, place.entry);
        join(self, place.entry);
    }
    if (place.entry > 0)
        join(self, place.entry - 1);
}

/* Takes GPUs in those steps of a block, from `first` on, that begin before to_s. */
static void take_in_block(mdl_availability_t *self, uint32_t entry, uint32_t first, int64_t to_s, int64_t gpus)
{
    mdl_availability_entry_t *e = &self->entries[entry];
    mdl_availability_block_t *block = block_of(self, entry);

    if (first == 0 && block->from_s[e->n - 1] < to_s) {
        e->least -= gpus;
        e->most -= gpus;
        e->more -= gpus;
    } else {
        for (uint32_t i = first; i < e->n && block->from_s[i] < to_s; i++)
            block->free_gpus[i] -= gpus;
        renew(self, entry);
    }
    self->state.lowest = e->least < self->state.lowest ? e->least : self->state.lowest;
}

void mdl_availability_take(mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t gpus)
{
    if (from_s < self->entries[0].from_s)
        from_s = self->entries[0].from_s;
    if (from_s >= to_s || gpus == 0)
        return;
    mdl_availability_place_t first;
    bool ended = make_step(self, to_s, &first), began = make_step(self, from_s, &first);
    for (uint32_t entry = first.entry; entry < self->state.n && self->entries[entry].from_s < to_s; entry++)
        take_in_block(self, entry, entry == first.entry ? first.at : 0, to_s, gpus);
    if (ended) /* a step that is new differs from the one before it */
        merge(self, to_s);
    if (began)
        merge(self, from_s);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/yarn.h"

#include "models/hardware/cluster.h"

#include <stdlib.h>
#include <string.h>

int mdl_yarn_init(mdl_yarn_t *self, uint32_t nodes, uint32_t gpus_per_node)
{
    *self = (mdl_yarn_t){.nodes = nodes, .gpus_per_node = gpus_per_node};
    self->free_on = malloc(nodes * sizeof *self->free_on);
    self->first = malloc(((size_t)gpus_per_node + 1) * sizeof *self->first);
    if (self->free_on == NULL || self->first == NULL)
        return -1;
    mdl_yarn_empty(self);
    return 0;
}

void mdl_yarn_free(mdl_yarn_t *self)
{
    free(self->free_on);
    free(self->first);
    *self = (mdl_yarn_t){0};
}

void mdl_yarn_empty(mdl_yarn_t *self)
{
    for (uint32_t i = 0; i < self->nodes; i++)
        self->free_on[i] = self->gpus_per_node;
    memset(self->first, 0, ((size_t)self->gpus_per_node + 1) * sizeof *self->first);
    self->free_gpus = self->nodes * self->gpus_per_node;
}

/* Takes `gpus` on the first node that has them. */
static uint32_t take_first(mdl_yarn_t *self, uint32_t gpus)
{
    uint32_t *at = &self->first[gpus];
    while (*at < self->nodes && self->free_on[*at] < gpus)
        (*at)++;
    if (*at == self->nodes)
        return MDL_NONE;
    self->free_on[*at] -= gpus;
    self->free_gpus -= gpus;
    return *at;
}

/* Last of the first `whole` empty nodes; MDL_NONE when there are fewer. */
static uint32_t last_empty(const mdl_yarn_t *self, uint32_t whole)
{
    for (uint32_t i = self->first[self->gpus_per_node]; i < self->nodes; i++)
        if (self->free_on[i] == self->gpus_per_node && --whole == 0)
            return i;
    return MDL_NONE;
}

/* First node with room for `rest` besides the empty ones up to `last`, which are as good as taken. */
static uint32_t room_besides(const mdl_yarn_t *self, uint32_t rest, uint32_t last)
{
    for (uint32_t i = self->first[rest]; i < self->nodes; i++)
        if (self->free_on[i] >= rest && (i > last || self->free_on[i] != self->gpus_per_node))
            return i;
    return MDL_NONE;
}

static uint32_t take_wide(mdl_yarn_t *self, uint32_t gpus)
{
    uint32_t rest = gpus % self->gpus_per_node, lowest = MDL_NONE, room = MDL_NONE;
    uint32_t last = last_empty(self, gpus / self->gpus_per_node);
    if (last == MDL_NONE)
        return MDL_NONE;
    if (rest > 0 && (room = room_besides(self, rest, last)) == MDL_NONE)
        return MDL_NONE;
    for (uint32_t i = last + 1; i-- > self->first[self->gpus_per_node];)
        if (self->free_on[i] == self->gpus_per_node) {
            self->free_on[i] = 0;
            lowest = i;
        }
    if (rest > 0)
        self->free_on[room] -= rest;
    self->first[self->gpus_per_node] = last;
    self->free_gpus -= gpus;
    return room < lowest ? room : lowest;
}

uint32_t mdl_yarn_place(mdl_yarn_t *self, uint32_t gpus)
{
    if (gpus > self->free_gpus)
        return MDL_NONE;
    return gpus <= self->gpus_per_node ? take_first(self, gpus) : take_wide(self, gpus);
}

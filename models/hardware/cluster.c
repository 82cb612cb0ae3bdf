// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/cluster.h"

#include "models/hardware/pool.h"

#include <string.h>

/* Words of a bucket's set, and of the summary above it: bit w of the summary is set when word w is not zero. */
static size_t set_words(uint32_t nodes)
{
    return ((size_t)nodes + 63) / 64;
}

static size_t summary_words(uint32_t nodes)
{
    return (set_words(nodes) + 63) / 64;
}

static size_t sets_offset(uint32_t nodes)
{
    return (sizeof(mdl_cluster_t) + nodes * sizeof(mdl_node_t) + 7) / 8 * 8;
}

size_t mdl_cluster_bytes(uint32_t nodes, uint32_t node_gpus)
{
    size_t words = (node_gpus + 1) * (set_words(nodes) + summary_words(nodes));

    return (sets_offset(nodes) + words * sizeof(uint64_t) + 63) / 64 * 64;
}

size_t mdl_cluster_size(const mdl_cluster_t *self)
{
    return mdl_cluster_bytes(self->pooled ? 0 : self->nodes, self->node_gpus);
}

/* A bucket's set, its summary behind it. */
static inline uint64_t *set_of(mdl_cluster_t *self, uint32_t bucket)
{
    return (uint64_t *)(void *)((char *)self + self->sets_at) + bucket * self->set_stride;
}

static inline const uint64_t *set_of_const(const mdl_cluster_t *self, uint32_t bucket)
{
    return (const uint64_t *)(const void *)((const char *)self + self->sets_at) + bucket * self->set_stride;
}

static inline void join(mdl_cluster_t *self, uint32_t bucket, uint32_t index)
{
    uint64_t *set = set_of(self, bucket);
    uint32_t word = index / 64;

    set[word] |= UINT64_C(1) << index % 64;
    set[self->set_words + word / 64] |= UINT64_C(1) << word % 64;
    self->in_bucket[bucket]++;
    self->filled |= UINT32_C(1) << bucket;
}

static inline void leave(mdl_cluster_t *self, uint32_t bucket, uint32_t index)
{
    uint64_t *set = set_of(self, bucket);
    uint32_t word = index / 64;

    set[word] &= ~(UINT64_C(1) << index % 64);
    if (set[word] == 0)
        set[self->set_words + word / 64] &= ~(UINT64_C(1) << word % 64);
    if (--self->in_bucket[bucket] == 0)
        self->filled &= ~(UINT32_C(1) << bucket);
}

/* A node that is up has `free` GPUs free from now on, another number than before. */
static inline void set_free(mdl_cluster_t *self, mdl_node_t *node, uint32_t index, uint32_t free)
{
    uint32_t before = node->free;

    node->free = (uint8_t)free;
    self->free_gpus += free - before;
    leave(self, before, index);
    join(self, free, index);
}

/* The lowest node of a set whose word is `word` or a later one. */
static uint32_t first_from_word(const uint64_t *set, size_t words, size_t word)
{
    const uint64_t *summary = set + words;

    for (size_t i = word / 64; i < (words + 63) / 64; i++) {
        uint64_t bits = i == word / 64 ? summary[i] & (~UINT64_C(0) << word % 64) : summary[i];
        if (bits == 0)
            continue;
        size_t found = 64 * i + (size_t)__builtin_ctzll(bits);
        return (uint32_t)(64 * found + (size_t)__builtin_ctzll(set[found]));
    }
    return MDL_NONE;
}

uint32_t mdl_cluster_first(const mdl_cluster_t *self, uint32_t bucket)
{
    const uint64_t *set = set_of_const(self, bucket), *summary = set + self->set_words;
    size_t word = 0;

    if (self->in_bucket[bucket] == 0)
        return MDL_NONE;
    for (; *summary == 0; summary++)
        word += 64;
    word += (size_t)__builtin_ctzll(*summary);
    return (uint32_t)(64 * word + (size_t)__builtin_ctzll(set[word]));
}

uint32_t mdl_cluster_next(const mdl_cluster_t *self, uint32_t bucket, uint32_t node)
{
    const uint64_t *set = set_of_const(self, bucket);
    uint64_t above = node % 64 == 63 ? 0 : set[node / 64] & (~UINT64_C(0) << (node % 64 + 1));

    if (above != 0)
        return node / 64 * 64 + (uint32_t)__builtin_ctzll(above);
    return first_from_word(set, self->set_words, node / 64 + 1);
}

uint32_t mdl_cluster_nth(const mdl_cluster_t *self, uint32_t bucket, uint32_t nth)
{
    const uint64_t *set = set_of_const(self, bucket);
    size_t word = 0;

    if (nth >= self->in_bucket[bucket])
        return MDL_NONE;
    for (; nth >= (uint32_t)__builtin_popcountll(set[word]); word++)
        nth -= (uint32_t)__builtin_popcountll(set[word]);
    uint64_t bits = set[word];
    for (; nth > 0; nth--)
        bits &= bits - 1;
    return (uint32_t)(64 * word) + (uint32_t)__builtin_ctzll(bits);
}

uint64_t mdl_cluster_empty_in_rack(const mdl_cluster_t *self, uint32_t node)
{
    uint32_t first = node / self->rack_nodes * self->rack_nodes;
    uint64_t bits = set_of_const(self, self->node_gpus)[first / 64] >> first % 64;

    return self->rack_nodes == 64 ? bits : bits & ((UINT64_C(1) << self->rack_nodes) - 1);
}

static void bring_up(mdl_cluster_t *self, uint32_t index)
{
    self->up++;
    self->free_gpus += mdl_cluster_node(self, index)->free;
    join(self, mdl_cluster_node(self, index)->free, index);
}

static void bring_down(mdl_cluster_t *self, uint32_t index)
{
    self->up--;
    self->free_gpus -= mdl_cluster_node(self, index)->free;
    leave(self, mdl_cluster_node(self, index)->free, index);
}

void mdl_cluster_init(mdl_cluster_t *self, uint32_t nodes, uint32_t node_gpus, uint32_t powered)
{
    SIM_ASSERT(powered <= nodes && node_gpus > 0 && node_gpus <= MDL_NODE_MOST_GPUS);
    memset(self, 0, mdl_cluster_bytes(nodes, node_gpus));
    self->nodes = nodes;
    self->powered = powered;
    self->node_gpus = node_gpus;
    self->sets_at = sets_offset(nodes);
    self->set_words = (uint32_t)set_words(nodes);
    self->set_stride = (uint32_t)(set_words(nodes) + summary_words(nodes));
    for (uint32_t i = 0; i < nodes; i++) {
        *mdl_cluster_node(self, i) = (mdl_node_t){
            .first_job = MDL_NONE, .next_of_gang = MDL_NONE, .free = (uint8_t)node_gpus, .powered = i < powered};
        if (i < powered)
            bring_up(self, i);
    }
}

uint32_t mdl_cluster_best_fit(const mdl_cluster_t *self, uint32_t gpus)
{
    uint32_t fitting = self->filled >> gpus;

    return fitting ? mdl_cluster_first(self, gpus + (uint32_t)__builtin_ctz(fitting)) : MDL_NONE;
}

void mdl_cluster_take(mdl_cluster_t *self, uint32_t index, uint32_t gpus)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    SIM_ASSERT(mdl_node_up(node) && node->free >= gpus);
    set_free(self, node, index, node->free - gpus);
}

void mdl_cluster_give(mdl_cluster_t *self, uint32_t index, uint32_t gpus)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    SIM_ASSERT(mdl_node_up(node) && node->free + gpus <= self->node_gpus);
    set_free(self, node, index, node->free + gpus);
}

uint32_t mdl_cluster_take_best_fit(mdl_cluster_t *self, uint32_t gpus)
{
    uint32_t index = mdl_cluster_best_fit(self, gpus);

    if (index == MDL_NONE)
        return MDL_NONE;
    mdl_node_t *node = mdl_cluster_node(self, index);
    set_free(self, node, index, node->free - gpus);
    return index;
}

void mdl_cluster_take_node(mdl_cluster_t *self, uint32_t node, uint32_t *gang)
{
    mdl_cluster_take(self, node, self->node_gpus);
    mdl_cluster_node(self, node)->next_of_gang = *gang;
    *gang = node;
}

void mdl_cluster_take_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang)
{
    SIM_ASSERT(nodes <= mdl_cluster_empty_nodes(self));
    if (self->pooled) {
        mdl_pool_take(self, nodes);
        return;
    }
    for (uint32_t i = 0; i < nodes; i++)
        mdl_cluster_take_node(self, mdl_cluster_first(self, self->node_gpus), gang);
}

void mdl_cluster_give_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang)
{
    if (self->pooled) {
        mdl_pool_give(self, nodes);
        return;
    }
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t index = *gang;
        mdl_node_t *node = mdl_cluster_node(self, index);
        *gang = node->next_of_gang;
        node->first_job = node->next_of_gang = MDL_NONE;
        mdl_cluster_give(self, index, self->node_gpus);
    }
}

/* Sets one of a node's two flags and follows it up or down. */
static void set_flag(mdl_cluster_t *self, uint32_t index, bool *flag, bool value)
{
    const mdl_node_t *node = mdl_cluster_node(self, index);
    bool was_up = mdl_node_up(node);

    *flag = value;
    if (was_up && !mdl_node_up(node)) {
        SIM_ASSERT(node->free == self->node_gpus);
        bring_down(self, index);
    } else if (!was_up && mdl_node_up(node)) {
        bring_up(self, index);
    }
}

void mdl_cluster_set_broken(mdl_cluster_t *self, uint32_t index, bool broken)
{
    set_flag(self, index, &mdl_cluster_node(self, index)->broken, broken);
}

void mdl_cluster_set_powered(mdl_cluster_t *self, uint32_t index, bool powered)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    if (node->powered == powered)
        return;
    SIM_ASSERT(powered ? index == self->powered : index + 1 == self->powered);
    self->powered += powered ? 1 : -UINT32_C(1);
    set_flag(self, index, &node->powered, powered);
}

static sim_status_t verify_bucket(const mdl_cluster_t *self, uint32_t bucket, uint32_t *seen, sim_error_t *err)
{
    uint32_t length = 0;

    for (uint32_t i = mdl_cluster_first(self, bucket); i != MDL_NONE; i = mdl_cluster_next(self, bucket, i)) {
        if (i >= self->nodes)
            return sim_fail(err, SIM_EINVARIANT, "cluster", "bucket %u holds node %u of %u", bucket, i, self->nodes);
        const mdl_node_t *node = mdl_cluster_node_const(self, i);
        if (node->free != bucket || !mdl_node_up(node))
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u does not belong in bucket %u", i, bucket);
        length++;
    }
    if (length != self->in_bucket[bucket] || (length > 0) != (self->filled >> bucket & 1))
        return sim_fail(err, SIM_EINVARIANT, "cluster", "bucket %u holds %u nodes; counted %u", bucket, length,
                        self->in_bucket[bucket]);
    *seen += length;
    return SIM_OK;
}

sim_status_t mdl_cluster_verify(const mdl_cluster_t *self, sim_error_t *err)
{
    uint32_t up = 0, free_gpus = 0, seen = 0;

    if (self->pooled)
        return mdl_pool_verify(self, err);
    for (uint32_t i = 0; i < self->nodes; i++) {
        const mdl_node_t *node = mdl_cluster_node_const(self, i);
        if (node->free > self->node_gpus || node->powered != (i < self->powered))
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u: %u GPUs free, powered %d", i, node->free,
                            node->powered);
        if (mdl_node_up(node)) {
            up++;
            free_gpus += node->free;
        } else if (node->free != self->node_gpus) {
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u is down and holds jobs", i);
        }
    }
    for (uint32_t b = 0; b <= self->node_gpus; b++) {
        sim_status_t status = verify_bucket(self, b, &seen, err);
        if (status < 0)
            return status;
    }
    if (up != self->up || seen != up || free_gpus != self->free_gpus)
        return sim_fail(err, SIM_EINVARIANT, "cluster", "%u nodes up and %u GPUs free; counted %u, %u in buckets, %u",
                        up, free_gpus, self->up, seen, self->free_gpus);
    return SIM_OK;
}

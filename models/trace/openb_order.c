// SPDX-License-Identifier: GPL-3.0-or-later
/* The order of an openb experiment.
 *
 * PREFIX.nodes has a line RANK-NAME for every node, in any order; ranks are different whole numbers and the node of the
 * lowest rank comes first. PREFIX.pods has a line for every arrival: NAME of a pod, at most once, or NAME-tuned-K, a
 * copy of that pod's request that inflates the workload. Empty lines are skipped.
 */
#include "models/trace/cells.h"
#include "models/trace/openb_parts.h"
#include "models/trace/sort.h"

#include <stdlib.h>
#include <string.h>

static void line_problem(mdl_openb_reader_t *self, const mdl_lines_t *lines, const char *expected)
{
    char shown[48];
    mdl_problem(&self->problems, SIM_EINPUT, lines->path, lines->line, "found '%s'; expected %s",
                mdl_shown(shown, lines->at, lines->n), expected);
}

/* A line RANK-NAME: its rank under its node's number. `ranked` tells which nodes have one. */
static void read_rank(mdl_openb_reader_t *self, const mdl_lines_t *lines, mdl_sort_key_t *keys, bool *ranked)
{
    const char *end = lines->at + lines->n;
    int64_t rank;
    const char *dash = lines->at[0] != '-' ? mdl_scan_int(lines->at, end, &rank) : NULL;
    if (dash == NULL || dash == end || *dash != '-') {
        line_problem(self, lines, "RANK-NAME, for example 0012-openb-node-0345");
        return;
    }
    uint32_t node = mdl_names_find(&self->nodes, dash + 1, (size_t)(end - dash - 1));
    if (node == MDL_NO_NAME) {
        line_problem(self, lines, "the name of a node of the cluster file behind the rank");
    } else if (ranked[node]) {
        line_problem(self, lines, "each node once");
    } else {
        ranked[node] = true;
        keys[node] = (mdl_sort_key_t){rank, node};
    }
}

/* Every node has a rank of its own; `order` are the keys by rank. */
static void check_ranks(mdl_openb_reader_t *self, const char *path, const mdl_sort_key_t *order, const bool *ranked)
{
    const mdl_openb_t *out = self->out;
    for (size_t i = 0; i < out->n_nodes; i++)
        if (!ranked[i])
            mdl_problem(&self->problems, SIM_EINPUT, path, 0, "no rank for node '%s'; expected one for each node",
                        out->nodes[i].name);
    for (size_t i = 1; i < out->n_nodes && self->problems.n == 0; i++)
        if (order[i].time == order[i - 1].time)
            mdl_problem(&self->problems, SIM_EINPUT, path, 0,
                        "nodes '%s' and '%s' share rank %lld; expected a rank of its own for each",
                        out->nodes[order[i - 1].index].name, out->nodes[order[i].index].name, (long long)order[i].time);
}

/* Reads ranks into keys, one per node and with room for as many more, and orders the nodes into `ordered`. */
static void rank_nodes(mdl_openb_reader_t *self, const mdl_source_t *source, mdl_sort_key_t *keys, bool *ranked,
                       mdl_openb_node_t *ordered)
{
    mdl_openb_t *out = self->out;
    mdl_lines_t lines;
    mdl_lines_open(&lines, source, &self->problems);
    while (mdl_lines_next(&lines))
        if (lines.n > 0)
            read_rank(self, &lines, keys, ranked);
    mdl_lines_close(&lines);
    const mdl_sort_key_t *order = mdl_sort_keys(keys, keys + out->n_nodes, out->n_nodes);
    if (self->problems.n == 0)
        check_ranks(self, source->path, order, ranked);
    for (size_t i = 0; i < out->n_nodes && self->problems.n == 0; i++)
        ordered[i] = out->nodes[order[i].index];
}

void mdl_openb_order_nodes(mdl_openb_reader_t *self, const mdl_source_t *source)
{
    mdl_openb_t *out = self->out;
    mdl_sort_key_t *keys = calloc(2 * out->n_nodes, sizeof *keys);
    bool *ranked = calloc(out->n_nodes, sizeof *ranked);
    mdl_openb_node_t *ordered = malloc(out->n_nodes * sizeof *ordered);
    if (keys == NULL || ranked == NULL || ordered == NULL) {
        mdl_problem_memory(&self->problems, source->path);
    } else {
        rank_nodes(self, source, keys, ranked, ordered);
        mdl_openb_node_t *unordered = out->nodes;
        out->nodes = ordered;
        ordered = unordered;
    }
    free(keys);
    free(ranked);
    free(ordered);
}

/* Length of the name before "-tuned-K", or 0. */
static size_t original_length(const char *at, size_t n)
{
    static const char mark[] = "-tuned-";
    size_t digits = 0;
    while (digits < n && at[n - 1 - digits] >= '0' && at[n - 1 - digits] <= '9')
        digits++;
    size_t behind = n - digits, bytes = sizeof mark - 1;
    return digits > 0 && behind > bytes && memcmp(at + behind - bytes, mark, bytes) == 0 ? behind - bytes : 0;
}

/* The pod of a line, or MDL_NO_NAME. `arrived` tells which have come under their own name. */
static uint32_t pod_of(mdl_openb_reader_t *self, const mdl_lines_t *lines, bool *arrived)
{
    uint32_t pod = mdl_names_find(&self->pods, lines->at, lines->n);
    if (pod != MDL_NO_NAME && arrived[pod]) {
        line_problem(self, lines, "each pod once under its own name, copies as NAME-tuned-K");
        return MDL_NO_NAME;
    }
    if (pod != MDL_NO_NAME) {
        arrived[pod] = true;
        return pod;
    }
    size_t n = original_length(lines->at, lines->n);
    pod = n > 0 ? mdl_names_find(&self->pods, lines->at, n) : MDL_NO_NAME;
    if (pod == MDL_NO_NAME)
        line_problem(self, lines, "the name of a pod of the pod file, or NAME-tuned-K for a copy of it");
    return pod;
}

static void read_arrivals(mdl_openb_reader_t *self, const mdl_source_t *source, mdl_lines_t *lines, bool *arrived)
{
    mdl_openb_t *out = self->out;
    while (mdl_lines_next(lines)) {
        uint32_t pod = lines->n > 0 ? pod_of(self, lines, arrived) : MDL_NO_NAME;
        if (pod == MDL_NO_NAME)
            continue;
        uint32_t *order =
            mdl_openb_room(self, out->order, out->n_order, &self->order_capacity, sizeof *order, source->path);
        if (order == NULL)
            return;
        out->order = order;
        order[out->n_order++] = pod;
    }
    if (self->problems.n == 0 && out->n_order == 0)
        mdl_problem(&self->problems, SIM_EINPUT, source->path, 0, "found no arrivals; expected at least one");
}

void mdl_openb_order_pods(mdl_openb_reader_t *self, const mdl_source_t *source)
{
    bool *arrived = calloc(self->out->n_pods, sizeof *arrived);
    if (arrived == NULL) {
        mdl_problem_memory(&self->problems, source->path);
        return;
    }
    mdl_lines_t lines;
    mdl_lines_open(&lines, source, &self->problems);
    read_arrivals(self, source, &lines, arrived);
    mdl_lines_close(&lines);
    free(arrived);
}

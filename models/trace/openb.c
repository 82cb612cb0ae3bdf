// SPDX-License-Identifier: GPL-3.0-or-later
/* The lists of nodes and pods.
 *
 * Rules: names are unique in their list; a node has at most 8 GPUs, and a model if it has any; a pod asks for at most 8
 * GPUs, a shared pod (1 GPU) for 1 to 1000 milli of it, one of several GPUs for all 1000 of each. A pod without GPUs
 * keeps its gpu_milli and models, which place nothing but are part of its kind. An empty cell or "nan" is no model, or
 * any; several are joined by '|'. Columns are found by name; those not named here mean nothing.
 */
#include "models/trace/openb.h"

#include "models/trace/openb_parts.h"
#include "models/trace/rows.h"
#include "models/trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)
#define MOST_GPUS      8
#define GPU_MILLI      1000

enum { NODE_NAME, NODE_CPU, NODE_MEMORY, NODE_GPUS, NODE_MODEL, NODE_FIELDS };

static const mdl_field_t node_fields[NODE_FIELDS] = {
    [NODE_NAME] = {"sn", NULL, true},           [NODE_CPU] = {"cpu_milli", NULL, true},
    [NODE_MEMORY] = {"memory_mib", NULL, true}, [NODE_GPUS] = {"gpu", NULL, true},
    [NODE_MODEL] = {"model", NULL, true},
};

enum { POD_NAME, POD_CPU, POD_MEMORY, POD_GPUS, POD_MILLI, POD_SPEC, POD_FIELDS };

static const mdl_field_t pod_fields[POD_FIELDS] = {
    [POD_NAME] = {"name", NULL, true},         [POD_CPU] = {"cpu_milli", NULL, true},
    [POD_MEMORY] = {"memory_mib", NULL, true}, [POD_GPUS] = {"num_gpu", NULL, true},
    [POD_MILLI] = {"gpu_milli", NULL, true},   [POD_SPEC] = {"gpu_spec", NULL, true},
};

void mdl_openb_free(mdl_openb_t *self)
{
    free(self->nodes);
    free(self->pods);
    free(self->order);
    *self = (mdl_openb_t){0};
}

void *mdl_openb_room(mdl_openb_reader_t *self, void *items, size_t n, size_t *capacity, size_t bytes, const char *path)
{
    if (n < *capacity)
        return items;
    size_t more = *capacity == 0 ? FIRST_CAPACITY : 2 * *capacity;
    void *room = more < UINT32_MAX ? realloc(items, more * bytes) : NULL;
    if (room == NULL) {
        mdl_problem_memory(&self->problems, path);
        return NULL;
    }
    *capacity = more;
    return room;
}

static bool is_none(mdl_cell_t cell)
{
    return cell.n == 0 || mdl_cell_is(cell, "nan");
}

/* The number of a model, new ones included; MDL_NO_NAME after a problem with the field that names it. */
static uint32_t model_of(mdl_openb_t *out, mdl_rows_t *rows, size_t field, mdl_cell_t name)
{
    for (uint32_t i = 0; i < out->n_models; i++)
        if (mdl_cell_is(name, out->models[i]))
            return i;
    if (out->n_models == MDL_OPENB_MODELS || name.n == 0 || name.n >= MDL_OPENB_NAME) {
        mdl_rows_wrong(rows, field, "models of 1 to 47 bytes joined by '|', at most 32 in the whole trace");
        return MDL_NO_NAME;
    }
    memcpy(out->models[out->n_models], name.at, name.n);
    out->models[out->n_models][name.n] = '\0';
    return out->n_models++;
}

/* A name that its list has not had yet, into `text` of MDL_OPENB_NAME bytes. False after a problem. */
static bool read_name(mdl_openb_reader_t *self, mdl_rows_t *rows, mdl_names_t *names, size_t field, char *text)
{
    mdl_cell_t name;
    if (!mdl_rows_name(rows, field, MDL_OPENB_NAME - 1, &name))
        return false;
    uint32_t before = names->n, number = mdl_names_add(names, name.at, name.n);
    if (number == MDL_NO_NAME) {
        mdl_problem_memory(&self->problems, rows->lines.path);
        mdl_rows_stop(rows);
        return false;
    }
    if (number < before) {
        mdl_rows_wrong(rows, field, "each name once");
        return false;
    }
    memcpy(text, name.at, name.n);
    text[name.n] = '\0';
    return true;
}

static bool read_node_model(mdl_openb_t *out, mdl_rows_t *rows, mdl_openb_node_t *node)
{
    mdl_cell_t cell = mdl_rows_cell(rows, NODE_MODEL);
    node->model = MDL_NO_NAME;
    if (node->gpus == 0)
        return true;
    if (is_none(cell)) {
        mdl_rows_wrong(rows, NODE_MODEL, "the model of the node's GPUs");
        return false;
    }
    if (!mdl_rows_name(rows, NODE_MODEL, MDL_OPENB_NAME - 1, &cell))
        return false;
    node->model = model_of(out, rows, NODE_MODEL, cell);
    return node->model != MDL_NO_NAME;
}

/* False when reading must end. */
static bool read_node(mdl_openb_reader_t *self, mdl_rows_t *rows)
{
    mdl_openb_node_t node = {.gpus = 0};
    int64_t gpus = 0;
    bool good = read_name(self, rows, &self->nodes, NODE_NAME, node.name);
    good = mdl_rows_whole(rows, NODE_CPU, 0, MDL_TRACE_TIME, &node.cpu_milli) && good;
    good = mdl_rows_whole(rows, NODE_MEMORY, 0, MDL_TRACE_TIME, &node.memory_mib) && good;
    good = mdl_rows_whole(rows, NODE_GPUS, 0, MOST_GPUS, &gpus) && good;
    node.gpus = (uint32_t)gpus;
    if (!good || !read_node_model(self->out, rows, &node))
        return true;
    mdl_openb_node_t *nodes = mdl_openb_room(self, self->out->nodes, self->out->n_nodes, &self->nodes_capacity,
                                             sizeof *nodes, rows->lines.path);
    if (nodes == NULL)
        return false;
    self->out->nodes = nodes;
    nodes[self->out->n_nodes++] = node;
    return true;
}

/* "A|B" as bits of models, and as it is written. */
static bool read_spec(mdl_openb_t *out, mdl_rows_t *rows, mdl_openb_pod_t *pod)
{
    mdl_cell_t spec = mdl_rows_cell(rows, POD_SPEC);
    if (is_none(spec))
        return true;
    if (!mdl_rows_name(rows, POD_SPEC, sizeof pod->spec - 1, &spec))
        return false;
    memcpy(pod->spec, spec.at, spec.n);
    const char *at = spec.at, *end = spec.at + spec.n;
    for (;;) {
        const char *bar = at < end ? memchr(at, '|', (size_t)(end - at)) : NULL;
        const char *stop = bar != NULL ? bar : end;
        uint32_t model = model_of(out, rows, POD_SPEC, (mdl_cell_t){at, (size_t)(stop - at)});
        if (model == MDL_NO_NAME)
            return false;
        pod->models |= UINT32_C(1) << model;
        if (bar == NULL)
            return true;
        at = bar + 1;
    }
}

static bool read_share(mdl_rows_t *rows, mdl_openb_pod_t *pod)
{
    int64_t gpus, milli;
    if (!mdl_rows_whole(rows, POD_GPUS, 0, MOST_GPUS, &gpus))
        return false;
    int64_t low = gpus == 0 ? 0 : gpus == 1 ? 1 : GPU_MILLI;
    if (!mdl_rows_whole(rows, POD_MILLI, low, GPU_MILLI, &milli))
        return false;
    pod->gpus = (uint32_t)gpus;
    pod->gpu_milli = (uint32_t)milli;
    return true;
}

/* False when reading must end. */
static bool read_pod(mdl_openb_reader_t *self, mdl_rows_t *rows)
{
    mdl_openb_pod_t pod = {.gpus = 0};
    bool good = read_name(self, rows, &self->pods, POD_NAME, pod.name);
    good = mdl_rows_whole(rows, POD_CPU, 0, MDL_TRACE_TIME, &pod.cpu_milli) && good;
    good = mdl_rows_whole(rows, POD_MEMORY, 0, MDL_TRACE_TIME, &pod.memory_mib) && good;
    good = read_share(rows, &pod) && good;
    good = read_spec(self->out, rows, &pod) && good;
    if (!good)
        return true;
    mdl_openb_pod_t *pods =
        mdl_openb_room(self, self->out->pods, self->out->n_pods, &self->pods_capacity, sizeof *pods, rows->lines.path);
    if (pods == NULL)
        return false;
    self->out->pods = pods;
    pods[self->out->n_pods++] = pod;
    return true;
}

static void read_nodes(mdl_openb_reader_t *self, const mdl_source_t *source)
{
    mdl_rows_t rows;
    mdl_rows_open(&rows, source, &self->problems, node_fields, NODE_FIELDS, MDL_ROWS_ANY);
    while (mdl_rows_next(&rows) && read_node(self, &rows))
        continue;
    mdl_rows_close(&rows);
    if (self->problems.n == 0 && self->out->n_nodes == 0)
        mdl_problem(&self->problems, SIM_EINPUT, source->path, 0, "found no nodes; expected at least one");
}

static void read_pods(mdl_openb_reader_t *self, const mdl_source_t *source)
{
    size_t before = self->problems.n;
    mdl_rows_t rows;
    mdl_rows_open(&rows, source, &self->problems, pod_fields, POD_FIELDS, MDL_ROWS_ANY);
    while (mdl_rows_next(&rows) && read_pod(self, &rows))
        continue;
    mdl_rows_close(&rows);
    if (self->problems.n == before && self->out->n_pods == 0)
        mdl_problem(&self->problems, SIM_EINPUT, source->path, 0, "found no pods; expected at least one");
}

/* The order is read only where both lists are good, since otherwise it would repeat their problems line by line. */
sim_status_t mdl_openb_read_from(const mdl_source_t *nodes, const mdl_source_t *pods, const mdl_source_t *node_order,
                                 const mdl_source_t *pod_order, mdl_openb_t *out, sim_error_t *err)
{
    mdl_openb_reader_t self = {.out = out, .problems = {nodes->problem, nodes->user}};
    *out = (mdl_openb_t){0};
    read_nodes(&self, nodes);
    read_pods(&self, pods);
    bool ordered = self.problems.n == 0 && node_order != NULL && pod_order != NULL;
    if (ordered) {
        mdl_openb_order_pods(&self, pod_order);
        mdl_openb_order_nodes(&self, node_order);
    }
    mdl_names_free(&self.nodes);
    mdl_names_free(&self.pods);
    if (self.problems.n > 0)
        mdl_openb_free(out);
    return mdl_problems_end(&self.problems, err);
}

sim_status_t mdl_openb_read(const char *nodes_path, const char *pods_path, const char *order_prefix, mdl_openb_t *out,
                            sim_error_t *err)
{
    char node_order[4096], pod_order[4096];
    const mdl_source_t nodes = {.path = nodes_path}, pods = {.path = pods_path};
    if (order_prefix == NULL)
        return mdl_openb_read_from(&nodes, &pods, NULL, NULL, out, err);
    int n = snprintf(node_order, sizeof node_order, "%s.nodes", order_prefix);
    (void)snprintf(pod_order, sizeof pod_order, "%s.pods", order_prefix);
    if (n < 0 || (size_t)n >= sizeof node_order) {
        *out = (mdl_openb_t){0};
        return sim_fail(err, SIM_EINPUT, "order", "found a path of more than 4,000 bytes; expected a shorter one");
    }
    return mdl_openb_read_from(&nodes, &pods, &(mdl_source_t){.path = node_order}, &(mdl_source_t){.path = pod_order},
                               out, err);
}

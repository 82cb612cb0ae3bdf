// SPDX-License-Identifier: GPL-3.0-or-later
/* The digest: what a file says, however it is stored.
 *
 * Objects are taken in the order of their names, each with its path, type, shape, attributes and values. What only says
 * how the file is stored has no part: chunks, filters, lists of scales, the checksum of its bytes; nor have version and
 * compiler in /provenance. Values of variables with arms hash replication by replication (sim/store_hash.h). */
#include "sim/store_digest.h"

#include "sim/store_reader.h"

#include <stdlib.h>
#include <string.h>

/* A walk over a file. */
typedef struct walk {
    sim_result_t *result;
    uint64_t hash;  /* of the whole */
    uint64_t *arms; /* per arm, or NULL */
    size_t n_arms;
    sim_status_t status;
    sim_error_t *err;
} walk_t;

static bool is_storage(const char *attribute)
{
    static const char *const names[] = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(attribute, names[i]) == 0)
            return true;
    return strncmp(attribute, "_Netcdf4", 8) == 0 || strcmp(attribute, "_NCProperties") == 0;
}

static bool is_build(const char *path)
{
    static const char *const paths[] = {"/provenance/version", "/provenance/compiler", "/provenance/file_checksum"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(path, paths[i]) == 0)
            return true;
    return false;
}

const char *sim_digest_type_name(hid_t type)
{
    static const char *const names[3][9] = {
        {"", "i1", "i2", "", "i4", "", "", "", "i8"},
        {"", "u1", "u2", "", "u4", "", "", "", "u8"},
        {"", "", "", "", "f4", "", "", "", "f8"},
    };
    size_t width = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_STRING: return "text";
    case H5T_FLOAT: return width <= 8 ? names[2][width] : "";
    case H5T_INTEGER: return width <= 8 ? names[H5Tget_sign(type) == H5T_SGN_NONE][width] : "";
    default: return "";
    }
}

/* Attributes of one object. */
typedef struct attributes {
    const char *path;
    uint64_t hash;
    bool out_of_memory;
} attributes_t;

static bool is_build_attribute(const char *path, const char *name)
{
    return strcmp(path, "/provenance") == 0 && (strcmp(name, "version") == 0 || strcmp(name, "compiler") == 0);
}

static bool hash_numbers(attributes_t *all, hid_t attribute)
{
    hid_t space = H5Aget_space(attribute);
    hssize_t n = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
    double *values = calloc((size_t)n + 1, sizeof *values);
    all->out_of_memory = values == NULL;
    bool good = values != NULL && space >= 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0;
    if (good)
        all->hash = sim_hash_word(all->hash, sim_hash_values(values, (size_t)n));
    free(values);
    sim_h5_close(space);
    return good;
}

static bool hash_attribute_text(attributes_t *all, hid_t attribute, hid_t type)
{
    char *text = sim_h5_read_text(attribute, type);
    bool good = text != NULL;
    all->out_of_memory = !good && H5Eget_num(H5E_DEFAULT) == 0;
    all->hash = good ? sim_hash_text(all->hash, text) : all->hash;
    free(text);
    return good;
}

static herr_t hash_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    (void)info;
    attributes_t *all = user;
    if (is_storage(name) || is_build_attribute(all->path, name))
        return 0;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = attribute < 0 ? -1 : H5Aget_type(attribute);
    if (type < 0)
        return -1;
    all->hash = sim_hash_text(sim_hash_text(all->hash, name), sim_digest_type_name(type));
    bool is_text = H5Tget_class(type) == H5T_STRING;
    bool good = is_text ? hash_attribute_text(all, attribute, type) : hash_numbers(all, attribute);
    sim_h5_close(type);
    sim_h5_close(attribute);
    return good ? 0 : -1;
}

static uint64_t hash_attributes(walk_t *walk, hid_t object, const char *path)
{
    attributes_t all = {.path = path, .hash = SIM_HASH_START};
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, hash_attribute, &all) < 0)
        walk->status = all.out_of_memory
                           ? sim_fail(walk->err, SIM_ENOMEM, walk->result->path, "no memory for attributes")
                           : sim_h5_fail(walk->err, walk->result->path, path);
    return all.hash;
}

sim_digest_cut_t sim_digest_cut(const sim_h5_shape_t *shape, H5T_class_t class)
{
    static const char *const outer[] = {"arm", "point", "replication"};
    sim_digest_cut_t cut = {.is_float = class == H5T_FLOAT, .leaf_values = 1};
    for (size_t i = 0; i < 3 && cut.n_outer < shape->n_dims; i++)
        cut.n_outer += strcmp(shape->name[cut.n_outer], outer[i]) == 0;
    cut.has_arms = shape->n_dims > 0 && strcmp(shape->name[0], "arm") == 0;
    for (int i = cut.has_arms ? cut.n_outer : 1; i < shape->n_dims; i++)
        cut.leaf_values *= shape->size[i];
    return cut;
}

uint64_t sim_digest_leaf(const sim_digest_cut_t *cut, const void *values, size_t n)
{
    if (cut->is_float)
        return sim_hash_values(values, n);
    const uint64_t *words = values;
    uint64_t hash = SIM_HASH_START;
    for (size_t i = 0; i < n; i++)
        hash = sim_hash_word(hash, words[i]);
    return hash;
}

uint64_t sim_digest_chain(const sim_digest_cut_t *cut, uint64_t hash, const void *values, size_t n)
{
    size_t leaf = cut->has_arms ? cut->leaf_values : n;
    for (size_t at = 0; at < n; at += leaf)
        hash = sim_hash_word(hash, sim_digest_leaf(cut, (const double *)values + at, leaf));
    return hash;
}

uint64_t sim_digest_texts(const char *const *texts, size_t n)
{
    uint64_t hash = SIM_HASH_START;
    for (size_t i = 0; i < n; i++)
        hash = sim_hash_text(hash, texts[i] == NULL ? "" : texts[i]);
    return hash;
}

uint64_t sim_digest_head(const char *path, hid_t type, const sim_h5_shape_t *shape, uint64_t attributes)
{
    uint64_t head = sim_hash_text(sim_hash_text(SIM_HASH_START, path), sim_digest_type_name(type));
    for (int i = 0; i < shape->n_dims; i++)
        head = sim_hash_text(head, shape->name[i]);
    return sim_hash_word(head, attributes);
}

/* A variable as it is in the file. */
typedef struct variable {
    hid_t dataset;
    const char *path;
    hid_t memory_type;
    sim_h5_shape_t shape;
    sim_digest_cut_t cut;
} variable_t;

/* Reads rows start .. start + n - 1 along `axis`, within `first` of axis 0 when axis is 1. */
static bool read_rows(const variable_t *v, int axis, hsize_t first, hsize_t start, hsize_t n, void *values)
{
    hsize_t from[SIM_RESULT_MAX_DIMS] = {first}, count[SIM_RESULT_MAX_DIMS] = {1}, total = 1;
    from[axis] = start;
    count[axis] = n;
    for (int i = 0; i < v->shape.n_dims; i++) {
        if (i > axis)
            count[i] = v->shape.size[i];
        total *= count[i];
    }
    hid_t space = H5Dget_space(v->dataset), memory = H5Screate_simple(1, &total, NULL);
    bool good = space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, count, NULL) >= 0 &&
                H5Dread(v->dataset, v->memory_type, memory, space, H5P_DEFAULT, values) >= 0;
    sim_h5_close(memory);
    sim_h5_close(space);
    return good;
}

/* Chains the leaves of rows along `axis` in pieces that fit into `buffer` (SIM_DIGEST_PIECE_VALUES values, or one row).
 * Without arms a piece is a leaf. */
static bool hash_rows(const variable_t *v, int axis, hsize_t first, hsize_t piece, size_t row_values, void *buffer,
                      uint64_t *hash)
{
    for (hsize_t start = 0; start < v->shape.size[axis]; start += piece) {
        hsize_t n = v->shape.size[axis] - start < piece ? v->shape.size[axis] - start : piece;
        if (!read_rows(v, axis, first, start, n, buffer))
            return false;
        *hash = sim_digest_chain(&v->cut, *hash, buffer, (size_t)n * row_values);
    }
    return true;
}

/* Rows along `axis` to read at once; a leaf is never cut. */
static hsize_t rows_per_piece(const variable_t *v, int axis, size_t row_values)
{
    if (v->cut.has_arms && v->cut.leaf_values > row_values) /* [arm, time, …]: one leaf for each arm */
        return v->shape.size[axis];
    return row_values == 0 || row_values >= SIM_DIGEST_PIECE_VALUES ? 1 : SIM_DIGEST_PIECE_VALUES / row_values;
}

/* Leaf by leaf of an arm, through chunks. */
static bool hash_runs(sim_h5_reader_t *reader, hsize_t arm, double *slab, uint64_t *hash)
{
    hsize_t at[SIM_RESULT_MAX_DIMS] = {arm}, runs = 1;
    for (int i = 1; i < reader->n_outer; i++)
        runs *= reader->shape.size[i];
    for (hsize_t run = 0; run < runs; run++) {
        if (!sim_h5_reader_read(reader, at, slab))
            return false;
        *hash = sim_hash_word(*hash, sim_hash_values(slab, reader->slab_values));
        for (int i = reader->n_outer - 1; i >= 1 && ++at[i] == reader->shape.size[i]; i--)
            at[i] = 0;
    }
    return true;
}

/* Values of an arm (`first`), or of a variable without arms. */
static uint64_t hash_values(walk_t *walk, const variable_t *v, hsize_t first)
{
    int axis = v->cut.has_arms ? 1 : 0;
    size_t row_values = 1;
    for (int i = axis + 1; i < v->shape.n_dims; i++)
        row_values *= v->shape.size[i];
    sim_h5_reader_t reader;
    bool chunked = sim_h5_reader_init(&reader, v->dataset, &v->shape);
    hsize_t piece = rows_per_piece(v, axis, row_values);
    uint64_t hash = SIM_HASH_START;
    size_t values = chunked ? reader.slab_values : (size_t)piece * row_values;
    void *buffer = malloc((values + 1) * sizeof(double));
    if (buffer == NULL)
        walk->status = sim_fail(walk->err, SIM_ENOMEM, walk->result->path, "no memory to read %s", v->path);
    else if (!(chunked ? hash_runs(&reader, first, buffer, &hash)
                       : hash_rows(v, axis, first, piece, row_values, buffer, &hash)))
        walk->status = sim_h5_fail(walk->err, walk->result->path, v->path);
    sim_h5_reader_free(&reader);
    free(buffer);
    return hash;
}

/* The one value that a variable over arms alone has for an arm. */
static uint64_t hash_element(walk_t *walk, const variable_t *v, hsize_t arm)
{
    uint64_t word = 0;
    if (!read_rows(v, 0, 0, arm, 1, &word))
        walk->status = sim_h5_fail(walk->err, walk->result->path, v->path);
    return sim_digest_leaf(&v->cut, &word, 1);
}

static uint64_t hash_arm(walk_t *walk, const variable_t *v, size_t arm)
{
    return v->shape.n_dims == 1 ? hash_element(walk, v, arm) : hash_values(walk, v, arm);
}

static uint64_t hash_texts(walk_t *walk, const char *path)
{
    char **texts;
    size_t n;
    sim_status_t status = sim_result_labels(walk->result, path, &texts, &n, walk->err);
    if (status < 0) {
        walk->status = status;
        return SIM_HASH_START;
    }
    uint64_t hash = sim_digest_texts((const char *const *)texts, n);
    sim_labels_free(texts, n);
    return hash;
}

static uint64_t hash_single(walk_t *walk, const variable_t *v)
{
    if (v->shape.n_dims > 0)
        return hash_values(walk, v, 0);
    uint64_t word = 0;
    if (H5Dread(v->dataset, v->memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &word) < 0)
        walk->status = sim_h5_fail(walk->err, walk->result->path, v->path);
    return sim_digest_leaf(&v->cut, &word, 1);
}

/* What was written, and so is known, without a look at the file. */
static void add_known(walk_t *walk, const sim_h5_known_t *known)
{
    walk->hash = sim_hash_word(walk->hash, known->head);
    for (int i = 0; i < known->shape.n_dims; i++)
        walk->hash = sim_hash_word(walk->hash, known->shape.size[i]);
    for (size_t i = 0; i < known->n_values; i++)
        walk->hash = sim_hash_word(walk->hash, known->values[i]);
}

static void add_to_whole(walk_t *walk, const variable_t *v, uint64_t head)
{
    walk->hash = sim_hash_word(walk->hash, head);
    for (int i = 0; i < v->shape.n_dims; i++)
        walk->hash = sim_hash_word(walk->hash, v->shape.size[i]);
    if (v->memory_type < 0)
        walk->hash = sim_hash_word(walk->hash, hash_texts(walk, v->path));
    else if (!v->cut.has_arms)
        walk->hash = sim_hash_word(walk->hash, hash_single(walk, v));
    for (size_t arm = 0; v->memory_type >= 0 && v->cut.has_arms && arm < v->shape.size[0]; arm++)
        walk->hash = sim_hash_word(walk->hash, hash_arm(walk, v, arm));
}

/* Event rows of each arm: column `v` beside the column `arm` of its group. */
static void add_event_rows(walk_t *walk, const variable_t *v)
{
    uint64_t *rows = NULL, *arms = NULL;
    size_t n = 0, n_arms = 0;
    char *arm_path = NULL;
    const char *slash = strrchr(v->path, '/');
    if (strcmp(slash, "/arm") == 0)
        return;
    arm_path = strndup(v->path, (size_t)(slash - v->path) + sizeof "/arm");
    if (arm_path == NULL) {
        walk->status = sim_fail(walk->err, SIM_ENOMEM, walk->result->path, "no memory to read %s", v->path);
        return;
    }
    snprintf(arm_path + (slash - v->path), sizeof "/arm", "/arm");
    sim_status_t status = sim_result_read_u64(walk->result, arm_path, &arms, &n_arms, walk->err);
    n = sim_h5_shape_count(&v->shape);
    rows = malloc((n + 1) * sizeof *rows);
    if (status == SIM_OK &&
        (rows == NULL || H5Dread(v->dataset, v->memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) < 0))
        status = sim_h5_fail(walk->err, walk->result->path, v->path);
    for (size_t i = 0; status == SIM_OK && i < n && i < n_arms; i++)
        if (arms[i] < walk->n_arms)
            walk->arms[arms[i]] = sim_hash_word(walk->arms[arms[i]], rows[i]);
    if (status < 0)
        walk->status = status;
    free(rows);
    free(arms);
    free(arm_path);
}

static void add_to_arms(walk_t *walk, const variable_t *v, uint64_t head)
{
    htri_t scale = sim_h5_is_scale(v->dataset);
    if (scale < 0)
        walk->status = sim_h5_fail(walk->err, walk->result->path, v->path);
    if (scale != 0 || v->memory_type < 0)
        return;
    if (v->shape.n_dims == 1 && strcmp(v->shape.name[0], "event") == 0) {
        add_event_rows(walk, v);
        return;
    }
    htri_t across = H5Aexists(v->dataset, SIM_H5_ACROSS_ARMS);
    if (across < 0)
        walk->status = sim_h5_fail(walk->err, walk->result->path, v->path);
    for (size_t arm = 0; across == 0 && v->cut.has_arms && arm < walk->n_arms && arm < v->shape.size[0]; arm++)
        walk->arms[arm] = sim_hash_word(sim_hash_word(walk->arms[arm], head), hash_arm(walk, v, arm));
}

static void add_dataset(walk_t *walk, hid_t dataset, const char *path)
{
    hid_t type = H5Dget_type(dataset);
    variable_t v = {.dataset = dataset, .path = path, .memory_type = -1};
    if (type < 0 || sim_h5_get_shape(dataset, &v.shape) < 0) {
        walk->status = sim_h5_fail(walk->err, walk->result->path, path);
        sim_h5_close(type);
        return;
    }
    H5T_class_t class = H5Tget_class(type);
    v.cut = sim_digest_cut(&v.shape, class);
    if (class == H5T_INTEGER)
        v.memory_type = H5Tget_sign(type) == H5T_SGN_NONE ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64;
    else if (v.cut.is_float)
        v.memory_type = H5T_NATIVE_DOUBLE;
    uint64_t head = sim_digest_head(path, type, &v.shape, hash_attributes(walk, dataset, path));
    if (walk->arms == NULL)
        add_to_whole(walk, &v, head);
    else
        add_to_arms(walk, &v, head);
    sim_h5_close(type);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user);

static void add_group(walk_t *walk, hid_t group, const char *path)
{
    walk->hash = sim_hash_word(sim_hash_text(walk->hash, path), hash_attributes(walk, group, path));
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, walk) < 0 && walk->status == SIM_OK)
        walk->status = sim_h5_fail(walk->err, walk->result->path, path);
}

static void add_member(walk_t *walk, hid_t group, const char *name, const char *path)
{
    const sim_h5_known_t *known = walk->arms == NULL ? sim_h5_known(walk->result, "", path) : NULL;
    if (is_build(path))
        return;
    if (known != NULL && known->values != NULL) {
        add_known(walk, known);
        return;
    }
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        walk->status = sim_h5_fail(walk->err, walk->result->path, name);
    else if (H5Iget_type(object) == H5I_GROUP)
        add_group(walk, object, path);
    else if (H5Iget_type(object) == H5I_DATASET)
        add_dataset(walk, object, path);
    sim_h5_close(object);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void)info;
    walk_t *walk = user;
    char parent[512] = "";
    char *path = H5Iget_name(group, parent, sizeof parent) > 0 ? sim_h5_path(parent, name) : NULL;
    if (path == NULL)
        walk->status = sim_h5_fail(walk->err, walk->result->path, name);
    else
        add_member(walk, group, name, path);
    free(path);
    return walk->status < 0 ? -1 : 0;
}

static sim_status_t run_walk(walk_t *walk, const char *group)
{
    htri_t there = sim_h5_exists(walk->result, group);
    if (there == 0)
        return sim_fail(walk->err, SIM_EINPUT, walk->result->path, "no group %s in it", group);
    hid_t id = there < 0 ? -1 : H5Gopen2(walk->result->file, group, H5P_DEFAULT);
    if (id < 0)
        return sim_h5_fail(walk->err, walk->result->path, group);
    add_group(walk, id, group);
    sim_h5_close(id);
    return walk->status;
}

sim_status_t sim_h5_digest(sim_result_t *self, const char *group, uint64_t *digest, sim_error_t *err)
{
    walk_t walk = {.result = self, .hash = SIM_HASH_START, .err = err};
    sim_status_t status = run_walk(&walk, group);
    *digest = walk.hash;
    return status;
}

sim_status_t sim_result_digest(sim_result_t *self, const char *group, uint64_t *digest, sim_error_t *err)
{
    return sim_h5_digest(self, *group == '\0' ? "/" : group, digest, err);
}

sim_status_t sim_result_digest_arms(sim_result_t *self, uint64_t *digests, size_t n, sim_error_t *err)
{
    for (size_t i = 0; i < n; i++)
        digests[i] = SIM_HASH_START;
    walk_t walk = {.result = self, .hash = SIM_HASH_START, .arms = digests, .n_arms = n, .err = err};
    return run_walk(&walk, "/");
}

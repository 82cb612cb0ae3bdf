// SPDX-License-Identifier: GPL-3.0-or-later
/* What a group of a result file holds. */
#include "sim/store_hdf5.h"

#include <stdlib.h>
#include <string.h>

/* A list of names as it grows while HDF5 walks over a group. */
typedef struct names {
    const sim_result_t *result;
    const char *group;
    char **names;
    size_t n, max;
    sim_h5_kind_t kind;
    bool out_of_memory;
} names_t;

/* Negative when it can't be told. */
static htri_t is_stored_as(hid_t group, const char *name, sim_h5_kind_t kind)
{
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    H5I_type_t type = object < 0 ? H5I_BADID : H5Iget_type(object);
    htri_t wanted = object < 0 ? -1 : type == H5I_GROUP && kind == SIM_H5_GROUPS;
    if (type == H5I_DATASET && kind != SIM_H5_GROUPS) {
        htri_t scale = sim_h5_is_scale(object);
        wanted = scale < 0 ? -1 : (scale > 0) == (kind == SIM_H5_SCALES);
    }
    sim_h5_close(object);
    return wanted;
}

static htri_t is_of_kind(const names_t *list, hid_t group, const char *name)
{
    if (sim_h5_known(list->result, list->group, name) == NULL)
        return is_stored_as(group, name, list->kind);
    bool scale = sim_h5_find_scale(list->result, list->group, name) != NULL;
    return list->kind != SIM_H5_GROUPS && scale == (list->kind == SIM_H5_SCALES);
}

static bool append(names_t *list, const char *name)
{
    if (list->n == list->max) {
        size_t max = list->max == 0 ? 32 : 2 * list->max;
        char **names = realloc(list->names, max * sizeof *names);
        if (names == NULL)
            return false;
        list->names = names;
        list->max = max;
    }
    list->names[list->n] = strdup(name);
    if (list->names[list->n] == NULL)
        return false;
    list->n++;
    return true;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void)info;
    names_t *list = user;
    htri_t wanted = is_of_kind(list, group, name);
    if (wanted <= 0)
        return wanted;
    list->out_of_memory = !append(list, name);
    return list->out_of_memory ? -1 : 0;
}

sim_status_t sim_h5_names(sim_result_t *self, const char *group, sim_h5_kind_t kind, char ***names, size_t *n,
                          sim_error_t *err)
{
    names_t list = {.result = self, .group = *group == '/' ? group + 1 : group, .kind = kind};
    *names = NULL;
    *n = 0;
    htri_t there = sim_h5_exists(self, group);
    if (there == 0)
        return sim_fail(err, SIM_EINPUT, self->path, "no group %s in it", group);
    hid_t id = there < 0 ? -1 : H5Gopen2(self->file, *group == '\0' ? "/" : group, H5P_DEFAULT);
    sim_status_t status = SIM_OK;
    if (id < 0 || H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &list) < 0)
        status = list.out_of_memory ? sim_fail(err, SIM_ENOMEM, self->path, "no memory for names")
                                    : sim_h5_fail(err, self->path, group);
    sim_h5_close(id);
    if (status < 0) {
        sim_labels_free(list.names, list.n);
        return status;
    }
    *names = list.names;
    *n = list.n;
    return SIM_OK;
}

sim_status_t sim_result_list(sim_result_t *self, const char *group, char ***names, size_t *n, sim_error_t *err)
{
    return sim_h5_names(self, group, SIM_H5_VARIABLES, names, n, err);
}

/* Appends the paths of all groups below `parent` ("" = root), each before its own groups. */
static sim_status_t append_groups(sim_result_t *self, const char *parent, names_t *list, sim_error_t *err)
{
    char **names;
    size_t n;
    sim_status_t status = sim_h5_names(self, *parent == '\0' ? "/" : parent, SIM_H5_GROUPS, &names, &n, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        char *path = sim_h5_path(parent, names[i]);
        if (path == NULL || !append(list, path))
            status = sim_fail(err, SIM_ENOMEM, self->path, "no memory for the names of groups");
        else
            status = append_groups(self, path, list, err);
        free(path);
    }
    sim_labels_free(names, n);
    return status;
}

sim_status_t sim_result_groups(sim_result_t *self, char ***groups, size_t *n, sim_error_t *err)
{
    names_t list = {0};
    sim_status_t status = append_groups(self, "", &list, err);
    if (status < 0) {
        sim_labels_free(list.names, list.n);
        list = (names_t){0};
    }
    *groups = list.names;
    *n = list.n;
    return status;
}

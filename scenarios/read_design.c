// SPDX-License-Identifier: GPL-3.0-or-later
/* `uncertain` and `design`: which parameters vary between points, and how the points are laid. */
#include "scenarios/draft.h"

#include <string.h>

typedef struct spread {
    const mdl_param_t *param;
    scn_factor_t factor;
    int dist; /* position in DISTRIBUTIONS, or -1 */
    const scn_node_t *min, *max, *mean, *sd, *values;
} spread_t;

#define DISTRIBUTIONS "uniform|loguniform|normal|choice|prior"
enum { DIST_PRIOR = SCN_CHOICE + 1 };

static void read_dist(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    ((spread_t *)spread)->dist = scn_read_choice(self, node, DISTRIBUTIONS);
}

static void read_min(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    (void)self;
    ((spread_t *)spread)->min = node;
}

static void read_max(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    (void)self;
    ((spread_t *)spread)->max = node;
}

static void read_mean(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    (void)self;
    ((spread_t *)spread)->mean = node;
}

static void read_sd(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    (void)self;
    ((spread_t *)spread)->sd = node;
}

static void read_values(scn_reader_t *self, const scn_node_t *node, void *spread)
{
    (void)self;
    ((spread_t *)spread)->values = node;
}

static const scn_field_t spread_fields[] = {
    {"dist", read_dist, true},  {"min", read_min, false}, {"max", read_max, false},
    {"mean", read_mean, false}, {"sd", read_sd, false},   {"values", read_values, false},
};

/* A number that the distribution needs; reports when it is missing. */
static bool need(scn_reader_t *self, const scn_node_t *map, const scn_node_t *node, const char *key,
                 const mdl_param_t *param, double *value)
{
    if (node == NULL) {
        scn_log_add(self->log, map->place, "%s: missing; expected it with dist: %s", key,
                    scn_node_get(map, "dist")->text);
        return false;
    }
    return scn_read_value(self, node, param, value);
}

/* Fields that the distribution has no use for; NULL ones are fine. Reports each. */
static bool refuse(scn_reader_t *self, const scn_node_t *map, const scn_node_t *const nodes[], size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        if (nodes[i] == NULL)
            continue;
        scn_log_add(self->log, nodes[i]->key_place, "%s: has no meaning with dist: %s; expected it left out",
                    nodes[i]->key, scn_node_get(map, "dist")->text);
        good = false;
    }
    return good;
}

static bool read_bounds(scn_reader_t *self, const scn_node_t *map, spread_t *spread)
{
    bool good = refuse(self, map, (const scn_node_t *[]){spread->mean, spread->sd, spread->values}, 3);
    bool low = need(self, map, spread->min, "min", spread->param, &spread->factor.a);
    bool high = need(self, map, spread->max, "max", spread->param, &spread->factor.b);
    if (!low || !high)
        return false;
    if (!(spread->factor.a < spread->factor.b)) {
        scn_log_add(self->log, spread->max->place, "max: %.60s is not above min %.60s; expected a larger one",
                    spread->max->text, spread->min->text);
        good = false;
    }
    if (spread->dist == SCN_LOGUNIFORM && !(spread->factor.a > 0)) {
        scn_log_add(self->log, spread->min->place, "min: %.60s is not above 0; expected a positive one with loguniform",
                    spread->min->text);
        good = false;
    }
    return good;
}

static bool read_moments(scn_reader_t *self, const scn_node_t *map, spread_t *spread)
{
    bool good = refuse(self, map, (const scn_node_t *[]){spread->min, spread->max, spread->values}, 3);
    mdl_param_t centre = *spread->param;
    centre.kind = MDL_KIND_REAL; /* the mean of counts need not be whole */
    mdl_param_t width = {"sd", MDL_KIND_REAL, spread->param->unit, 0, 0, spread->param->high - spread->param->low};
    good = need(self, map, spread->mean, "mean", &centre, &spread->factor.a) && good;
    good = need(self, map, spread->sd, "sd", &width, &spread->factor.b) && good;
    if (good && !(spread->factor.b > 0)) {
        scn_log_add(self->log, spread->sd->place, "sd: found 0; expected a positive standard deviation");
        good = false;
    }
    return good;
}

static bool read_choices(scn_reader_t *self, const scn_node_t *map, spread_t *spread)
{
    bool good = refuse(self, map, (const scn_node_t *[]){spread->min, spread->max, spread->mean, spread->sd}, 4);
    if (spread->values == NULL) {
        scn_log_add(self->log, map->place, "values: missing; expected it with dist: choice");
        return false;
    }
    if (!scn_expect_items(self, spread->values, "a list of values"))
        return false;
    double *values = scn_pool_take(self->pool, spread->values->n * sizeof *values);
    self->out_of_memory = self->out_of_memory || values == NULL;
    if (values == NULL)
        return false;
    size_t n = 0;
    for (const scn_node_t *item = spread->values->first; item != NULL; item = item->next)
        good = scn_read_value(self, item, spread->param, &values[n++]) && good;
    spread->factor.values = values;
    spread->factor.n_values = n;
    return good;
}

static bool read_prior(scn_reader_t *self, const scn_node_t *node, spread_t *spread)
{
    const mdl_prior_t *prior = &spread->param->prior;
    static const scn_distribution_t distributions[] = {
        [MDL_PRIOR_UNIFORM] = SCN_UNIFORM, [MDL_PRIOR_LOGUNIFORM] = SCN_LOGUNIFORM, [MDL_PRIOR_NORMAL] = SCN_NORMAL};
    if (prior->kind == MDL_PRIOR_NONE) {
        scn_log_add(self->log, node->place, "%s: the registry has no prior for it; expected {dist: ..., ...}",
                    spread->param->key);
        return false;
    }
    spread->factor.distribution = distributions[prior->kind];
    spread->factor.a = prior->a;
    spread->factor.b = prior->b;
    return true;
}

/* Flags and choices have no order: only listed values make sense. */
static bool fits_kind(scn_reader_t *self, const scn_node_t *map, const spread_t *spread)
{
    bool ordered = spread->param->kind != MDL_KIND_FLAG && spread->param->kind != MDL_KIND_CHOICE;
    if (ordered || spread->dist == SCN_CHOICE)
        return true;
    scn_log_add(self->log, scn_node_get(map, "dist")->place,
                "dist: %s is not a number; expected {dist: choice, "
                "values: [...]}",
                spread->param->key);
    return false;
}

static bool read_spread(scn_reader_t *self, const scn_node_t *node, spread_t *spread)
{
    if (node->kind == SCN_SCALAR && strcmp(node->text, "prior") == 0)
        return read_prior(self, node, spread);
    if (!scn_read_map(self, node, "a distribution {dist, ...} or prior", spread_fields,
                      sizeof spread_fields / sizeof spread_fields[0], spread) ||
        spread->dist < 0 || (spread->dist != DIST_PRIOR && !fits_kind(self, node, spread)))
        return false;
    spread->factor.distribution = (scn_distribution_t)spread->dist;
    switch (spread->dist) {
    case SCN_NORMAL: return read_moments(self, node, spread);
    case SCN_CHOICE: return read_choices(self, node, spread);
    case DIST_PRIOR: return read_prior(self, node, spread);
    default: return read_bounds(self, node, spread);
    }
}

static void put_factor(scn_reader_t *self, scn_factors_t *factors, scn_factor_t factor)
{
    for (size_t i = 0; i < factors->n; i++)
        if (factors->items[i].param == factor.param) {
            factors->items[i] = factor;
            return;
        }
    SCN_PUSH(self, factors, factor);
}

void scn_read_uncertain(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    if (!scn_expect(self, node, SCN_MAP, "a map of parameters and their distributions"))
        return;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (const scn_node_t *child = node->first; child != NULL; child = child->next) {
        int param = scn_read_param(self, child);
        if (param < 0)
            continue;
        const scn_setting_t *fixed = scn_settings_find(&draft->set, param);
        if (fixed != NULL && fixed->place.file == self->file)
            scn_log_add(self->log, child->key_place, "%s: both set in line %u and uncertain; expected one of the two",
                        child->key, (unsigned)fixed->place.line);
        spread_t spread = {
            .param = &registry[param], .factor = {.param = param, .place = child->key_place}, .dist = -1};
        if (read_spread(self, child, &spread))
            put_factor(self, &draft->factors, spread.factor);
    }
}

static void read_method(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    int method = scn_read_choice(self, node, "mc|lhs|sobol|factorial");
    draft->has_method = true;
    draft->method = method >= 0 ? (scn_method_t)method : draft->method;
    draft->points = 0; /* of the extended file's method */
    draft->levels = 0;
}

static void read_points(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"points", MDL_KIND_COUNT, "1", 0, 1, SCN_MAX_INPUTS};
    double value;
    if (scn_read_value(self, node, &param, &value))
        ((scn_draft_t *)target)->points = (int64_t)value;
}

static void read_levels(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"levels", MDL_KIND_COUNT, "1", 0, 2, 1000};
    double value;
    if (scn_read_value(self, node, &param, &value))
        ((scn_draft_t *)target)->levels = (int64_t)value;
}

static void read_share(scn_reader_t *self, const scn_node_t *node, void *target)
{
    const mdl_param_t param = {"share_randomness", MDL_KIND_FLAG, "1", 0, 0, 1};
    double value;
    if (scn_read_value(self, node, &param, &value))
        ((scn_draft_t *)target)->share_randomness = value != 0;
}

static const scn_field_t design_fields[] = {
    {"method", read_method, false},
    {"points", read_points, false},
    {"levels", read_levels, false},
    {"share_randomness", read_share, false},
};

void scn_read_design(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    if (!scn_read_map(self, node, "a design {method, points}", design_fields,
                      sizeof design_fields / sizeof design_fields[0], target))
        return;
    draft->has_design = true;
    draft->design_place = node->place;
}

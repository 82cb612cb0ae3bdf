// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/validate_plot.h"

#include "analysis/names.h"
#include "analysis/statistics.h"
#include "analysis/svg.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_PER_YEAR 365.2425

enum {
    PANELS_A_ROW = 4,
    WIDTH = 300, /* of a panel's cell, with its labels */
    HEIGHT = 210,
    TOP = 78, /* title and key */
    LEFT_OF = 52,
    ABOVE = 36,
    RIGHT_OF = 24,
    BELOW = 30,
    NAME_CHARACTERS = 40, /* of a panel's title */
    MOST_TICKS = 5
};

/* A path over time and its band; values in the facts' unit, times as years with decimals. */
typedef struct path {
    size_t n;
    double *year, *p5, *median, *p95; /* of one block */
} path_t;

static const struct {
    const char *colour, *meaning;
} marks[ANA_VERDICTS] = {
    [ANA_VERDICT_HIT] = {"#1b7837", "hit"},
    [ANA_VERDICT_MISS] = {"#c51b1b", "missed"},
    [ANA_VERDICT_WIDE] = {"#d98200", "simulated band too wide"},
    [ANA_VERDICT_NOT_COMPARABLE] = {"#777777", "not scored"},
};

/* Whether the fact is a level that a path can be seen to pass. */
static bool is_level(const ana_finding_t *finding)
{
    const ana_fact_t *fact = finding->fact;
    bool level = fact->reduction == ANA_REDUCE_AT || fact->reduction == ANA_REDUCE_MEAN ||
                 fact->reduction == ANA_REDUCE_MAX || fact->reduction == ANA_REDUCE_MIN ||
                 (fact->reduction == ANA_REDUCE_SUM && *fact->over != '\0');
    return level && !isnan(fact->low) && !isnan(finding->median);
}

static bool same_panel(const ana_fact_t *a, const ana_fact_t *b)
{
    return strcmp(a->variable, b->variable) == 0 && strcmp(a->over, b->over) == 0 && a->scale == b->scale &&
           a->shift == b->shift;
}

/* Whether an earlier fact has opened this one's panel. */
static bool is_drawn_before(const ana_validation_t *validation, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_level(&validation->findings[i]) &&
            same_panel(validation->findings[i].fact, validation->findings[at].fact))
            return true;
    return false;
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

static double year_of(double day)
{
    double first = (double)sim_date_to_day((sim_date_t){2000, 1, 1});
    return 2000 + (day - first) / DAYS_PER_YEAR;
}

/* Quantiles over replications at time t; `column` has room for all of them. */
static void summarise(const ana_fact_t *fact, const ana_series_t *series, const ana_series_t *over, size_t t,
                      double *column, path_t *path)
{
    for (size_t r = 0; r < series->n_replications; r++) {
        double value = series->values[r * series->n_times + t];
        if (over->values != NULL)
            value /= over->values[r * series->n_times + t];
        column[r] = isfinite(value) ? value * fact->scale + fact->shift : NAN;
    }
    size_t n = ana_sort_present(column, series->n_replications);
    path->p5[t] = ana_quantile_sorted(column, n, 0.05);
    path->median[t] = ana_quantile_sorted(column, n, 0.5);
    path->p95[t] = ana_quantile_sorted(column, n, 0.95);
}

static sim_status_t make_path(const ana_fact_t *fact, const ana_series_t *series, const ana_series_t *over,
                              path_t *path, sim_error_t *err)
{
    double *block = calloc(4 * series->n_times + series->n_replications + 1, sizeof *block);
    if (block == NULL)
        return sim_fail(err, SIM_ENOMEM, fact->id, "no memory for a path of %zu times", series->n_times);
    size_t n = series->n_times;
    *path = (path_t){n, block, block + n, block + 2 * n, block + 3 * n};
    for (size_t t = 0; t < n; t++) {
        double begin = t > 0 ? series->ends_day[t - 1] : series->ends_day[t];
        path->year[t] = year_of((begin + series->ends_day[t]) / 2);
        summarise(fact, series, over, t, block + 4 * n, path);
    }
    return SIM_OK;
}

static sim_status_t read_path(sim_result_t *result, size_t arm, const ana_fact_t *fact, path_t *path, sim_error_t *err)
{
    ana_series_t series = {0}, over = {0};
    sim_status_t status = ana_series_read(result, arm, fact->variable, &series, err);
    if (status == SIM_OK && *fact->over != '\0')
        status = ana_series_read(result, arm, fact->over, &over, err);
    if (status == SIM_OK)
        status = make_path(fact, &series, &over, path, err);
    ana_series_free(&over);
    ana_series_free(&series);
    return status;
}

/* --- drawing ------------------------------------------------------------------------------------------------------ */

/* The values' range, with room above for labels; from zero unless values are below it. */
static void set_range(const ana_validation_t *validation, const ana_fact_t *fact, const path_t *path,
                      ana_panel_t *panel)
{
    double low = 0, high = 0;
    for (size_t t = 0; t < path->n; t++) {
        low = fmin(low, path->p5[t]); /* fmin and fmax pass over NaN */
        high = fmax(high, path->p95[t]);
    }
    for (size_t i = 0; i < validation->n; i++)
        if (is_level(&validation->findings[i]) && same_panel(validation->findings[i].fact, fact))
            high = fmax(high, fmax(validation->findings[i].fact->high, validation->findings[i].median));
    panel->x_from = path->n > 0 ? floor(path->year[0] + 0.02) : 0;
    panel->x_to = fmax(panel->x_from + 1, path->n > 0 ? ceil(path->year[path->n - 1] - 0.02) : 0);
    panel->y_from = low * 1.05;
    panel->y_to = high > low ? high * 1.08 : low + 1;
}

static const char *short_number(char text[32], double value, double largest)
{
    double unit = largest >= 1e6 ? 1e6 : largest >= 1e4 ? 1e3 : 1;
    snprintf(text, 32, "%.10g%s", value / unit, value == 0 || unit == 1 ? "" : unit == 1e6 ? "M" : "k");
    return text;
}

/* Years, or of one or two years months: a decimal year is no date. */
static void draw_dates(ana_svg_t *svg, const ana_panel_t *panel)
{
    int years = (int)(panel->x_to - panel->x_from), months = years == 1 ? 3 : 6;
    double bottom = panel->y + panel->height;
    char text[32];
    if (years > 2) {
        ana_svg_ticks_x(svg, panel, ana_ticks(panel->x_from, panel->x_to, MOST_TICKS), true);
        return;
    }
    for (int month = 0; month <= 12 * years; month += months) {
        double x = ana_panel_x(panel, panel->x_from + month / 12.0);
        snprintf(text, sizeof text, "%d-%02d", (int)panel->x_from + month / 12, month % 12 + 1);
        ana_svg_add(svg, "<path d='M%.4g %.4gV%.4gv4' stroke='#ddd'/>\n", x, panel->y, bottom);
        ana_svg_label(svg, x, bottom + 18, "middle", "font-size='11'", text);
    }
}

static void draw_axes(ana_svg_t *svg, const ana_panel_t *panel)
{
    draw_dates(svg, panel);
    ana_ticks_t ticks = ana_ticks(panel->y_from, panel->y_to, MOST_TICKS);
    char text[32];
    for (int i = 0; ticks.first + i * ticks.step <= ticks.last; i++) {
        double value = ticks.first + i * ticks.step;
        value = fabs(value) < 1e-9 * ticks.step ? 0 : value;
        double y = ana_panel_y(panel, value);
        ana_svg_add(svg, "<path d='M%.4g %.4gh%.4g' stroke='#ddd'/>\n", panel->x, y, panel->width);
        ana_svg_label(svg, panel->x - 5, y + 4, "end", "font-size='11'", short_number(text, value, panel->y_to));
    }
}

/* A line through what is present, broken where values are missing. */
static void draw_line(ana_svg_t *svg, const ana_panel_t *panel, const path_t *path, const double *values)
{
    bool pen = false;
    ana_svg_add(svg, "<path class='median' fill='none' stroke='#1f4e9e' stroke-width='1.6' d='");
    for (size_t t = 0; t < path->n; t++) {
        if (!isnan(values[t]))
            ana_svg_add(svg, "%c%.4g %.4g", pen ? 'L' : 'M', ana_panel_x(panel, path->year[t]),
                        ana_panel_y(panel, values[t]));
        pen = !isnan(values[t]);
    }
    ana_svg_add(svg, "'/>\n");
}

/* The band, piece by piece between missing values: out along the upper edge, back along the lower. */
static void draw_band(ana_svg_t *svg, const ana_panel_t *panel, const path_t *path)
{
    for (size_t from = 0, to; from < path->n; from = to + 1) {
        for (to = from; to < path->n && !isnan(path->p5[to]);)
            to++;
        if (to == from)
            continue;
        ana_svg_add(svg, "<path class='band' fill='#1f4e9e' fill-opacity='0.18' d='");
        for (size_t t = from; t < to; t++)
            ana_svg_add(svg, "%c%.4g %.4g", t == from ? 'M' : 'L', ana_panel_x(panel, path->year[t]),
                        ana_panel_y(panel, path->p95[t]));
        for (size_t t = to; t-- > from;)
            ana_svg_add(svg, "L%.4g %.4g", ana_panel_x(panel, path->year[t]), ana_panel_y(panel, path->p5[t]));
        ana_svg_add(svg, "z'/>\n");
    }
}

/* Where a fact's box lies on the page: over its days and band, at least as large as a point. */
static ana_panel_t box_of(const ana_panel_t *panel, const ana_fact_t *fact)
{
    double left = ana_panel_x(panel, year_of((double)fact->window.from_day));
    double right = ana_panel_x(panel, year_of((double)fact->window.until_day + 1));
    double top = ana_panel_y(panel, fact->high), bottom = ana_panel_y(panel, fact->low);
    double width = fmax(right - left, 6), height = fmax(bottom - top, 4);
    return (ana_panel_t){
        .x = (left + right - width) / 2, .y = (top + bottom - height) / 2, .width = width, .height = height};
}

static void draw_box(ana_svg_t *svg, const ana_panel_t *panel, const ana_finding_t *finding)
{
    ana_panel_t box = box_of(panel, finding->fact);
    const char *colour = marks[finding->verdict].colour;
    ana_svg_add(svg,
                "<rect class='fact' x='%.4g' y='%.4g' width='%.4g' height='%.4g' fill='%s' fill-opacity='0.3' "
                "stroke='%s'/>\n",
                box.x, box.y, box.width, box.height, colour, colour);
}

/* The highest or lowest of each replication, which the path of medians does not show: median and band as a bar. */
static void draw_extreme(ana_svg_t *svg, const ana_panel_t *panel, const ana_finding_t *finding)
{
    if (finding->fact->reduction != ANA_REDUCE_MAX && finding->fact->reduction != ANA_REDUCE_MIN)
        return;
    ana_panel_t box = box_of(panel, finding->fact);
    double x = box.x + box.width / 2, y = ana_panel_y(panel, finding->median);
    ana_svg_add(svg, "<path class='extreme' stroke='#1f4e9e' stroke-width='1.6' d='M%.4g %.4gV%.4gM%.4g %.4gh10'/>\n",
                x, ana_panel_y(panel, finding->p5), ana_panel_y(panel, finding->p95), x - 5, y);
}

/* Where the ids of a panel stand, by their left ends; those beyond the last are not asked about. */
typedef struct ids {
    size_t n;
    struct {
        double x, y;
    } at[24];
} ids_t;

enum { ID_WIDTH = 26, ID_HEIGHT = 11 };

static bool is_free(const ids_t *ids, double x, double y)
{
    for (size_t i = 0; i < ids->n; i++)
        if (fabs(ids->at[i].x - x) < ID_WIDTH && fabs(ids->at[i].y - y) < ID_HEIGHT)
            return false;
    return true;
}

/* A place for a fact's id, inside of the panel: above or below its box, at its left end where it is wide, or beside it;
 * the first of these where no other id stands. */
static void place_id(const ids_t *ids, const ana_panel_t *panel, ana_panel_t box, double *x, double *y)
{
    bool wide = box.width > 40;
    double middle = wide ? box.x : box.x + (box.width - ID_WIDTH) / 2, level = box.y + box.height / 2 + 4;
    const double places[][2] = {{middle, box.y - 3},
                                {middle, box.y + box.height + 10},
                                {box.x - ID_WIDTH - 3, level},
                                {box.x + box.width + 3, level}};
    bool found = false;
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
        double left = fmax(panel->x + 2, fmin(places[i][0], panel->x + panel->width - ID_WIDTH - 2));
        bool inside = places[i][1] - ID_HEIGHT > panel->y && places[i][1] < panel->y + panel->height - 3;
        found = inside && is_free(ids, left, places[i][1]);
        if (found || i == 0) {
            *x = left;
            *y = places[i][1];
        }
    }
}

/* With a white rim, so that it can be read on a path. */
static void draw_id(ana_svg_t *svg, const ana_panel_t *panel, const ana_finding_t *finding, ids_t *ids)
{
    double x, y;
    char style[160];
    place_id(ids, panel, box_of(panel, finding->fact), &x, &y);
    snprintf(style, sizeof style,
             "font-size='10' font-weight='bold' fill='%s' stroke='#fff' stroke-width='2.5' paint-order='stroke'",
             marks[finding->verdict].colour);
    ana_svg_label(svg, x, y, "start", style, finding->fact->id);
    if (ids->n < sizeof ids->at / sizeof *ids->at) {
        ids->at[ids->n].x = x;
        ids->at[ids->n++].y = y;
    }
}

/* The facts of one panel; `draw_line` lies between their boxes and their names. */
static void draw_facts(ana_svg_t *svg, const ana_panel_t *panel, const ana_validation_t *validation,
                       const ana_fact_t *of, bool boxes)
{
    ids_t ids = {0};
    for (size_t i = 0; i < validation->n; i++) {
        const ana_finding_t *finding = &validation->findings[i];
        if (!is_level(finding) || !same_panel(finding->fact, of))
            continue;
        if (boxes) {
            draw_box(svg, panel, finding);
        } else {
            draw_extreme(svg, panel, finding);
            draw_id(svg, panel, finding, &ids);
        }
    }
}

/* What the panel shows: the expression, cut where it is long, and the unit. */
static void draw_titles(ana_svg_t *svg, const ana_panel_t *panel, const ana_fact_t *fact)
{
    char name[600];
    snprintf(name, sizeof name, "%s%s%s", fact->variable, *fact->over != '\0' ? " / " : "", fact->over);
    if (strlen(name) > NAME_CHARACTERS)
        snprintf(name + NAME_CHARACTERS - 1, sizeof name - NAME_CHARACTERS, "\xE2\x80\xA6");
    ana_svg_label(svg, panel->x - LEFT_OF + 8, panel->y - 20, "start", "font-size='11' font-weight='bold'", name);
    ana_svg_label(svg, panel->x - LEFT_OF + 8, panel->y - 7, "start", "font-size='10' fill='#555'", fact->unit);
}

static void draw_panel(ana_svg_t *svg, ana_panel_t *panel, const ana_validation_t *validation, const ana_fact_t *fact,
                       const path_t *path)
{
    set_range(validation, fact, path, panel);
    draw_titles(svg, panel, fact);
    draw_axes(svg, panel);
    draw_band(svg, panel, path);
    draw_facts(svg, panel, validation, fact, true);
    draw_line(svg, panel, path, path->median);
    draw_facts(svg, panel, validation, fact, false);
    ana_svg_frame(svg, panel);
}

static void draw_key(ana_svg_t *svg)
{
    double x = 60;
    ana_svg_add(svg, "<path d='M%.4g 58h24' stroke='#1f4e9e' stroke-width='1.6'/>\n", x);
    ana_svg_add(svg, "<rect x='%.4g' y='53' width='24' height='10' fill='#1f4e9e' fill-opacity='0.18'/>\n", x);
    ana_svg_label(svg, x + 30, 62, "start", "", "simulated median, 5-95 %; bars: of highest values");
    x += 360;
    for (int v = 0; v < ANA_VERDICTS; v++) {
        ana_svg_add(svg, "<rect x='%.4g' y='53' width='12' height='10' fill='%s' fill-opacity='0.45' stroke='%s'/>\n",
                    x, marks[v].colour, marks[v].colour);
        ana_svg_label(svg, x + 18, 62, "start", "", marks[v].meaning);
        x += 46 + 7 * (double)strlen(marks[v].meaning);
    }
}

static size_t count_panels(const ana_validation_t *validation)
{
    size_t n = 0;
    for (size_t i = 0; i < validation->n; i++)
        n += is_level(&validation->findings[i]) && !is_drawn_before(validation, i);
    return n;
}

static sim_status_t draw_all(sim_result_t *result, size_t arm, const ana_validation_t *validation, ana_svg_t *svg,
                             sim_error_t *err)
{
    size_t place = 0;
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < validation->n && status == SIM_OK; i++) {
        const ana_finding_t *finding = &validation->findings[i];
        if (!is_level(finding) || is_drawn_before(validation, i))
            continue;
        ana_panel_t panel = {.x = (double)(place % PANELS_A_ROW) * WIDTH + LEFT_OF,
                             .y = TOP + (double)(place / PANELS_A_ROW) * HEIGHT + ABOVE,
                             .width = WIDTH - LEFT_OF - RIGHT_OF,
                             .height = HEIGHT - ABOVE - BELOW};
        path_t path = {0};
        status = read_path(result, arm, finding->fact, &path, err);
        if (status == SIM_OK)
            draw_panel(svg, &panel, validation, finding->fact, &path);
        free(path.year);
        place++;
    }
    return status;
}

sim_status_t ana_validate_plot(sim_result_t *result, const char *arm, const ana_validation_t *validation, char **text,
                               size_t *bytes, sim_error_t *err)
{
    char subtitle[160];
    size_t index = 0, panels = count_panels(validation);
    *text = NULL;
    *bytes = 0;
    if (panels == 0)
        return sim_fail(err, SIM_EINPUT, "plot",
                        "no fact is a level that the result reaches; there is nothing to draw");
    sim_status_t status = ana_result_arm(result, "--arm", arm, &index, err);
    if (status != SIM_OK)
        return status;
    ana_svg_t svg;
    double rows = (double)((panels + PANELS_A_ROW - 1) / PANELS_A_ROW);
    snprintf(subtitle, sizeof subtitle, "arm %.60s; boxes span what a fact speaks of: its days and its band", arm);
    ana_svg_open(&svg, PANELS_A_ROW * WIDTH, TOP + rows * HEIGHT + 10, "Paths and facts", subtitle);
    draw_key(&svg);
    status = draw_all(result, index, validation, &svg, err);
    sim_error_t closing = {0};
    sim_status_t closed = ana_svg_close(&svg, text, bytes, &closing);
    if (status == SIM_OK && closed != SIM_OK)
        status = sim_fail(err, closed, NULL, "%s", closing.message);
    if (status != SIM_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

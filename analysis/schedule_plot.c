// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/schedule_plot.h"

#include "analysis/schedule.h"
#include "analysis/svg.h"
#include "sim/plural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    COLUMNS = 860,    /* of the panels, a pixel each */
    CELL_ROWS = 100,  /* at most, of the grid */
    SHADES = 4,       /* of a cell: quarters held */
    TINTS = 3,        /* of bars of one class */
    MOST_BARS = 6000, /* drawn one by one */
    MOST_OUTLINED = 600,
    MOST_LEVELS = 3 * COLUMNS /* drawn step by step */
};

static const uint32_t colours[ANA_SIZE_CLASSES] = {0xf9b208, 0x5ec962, 0x21918c, 0x3b528b, 0x482878};

/* A colour with `white` of it, 0 to 1, mixed in: opaque, so that grid lines do not shine through. */
static uint32_t paler(uint32_t colour, double white)
{
    uint32_t mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        double part = colour >> shift & 0xff;
        mixed |= (uint32_t)(part + (255 - part) * white) << shift;
    }
    return mixed;
}

/* One path for each colour and tint, for the size of the file. Neighbouring jobs mostly differ in tint. */
static void draw_bars_of(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *schedule, uint32_t size_class,
                         uint32_t tint)
{
    const char *outline = schedule->n_bars <= MOST_OUTLINED ? " stroke='white' stroke-width='0.5'" : "";
    ana_svg_add(svg, "<path class='bars' fill='#%06x'%s d='", paler(colours[size_class], 0.17 * tint), outline);
    for (size_t i = 0; i < schedule->n_bars; i++) {
        const ana_bar_t *bar = &schedule->bars[i];
        if (bar->size_class != size_class || bar->job % TINTS != tint)
            continue;
        double left = ana_panel_x(panel, bar->from_s), right = fmax(ana_panel_x(panel, bar->to_s), left + 0.1);
        double bottom = ana_panel_y(panel, (double)bar->row * schedule->gpus_per_row);
        double top = ana_panel_y(panel, ((double)bar->row + bar->rows) * schedule->gpus_per_row);
        top = fmin(top, bottom - 0.1);
        ana_svg_add(svg, "M%.4g %.4gH%.4gV%.4gH%.4gz", left, top, right, bottom, left);
    }
    ana_svg_add(svg, "'/>\n");
}

static void draw_bars(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *schedule)
{
    for (uint32_t c = 0; c < ANA_SIZE_CLASSES; c++)
        for (uint32_t tint = 0; tint < TINTS && schedule->has[c]; tint++)
            draw_bars_of(svg, panel, schedule, c, tint);
}

/* Adds a bar's area to the cells that it covers, in cells. */
static void add_to_cells(float *cells, uint32_t rows, const ana_bar_t *bar, const ana_schedule_t *schedule)
{
    double scale_x = COLUMNS / (schedule->to_s - schedule->from_s), scale_y = (double)rows / schedule->rows;
    double left = (bar->from_s - schedule->from_s) * scale_x, right = (bar->to_s - schedule->from_s) * scale_x;
    double low = bar->row * scale_y, high = (bar->row + bar->rows) * scale_y;
    for (uint32_t row = (uint32_t)low; row < rows && row < high; row++) {
        double tall = fmin(high, row + 1.) - fmax(low, row);
        for (uint32_t column = (uint32_t)left; column < COLUMNS && column < right; column++) {
            double wide = fmin(right, column + 1.) - fmax(left, column);
            cells[((size_t)row * COLUMNS + column) * ANA_SIZE_CLASSES + bar->size_class] += (float)(wide * tall);
        }
    }
}

/* Class and shade of a cell as class x SHADES + shade; -1: as good as empty. */
static int paint_of(const float *cell)
{
    int most = 0;
    double held = 0;
    for (int c = 0; c < ANA_SIZE_CLASSES; c++) {
        held += cell[c];
        most = cell[c] > cell[most] ? c : most;
    }
    int quarters = (int)(held * SHADES + 0.5);
    return quarters == 0 ? -1 : most * SHADES + (quarters < SHADES ? quarters : SHADES) - 1;
}

static void draw_cells_of(ana_svg_t *svg, const ana_panel_t *panel, const float *cells, uint32_t rows, int paint)
{
    double tall = panel->height / rows;
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0, end; column < COLUMNS; column = end + 1) {
            for (end = column; end < COLUMNS; end++)
                if (paint_of(&cells[((size_t)row * COLUMNS + end) * ANA_SIZE_CLASSES]) != paint)
                    break;
            if (end > column)
                ana_svg_add(svg, "M%.4g %.4gh%u", panel->x + column, panel->y + panel->height - (row + 0.5) * tall,
                            end - column);
        }
}

static sim_status_t draw_grid(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *schedule,
                              sim_error_t *err)
{
    uint32_t rows = schedule->rows < CELL_ROWS ? schedule->rows : CELL_ROWS;
    float *cells = calloc((size_t)rows * COLUMNS * ANA_SIZE_CLASSES, sizeof *cells);
    if (cells == NULL)
        return sim_fail(err, SIM_ENOMEM, "plot", "no memory for a picture of %zu bars", schedule->n_bars);
    for (size_t i = 0; i < schedule->n_bars; i++)
        add_to_cells(cells, rows, &schedule->bars[i], schedule);
    for (int paint = 0; paint < ANA_SIZE_CLASSES * SHADES; paint++) {
        if (!schedule->has[paint / SHADES])
            continue;
        ana_svg_add(svg, "<path class='cells' shape-rendering='crispEdges' stroke='#%06x' stroke-width='%.4g' d='",
                    paler(colours[paint / SHADES], 1 - (paint % SHADES + 1.) / SHADES), panel->height / rows);
        draw_cells_of(svg, panel, cells, rows, paint);
        ana_svg_add(svg, "'/>\n");
    }
    free(cells);
    return SIM_OK;
}

/* A level with all its steps; the area below it is filled. */
static void draw_steps(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *s, const double *level,
                       const char *colour)
{
    double bottom = panel->y + panel->height;
    for (int line = 0; line < 2; line++) {
        ana_svg_add(svg, "<path class='level' %s='%s' %s d='M%.4g %.4g", line ? "stroke" : "fill", colour,
                    line ? "fill='none'" : "fill-opacity='0.25'", panel->x, bottom);
        for (size_t i = 0; i < s->n_levels; i++)
            ana_svg_add(svg, "H%.5gV%.4g", ana_panel_x(panel, s->at_s[i]), ana_panel_y(panel, level[i]));
        ana_svg_add(svg, line ? "'/>\n" : "V%.4gz'/>\n", bottom);
    }
}

/* What a level does within a pixel. */
typedef struct column {
    double least, most, mean;
} column_t;

/* Walks on from level *at, the one at the column's beginning. */
static column_t measure_column(const ana_schedule_t *s, const double *level, double from_s, double to_s, size_t *at)
{
    column_t column = {.least = level[*at], .most = level[*at]};
    double upto_s = from_s, area = 0;
    for (; *at + 1 < s->n_levels && s->at_s[*at + 1] < to_s; (*at)++) {
        area += level[*at] * fmax(s->at_s[*at + 1] - upto_s, 0);
        upto_s = fmax(s->at_s[*at + 1], upto_s);
        column.least = fmin(column.least, level[*at + 1]);
        column.most = fmax(column.most, level[*at + 1]);
    }
    column.mean = (area + level[*at] * (to_s - upto_s)) / (to_s - from_s);
    return column;
}

static void draw_band(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *s, const double *level,
                      const char *colour)
{
    column_t columns[COLUMNS];
    double step_s = (s->to_s - s->from_s) / COLUMNS, bottom = panel->y + panel->height;
    size_t at = 0;
    for (int i = 0; i < COLUMNS; i++)
        columns[i] = measure_column(s, level, s->from_s + i * step_s, s->from_s + (i + 1) * step_s, &at);
    ana_svg_add(svg, "<path class='level' fill='%s' fill-opacity='0.35' d='M%.4g %.4g", colour, panel->x,
                ana_panel_y(panel, columns[0].most));
    for (int i = 0; i < COLUMNS; i++)
        ana_svg_add(svg, "V%.4gh1", ana_panel_y(panel, columns[i].most));
    for (int i = COLUMNS - 1; i >= 0; i--)
        ana_svg_add(svg, "V%.4gh-1", ana_panel_y(panel, columns[i].least));
    ana_svg_add(svg, "z'/>\n");
    for (int line = 0; line < 2; line++) {
        ana_svg_add(svg, "<path class='level' %s='%s' %s d='M%.4g %.4g", line ? "stroke" : "fill", colour,
                    line ? "fill='none'" : "fill-opacity='0.25'", panel->x, bottom);
        for (int i = 0; i < COLUMNS; i++)
            ana_svg_add(svg, "L%.4g %.4g", panel->x + i + 0.5, ana_panel_y(panel, columns[i].mean));
        ana_svg_add(svg, "V%.4g'/>\n", bottom);
    }
}

static void draw_level(ana_svg_t *svg, const ana_panel_t *panel, const ana_schedule_t *s, const double *level,
                       const char *colour)
{
    if (s->n_levels == 0)
        return;
    if (s->n_levels <= MOST_LEVELS)
        draw_steps(svg, panel, s, level, colour);
    else
        draw_band(svg, panel, s, level, colour);
}

static void draw_legend(ana_svg_t *svg, const ana_schedule_t *schedule, double x, double y)
{
    for (uint32_t c = 0; c < ANA_SIZE_CLASSES; c++) {
        if (!schedule->has[c])
            continue;
        ana_svg_add(svg, "<rect x='%.4g' y='%.4g' width='12' height='10' fill='#%06x'/>\n", x, y - 9, colours[c]);
        ana_svg_label(svg, x + 17, y, "start", "", ana_size_class_name(c));
        x += 95;
    }
}

static const ana_schedule_words_t jobs_on_gpus = {"job", "GPU"};

/* The three panels, from above, and what is below them. */
static sim_status_t draw(ana_svg_t *svg, const mdl_replay_result_t *result, const ana_schedule_words_t *words,
                         const ana_schedule_t *s, sim_error_t *err)
{
    double most = 1, gpus = result->gpus > 0 ? result->gpus : 1, span_s = s->to_s - s->from_s;
    for (size_t i = 0; i < s->n_levels; i++)
        most = fmax(most, s->waiting[i]);
    ana_panel_t panels[3] = {{.x = 76, .y = 72, .width = COLUMNS, .height = 300, .y_to = gpus},
                             {.x = 76, .y = 392, .width = COLUMNS, .height = 110, .y_to = 1.08 * gpus},
                             {.x = 76, .y = 522, .width = COLUMNS, .height = 110, .y_to = 1.08 * most}};
    char names[3][48];
    snprintf(names[0], sizeof names[0], "%ss, first fit", words->gpu);
    snprintf(names[1], sizeof names[1], "%ss held", words->gpu);
    snprintf(names[2], sizeof names[2], "%ss waiting", words->job);
    ana_ticks_t ticks = ana_ticks_time(0, span_s, 10);
    for (int i = 0; i < 3; i++) {
        panels[i].x_to = span_s;
        ana_svg_ticks_x(svg, &panels[i], ticks, i == 2);
        ana_svg_ticks_y(svg, &panels[i], names[i]);
        panels[i].x_from = s->from_s;
        panels[i].x_to = s->to_s;
    }
    if (s->n_bars <= MOST_BARS)
        draw_bars(svg, &panels[0], s);
    else if (draw_grid(svg, &panels[0], s, err) < 0)
        return SIM_ENOMEM;
    draw_level(svg, &panels[1], s, s->gpus, "#31688e");
    draw_level(svg, &panels[2], s, s->waiting, "#b5367a");
    double full = ana_panel_y(&panels[1], gpus);
    ana_svg_add(svg, "<path d='M%.4g %.4gh%d' stroke='#222' stroke-dasharray='5 3'/>\n", panels[1].x, full, COLUMNS);
    for (int i = 0; i < 3; i++)
        ana_svg_frame(svg, &panels[i]);
    char text[64];
    snprintf(text, sizeof text, "time since the first submission (%s)", ticks.unit_name);
    ana_svg_label(svg, panels[2].x + COLUMNS / 2., 670, "middle", "", text);
    if (words == &jobs_on_gpus)
        draw_legend(svg, s, panels[0].x, 62);
    if (s->n_bars == 0)
        ana_svg_label(svg, panels[0].x + COLUMNS / 2., 220, "middle", "fill='#555'", "nothing ran");
    return SIM_OK;
}

static void write_subtitle(char *text, size_t room, const mdl_replay_result_t *result,
                           const ana_schedule_words_t *words, const ana_schedule_t *schedule)
{
    char refused[48] = "";
    if (result->refused > 0)
        snprintf(refused, sizeof refused, ", %zu more refused", result->refused);
    snprintf(text, room, "%zu %s%s on %u %s%s%s%s%s", result->n, words->job, sim_plural(result->n), result->gpus,
             words->gpu, sim_plural(result->gpus), refused,
             schedule->n_bars > MOST_BARS ? "; paler cells are partly idle" : "",
             schedule->n_levels > MOST_LEVELS ? "; bands span least and most" : "");
}

sim_status_t ana_schedule_plot(const mdl_replay_result_t *result, const char *title, const ana_schedule_words_t *words,
                               char **svg, size_t *bytes, sim_error_t *err)
{
    ana_schedule_t schedule;
    ana_svg_t picture;
    char subtitle[160];
    *svg = NULL;
    *bytes = 0;
    words = words != NULL ? words : &jobs_on_gpus;
    sim_status_t status = ana_schedule_init(&schedule, result, err);
    if (status == SIM_OK) {
        write_subtitle(subtitle, sizeof subtitle, result, words, &schedule);
        ana_svg_open(&picture, COLUMNS + 100, 690, title, subtitle);
        status = draw(&picture, result, words, &schedule, err);
        sim_status_t closed = ana_svg_close(&picture, svg, bytes, status == SIM_OK ? err : NULL);
        status = status == SIM_OK ? closed : status;
    }
    ana_schedule_free(&schedule);
    return status;
}

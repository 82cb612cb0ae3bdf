// SPDX-License-Identifier: GPL-3.0-or-later
/* Pictures as SVG text in memory: a growing text, panels with axes, readable ticks. Writing it to a file is the
 * caller's.
 *
 *     ana_svg_t svg;
 *     ana_svg_open(&svg, 640, 400, "SRTF", "992 jobs");
 *     ana_panel_t panel = {.x = 60, .y = 50, .width = 560, .height = 300, .x_to = 100, .y_to = 64};
 *     ana_svg_ticks_x(&svg, &panel, ana_ticks(panel.x_from, panel.x_to, 8), true);
 *     ana_svg_ticks_y(&svg, &panel, "GPUs");
 *     ana_svg_add(&svg, "<path d='M%.4g %.4g'/>", ana_panel_x(&panel, 3), ana_panel_y(&panel, 8));
 *     status = ana_svg_close(&svg, &text, &bytes, &err); // the text is the caller's to free
 *
 * Memory that gives out is remembered and told at the end, so that drawing needs no checks. Coordinates in pixels, y
 * downwards; %.4g keeps them to a tenth and short.
 */
#ifndef ANA_SVG_H
#define ANA_SVG_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ana_svg {
    char *text;
    size_t n, room;
    bool failed;
} ana_svg_t;

/* A rectangle on the page and the values at its edges; x_from < x_to, y_from < y_to. */
typedef struct ana_panel {
    double x, y, width, height;
    double x_from, x_to, y_from, y_to;
} ana_panel_t;

/* Ticks at first, first + step, ... up to `last`; their labels are values over `unit`. */
typedef struct ana_ticks {
    double first, step, last;
    double unit;
    const char *unit_name; /* "" for plain numbers */
} ana_ticks_t;

/* Starts a picture with a title and a line in small print below it (either may be ""). */
void ana_svg_open(ana_svg_t *self, double width, double height, const char *title, const char *subtitle);
/* Ends it and hands the text over, NUL-terminated, `bytes` without the NUL. SIM_ENOMEM. */
sim_status_t ana_svg_close(ana_svg_t *self, char **text, size_t *bytes, sim_error_t *err);

/* Adds formatted text as it is; what is not markup belongs into ana_svg_label, which escapes it. `anchor` is start,
 * middle or end; `style` further attributes, or "". */
void ana_svg_add(ana_svg_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ana_svg_label(ana_svg_t *self, double x, double y, const char *anchor, const char *style, const char *text);

/* Page coordinates of a value; those outside of the panel are put on its edge. */
double ana_panel_x(const ana_panel_t *self, double value);
double ana_panel_y(const ana_panel_t *self, double value);

/* At most `most` ticks of 1, 2 or 5 times a power of ten; the same for seconds in the unit that reads best, s, min, h
 * or days, with steps that divide the next unit. */
ana_ticks_t ana_ticks(double from, double to, int most);
ana_ticks_t ana_ticks_time(double from_s, double to_s, int most);

/* Grid lines, with labels below the panel if `labelled`; the same to its left in whole steps, with
 * the axis's name. */
void ana_svg_ticks_x(ana_svg_t *self, const ana_panel_t *panel, ana_ticks_t ticks, bool labelled);
void ana_svg_ticks_y(ana_svg_t *self, const ana_panel_t *panel, const char *name);
/* The panel's outline: last, so that it is not painted over. */
void ana_svg_frame(ana_svg_t *self, const ana_panel_t *panel);

#endif

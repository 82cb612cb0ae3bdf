// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/allocation_plot.h"

#include "analysis/svg.h"

#include <math.h>
#include <stdio.h>

enum { MOST_CURVES = 8, MOST_POINTS = 2000 };

/* Told apart by the colour-blind (Okabe and Ito 2008), and by their dashes in print. */
static const char *const colours[MOST_CURVES] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000", "#b0a400"};
static const char *const dashes[MOST_CURVES] = {"none", "7 3", "2 2", "9 3 2 3", "none", "7 3", "2 2", "9 3 2 3"};

/* At most MOST_POINTS of its points, the last among them. */
static void draw_curve(ana_svg_t *svg, const ana_panel_t *panel, const ana_allocation_curve_t *curve, size_t style)
{
    size_t stride = curve->n / MOST_POINTS + 1;
    ana_svg_add(svg, "<path class='curve' fill='none' stroke='%s' stroke-width='1.8' stroke-dasharray='%s' d='",
                colours[style], dashes[style]);
    for (size_t i = (curve->n + stride - 1) % stride; i < curve->n; i += stride)
        ana_svg_add(svg, "%c%.4g %.4g", i < stride ? 'M' : 'L', ana_panel_x(panel, curve->arrived_percent[i]),
                    ana_panel_y(panel, curve->allocated_percent[i]));
    ana_svg_add(svg, "'/>\n");
}

static void draw_legend(ana_svg_t *svg, const ana_panel_t *panel, const ana_allocation_curve_t *curves, size_t n)
{
    double x = panel->x + panel->width - 260, y = panel->y + panel->height - 16 * (double)n;
    char text[96];
    for (size_t i = 0; i < n; i++, y += 16) {
        if (curves[i].n == 0)
            continue;
        snprintf(text, sizeof text, "%.60s: %.2f %% at the end", curves[i].name,
                 curves[i].allocated_percent[curves[i].n - 1]);
        ana_svg_add(svg, "<path d='M%.4g %.4gh24' stroke='%s' stroke-width='1.8' stroke-dasharray='%s'/>\n", x, y,
                    colours[i], dashes[i]);
        ana_svg_label(svg, x + 30, y + 4, "start", "", text);
    }
}

sim_status_t ana_allocation_plot(const ana_allocation_curve_t *curves, size_t n, const char *title, char **svg,
                                 size_t *bytes, sim_error_t *err)
{
    ana_svg_t picture;
    double most = 100;
    *svg = NULL;
    *bytes = 0;
    if (n > MOST_CURVES)
        return sim_fail(err, SIM_EINPUT, "plot", "%zu curves; expected at most %d", n, MOST_CURVES);
    for (size_t i = 0; i < n; i++)
        most = curves[i].n > 0 ? fmax(most, curves[i].arrived_percent[curves[i].n - 1]) : most;
    ana_panel_t panel = {.x = 76, .y = 54, .width = 544, .height = 400, .x_to = most, .y_to = 104};
    ana_svg_open(&picture, 640, 510, title, "");
    ana_svg_ticks_x(&picture, &panel, ana_ticks(0, most, 8), true);
    ana_svg_ticks_y(&picture, &panel, "GPUs allocated (% of the cluster)");
    ana_svg_add(&picture, "<path d='M%.4g %.4gL%.4g %.4gH%.4g' fill='none' stroke='#222' stroke-dasharray='5 3'/>\n",
                panel.x, ana_panel_y(&panel, 0), ana_panel_x(&panel, 100), ana_panel_y(&panel, 100),
                panel.x + panel.width);
    for (size_t i = 0; i < n; i++)
        draw_curve(&picture, &panel, &curves[i], i);
    draw_legend(&picture, &panel, curves, n);
    ana_svg_frame(&picture, &panel);
    ana_svg_label(&picture, panel.x + panel.width / 2, 492, "middle", "",
                  "GPUs asked for by all that arrived (% of the cluster)");
    return ana_svg_close(&picture, svg, bytes, err);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and a NUL. */
static bool make_room(ana_svg_t *self, size_t more)
{
    if (self->failed || self->n + more < self->room)
        return !self->failed;
    size_t room = 2 * self->room + more + 4096;
    char *text = realloc(self->text, room);
    self->failed = text == NULL;
    if (self->failed)
        return false;
    self->text = text;
    self->room = room;
    return true;
}

void ana_svg_add(ana_svg_t *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length <= 0 || !make_room(self, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(self->text + self->n, self->room - self->n, format, arguments);
    va_end(arguments);
    self->n += (size_t)length;
}

/* Markup and what XML 1.0 has no place for are replaced. */
static void add_escaped(ana_svg_t *self, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&': ana_svg_add(self, "&amp;"); break;
        case '<': ana_svg_add(self, "&lt;"); break;
        case '>': ana_svg_add(self, "&gt;"); break;
        default: ana_svg_add(self, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
        }
}

void ana_svg_label(ana_svg_t *self, double x, double y, const char *anchor, const char *style, const char *text)
{
    ana_svg_add(self, "<text x='%.4g' y='%.4g' text-anchor='%s' %s>", x, y, anchor, style);
    add_escaped(self, text);
    ana_svg_add(self, "</text>\n");
}

void ana_svg_open(ana_svg_t *self, double width, double height, const char *title, const char *subtitle)
{
    *self = (ana_svg_t){0};
    ana_svg_add(self,
                "<?xml version='1.0' encoding='UTF-8'?>\n<svg xmlns='http://www.w3.org/2000/svg' width='%.4g' "
                "height='%.4g' viewBox='0 0 %.4g %.4g' font-family='Helvetica,Arial,sans-serif' font-size='12' "
                "fill='#222'>\n<title>",
                width, height, width, height);
    add_escaped(self, title);
    ana_svg_add(self, "</title>\n<rect width='100%%' height='100%%' fill='white'/>\n");
    ana_svg_label(self, width / 2, 22, "middle", "font-size='16' font-weight='bold'", title);
    ana_svg_label(self, width / 2, 40, "middle", "fill='#555'", subtitle);
}

sim_status_t ana_svg_close(ana_svg_t *self, char **text, size_t *bytes, sim_error_t *err)
{
    ana_svg_add(self, "</svg>\n");
    *text = NULL;
    *bytes = 0;
    if (self->failed) {
        free(self->text);
        return sim_fail(err, SIM_ENOMEM, "plot", "no memory for a picture of more than %zu bytes", self->n);
    }
    *text = self->text;
    *bytes = self->n;
    return SIM_OK;
}

static double place(double value, double from, double to)
{
    double part = (value - from) / (to - from);
    return part > 0 ? (part < 1 ? part : 1) : 0;
}

double ana_panel_x(const ana_panel_t *self, double value)
{
    return self->x + self->width * place(value, self->x_from, self->x_to);
}

double ana_panel_y(const ana_panel_t *self, double value)
{
    return self->y + self->height * (1 - place(value, self->y_from, self->y_to));
}

static double decimal_step(double span, int most)
{
    double power = pow(10, floor(log10(span / most)));
    for (double step = power;; step *= 10)
        for (int i = 0; i < 3; i++) {
            double of_step = step * (double[]){1, 2, 5}[i];
            if (span / of_step <= most)
                return of_step;
        }
}

static ana_ticks_t ticks_of(double from, double to, double step, double unit, const char *unit_name)
{
    double near = 1e-9 * step; /* so that rounding costs no tick at an edge */
    return (ana_ticks_t){.first = ceil((from - near) / step) * step,
                         .step = step,
                         .last = to + near,
                         .unit = unit,
                         .unit_name = unit_name};
}

ana_ticks_t ana_ticks(double from, double to, int most)
{
    return ticks_of(from, to, decimal_step(to - from, most), 1, "");
}

ana_ticks_t ana_ticks_time(double from_s, double to_s, int most)
{
    static const double steps_s[] = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                     600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
    double span_s = to_s - from_s, step_s = 0;
    if (span_s / most < steps_s[0])
        return ticks_of(from_s, to_s, decimal_step(span_s, most), 1, "s");
    for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s && step_s == 0; i++)
        step_s = span_s / steps_s[i] <= most ? steps_s[i] : 0;
    if (step_s == 0)
        return ticks_of(from_s, to_s, 86400 * fmax(1, decimal_step(span_s / 86400, most)), 86400, "days");
    if (step_s >= 3600)
        return ticks_of(from_s, to_s, step_s, 3600, "h");
    return step_s >= 60 ? ticks_of(from_s, to_s, step_s, 60, "min") : ticks_of(from_s, to_s, step_s, 1, "s");
}

static const char *tick_text(char text[32], double value, double unit)
{
    snprintf(text, 32, "%.10g", value / unit);
    return text;
}

void ana_svg_ticks_x(ana_svg_t *self, const ana_panel_t *panel, ana_ticks_t ticks, bool labelled)
{
    double bottom = panel->y + panel->height;
    char text[32];
    for (int i = 0; ticks.first + i * ticks.step <= ticks.last; i++) {
        double value = ticks.first + i * ticks.step, x = ana_panel_x(panel, value);
        ana_svg_add(self, "<path d='M%.4g %.4gV%.4g' stroke='#ddd'/>\n", x, panel->y, bottom);
        ana_svg_add(self, "<path d='M%.4g %.4gv4' stroke='#222'/>\n", x, bottom);
        if (labelled)
            ana_svg_label(self, x, bottom + 18, "middle", "", tick_text(text, value, ticks.unit));
    }
}

void ana_svg_ticks_y(ana_svg_t *self, const ana_panel_t *panel, const char *name)
{
    int most = panel->height > 150 ? 8 : 4;
    double step = fmax(1, decimal_step(panel->y_to - panel->y_from, most));
    ana_ticks_t ticks = ticks_of(panel->y_from, panel->y_to, step, 1, "");
    char text[32];
    for (int i = 0; ticks.first + i * ticks.step <= ticks.last; i++) {
        double value = ticks.first + i * ticks.step, y = ana_panel_y(panel, value);
        ana_svg_add(self, "<path d='M%.4g %.4gh%.4g' stroke='#ddd'/>\n", panel->x, y, panel->width);
        ana_svg_add(self, "<path d='M%.4g %.4gh-4' stroke='#222'/>\n", panel->x, y);
        ana_svg_label(self, panel->x - 7, y + 4, "end", "", tick_text(text, value, ticks.unit));
    }
    double x = panel->x - 54, y = panel->y + panel->height / 2;
    ana_svg_add(self, "<g transform='rotate(-90 %.4g %.4g)'>", x, y);
    ana_svg_label(self, x, y, "middle", "", name);
    ana_svg_add(self, "</g>\n");
}

void ana_svg_frame(ana_svg_t *self, const ana_panel_t *panel)
{
    ana_svg_add(self, "<rect x='%.4g' y='%.4g' width='%.4g' height='%.4g' fill='none' stroke='#222'/>\n", panel->x,
                panel->y, panel->width, panel->height);
}

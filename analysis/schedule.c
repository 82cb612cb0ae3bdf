// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/schedule.h"

#include "models/replay/sort.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 65536 };

static const struct {
    uint32_t most;
    const char *name;
} size_classes[ANA_SIZE_CLASSES] = {
    {1, "1 GPU"}, {4, "2\u20134 GPUs"}, {8, "5\u20138 GPUs"}, {32, "9\u201332 GPUs"}, {UINT32_MAX, "33 GPUs and more"}};

const char *ana_size_class_name(uint32_t size_class)
{
    return size_classes[size_class].name;
}

uint32_t ana_size_class(uint32_t gpus)
{
    uint32_t i = 0;
    while (gpus > size_classes[i].most)
        i++;
    return i;
}

/* Rows that are free: ranges by first row, none touching another. */
typedef struct free_rows {
    struct {
        uint32_t row, rows;
    } * ranges;
    size_t n;
} free_rows_t;

/* The stretches to draw, by start, and what giving them rows needs. */
typedef struct stretches {
    mdl_replay_piece_t *pieces;
    size_t n;
    size_t *first_bar; /* of each; one more at the end */
    mdl_replay_key_t *ends, *scratch;
    free_rows_t free;
} stretches_t;

static void free_stretches(stretches_t *self)
{
    free(self->pieces);
    free(self->first_bar);
    free(self->ends);
    free(self->scratch);
    free(self->free.ranges);
}

static size_t stretch_count(const mdl_replay_result_t *result)
{
    return result->pieces != NULL ? result->n_pieces : result->n;
}

static mdl_replay_piece_t stretch_at(const mdl_replay_result_t *result, size_t i)
{
    if (result->pieces != NULL)
        return result->pieces[i];
    const mdl_replay_job_t *job = &result->jobs[i];
    return (mdl_replay_piece_t){.job = (uint32_t)i, .start_s = job->start_s, .end_s = job->end_s};
}

/* Those that last, by start and by end. */
static int collect(stretches_t *self, const mdl_replay_result_t *result, uint32_t rows)
{
    size_t all = stretch_count(result), n = 0;
    self->pieces = calloc(all + 1, sizeof *self->pieces);
    self->first_bar = calloc(all + 1, sizeof *self->first_bar);
    self->ends = calloc(all + 1, sizeof *self->ends);
    self->scratch = calloc(all + 1, sizeof *self->scratch);
    self->free.ranges = calloc((size_t)rows + 2, sizeof *self->free.ranges);
    if (self->pieces == NULL || self->first_bar == NULL || self->ends == NULL || self->scratch == NULL ||
        self->free.ranges == NULL)
        return -1;
    for (size_t i = 0; i < all; i++)
        self->ends[i] = (mdl_replay_key_t){.key = stretch_at(result, i).start_s, .index = (uint32_t)i};
    mdl_replay_sort(self->ends, self->scratch, all);
    for (size_t i = 0; i < all; i++) {
        mdl_replay_piece_t piece = stretch_at(result, self->ends[i].index);
        if (piece.end_s > piece.start_s)
            self->pieces[n++] = piece;
    }
    self->n = n;
    for (size_t i = 0; i < n; i++)
        self->ends[i] = (mdl_replay_key_t){.key = self->pieces[i].end_s, .index = (uint32_t)i};
    mdl_replay_sort(self->ends, self->scratch, n);
    return 0;
}

/* Takes `rows` from the range `at`, from its low end. */
static uint32_t take(free_rows_t *self, size_t at, uint32_t rows)
{
    uint32_t row = self->ranges[at].row;
    self->ranges[at].row += rows;
    self->ranges[at].rows -= rows;
    if (self->ranges[at].rows == 0)
        memmove(&self->ranges[at], &self->ranges[at + 1], (--self->n - at) * sizeof *self->ranges);
    return row;
}

static void give(free_rows_t *self, uint32_t row, uint32_t rows)
{
    size_t at = 0, high = self->n;
    while (at < high) { /* first range beyond the row */
        size_t middle = (at + high) / 2;
        if (self->ranges[middle].row > row)
            high = middle;
        else
            at = middle + 1;
    }
    bool joins_below = at > 0 && self->ranges[at - 1].row + self->ranges[at - 1].rows == row;
    bool joins_above = at < self->n && row + rows == self->ranges[at].row;
    if (joins_below) {
        self->ranges[at - 1].rows += rows + (joins_above ? self->ranges[at].rows : 0);
        if (joins_above)
            memmove(&self->ranges[at], &self->ranges[at + 1], (--self->n - at) * sizeof *self->ranges);
    } else if (joins_above) {
        self->ranges[at].row = row;
        self->ranges[at].rows += rows;
    } else {
        memmove(&self->ranges[at + 1], &self->ranges[at], (self->n++ - at) * sizeof *self->ranges);
        self->ranges[at].row = row;
        self->ranges[at].rows = rows;
    }
}

static int add_bar(ana_schedule_t *self, ana_bar_t bar)
{
    if (self->n_bars == self->room) {
        size_t room = 2 * self->room + 1024;
        ana_bar_t *bars = realloc(self->bars, room * sizeof *bars);
        if (bars == NULL)
            return -1;
        self->bars = bars;
        self->room = room;
    }
    self->bars[self->n_bars++] = bar;
    return 0;
}

/* One bar where a range holds the whole stretch, else as many as it takes. */
static int place(ana_schedule_t *self, free_rows_t *free_rows, const mdl_replay_piece_t *piece, uint32_t gpus)
{
    uint32_t rows = (gpus - 1) / self->gpus_per_row + 1;
    ana_bar_t bar = {
        .from_s = piece->start_s, .to_s = piece->end_s, .job = piece->job, .size_class = (uint8_t)ana_size_class(gpus)};
    size_t at = 0;
    while (at < free_rows->n && free_rows->ranges[at].rows < rows)
        at++;
    self->has[bar.size_class] = true;
    for (at = at < free_rows->n ? at : 0; rows > 0 && free_rows->n > 0; rows -= bar.rows) {
        bar.rows = free_rows->ranges[at].rows < rows ? free_rows->ranges[at].rows : rows;
        bar.row = take(free_rows, at, bar.rows);
        if (add_bar(self, bar) < 0)
            return -1;
    }
    return 0;
}

static int make_bars(ana_schedule_t *self, stretches_t *stretches, const mdl_replay_result_t *result)
{
    size_t ended = 0;
    stretches->free.n = 0;
    if (self->rows > 0)
        give(&stretches->free, 0, self->rows);
    for (size_t i = 0; i < stretches->n; i++) {
        for (; stretches->ends[ended].key <= stretches->pieces[i].start_s; ended++) {
            uint32_t gone = stretches->ends[ended].index;
            for (size_t k = stretches->first_bar[gone]; k < stretches->first_bar[gone + 1]; k++)
                give(&stretches->free, self->bars[k].row, self->bars[k].rows);
        }
        uint32_t gpus = result->jobs[stretches->pieces[i].job].gpus;
        stretches->first_bar[i] = self->n_bars;
        if (gpus > 0 && place(self, &stretches->free, &stretches->pieces[i], gpus) < 0)
            return -1;
        stretches->first_bar[i + 1] = self->n_bars;
    }
    return 0;
}

/* One change of the levels. */
typedef struct change {
    double gpus;
    double waiting;
} change_t;

/* A job waits from submission to end but for its stretches. Fills changes, 2 per stretch and job, and their times. */
static void list_changes(const stretches_t *stretches, const mdl_replay_result_t *result, mdl_replay_key_t *times,
                         change_t *changes)
{
    size_t n = 0;
    for (size_t i = 0; i < stretches->n; i++) {
        double gpus = result->jobs[stretches->pieces[i].job].gpus;
        changes[n] = (change_t){gpus, -1};
        times[n++].key = stretches->pieces[i].start_s;
        changes[n] = (change_t){-gpus, 1};
        times[n++].key = stretches->pieces[i].end_s;
    }
    for (size_t i = 0; i < result->n; i++) {
        changes[n] = (change_t){0, 1};
        times[n++].key = result->jobs[i].submit_s;
        changes[n] = (change_t){0, -1};
        times[n++].key = result->jobs[i].end_s;
    }
    for (size_t i = 0; i < n; i++)
        times[i].index = (uint32_t)i;
}

/* Sums the changes in order of time; those of one time make one level. */
static void sum_changes(ana_schedule_t *self, const mdl_replay_key_t *times, const change_t *changes, size_t n)
{
    double gpus = 0, waiting = 0;
    for (size_t i = 0; i < n; i++) {
        gpus += changes[times[i].index].gpus;
        waiting += changes[times[i].index].waiting;
        if (i + 1 < n && times[i + 1].key == times[i].key)
            continue;
        self->at_s[self->n_levels] = times[i].key;
        self->gpus[self->n_levels] = gpus;
        self->waiting[self->n_levels++] = waiting;
    }
}

static int make_levels(ana_schedule_t *self, const stretches_t *stretches, const mdl_replay_result_t *result)
{
    size_t n = 2 * (stretches->n + result->n);
    mdl_replay_key_t *times = calloc(2 * n + 1, sizeof *times);
    change_t *changes = calloc(n + 1, sizeof *changes);
    self->at_s = calloc(n + 1, sizeof *self->at_s);
    self->gpus = calloc(n + 1, sizeof *self->gpus);
    self->waiting = calloc(n + 1, sizeof *self->waiting);
    bool failed = times == NULL || changes == NULL || self->at_s == NULL || self->gpus == NULL || self->waiting == NULL;
    if (!failed) {
        list_changes(stretches, result, times, changes);
        mdl_replay_sort(times, times + n, n);
        sum_changes(self, times, changes, n);
    }
    free(times);
    free(changes);
    return failed ? -1 : 0;
}

static void measure_span(ana_schedule_t *self, const mdl_replay_result_t *result)
{
    if (result->n > 0) {
        self->from_s = result->jobs[0].submit_s;
        self->to_s = result->jobs[0].end_s;
    }
    for (size_t i = 0; i < result->n; i++) {
        self->from_s = result->jobs[i].submit_s < self->from_s ? result->jobs[i].submit_s : self->from_s;
        self->to_s = result->jobs[i].end_s > self->to_s ? result->jobs[i].end_s : self->to_s;
    }
    if (self->to_s < self->from_s + 1)
        self->to_s = self->from_s + 1;
}

sim_status_t ana_schedule_init(ana_schedule_t *self, const mdl_replay_result_t *result, sim_error_t *err)
{
    stretches_t stretches = {0};
    *self = (ana_schedule_t){.gpus_per_row = 1 + (result->gpus == 0 ? 0 : (result->gpus - 1) / MOST_ROWS)};
    self->rows = result->gpus == 0 ? 0 : (result->gpus - 1) / self->gpus_per_row + 1;
    measure_span(self, result);
    bool failed = collect(&stretches, result, self->rows) < 0 || make_bars(self, &stretches, result) < 0 ||
                  make_levels(self, &stretches, result) < 0;
    free_stretches(&stretches);
    return failed ? sim_fail(err, SIM_ENOMEM, "plot", "no memory for %zu jobs", result->n) : SIM_OK;
}

void ana_schedule_free(ana_schedule_t *self)
{
    free(self->bars);
    free(self->at_s);
    free(self->gpus);
    free(self->waiting);
    *self = (ana_schedule_t){0};
}

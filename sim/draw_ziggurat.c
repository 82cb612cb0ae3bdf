// SPDX-License-Identifier: GPL-3.0-or-later
/* Exponential and normal draws by ziggurat, one by one and in blocks.
 *
 * 98.9 % of exponential and 98.8 % of normal draws end at the first comparison; the others go to the slow path with the
 * words that follow.
 */
#include "sim/draw_ziggurat.h"
#include "sim/draw.h"
#include "sim/error.h"
#include "sim/math.h"

#include <math.h>

enum { BATCH = 128, FEW = 4 }; /* as few as a block has words: for those a batch is not worth while */

/* Where the slow path takes further words from: those fetched ahead, then the generator. */
typedef struct source {
    const uint64_t *next;
    const uint64_t *end;
    sim_rng_t *rng;
} source_t;

static uint64_t source_word(source_t *source)
{
    return source->next < source->end ? *source->next++ : sim_rng_u64(source->rng);
}

static double source_open(source_t *source) /* (0, 1) */
{
    return ((double)(int64_t)(source_word(source) >> 12) + 0.5) * 0x1p-52;
}

static inline double signed_point(uint64_t word, double width) /* (-width, width) */
{
    return ((double)((int64_t)(word >> 11) - (INT64_C(1) << 52)) + 0.5) * (0x1p-52 * width);
}

/* True when a uniform height within layer i lies under the density, whose value at the point is `density`. */
static bool under_curve(const sim_ziggurat_t *table, unsigned i, double density, source_t *source)
{
    return table->f[i] + source_open(source) * (table->f[i + 1] - table->f[i]) < density;
}

static double exponential_slow(uint64_t word, source_t *source)
{
    const sim_ziggurat_t *table = &sim_ziggurat_exponential;
    double offset = 0;
    for (;; word = source_word(source)) {
        unsigned i = word % SIM_ZIGGURAT_LAYERS;
        double x = sim_ziggurat_point_(word, table->x[i]);
        if (x < table->x[i + 1])
            return offset + x;
        if (i == 0)
            offset += table->x[1]; /* memoryless: beyond r everything begins anew */
        else if (under_curve(table, i, sim_exp(-x), source))
            return offset + x;
    }
}

/* Beyond r: Marsaglia (1964), "Generating a variable from the tail of the normal distribution". */
static double normal_tail(double r, source_t *source)
{
    for (;;) {
        double x = -sim_log(source_open(source)) / r;
        double y = -sim_log(source_open(source));
        if (2 * y > x * x)
            return r + x;
    }
}

static double normal_slow(uint64_t word, source_t *source)
{
    const sim_ziggurat_t *table = &sim_ziggurat_normal;
    for (;; word = source_word(source)) {
        unsigned i = word % SIM_ZIGGURAT_LAYERS;
        double x = signed_point(word, table->x[i]);
        if (fabs(x) < table->x[i + 1])
            return x;
        if (i == 0) {
            double tail = normal_tail(table->x[1], source);
            return x < 0 ? -tail : tail;
        }
        if (under_curve(table, i, sim_exp(-0.5 * x * x), source))
            return x;
    }
}

/* The first comparison; false leaves the word to the slow path. */
static inline bool normal_fast(uint64_t word, double *x)
{
    size_t i = word % SIM_ZIGGURAT_LAYERS;
    *x = signed_point(word, sim_ziggurat_normal.x[i]);
    return fabs(*x) < sim_ziggurat_normal.x[i + 1];
}

double sim_draw_exponential_slowly_(sim_rng_t *rng, uint64_t word)
{
    return exponential_slow(word, &(source_t){.rng = rng});
}

double sim_draw_normal(sim_rng_t *rng, double mean, double sd)
{
    SIM_ASSERT(sd >= 0);
    uint64_t word = sim_rng_u64(rng);
    double x;
    if (!normal_fast(word, &x))
        x = normal_slow(word, &(source_t){.rng = rng});
    return mean + sd * x;
}

/* A draw needs at least one word, so fetching as many words as draws are left never fetches one too many. */
void sim_fill_exponential(sim_rng_t *rng, double mean, double *out, size_t n)
{
    SIM_ASSERT(mean >= 0);
    uint64_t words[BATCH];
    while (n > 0) {
        size_t batch = n < BATCH ? n : BATCH;
        sim_rng_fill(rng, words, batch);
        source_t source = {words, words + batch, rng};
        for (; source.next < source.end; out++, n--) {
            uint64_t word = *source.next++;
            double x;
            if (!sim_ziggurat_exponential_fast_(word, &x))
                x = exponential_slow(word, &source);
            *out = mean * x;
        }
    }
}

void sim_fill_normal(sim_rng_t *rng, double mean, double sd, double *out, size_t n)
{
    SIM_ASSERT(sd >= 0);
    uint64_t words[BATCH];
    if (n <= FEW) {
        for (size_t i = 0; i < n; i++)
            out[i] = sim_draw_normal(rng, mean, sd);
        return;
    }
    while (n > 0) {
        size_t batch = n < BATCH ? n : BATCH;
        sim_rng_fill(rng, words, batch);
        source_t source = {words, words + batch, rng};
        for (; source.next < source.end; out++, n--) {
            uint64_t word = *source.next++;
            double x;
            if (!normal_fast(word, &x))
                x = normal_slow(word, &source);
            *out = mean + sd * x;
        }
    }
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/validate.h"

#include "app/bubble_measure.h"
#include "sim/plural.h"
#include "sim/time.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { QUANTITY = 46, REASON_COLUMN = 56, LINE = 119, FEW_REPLICATIONS = 20 };

/* Four digits, whole numbers whole; "-" when missing. */
static const char *number(double value, char text[24])
{
    if (isnan(value))
        snprintf(text, 24, "-");
    else
        snprintf(text, 24, fabs(value) >= 1000 ? "%.0f" : "%.4g", value);
    return text;
}

static const char *band(const ana_fact_t *fact, char text[56])
{
    char low[24], high[24];
    number(fact->low, low);
    number(fact->high, high);
    if (fact->low == fact->high || isnan(fact->low))
        snprintf(text, 56, "%s", low);
    else
        snprintf(text, 56, "%s..%s", low, high);
    return text;
}

/* How far the median lies from the band, as a factor of its nearer end; "" inside, or where a factor makes no sense. */
static const char *distance(const ana_finding_t *finding, char text[24])
{
    const ana_fact_t *fact = finding->fact;
    double end = finding->median > fact->high ? fact->high : fact->low;
    text[0] = '\0';
    if (!finding->median_inside && end * finding->median > 0)
        snprintf(text, 24, "x%.2f", finding->median / end);
    return text;
}

static char letter(const ana_fact_t *fact)
{
    return fact->kind == ANA_FACT_CALIBRATION ? 'c' : 'v';
}

/* Id, kind and quantity, in the columns up to the reason's; characters count, not bytes. */
static void print_fact(const ana_fact_t *fact)
{
    int width = 0;
    size_t bytes = 0;
    for (const char *at = fact->quantity; *at != '\0'; at++) {
        bool starts = ((unsigned char)*at & 0xC0) != 0x80;
        if (starts && width == QUANTITY)
            break;
        width += starts;
        bytes = (size_t)(at - fact->quantity) + 1;
    }
    printf("  %-4s %c %.*s%*s", fact->id, letter(fact), (int)bytes, fact->quantity, QUANTITY - width, "");
}

/* --- comparable facts --------------------------------------------------------------------------------------------- */

static void print_finding(const ana_finding_t *finding)
{
    const ana_fact_t *fact = finding->fact;
    char fact_band[56], median[24], low[24], high[24], simulated[56], factor[24];
    snprintf(simulated, sizeof simulated, "%s..%s", number(finding->p5, low), number(finding->p95, high));
    print_fact(fact);
    printf(" %14s %8s %14s %6s %-4s %s\n", band(fact, fact_band), number(finding->median, median), simulated,
           distance(finding, factor), ana_verdict_name(finding->verdict), fact->unit);
}

/* Whether this is the first of its topic among comparable or other facts. */
static bool begins_topic(const ana_validation_t *validation, size_t at, bool comparable)
{
    for (size_t i = 0; i < at; i++)
        if ((validation->findings[i].verdict != ANA_VERDICT_NOT_COMPARABLE) == comparable &&
            strcmp(validation->findings[i].fact->topic, validation->findings[at].fact->topic) == 0)
            return false;
    return true;
}

typedef void (*print_one_t)(const ana_finding_t *finding);

/* Facts of either sort, topic by topic in the order of the table. */
static void print_topics(const ana_validation_t *validation, bool comparable, print_one_t print_one)
{
    for (size_t i = 0; i < validation->n; i++) {
        const ana_finding_t *first = &validation->findings[i];
        if ((first->verdict != ANA_VERDICT_NOT_COMPARABLE) != comparable || !begins_topic(validation, i, comparable))
            continue;
        printf("%s\n", first->fact->topic);
        for (size_t j = i; j < validation->n; j++) {
            const ana_finding_t *finding = &validation->findings[j];
            if ((finding->verdict != ANA_VERDICT_NOT_COMPARABLE) == comparable &&
                strcmp(finding->fact->topic, first->fact->topic) == 0)
                print_one(finding);
        }
    }
}

/* --- facts that are not comparable -------------------------------------------------------------------------------- */

/* Prints text from the reason's column on, broken between words. */
static void print_wrapped(const char *text)
{
    size_t room = LINE - REASON_COLUMN;
    while (strlen(text) > room) {
        size_t length = room;
        while (length > 0 && text[length] != ' ')
            length--;
        if (length == 0)
            length = room;
        printf("%.*s\n%*s", (int)length, text, REASON_COLUMN, "");
        text += length + (text[length] == ' ');
    }
    printf("%s\n", text);
}

static void print_reason(const ana_finding_t *finding)
{
    char text[512], fact_band[56], median[24];
    snprintf(text, sizeof text, "%s", finding->reason);
    if (!isnan(finding->median)) /* shown for what it is worth */
        snprintf(text, sizeof text, "%.330s [%s %s, simulated %s]", finding->reason, band(finding->fact, fact_band),
                 finding->fact->unit, number(finding->median, median));
    print_fact(finding->fact);
    printf(" ");
    print_wrapped(text);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void print_score(const ana_score_t *score, ana_fact_kind_t kind, double bar)
{
    char share[24], by_source[24];
    printf("%-11s %3zu of %3zu comparable facts hit: %6s, bar %.2f: %s; %zu too wide; sources weighing alike "
           "(%zu): %s\n",
           ana_fact_kind_name(kind), score->hits, score->comparable, number(score->share, share), bar,
           score->share >= bar ? "passed" : "below", score->wide, score->sources,
           number(score->share_by_source, by_source));
}

void app_validate_table(const ana_validation_t *validation, const char *arm, const double bars[ANA_FACT_KINDS])
{
    size_t replications = 0, comparable = 0;
    for (size_t i = 0; i < validation->n; i++) {
        const ana_finding_t *finding = &validation->findings[i];
        replications = finding->n_all > replications ? finding->n_all : replications;
        comparable += finding->verdict != ANA_VERDICT_NOT_COMPARABLE;
    }
    printf("Facts against arm %s, %zu replication%s (c = calibration, v = validation)\n\n", arm, replications,
           sim_plural(replications));
    printf("  %-4s   %-46s %14s %8s %14s %6s %-4s %s\n", "id", "comparable", "fact", "median", "5..95 %", "off", "",
           "unit");
    print_topics(validation, true, print_finding);
    printf("\n  %-4s   %-46s reason\n", "id", "not comparable, or not scored");
    print_topics(validation, false, print_reason);
    printf("\n%zu fact%s, %zu comparable. off: median over the nearer end of the fact's band.\n", validation->n,
           sim_plural(validation->n), comparable);
    for (int kind = 0; kind < ANA_FACT_KINDS; kind++)
        print_score(&validation->score[kind], (ana_fact_kind_t)kind, bars[kind]);
    char share[24];
    printf("medians     comparable facts whose band holds the median: %s\n", number(validation->score_medians, share));
    if (replications < FEW_REPLICATIONS)
        printf(
            "Bands of so few replications are narrower than they ought to be, and miss facts; a hundred are good.\n");
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *real(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *day(int64_t value)
{
    char text[16];
    return value == ANA_NO_DAY ? json_null() : json_string(sim_date_format(value, text));
}

static json_t *finding_json(const ana_finding_t *finding)
{
    const ana_fact_t *fact = finding->fact;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "id", fact->id, "kind",
                  ana_fact_kind_name(fact->kind), "quantity", fact->quantity, "unit", fact->unit, "low",
                  real(fact->low), "high", real(fact->high), "median", real(finding->median), "p5", real(finding->p5),
                  "p95", real(finding->p95), "verdict", ana_verdict_name(finding->verdict));
    json_t *more =
        json_pack("{s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:f, s:f, s:b, s:I, s:I, s:s}", "topic", fact->topic, "from",
                  day(fact->window.from_day), "until", day(fact->window.until_day), "source", fact->source, "variable",
                  fact->variable, "over", fact->over, "reduce", ana_reduction_name(fact->reduction), "scale",
                  fact->scale, "shift", fact->shift, "median_inside", finding->median_inside, "n",
                  (json_int_t)finding->n, "n_all", (json_int_t)finding->n_all, "note",
                  finding->verdict == ANA_VERDICT_NOT_COMPARABLE ? finding->reason : fact->note);
    json_object_update(json, more);
    json_decref(more);
    return json;
}

void app_validate_json(const ana_validation_t *validation, const ana_bubble_arm_t *bubble)
{
    json_t *facts = json_array();
    for (size_t i = 0; i < validation->n; i++)
        json_array_append_new(facts, finding_json(&validation->findings[i]));
    const ana_score_t *calibration = &validation->score[ANA_FACT_CALIBRATION];
    const ana_score_t *others = &validation->score[ANA_FACT_VALIDATION];
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "score_calibration", real(calibration->share),
                  "score_validation", real(others->share), "score_medians", real(validation->score_medians),
                  "score_calibration_by_source", real(calibration->share_by_source), "score_validation_by_source",
                  real(others->share_by_source), "comparable_calibration", (json_int_t)calibration->comparable,
                  "comparable_validation", (json_int_t)others->comparable, "facts", facts, "bubble",
                  app_bubble_measure_json(bubble));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/units.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum dimension {
    NONE,
    TIME,     /* ms */
    CALENDAR, /* month */
    ENERGY,   /* W ms */
    MONEY,    /* fen */
    DOLLAR,
    DATA, /* byte */
    WORK, /* floating-point operations, in units of 10^9 x 1 ms */
    GPU,
    NODE,
    H100E,
    RACK,
    CENTRE,
    PROJECT,
    LAB,
    FIRM,
    CITY,
    JOB,
    TOKEN,
    REQUEST,
    REPLICA,
    USER,
    LOT,
    HOP,
    PARAMETER,
    DIMENSIONS
};

/* One atom: scale times a power product of at most two dimensions. Scales are integers, so that ratios are exact. */
typedef struct atom {
    const char *name;
    double scale;
    enum dimension up, up2, down;
} atom_t;

#define HOUR_MS 3.6e6

static const atom_t atoms[] = {
    {"1", 1, NONE, NONE, NONE},
    {"k", 1e3, NONE, NONE, NONE},
    {"M", 1e6, NONE, NONE, NONE},
    {"bn", 1e9, NONE, NONE, NONE},
    {"ms", 1, TIME, NONE, NONE},
    {"s", 1e3, TIME, NONE, NONE},
    {"min", 6e4, TIME, NONE, NONE},
    {"h", HOUR_MS, TIME, NONE, NONE},
    {"d", 24 * HOUR_MS, TIME, NONE, NONE},
    {"wk", 168 * HOUR_MS, TIME, NONE, NONE},
    {"month", 1, CALENDAR, NONE, NONE},
    {"yr", 12, CALENDAR, NONE, NONE},
    {"fen", 1, MONEY, NONE, NONE},
    {"CNY", 1e2, MONEY, NONE, NONE},
    {"kCNY", 1e5, MONEY, NONE, NONE},
    {"MCNY", 1e8, MONEY, NONE, NONE},
    {"bnCNY", 1e11, MONEY, NONE, NONE},
    {"USD", 1, DOLLAR, NONE, NONE},
    {"W", 1, ENERGY, NONE, TIME},
    {"kW", 1e3, ENERGY, NONE, TIME},
    {"MW", 1e6, ENERGY, NONE, TIME},
    {"GW", 1e9, ENERGY, NONE, TIME},
    {"Wh", HOUR_MS, ENERGY, NONE, NONE},
    {"kWh", 1e3 * HOUR_MS, ENERGY, NONE, NONE},
    {"MWh", 1e6 * HOUR_MS, ENERGY, NONE, NONE},
    {"GWh", 1e9 * HOUR_MS, ENERGY, NONE, NONE},
    {"TWh", 1e12 * HOUR_MS, ENERGY, NONE, NONE},
    {"B", 1, DATA, NONE, NONE},
    {"kB", 1e3, DATA, NONE, NONE},
    {"MB", 1e6, DATA, NONE, NONE},
    {"GB", 1e9, DATA, NONE, NONE},
    {"TB", 1e12, DATA, NONE, NONE},
    {"PB", 1e15, DATA, NONE, NONE},
    {"GFLOPS", 1, WORK, NONE, TIME},
    {"TFLOPS", 1e3, WORK, NONE, TIME},
    {"PFLOPS", 1e6, WORK, NONE, TIME},
    {"EFLOPS", 1e9, WORK, NONE, TIME},
    {"GPU", 1, GPU, NONE, NONE},
    {"GPUh", HOUR_MS, GPU, TIME, NONE},
    {"node", 1, NODE, NONE, NONE},
    {"nodeh", HOUR_MS, NODE, TIME, NONE},
    {"H100e", 1, H100E, NONE, NONE},
    {"H100eh", HOUR_MS, H100E, TIME, NONE},
    {"rack", 1, RACK, NONE, NONE},
    {"centre", 1, CENTRE, NONE, NONE},
    {"project", 1, PROJECT, NONE, NONE},
    {"lab", 1, LAB, NONE, NONE},
    {"firm", 1, FIRM, NONE, NONE},
    {"city", 1, CITY, NONE, NONE},
    {"job", 1, JOB, NONE, NONE},
    {"token", 1, TOKEN, NONE, NONE},
    {"Mtoken", 1e6, TOKEN, NONE, NONE},
    {"request", 1, REQUEST, NONE, NONE},
    {"replica", 1, REPLICA, NONE, NONE},
    {"user", 1, USER, NONE, NONE},
    {"lot", 1, LOT, NONE, NONE},
    {"hop", 1, HOP, NONE, NONE},
    {"parameter", 1, PARAMETER, NONE, NONE},
};

typedef struct unit {
    double numerator, denominator;
    int power[DIMENSIONS];
} unit_t;

static const atom_t *atom_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof atoms / sizeof atoms[0]; i++)
        if (strlen(atoms[i].name) == length && memcmp(atoms[i].name, name, length) == 0)
            return &atoms[i];
    return NULL;
}

static void unit_apply(unit_t *unit, const atom_t *atom, int sign)
{
    if (sign > 0)
        unit->numerator *= atom->scale;
    else
        unit->denominator *= atom->scale;
    unit->power[atom->up] += sign;
    unit->power[atom->up2] += sign;
    unit->power[atom->down] -= sign;
    unit->power[NONE] = 0;
}

/* Takes one atom, "%" included, at *text and applies it. Returns false when there is none. */
static bool unit_take(unit_t *unit, const char **text, int sign)
{
    if (**text == '%') {
        unit_apply(unit, &(atom_t){"%", 100, NONE, NONE, NONE}, -sign);
        (*text)++;
        return true;
    }
    size_t length = strcspn(*text, " */%");
    const atom_t *atom = atom_find(*text, length);
    if (atom == NULL)
        return false;
    unit_apply(unit, atom, sign);
    *text += length;
    return true;
}

/* At most 8 atoms: more would be a mistake and could overflow the scale. */
static bool unit_parse(const char *text, unit_t *unit)
{
    *unit = (unit_t){.numerator = 1, .denominator = 1};
    int sign = 1;
    for (int taken = 0; taken < 8; taken++) {
        text += strspn(text, " ");
        if (!unit_take(unit, &text, sign))
            return false;
        size_t blanks = strspn(text, " ");
        text += blanks;
        if (*text == '\0')
            return blanks == 0;
        sign = *text == '/' ? -1 : 1;
        if (*text == '/' || *text == '*')
            text++;
    }
    return false;
}

bool mdl_unit_known(const char *unit)
{
    unit_t parsed;
    return unit_parse(unit, &parsed);
}

static const char *unit_name(const char *unit)
{
    return strcmp(unit, "1") == 0 ? "a bare number" : unit;
}

sim_status_t mdl_unit_factor(const char *from, const char *to, double *numerator, double *denominator, sim_error_t *err)
{
    unit_t a, b;
    if (!unit_parse(from, &a))
        return sim_fail(err, SIM_EINPUT, NULL, "unknown unit %.40s; expected %s", from, unit_name(to));
    if (!unit_parse(to, &b))
        return sim_fail(err, SIM_EINTERNAL, NULL, "unknown unit %s in the registry", to);
    if (memcmp(a.power, b.power, sizeof a.power) != 0)
        return sim_fail(err, SIM_EINPUT, NULL, "unit %.40s does not convert; expected %s", from, unit_name(to));
    *numerator = a.numerator * b.denominator;
    *denominator = a.denominator * b.numerator;
    return SIM_OK;
}

/* Multiplies or divides once by a ratio that is exact, so that 0.4 CNY is 40 fen and 40 fen are 0.4 CNY. */
static double apply_ratio(double value, double numerator, double denominator)
{
    return numerator >= denominator ? value * (numerator / denominator) : value / (denominator / numerator);
}

double mdl_unit_convert(double value, const char *from, const char *to)
{
    double numerator = 1, denominator = 1;
    sim_status_t status = mdl_unit_factor(from, to, &numerator, &denominator, NULL);
    SIM_ASSERT(status == SIM_OK);
    return apply_ratio(value, numerator, denominator);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Length of the longest number at the start of `text`, 0 if there is none. */
static size_t number_length(const char *text)
{
    size_t n = *text == '-' || *text == '+';
    size_t whole = digits(text + n);
    if (whole == 0 || (whole > 1 && text[n] == '0'))
        return 0;
    n += whole;
    if (text[n] == '.') {
        size_t fraction = digits(text + n + 1);
        if (fraction == 0)
            return 0;
        n += 1 + fraction;
    }
    if (text[n] == 'e' || text[n] == 'E') {
        size_t sign = text[n + 1] == '-' || text[n + 1] == '+';
        size_t exponent = digits(text + n + 1 + sign);
        n += exponent > 0 ? 1 + sign + exponent : 0;
    }
    return n;
}

/* What to do about a text that looks like a number but is not written as one. */
static const char *number_advice(const char *text)
{
    size_t sign = *text == '-' || *text == '+';
    size_t whole = digits(text + sign);
    if (strchr(text, '_') != NULL && whole > 0)
        return "; write it without underscores";
    if (whole > 1 && text[sign] == '0')
        return "; write it without leading zeros";
    if (whole == 0 && text[sign] == '.' && digits(text + sign + 1) > 0)
        return "; write a 0 before the point";
    if (whole > 0 && text[sign + whole] == '.')
        return "; write a digit after the point";
    if (whole > 0 && text[sign + whole] == ',')
        return "; write a decimal point and no thousands separators";
    if (text[sign] == '0' && (text[sign + 1] == 'x' || text[sign + 1] == 'o'))
        return "; write it in decimals";
    return "";
}

static sim_status_t not_a_number(const char *text, sim_error_t *err)
{
    return sim_fail(err, SIM_EINPUT, NULL, "found %.60s; expected a number%s", *text == '\0' ? "nothing" : text,
                    number_advice(text));
}

sim_status_t mdl_number_parse(const char *text, double *value, const char **rest, sim_error_t *err)
{
    size_t length = number_length(text);
    if (length == 0 || (rest == NULL && text[length] != '\0'))
        return not_a_number(text, err);
    /* A copy, since strtod would read on into "0x" and the like. */
    char copy[128];
    if (length >= sizeof copy)
        return sim_fail(err, SIM_EINPUT, NULL, "found %.20s...; expected a number of at most %zu characters", text,
                        sizeof copy - 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    errno = 0;
    *value = strtod(copy, NULL);
    if (errno == ERANGE)
        return sim_fail(err, SIM_EINPUT, NULL, "found %s; expected a number %s", copy,
                        *value > 1 || *value < -1 ? "below 1e308" : "that is 0 or above 1e-307");
    if (rest != NULL)
        *rest = text + length;
    return SIM_OK;
}

sim_status_t mdl_quantity_parse(const char *text, const char *unit, double *value, sim_error_t *err)
{
    const char *rest;
    double number;
    sim_status_t status = mdl_number_parse(text, &number, &rest, err);
    if (status < 0)
        return status;
    size_t blanks = strspn(rest, " ");
    if (*rest == '\0') {
        *value = number;
        return SIM_OK;
    }
    /* "010", "1_000" and "0x1F" end here with what would be read as a unit: say what is wrong with the number. */
    if (blanks == 0 && (*rest == '\0' || strchr("0123456789.,_+-", *rest) != NULL || number_advice(text)[0] != '\0'))
        return not_a_number(text, err);
    double numerator, denominator;
    status = mdl_unit_factor(rest + blanks, unit, &numerator, &denominator, err);
    if (status < 0)
        return status;
    *value = apply_ratio(number, numerator, denominator);
    return SIM_OK;
}

char *mdl_number_format(double value, char text[MDL_VALUE_BYTES])
{
    if (value > -1e15 && value < 1e15 && (double)(int64_t)value == value) {
        (void)snprintf(text, MDL_VALUE_BYTES, "%lld", (long long)value);
        return text;
    }
    for (int precision = 1; precision <= 17; precision++) {
        (void)snprintf(text, MDL_VALUE_BYTES, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

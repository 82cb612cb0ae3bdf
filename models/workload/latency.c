// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/latency.h"

#include "models/workload/settings.h"
#include "sim/error.h"
#include "sim/math.h"

#include <math.h>

#define MOST_DEVIATIONS 30

/* Erlang's formula B for 0 <= c < 1 servers is a^c exp(-a) / Gamma(1 + c, a), by the incomplete gamma function's series
 * at small loads and its continued fraction (Legendre's, from the far end) at others. */
static double erlang_b_below_one(double c, double offered)
{
    if (offered < 2) {
        double factor = sim_exp(c * sim_log(offered) - offered), term = offered / (1 + c), sum = term;
        for (int k = 2; term > 1e-17 * sum; k++)
            sum += term *= offered / (k + c);
        return factor / (sim_exp(sim_lgamma(1 + c)) - factor * sum);
    }
    double tail = 0;
    for (int k = 60; k > 0; k--)
        tail = k * (k - 1 - c) / (offered + 2 * k - c - tail);
    return (offered - c - tail) / offered;
}

double mdl_erlang_c(double servers, double offered)
{
    SIM_ASSERT(servers > 0 && offered >= 0);
    if (offered >= servers)
        return 1;
    if (offered <= 0)
        return 0;
    double c = servers - (double)sim_floor_i64(servers);
    double b = erlang_b_below_one(c, offered);
    for (int64_t i = sim_floor_i64(servers); i > 0; i--) {
        c += 1;
        b = offered * b / (c + offered * b);
    }
    double load = offered / servers;
    return b / (1 - load * (1 - b));
}

static double peakedness(double dispersion, double scv)
{
    double z = 1 + (dispersion - 1) / (1 + scv);

    return z > 0.01 ? z : 0.01; /* arrivals as regular as a clock's */
}

static double variability(const mdl_holding_t *holding, double dispersion)
{
    double sum = dispersion + holding->scv;

    return sum > 1e-9 ? sum : 1e-9; /* constant gaps and constant times: nobody waits */
}

mdl_wait_t mdl_wait_at(const mdl_holding_t *holding, double servers, double dispersion, double rate_per_s)
{
    double offered = rate_per_s * holding->mean_s;

    if (offered <= 0)
        return (mdl_wait_t){.rate = INFINITY};
    if (offered >= servers)
        return (mdl_wait_t){.load = servers > 0 ? offered / servers : INFINITY, .probability = 1};
    double z = peakedness(dispersion, holding->scv);
    return (mdl_wait_t){.load = offered / servers,
                        .probability = mdl_erlang_c(servers / z, offered / z),
                        .rate = 2 * (servers - offered) / (holding->mean_s * variability(holding, dispersion))};
}

double mdl_wait_mean_s(const mdl_wait_t *self)
{
    return self->probability > 0 ? self->probability / self->rate : 0;
}

double mdl_wait_beyond(const mdl_wait_t *self, double t_s)
{
    return self->probability > 0 ? self->probability * sim_exp(-self->rate * t_s) : 0;
}

double mdl_latency_slot_s(const mdl_latency_t *self)
{
    double prompt_s = self->prompt.mean_s, rest_s = self->slot.mean_s - prompt_s;
    double at_engine = 0, cycle_s = 0;

    for (uint32_t k = 1; k <= self->slots; k++) {
        double engine_s = prompt_s * (1 + at_engine);
        cycle_s = engine_s + rest_s;
        at_engine = cycle_s > 0 ? k * engine_s / cycle_s : 0;
        if (at_engine > k - 0.5) /* hardly a slot gets beyond the engine */
            return self->slots * prompt_s;
    }
    return cycle_s;
}

typedef struct stations {
    mdl_wait_t prompt, slot;
} stations_t;

/* A request that has found a slot can be kept from the engine only by the other slots'. */
static stations_t stations_at(const mdl_latency_t *self, double rate_per_s, uint32_t replicas)
{
    double others = (self->slots - 1.0) / self->slots;
    mdl_holding_t slot = {mdl_latency_slot_s(self), self->slot.scv};

    return (stations_t){
        .prompt = mdl_wait_at(&self->prompt, replicas, self->dispersion, rate_per_s * others),
        .slot = mdl_wait_at(&slot, (double)replicas * self->slots, self->dispersion, rate_per_s),
    };
}

double mdl_latency_load(const mdl_latency_t *self, double rate_per_s, uint32_t replicas)
{
    double slots = (double)replicas * self->slots, offered = rate_per_s * mdl_latency_slot_s(self);

    if (offered <= 0)
        return 0;
    return slots > 0 ? offered / slots : INFINITY;
}

double mdl_latency_mean_s(const mdl_latency_t *self, double rate_per_s, uint32_t replicas)
{
    stations_t at = stations_at(self, rate_per_s, replicas);

    return mdl_wait_mean_s(&at.slot) + (1 - at.slot.probability) * mdl_wait_mean_s(&at.prompt);
}

static double attained_at(const stations_t *at, double target_s)
{
    return (1 - mdl_wait_beyond(&at->slot, target_s)) * (1 - mdl_wait_beyond(&at->prompt, target_s));
}

double mdl_latency_attainment(const mdl_latency_t *self, double rate_per_s, uint32_t replicas, double target_s)
{
    stations_t at = stations_at(self, rate_per_s, replicas);

    return attained_at(&at, target_s);
}

uint32_t mdl_latency_replicas(const mdl_latency_t *self, double rate_per_s, double target_s, double share)
{
    uint32_t too_few = 0, enough = 1;

    SIM_ASSERT(share < 1);
    if (rate_per_s <= 0)
        return 0;
    while (mdl_latency_attainment(self, rate_per_s, enough, target_s) < share) {
        if (enough >= UINT32_C(1) << 30)
            return MDL_REPLICAS_NEVER;
        too_few = enough;
        enough *= 2;
    }
    while (enough - too_few > 1) {
        uint32_t middle = too_few + (enough - too_few) / 2;
        if (mdl_latency_attainment(self, rate_per_s, middle, target_s) < share)
            too_few = middle;
        else
            enough = middle;
    }
    return enough;
}

/* Waits at a station during a window of length_s that it begins empty, backlogs apart. A queue takes s (I + v) /
 * (c (1 - load)^2) to settle (the relaxation time of its diffusion); a window sees no load that takes longer than it
 * lasts. */
static mdl_wait_t settling(const mdl_holding_t *holding, double servers, double dispersion, double rate_per_s,
                           double length_s)
{
    double room = sqrt(holding->mean_s * variability(holding, dispersion) / (servers * length_s));
    double most = room < 1 ? (1 - room) * servers : 0;
    double offered = rate_per_s * holding->mean_s;

    return mdl_wait_at(holding, servers, dispersion, offered > most ? most / holding->mean_s : rate_per_s);
}

static stations_t stations_in(const mdl_latency_t *self, double rate_per_s, uint32_t replicas, double length_s)
{
    double others = (self->slots - 1.0) / self->slots;
    mdl_holding_t slot = {mdl_latency_slot_s(self), self->slot.scv};

    return (stations_t){
        .prompt = settling(&self->prompt, replicas, self->dispersion, rate_per_s * others, length_s),
        .slot = settling(&slot, (double)replicas * self->slots, self->dispersion, rate_per_s, length_s),
    };
}

/* Share of a window of length_s in which a backlog that starts at v_s and changes by `slope` a second is at most
 * target_s. */
static double share_below(double v_s, double slope, double target_s, double length_s)
{
    double until_s = slope != 0 ? (target_s - v_s) / slope : INFINITY; /* when it crosses the target */

    if (v_s <= target_s)
        return slope <= 0 || until_s >= length_s ? 1 : until_s / length_s;
    return slope >= 0 || until_s >= length_s ? 0 : 1 - until_s / length_s;
}

double mdl_latency_window(const mdl_latency_t *self, double rate_per_s, uint32_t replicas, double target_s,
                          double length_s, double *backlog_s)
{
    SIM_ASSERT(replicas > 0 && length_s > 0);
    double slope = mdl_latency_load(self, rate_per_s, replicas) - 1;
    stations_t at = stations_in(self, rate_per_s, replicas, length_s);
    double below = share_below(*backlog_s, slope, target_s, length_s);

    *backlog_s += slope * length_s;
    if (*backlog_s < 0)
        *backlog_s = 0;
    return below * attained_at(&at, target_s);
}

/* Headroom, in standard deviations, at which log P(wait > target) = -log(1 + h) - decay b comes down to `goal`, where
 * h = b Phi(b) / phi(b): by Newton's method from above, which the curve's bend keeps there. */
static double deviations_for(double decay, double goal, double above)
{
    const double inverse_sqrt_2pi = 0.39894228040143267794;
    double b = above;

    for (int step = 0; step < 40; step++) {
        double ratio = mdl_normal_cdf(b) / (inverse_sqrt_2pi * sim_exp(-b * b / 2));
        double excess = sim_log1p(b * ratio) + decay * b + goal;
        double slope = (ratio + b + b * b * ratio) / (1 + b * ratio) + decay;
        double next = b - excess / slope;
        if (next <= 0 || fabs(next - b) < 1e-7 * b)
            return next > 0 ? next : 0;
        b = next;
    }
    return b;
}

void mdl_headroom_init(mdl_headroom_t *self, const mdl_holding_t *holding, double dispersion, double target_s,
                       double share)
{
    SIM_ASSERT(holding->mean_s > 0 && share > 0 && share < 1 && target_s >= 0);
    double goal = sim_log1p(-share), z = peakedness(dispersion, holding->scv), b = MOST_DEVIATIONS, offered = 1;
    double per_slot = 2 * target_s / (holding->mean_s * variability(holding, dispersion));

    for (int i = 0; i < MDL_HEADROOM_OCTAVES; i++, offered *= 2) {
        double scale = sqrt(z * offered);
        b = deviations_for(per_slot * scale, goal, b);
        self->excess[i] = b * scale;
    }
    offered = 1;
    for (int i = 0; i + 1 < MDL_HEADROOM_OCTAVES; i++, offered *= 2)
        self->slope[i] = (self->excess[i + 1] - self->excess[i]) / offered;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* The scheduler against queueing theory beyond M/M/c: M/G/1, M/G/c, shortest job first and shortest remaining time first.
 *
 * Each mean comes with a 99.9 % interval from 40 batch means of 20,000 jobs (one false alarm in 1,000 seeds each, for
 * nine intervals one in 110). Service times are so long that whole seconds do not matter.
 */
#include "sim/draw.h"
#include "sim/math.h"
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

#define SEED       53
#define MEAN_S     100000.0
#define BATCHES    40
#define BATCH      20000
#define WARM_UP    20000
#define STUDENT_39 3.558 /* 99.9 % */

/* Service times: all alike, exponential, or balanced hyperexponential with a squared coefficient of variation of 4. */
typedef enum service { DETERMINISTIC, EXPONENTIAL, HYPEREXPONENTIAL } service_t;

#define HYPER_P 0.88729833462074170 /* (1 + sqrt(3 / 5)) / 2 */

typedef struct measure {
    double wait[BATCHES], response[BATCHES]; /* in mean service times */
} measure_t;

static double draw_service(sim_rng_t *rng, service_t service)
{
    if (service == DETERMINISTIC)
        return MEAN_S;
    if (service == EXPONENTIAL)
        return sim_draw_exponential(rng, MEAN_S);
    double p = sim_draw_bernoulli(rng, HYPER_P) ? HYPER_P : 1 - HYPER_P;
    return sim_draw_exponential(rng, MEAN_S / (2 * p));
}

static double second_moment(service_t service)
{
    return service == DETERMINISTIC ? 1 : service == EXPONENTIAL ? 2 : 5;
}

static void note_wait(test_cluster_run_t *run, const mdl_job_t *job)
{
    measure_t *measure = run->user;
    int64_t index = (int64_t)job->sequence - WARM_UP;

    if (index >= 0 && index < BATCHES * BATCH)
        measure->wait[index / BATCH] += (double)(job->start_s - job->submit_s) / MEAN_S / BATCH;
}

/* Poisson arrivals at `load` on `servers` nodes of one GPU. */
static void simulate(mdl_policy_t policy, service_t service, uint32_t servers, double load, uint64_t stream,
                     measure_t *measure)
{
    test_cluster_run_t run;
    sim_rng_t rng;
    double clock_s = 0;

    *measure = (measure_t){{0}, {0}};
    test_cluster_run_open(
        &run, &(test_cluster_setup_t){
                  .policy = policy, .nodes = servers, .node_gpus = 1, .jobs = 20000, .tenants = 1, .pool = true});
    run.on_start = note_wait;
    run.user = measure;
    sim_rng_at(&rng, SEED, stream, 0, 0, 0);
    for (int64_t i = 0; i < WARM_UP + BATCHES * BATCH; i++) {
        clock_s += sim_draw_exponential(&rng, MEAN_S / load / servers);
        test_cluster_run_to(&run, (int64_t)clock_s);
        test_cluster_run_submit(&run, 0, 1, (int64_t)(draw_service(&rng, service) + 0.5));
    }
    test_cluster_run_to(&run, run.now_s + (int64_t)(1000 * MEAN_S));
    test_cluster_run_free(&run);
}

static double mean_of(const double *batch)
{
    double mean = 0;

    for (int i = 0; i < BATCHES; i++)
        mean += batch[i] / BATCHES;
    return mean;
}

static double half_width(const double *batch)
{
    double mean = mean_of(batch), square = 0;

    for (int i = 0; i < BATCHES; i++)
        square += (batch[i] - mean) * (batch[i] - mean);
    return STUDENT_39 * sqrt(square / (BATCHES - 1) / BATCHES);
}

/* `slack` is how far the theory itself may be off, relative. */
static void interval_holds(const double *batch, double theory, double slack, const char *what)
{
    double mean = mean_of(batch), half = half_width(batch);

    print_message("%s: %.5f +- %.2g, theory %.5f\n", what, mean, half, theory);
    assert_true(fabs(mean - theory) < half + slack * theory);
}

/* Pollaczek (1930), Khinchine (1932): W = lambda E[S^2] / (2 (1 - rho)). */
static double pollaczek_khinchine(double load, service_t service)
{
    return load * second_moment(service) / (2 * (1 - load));
}

static void test_m_g_1(void **state)
{
    measure_t measure;

    (void)state;
    for (service_t service = DETERMINISTIC; service <= HYPEREXPONENTIAL; service++) {
        simulate((mdl_policy_t){0}, service, 1, 0.7, 1 + service, &measure);
        interval_holds(measure.wait, pollaczek_khinchine(0.7, service), 0, "M/G/1, mean wait");
    }
}

static double erlang_c(uint32_t servers, double offered)
{
    double blocked = 1;

    for (uint32_t k = 1; k <= servers; k++)
        blocked = offered * blocked / (k + offered * blocked);
    return blocked / (1 - offered / servers * (1 - blocked));
}

/* Lee and Longton (1959): W(M/G/c) = (1 + C^2) / 2 W(M/M/c), which is exact for c = 1 and for exponential service. Known
 * to be within a few per cent for C^2 < 1, and off by more the more service varies: 8 % allowed, 15 % for C^2 = 4. */
static void test_m_g_c(void **state)
{
    const uint32_t servers = 8;
    const double load = 0.85, waiting = erlang_c(servers, load * servers) / (servers * (1 - load));
    measure_t measure;

    (void)state;
    for (service_t service = DETERMINISTIC; service <= HYPEREXPONENTIAL; service++) {
        simulate((mdl_policy_t){0}, service, servers, load, 11 + service, &measure);
        interval_holds(measure.wait, second_moment(service) / 2 * waiting,
                       service == EXPONENTIAL     ? 0
                       : service == DETERMINISTIC ? 0.08
                                                  : 0.15,
                       "M/G/8, mean wait");
    }
}

/* Load of the jobs shorter than x mean service times, exponential service: rho (1 - (1 + x) e^-x). */
static double load_below(double load, double x)
{
    return load * (1 - (1 + x) * sim_exp(-x));
}

/* Non-preemptive shortest job first, M/M/1 (Cobham 1954, Phipps 1956): a job of length x waits
 * lambda E[S^2] / 2 / (1 - rho(x))^2. */
static double sjf_wait_of(double load, double x)
{
    double rest = 1 - load_below(load, x);

    return load / (rest * rest);
}

/* Shortest remaining time first (Schrage and Miller 1966): response of a job of length x is
 * lambda (integral of t^2 f(t) up to x + x^2 P(S > x)) / 2 / (1 - rho(x))^2 + integral of dt / (1 - rho(t)) up to x. */
static double srpt_wait_of(double load, double x)
{
    double tail = sim_exp(-x), rest = 1 - load_below(load, x);
    double square = 2 - (x * x + 2 * x + 2) * tail + x * x * tail;

    return load * square / 2 / (rest * rest);
}

/* Mean over exponential lengths, by Simpson's rule up to 60 mean service times. */
static double over_lengths(double (*of)(double load, double x), double load)
{
    const int steps = 60000;
    const double h = 60.0 / steps;
    double sum = 0;

    for (int i = 0; i <= steps; i++) {
        double x = i * h;
        sum += (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * of(load, x) * sim_exp(-x);
    }
    return sum * h / 3;
}

/* The integral of dt / (1 - rho(t)) up to x, averaged over lengths, is that of P(S > t) / (1 - rho(t)). */
static double srpt_residence(double load, double x)
{
    return 1 / (1 - load_below(load, x));
}

static void test_shortest_job_first(void **state)
{
    measure_t measure;

    (void)state;
    simulate((mdl_policy_t){.order = MDL_ORDER_SJF}, EXPONENTIAL, 1, 0.8, 21, &measure);
    interval_holds(measure.wait, over_lengths(sjf_wait_of, 0.8), 0, "shortest job first, mean wait");
}

/* Under preemption a response ends with the job, so ends are measured: by Little's law, from the jobs in the system. */
typedef struct area {
    double job_s;
    int64_t at_s, jobs;
} area_t;

static void add_area(test_cluster_run_t *run)
{
    area_t *area = run->user;

    area->job_s += (double)(run->now_s - area->at_s) * (double)area->jobs;
    area->at_s = run->now_s;
    area->jobs = (int64_t)run->scheduler->queued + run->scheduler->running;
}

static void test_shortest_remaining_time_first(void **state)
{
    const double load = 0.8, theory = over_lengths(srpt_wait_of, load) + over_lengths(srpt_residence, load);
    mdl_policy_t policy = {.order = MDL_ORDER_SRTF, .preemption = MDL_PREEMPTION_CHECKPOINT};
    double batch[BATCHES], clock_s = 0;
    area_t area = {0};
    test_cluster_run_t run;
    sim_rng_t rng;

    (void)state;
    test_cluster_run_open(&run,
                          &(test_cluster_setup_t){
                              .policy = policy, .nodes = 1, .node_gpus = 1, .jobs = 20000, .tenants = 1, .pool = true});
    run.after_pass = add_area;
    run.user = &area;
    sim_rng_at(&rng, SEED, 31, 0, 0, 0);
    for (int b = -1; b < BATCHES; b++) {
        double before_job_s = area.job_s;
        for (int64_t i = 0; i < BATCH; i++) {
            clock_s += sim_draw_exponential(&rng, MEAN_S / load);
            test_cluster_run_to(&run, (int64_t)clock_s);
            test_cluster_run_submit(&run, 0, 1, (int64_t)(sim_draw_exponential(&rng, MEAN_S) + 0.5));
        }
        if (b >= 0)
            batch[b] = (area.job_s - before_job_s) / BATCH / MEAN_S;
    }
    assert_true(run.stops > BATCH);
    interval_holds(batch, theory, 0, "shortest remaining time first, mean response");
    test_cluster_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_m_g_1),
        cmocka_unit_test(test_m_g_c),
        cmocka_unit_test(test_shortest_job_first),
        cmocka_unit_test(test_shortest_remaining_time_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

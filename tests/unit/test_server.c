// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers: every departure equals that of a naive simulation which searches all customers at every step, for each
 * discipline, any number of servers, with limits and impatient customers; and the small rules one by one. */
#include "sim/draw.h"
#include "sim/server.h"
#include "tests/support/test.h"

enum { ARRIVAL, DONE, PATIENCE, N = 400 };

typedef struct person {
    int64_t arrival_s;
    int64_t service_s;
    int64_t patience_s;
    uint32_t priority;
} person_t;

typedef enum fate { ABSENT, WAITING, IN_SERVICE, SERVED, WITHDRAWN, REFUSED } fate_t;

typedef struct outcome {
    fate_t fate;
    int64_t left_s; /* when he left */
    int64_t waited_s;
} outcome_t;

/* The LP's state: the server under test, what happened to each customer. */
typedef struct lobby {
    sim_ref_t server;
    sim_handle_t tickets[N];
    outcome_t outcomes[N];
} lobby_t;

static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    const person_t *people = lp->input;
    lobby_t *lobby = lp->state;
    sim_server_t *server = sim_server_at(lp, lobby->server);
    sim_status_t status = SIM_OK;
    uint32_t i = event->entity;
    if (event->type == ARRIVAL) {
        sim_customer_t customer = {people[i].service_s, people[i].priority, i};
        status = sim_server_arrive(server, lp, &customer, &lobby->tickets[i]);
        if (status == SIM_OK && lobby->tickets[i].generation == 0)
            lobby->outcomes[i] = (outcome_t){.fate = REFUSED, .left_s = lp->now_s};
    } else if (event->type == PATIENCE) {
        if (sim_server_withdraw(server, lp, lobby->tickets[i]))
            lobby->outcomes[i] = (outcome_t){.fate = WITHDRAWN, .left_s = lp->now_s};
    } else {
        sim_departure_t gone;
        status = sim_server_done(server, lp, event, &gone);
        assert_int_equal(gone.arrived_s, people[gone.customer.tag].arrival_s);
        lobby->outcomes[gone.customer.tag] = (outcome_t){SERVED, lp->now_s, gone.waited_s};
    }
    assert_true(status < 0 || sim_server_verify(server));
    return status;
}

static const sim_lp_kind_t kinds[] = {{.name = "lobby", .handle = on_event}};
static const sim_model_t model = {.name = "server test", .kinds = kinds, .n_kinds = 1, .window_s = SIM_DAY_S};

static sim_world_t *open_lobby(const person_t *people, uint32_t n, const sim_server_spec_t *spec)
{
    sim_world_t *world;
    uint32_t lp;
    sim_error_t err = {0};
    sim_lp_spec_t lobby_spec = {.state_bytes = sizeof(lobby_t), .calendar_initial = 3 * N};
    assert_int_equal(sim_world_create(&world, &model, people, &(sim_world_options_t){.seed = 1}, &err), SIM_OK);
    assert_int_equal(sim_world_add_lp(world, &lobby_spec, &lp, &err), SIM_OK);
    lobby_t *lobby = sim_world_state(world, lp);
    assert_int_equal(sim_server_create(world, spec, &lobby->server, &err), SIM_OK);
    for (uint32_t i = 0; i < n; i++) {
        sim_event_t event = {.time_s = people[i].arrival_s, .type = ARRIVAL, .entity = i};
        assert_int_equal(sim_world_schedule(world, lp, &event, 0, NULL), SIM_OK);
        event = (sim_event_t){.time_s = people[i].arrival_s + people[i].patience_s, .type = PATIENCE, .entity = i};
        if (people[i].patience_s > 0)
            assert_int_equal(sim_world_schedule(world, lp, &event, 0, NULL), SIM_OK);
    }
    return world;
}

static const sim_server_stats_t *stats_of(sim_world_t *world)
{
    lobby_t *lobby = sim_world_state(world, 0);
    return sim_server_stats(sim_arena_at(sim_world_arena(world), lobby->server));
}

/* The naive simulation. Work left is counted down step by step. */
typedef struct naive {
    const person_t *people;
    uint32_t n;
    const sim_server_spec_t *spec;
    int64_t left_s[N];
    int64_t queued[N];  /* order of joining the queue; interrupted customers go before all of their class */
    int64_t started[N]; /* order of starting */
    outcome_t outcomes[N];
    int64_t counter;
} naive_t;

static uint32_t naive_count(const naive_t *self, fate_t fate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->n; i++)
        count += self->outcomes[i].fate == fate;
    return count;
}

static bool goes_before(const naive_t *self, uint32_t a, uint32_t b)
{
    if (self->spec->discipline >= SIM_PRIORITY && self->people[a].priority != self->people[b].priority)
        return self->people[a].priority < self->people[b].priority;
    return self->spec->discipline == SIM_LIFO ? self->queued[a] > self->queued[b] : self->queued[a] < self->queued[b];
}

static void naive_serve(naive_t *self)
{
    while (naive_count(self, IN_SERVICE) < self->spec->servers && naive_count(self, WAITING) > 0) {
        uint32_t best = N;
        for (uint32_t i = 0; i < self->n; i++)
            if (self->outcomes[i].fate == WAITING && (best == N || goes_before(self, i, best)))
                best = i;
        self->outcomes[best].fate = IN_SERVICE;
        self->started[best] = self->counter++;
    }
}

static void naive_preempt(naive_t *self, uint32_t arrival)
{
    uint32_t victim = N;
    for (uint32_t i = 0; i < self->n; i++) {
        if (self->outcomes[i].fate != IN_SERVICE)
            continue;
        uint32_t priority = self->people[i].priority;
        if (victim == N || priority > self->people[victim].priority ||
            (priority == self->people[victim].priority && self->started[i] > self->started[victim]))
            victim = i;
    }
    if (self->people[victim].priority <= self->people[arrival].priority)
        return;
    self->outcomes[victim].fate = WAITING;
    self->queued[victim] = -self->counter++;
}

static void naive_arrive(naive_t *self, uint32_t i)
{
    uint32_t present = naive_count(self, IN_SERVICE) + naive_count(self, WAITING);
    if (self->spec->limit != 0 && present >= self->spec->limit) {
        self->outcomes[i] = (outcome_t){.fate = REFUSED, .left_s = self->people[i].arrival_s};
        return;
    }
    self->outcomes[i].fate = WAITING;
    self->left_s[i] = self->people[i].service_s;
    self->queued[i] = self->counter++;
    if (self->spec->discipline == SIM_PREEMPTIVE && naive_count(self, IN_SERVICE) == self->spec->servers)
        naive_preempt(self, i);
    naive_serve(self);
}

/* Time of the next thing that happens after now_s; -1 when nothing does. */
static int64_t naive_next(const naive_t *self, int64_t now_s)
{
    int64_t next_s = INT64_MAX;
    for (uint32_t i = 0; i < self->n; i++) {
        const person_t *p = &self->people[i];
        int64_t candidates[3] = {p->arrival_s, p->patience_s > 0 ? p->arrival_s + p->patience_s : -1,
                                 self->outcomes[i].fate == IN_SERVICE ? now_s + self->left_s[i] : -1};
        for (int k = 0; k < 3; k++)
            if (candidates[k] > now_s && candidates[k] < next_s)
                next_s = candidates[k];
    }
    return next_s == INT64_MAX ? -1 : next_s;
}

/* Everybody in service is served for delta_s; who is done leaves. */
static void naive_work(naive_t *self, int64_t now_s, int64_t delta_s)
{
    for (uint32_t i = 0; i < self->n; i++)
        if (self->outcomes[i].fate == IN_SERVICE)
            self->left_s[i] -= delta_s;
    for (uint32_t i = 0; i < self->n; i++)
        if (self->outcomes[i].fate == IN_SERVICE && self->left_s[i] == 0)
            self->outcomes[i] =
                (outcome_t){SERVED, now_s, now_s - self->people[i].arrival_s - self->people[i].service_s};
    naive_serve(self);
}

/* From instant to instant. Times are drawn from so wide a range that no two instants coincide. */
static void naive_run(naive_t *self)
{
    int64_t now_s = 0;
    for (int64_t next_s = naive_next(self, now_s); next_s >= 0; next_s = naive_next(self, now_s)) {
        naive_work(self, next_s, next_s - now_s);
        now_s = next_s;
        for (uint32_t i = 0; i < self->n; i++) {
            const person_t *p = &self->people[i];
            if (p->patience_s > 0 && p->arrival_s + p->patience_s == now_s && self->outcomes[i].fate == WAITING)
                self->outcomes[i] = (outcome_t){.fate = WITHDRAWN, .left_s = now_s};
            if (p->arrival_s == now_s)
                naive_arrive(self, i);
        }
    }
}

static void make_people(person_t people[N], uint64_t event, uint32_t servers)
{
    const double service_s = 1e12;
    sim_rng_t rng;
    sim_rng_at(&rng, 31, 0, 0, 0, event * 1000);
    int64_t now_s = 1;
    for (int i = 0; i < N; i++) {
        now_s += (int64_t)sim_draw_exponential(&rng, service_s / (1.05 * servers)); /* a load above 1: long queues */
        people[i] = (person_t){.arrival_s = now_s,
                               .service_s = 1 + (int64_t)sim_draw_exponential(&rng, service_s),
                               .priority = (uint32_t)sim_draw_below(&rng, SIM_SERVER_PRIORITIES)};
        if (sim_draw_bernoulli(&rng, 0.3))
            people[i].patience_s = 1 + (int64_t)sim_draw_exponential(&rng, 5 * service_s);
    }
}

static void compare_with_naive(const sim_server_spec_t *spec, uint64_t event)
{
    static person_t people[N];
    static naive_t naive;
    make_people(people, event, spec->servers);
    naive = (naive_t){.people = people, .n = N, .spec = spec};
    naive_run(&naive);
    sim_world_t *world = open_lobby(people, N, spec);
    assert_int_equal(sim_world_run(world, SIM_NEVER - 1, NULL, NULL), SIM_OK);
    const lobby_t *lobby = sim_world_state(world, 0);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(lobby->outcomes[i].fate, naive.outcomes[i].fate);
        assert_int_equal(lobby->outcomes[i].left_s, naive.outcomes[i].left_s);
        assert_int_equal(lobby->outcomes[i].waited_s, naive.outcomes[i].waited_s);
    }
    const sim_server_stats_t *stats = stats_of(world);
    assert_int_equal(stats->arrived, N);
    assert_int_equal(stats->served, naive_count(&naive, SERVED));
    assert_int_equal(stats->withdrawn, naive_count(&naive, WITHDRAWN));
    assert_int_equal(stats->turned_away, naive_count(&naive, REFUSED));
    assert_true(spec->discipline == SIM_PREEMPTIVE ? stats->preemptions > 0 : stats->preemptions == 0);
    sim_world_destroy(world);
}

static void test_equals_naive_simulation(void **state)
{
    (void)state;
    uint64_t event = 0;
    for (int discipline = SIM_FIFO; discipline <= SIM_PREEMPTIVE; discipline++)
        for (uint32_t servers = 1; servers <= 4; servers += 1 + servers / 2)
            for (uint32_t limit = 0; limit <= 12; limit += 12) {
                sim_server_spec_t spec = {.servers = servers,
                                          .capacity = N,
                                          .limit = limit,
                                          .discipline = (sim_discipline_t)discipline,
                                          .done_type = DONE};
                compare_with_naive(&spec, event++);
            }
}

/* Little rules, by example. */

static const person_t three[] = {{10, 100, 0, 5}, {20, 50, 0, 3}, {30, 50, 0, 3}};

static void check_departures(sim_discipline_t discipline, uint32_t servers, const int64_t left_s[3])
{
    sim_server_spec_t spec = {.servers = servers, .capacity = 3, .discipline = discipline, .done_type = DONE};
    sim_world_t *world = open_lobby(three, 3, &spec);
    assert_int_equal(sim_world_run(world, 1000, NULL, NULL), SIM_OK);
    const lobby_t *lobby = sim_world_state(world, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(lobby->outcomes[i].left_s, left_s[i]);
    sim_world_destroy(world);
}

static void test_order_of_service(void **state)
{
    (void)state;
    check_departures(SIM_FIFO, 1, (int64_t[]){110, 160, 210});
    check_departures(SIM_LIFO, 1, (int64_t[]){110, 210, 160});
    check_departures(SIM_PRIORITY, 1, (int64_t[]){110, 160, 210});
    check_departures(SIM_PREEMPTIVE, 1, (int64_t[]){210, 70, 120});
    check_departures(SIM_FIFO, 3, (int64_t[]){110, 70, 80});
    check_departures(SIM_PREEMPTIVE, 2, (int64_t[]){150, 70, 80}); /* interrupted from 30 to 70 */
}

/* Second by second: 10-20 one busy, 20-30 one waits, 30-110 two wait, ... */
static void test_statistics_by_hand(void **state)
{
    (void)state;
    sim_server_spec_t spec = {.servers = 1, .capacity = 3, .done_type = DONE};
    sim_world_t *world = open_lobby(three, 3, &spec);
    assert_int_equal(sim_world_run(world, 400, NULL, NULL), SIM_OK);
    const sim_server_stats_t *stats = stats_of(world);
    assert_true(sim_level_integral(&stats->busy, 400) == 200);
    assert_true(sim_level_integral(&stats->queue, 400) == (110 - 20) + (160 - 30));
    assert_int_equal(stats->queue.max, 2);
    assert_true(stats->wait_s.count == 3 && stats->wait_s.min == 0 && stats->wait_s.max == 130);
    assert_true(sim_batches_interval(&stats->waits, 0.9).mean == (0 + 90 + 130) / 3.0);
    sim_world_destroy(world);
}

static void test_capacity_is_a_named_failure(void **state)
{
    (void)state;
    sim_server_spec_t spec = {.servers = 1, .capacity = 2, .done_type = DONE, .entity = 77};
    sim_world_t *world = open_lobby(three, 3, &spec);
    sim_error_t err = {0};
    assert_int_equal(sim_world_run(world, 400, NULL, &err), SIM_ELIMIT);
    assert_non_null(strstr(err.message, "2 customers are present, for whom server 77 was given memory"));
    sim_world_destroy(world);
}

/* With a limit at the capacity the same arrival is turned away and all goes on: Erlang's loss system. */
static void test_limit_turns_away(void **state)
{
    (void)state;
    sim_server_spec_t spec = {.servers = 1, .capacity = 1, .limit = 1, .done_type = DONE};
    sim_world_t *world = open_lobby(three, 3, &spec);
    assert_int_equal(sim_world_run(world, 400, NULL, NULL), SIM_OK);
    assert_int_equal(stats_of(world)->turned_away, 2);
    assert_int_equal(stats_of(world)->served, 1);
    assert_int_equal(
        sim_server_busy(sim_arena_at(sim_world_arena(world), ((lobby_t *)sim_world_state(world, 0))->server)), 0);
    sim_world_destroy(world);
}

static void test_restart_of_statistics(void **state)
{
    (void)state;
    sim_server_spec_t spec = {.servers = 1, .capacity = 3, .done_type = DONE};
    sim_world_t *world = open_lobby(three, 3, &spec);
    assert_int_equal(sim_world_run(world, 100, NULL, NULL), SIM_OK);
    sim_server_t *server = sim_arena_at(sim_world_arena(world), ((lobby_t *)sim_world_state(world, 0))->server);
    assert_int_equal(sim_server_waiting(server), 2);
    sim_server_restart_stats(server, 100);
    assert_true(sim_server_verify(server));
    assert_int_equal(sim_world_run(world, 400, NULL, NULL), SIM_OK);
    const sim_server_stats_t *stats = stats_of(world);
    assert_true(stats->served == 3 && stats->arrived == 3);
    assert_true(sim_level_integral(&stats->busy, 400) == 110);
    assert_true(sim_level_integral(&stats->queue, 400) == 10 + 60);
    sim_world_destroy(world);
}

/* A clone in the middle of the run goes on alone and comes to the same end. */
static void test_clone_ends_the_same(void **state)
{
    (void)state;
    static person_t people[N];
    make_people(people, 99, 2);
    sim_server_spec_t spec = {.servers = 2, .capacity = N, .discipline = SIM_PREEMPTIVE, .done_type = DONE};
    sim_world_t *world = open_lobby(people, N, &spec);
    assert_int_equal(sim_world_run(world, people[N / 2].arrival_s, NULL, NULL), SIM_OK);
    sim_world_t *copy;
    assert_int_equal(sim_world_clone(&copy, world, people, NULL), SIM_OK);
    assert_int_equal(sim_world_run(world, SIM_NEVER - 1, NULL, NULL), SIM_OK);
    assert_int_equal(sim_world_run(copy, SIM_NEVER - 1, NULL, NULL), SIM_OK);
    assert_int_equal(sim_world_fingerprint(world), sim_world_fingerprint(copy));
    assert_memory_equal(sim_world_state(world, 0), sim_world_state(copy, 0), sizeof(lobby_t));
    assert_memory_equal(stats_of(world), stats_of(copy), sizeof(sim_server_stats_t));
    sim_world_destroy(world);
    sim_world_destroy(copy);
}

static void test_tickets_of_the_gone_are_refused(void **state)
{
    (void)state;
    sim_server_spec_t spec = {.servers = 1, .capacity = 3, .done_type = DONE};
    sim_world_t *world = open_lobby(three, 3, &spec);
    assert_int_equal(sim_world_run(world, 115, NULL, NULL), SIM_OK);
    lobby_t *lobby = sim_world_state(world, 0);
    sim_server_t *server = sim_arena_at(sim_world_arena(world), lobby->server);
    sim_lp_t lp = {.world = world, .arena = sim_world_arena(world), .now_s = 115};
    assert_false(sim_server_withdraw(server, &lp, lobby->tickets[0])); /* gone */
    assert_false(sim_server_withdraw(server, &lp, lobby->tickets[1])); /* in service */
    assert_true(sim_server_withdraw(server, &lp, lobby->tickets[2]));
    assert_false(sim_server_withdraw(server, &lp, lobby->tickets[2]));
    assert_false(sim_server_withdraw(server, &lp, (sim_handle_t){0, 0}));
    assert_false(sim_server_withdraw(server, &lp, (sim_handle_t){1000, 1}));
    assert_true(sim_server_verify(server));
    sim_world_destroy(world);
}

static void test_no_room_in_the_world(void **state)
{
    (void)state;
    sim_world_t *world;
    sim_error_t err = {0};
    sim_world_options_t options = {.seed = 1, .max_bytes = 1 << 20};
    assert_int_equal(sim_world_create(&world, &model, NULL, &options, &err), SIM_OK);
    sim_ref_t ref;
    sim_server_spec_t spec = {.servers = 1, .capacity = 1000000};
    assert_int_equal(sim_server_create(world, &spec, &ref, &err), SIM_ELIMIT);
    assert_non_null(strstr(err.message, "server of 1000000 customers"));
    sim_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_naive_simulation), cmocka_unit_test(test_order_of_service),
        cmocka_unit_test(test_statistics_by_hand),      cmocka_unit_test(test_capacity_is_a_named_failure),
        cmocka_unit_test(test_limit_turns_away),        cmocka_unit_test(test_restart_of_statistics),
        cmocka_unit_test(test_clone_ends_the_same),     cmocka_unit_test(test_tickets_of_the_gone_are_refused),
        cmocka_unit_test(test_no_room_in_the_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/naive_queue.h"

#include <assert.h>
#include <string.h>

#define NO_START (-1)

typedef enum state { AWAY, WAITS, RUNS, GONE } state_t;

typedef struct play {
    naive_job_t *jobs;
    int n;
    const naive_rules_t *rules;
    state_t state[NAIVE_MOST_JOBS];
    int planned_s[NAIVE_MOST_JOBS]; /* conservative */
    int spoken_for[NAIVE_HORIZON_S];
    int decisions;
    int most_moved; /* by one look at the queue */
} play_t;

static void speak_for(play_t *play, int from_s, int to_s, int gpus)
{
    assert(to_s <= NAIVE_HORIZON_S);
    for (int s = from_s; s < to_s; s++)
        play->spoken_for[s] += gpus;
}

static bool fits(const play_t *play, int from_s, int length_s, int gpus)
{
    for (int s = from_s; s < from_s + length_s; s++)
        if (play->spoken_for[s] + gpus > play->rules->gpus)
            return false;
    return true;
}

static int earliest(const play_t *play, int now_s, const naive_job_t *job)
{
    int start_s = now_s;

    while (!fits(play, start_s, job->estimate_s, job->gpus))
        start_s++;
    return start_s;
}

static bool before(const play_t *play, int a, int b, bool by_estimate)
{
    int first = play->jobs[a].estimate_s, second = play->jobs[b].estimate_s;

    return by_estimate && first != second ? first < second : a < b;
}

/* The waiting jobs in order. */
static int list(const play_t *play, int *waiting, bool by_estimate)
{
    int n = 0;

    for (int i = 0; i < play->n; i++) {
        if (play->state[i] != WAITS)
            continue;
        int at = n++;
        for (; at > 0 && before(play, i, waiting[at - 1], by_estimate); at--)
            waiting[at] = waiting[at - 1];
        waiting[at] = i;
    }
    return n;
}

static void begin(play_t *play, int i, int now_s)
{
    play->state[i] = RUNS;
    play->jobs[i].start_s = now_s;
    play->jobs[i].end_s = now_s + play->jobs[i].run_s;
}

static void begin_and_speak(play_t *play, int i, int now_s)
{
    begin(play, i, now_s);
    play->jobs[i].decision = play->decisions++;
    speak_for(play, now_s, now_s + play->jobs[i].estimate_s, play->jobs[i].gpus);
}

/* Heads, then a reservation for the first that does not fit, then whoever fits besides it. */
static void decide(play_t *play, int now_s)
{
    int waiting[NAIVE_MOST_JOBS], n = list(play, waiting, play->rules->shortest_first), first = 0;

    while (first < n && play->spoken_for[now_s] + play->jobs[waiting[first]].gpus <= play->rules->gpus)
        begin_and_speak(play, waiting[first++], now_s);
    if (play->rules->reservation == MDL_RESERVATION_NONE || n - first < 2)
        return;
    const naive_job_t *head = &play->jobs[waiting[first]];
    int head_index = waiting[first], start_s = earliest(play, now_s, head);
    speak_for(play, start_s, start_s + head->estimate_s, head->gpus);
    n = list(play, waiting, play->rules->shortest_first || play->rules->reservation == MDL_RESERVATION_EASY_SJBF);
    for (int i = 0; i < n; i++)
        if (waiting[i] != head_index &&
            fits(play, now_s, play->jobs[waiting[i]].estimate_s, play->jobs[waiting[i]].gpus))
            begin_and_speak(play, waiting[i], now_s);
    speak_for(play, start_s, start_s + head->estimate_s, -head->gpus);
}

/* Conservative: plans those without a plan; after an end, all those whose start is still to come, one after another. */
static void plan(play_t *play, int now_s, bool ended)
{
    int waiting[NAIVE_MOST_JOBS], n = list(play, waiting, play->rules->shortest_first), moved = 0;

    for (int i = 0; i < n; i++) {
        naive_job_t *job = &play->jobs[waiting[i]];
        int *planned_s = &play->planned_s[waiting[i]], before_s = *planned_s;
        if (*planned_s != NO_START && (!ended || *planned_s <= now_s))
            continue;
        if (*planned_s != NO_START)
            speak_for(play, *planned_s, *planned_s + job->estimate_s, -job->gpus);
        *planned_s = earliest(play, now_s, job);
        job->decision = *planned_s != before_s ? play->decisions++ : job->decision;
        moved += before_s != NO_START && *planned_s != before_s;
        speak_for(play, *planned_s, *planned_s + job->estimate_s, job->gpus);
    }
    play->most_moved = moved > play->most_moved ? moved : play->most_moved;
}

static void start_planned(play_t *play, int now_s)
{
    int waiting[NAIVE_MOST_JOBS], n = list(play, waiting, play->rules->shortest_first);

    for (int i = 0; i < n; i++)
        if (play->planned_s[waiting[i]] == now_s)
            begin(play, waiting[i], now_s);
}

static void act(play_t *play, int now_s, bool ended)
{
    if (play->rules->reservation != MDL_RESERVATION_CONSERVATIVE) {
        decide(play, now_s);
        return;
    }
    plan(play, now_s, ended);
    start_planned(play, now_s);
}

static bool started_before(const naive_job_t *a, const naive_job_t *b)
{
    return a->start_s != b->start_s ? a->start_s < b->start_s : a->decision < b->decision;
}

/* The running job that ends now and was started first, of one second the one whose start was settled first; NO_START:
 * none. */
static int ending(const play_t *play, int now_s)
{
    int found = NO_START;

    for (int i = 0; i < play->n; i++)
        if (play->state[i] == RUNS && play->jobs[i].end_s == now_s &&
            (found == NO_START || started_before(&play->jobs[i], &play->jobs[found])))
            found = i;
    return found;
}

static bool end_one(play_t *play, int now_s)
{
    int i = ending(play, now_s);

    if (i == NO_START)
        return false;
    play->state[i] = GONE;
    speak_for(play, now_s, play->jobs[i].start_s + play->jobs[i].estimate_s, -play->jobs[i].gpus);
    return true;
}

/* The job that comes now and has not yet; NO_START: none. */
static int submit_one(play_t *play, int now_s)
{
    for (int i = 0; i < play->n; i++)
        if (play->state[i] == AWAY && play->jobs[i].submit_s == now_s) {
            play->state[i] = WAITS;
            return i;
        }
    return NO_START;
}

/* EASY in pyss: a job that does not fit when it comes has nobody looked at. */
static void act_on_submission(play_t *play, int now_s, int i)
{
    enum mdl_reservation_row reservation = play->rules->reservation;
    bool easy = reservation == MDL_RESERVATION_EASY || reservation == MDL_RESERVATION_EASY_SJBF;

    if (!easy || play->rules->shortest_first || play->spoken_for[now_s] + play->jobs[i].gpus <= play->rules->gpus)
        act(play, now_s, false);
}

static void instant(play_t *play, int now_s)
{
    bool ended = false, came = false;

    if (play->rules->one_by_one) {
        for (int i = submit_one(play, now_s); i != NO_START; i = submit_one(play, now_s))
            act_on_submission(play, now_s, i);
        while (end_one(play, now_s))
            act(play, now_s, true);
    } else {
        while (end_one(play, now_s))
            ended = true;
        while (submit_one(play, now_s) != NO_START)
            came = true;
        if (ended || came)
            act(play, now_s, ended);
    }
    if (play->rules->reservation == MDL_RESERVATION_CONSERVATIVE)
        start_planned(play, now_s);
}

int naive_queue_play(naive_job_t *jobs, int n, const naive_rules_t *rules)
{
    play_t play = {.jobs = jobs, .n = n, .rules = rules};
    int gone = 0;

    assert(n <= NAIVE_MOST_JOBS);
    for (int i = 0; i < n; i++)
        play.planned_s[i] = NO_START;
    for (int now_s = 0; gone < n; now_s++) {
        instant(&play, now_s);
        gone = 0;
        for (int i = 0; i < n; i++)
            gone += play.state[i] == GONE;
    }
    return play.most_moved;
}

void naive_srpt_play(naive_job_t *jobs, int n)
{
    int left_s[NAIVE_MOST_JOBS], gone = 0;

    for (int i = 0; i < n; i++) {
        left_s[i] = jobs[i].run_s;
        jobs[i].start_s = NO_START;
    }
    for (int now_s = 0; gone < n; now_s++) {
        int best = NO_START;
        for (int i = 0; i < n; i++)
            if (left_s[i] > 0 && jobs[i].submit_s <= now_s && (best == NO_START || left_s[i] < left_s[best]))
                best = i;
        if (best == NO_START)
            continue;
        if (jobs[best].start_s == NO_START)
            jobs[best].start_s = now_s;
        jobs[best].end_s = now_s + 1;
        gone += --left_s[best] == 0;
    }
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Errors: how every function of Overbuild says that something went wrong.
 *
 * A function that can fail returns a sim_status_t (0 or a negative code) and, when given one, fills a sim_error_t
 * with the place, what was found, what was expected and, where it can, a likely fix. Three tiers:
 *
 *   bad input         -> sim_fail(): the caller reports it, nothing has changed
 *   broken invariant  -> sim_fail(SIM_EINVARIANT): that replication is abandoned and named, the others go on
 *   programmer's bug  -> SIM_ASSERT(): stops the program; cheap checks stay in release builds
 *
 * Use:
 *
 *     sim_error_t err = {0};
 *     if (sim_date_parse("2022-02-30", &day, &err) < 0)
 *         fprintf(stderr, "%s\n", err.message);
 */
#ifndef SIM_ERROR_H
#define SIM_ERROR_H

typedef enum sim_status {
    SIM_OK = 0,
    SIM_EINPUT = -1,       /* bad input or usage */
    SIM_EIO = -2,          /* disk full, unwritable, damaged file */
    SIM_ENOMEM = -3,       /* out of memory */
    SIM_ELIMIT = -4,       /* a declared bound was exceeded (pool, calendar, arena) */
    SIM_EINVARIANT = -5,   /* the model broke one of its own laws */
    SIM_EINTERRUPTED = -6, /* the user asked to stop */
    SIM_EEXISTS = -7,      /* would overwrite something */
    SIM_EINTERNAL = -8     /* should not happen */
} sim_status_t;

/* Context of a failure. Zero-initialise; the first failure recorded wins, later ones leave it unchanged. */
typedef struct sim_error {
    sim_status_t code;
    char message[1024]; /* one line, no newline at the end: "where: found; expected; likely fix" */
} sim_error_t;

/* Records a failure and returns `code`, so that `return sim_fail(err, SIM_EINPUT, "x.yaml:3:1", "...")` reads well.
 * `where` (may be NULL) is a place: "file:line:column", a key, a pool's name. `err` may be NULL. */
sim_status_t sim_fail(sim_error_t *err, sim_status_t code, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Short English name of a status ("bad input", "out of memory"). Never NULL. */
const char *sim_status_text(sim_status_t code);

/* Reports a broken assertion on stderr and aborts. Call it through SIM_ASSERT. */
_Noreturn void sim_bug(const char *condition, const char *file, int line);

/* A check cheap enough to survive release builds. */
#define SIM_ASSERT(condition) ((condition) ? (void)0 : sim_bug(#condition, __FILE__, __LINE__))

#endif

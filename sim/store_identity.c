// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether two experiments may share a file: their identity texts, line by line, arm by arm. */
#include "sim/store_internal.h"

#include <string.h>

#define ARM_PREFIX "arm "

/* A line of a text, without its end; `bytes` 0 and `text` NULL behind the last one. */
typedef struct line {
    const char *text;
    size_t bytes;
} line_t;

static line_t first_line(const char *text)
{
    return (line_t){*text == '\0' ? NULL : text, strcspn(text, "\n")};
}

static line_t next_line(line_t line)
{
    const char *end = line.text + line.bytes;
    return first_line(*end == '\n' ? end + 1 : end);
}

/* Length of the line's start "arm LABEL:"; 0 for lines that belong to no arm. */
static size_t arm_bytes(line_t line)
{
    if (line.text == NULL || line.bytes < strlen(ARM_PREFIX) || memcmp(line.text, ARM_PREFIX, strlen(ARM_PREFIX)) != 0)
        return 0;
    const char *colon = memchr(line.text, ':', line.bytes);
    return colon == NULL ? 0 : (size_t)(colon - line.text) + 1;
}

/* First line from `line` on that starts as `start` does; with start_bytes 0, the first that belongs to no arm. */
static line_t find_line(line_t line, const char *start, size_t start_bytes)
{
    while (line.text != NULL) {
        size_t bytes = arm_bytes(line);
        if (bytes == start_bytes && memcmp(line.text, start, bytes) == 0)
            break;
        line = next_line(line);
    }
    return line;
}

static sim_status_t differ(const char *where, line_t stored, line_t now, sim_error_t *err)
{
    return sim_fail(err, SIM_EINPUT, where,
                    "the stored run is of another scenario: it has '%.*s' where there is '%.*s' now; start anew with "
                    "--force, or choose another name with -o",
                    (int)(stored.bytes > 200 ? 200 : stored.bytes), stored.text == NULL ? "" : stored.text,
                    (int)(now.bytes > 200 ? 200 : now.bytes), now.text == NULL ? "" : now.text);
}

/* Compares the lines with one start. */
static sim_status_t compare_lines(const char *where, const char *stored, const char *now, const char *start,
                                  size_t start_bytes, sim_error_t *err)
{
    line_t a = find_line(first_line(stored), start, start_bytes);
    line_t b = find_line(first_line(now), start, start_bytes);
    if (start_bytes > 0 && (a.text == NULL || b.text == NULL))
        return SIM_OK; /* an arm that only one of them has */
    while (a.text != NULL && b.text != NULL && a.bytes == b.bytes && memcmp(a.text, b.text, a.bytes) == 0) {
        a = find_line(next_line(a), start, start_bytes);
        b = find_line(next_line(b), start, start_bytes);
    }
    return a.text == NULL && b.text == NULL ? SIM_OK : differ(where, a, b, err);
}

sim_status_t sim_store_same_identity(const char *where, const char *stored, const char *now, sim_error_t *err)
{
    sim_status_t status = compare_lines(where, stored, now, "", 0, err);
    const char *start = "";
    size_t start_bytes = 0;
    for (line_t line = first_line(now); line.text != NULL && status == SIM_OK; line = next_line(line)) {
        size_t bytes = arm_bytes(line);
        if (bytes == 0 || (bytes == start_bytes && memcmp(line.text, start, bytes) == 0))
            continue;
        start = line.text;
        start_bytes = bytes;
        status = compare_lines(where, stored, now, start, start_bytes, err);
    }
    return status;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs after a published cluster, as comma-separated text.
 *
 *     jobs PROFILE [DAYS [GPUS [LOAD [SEED [TENANTS]]]]]
 *
 * prints one line per job, by submission; 0 stands for what the profile says. Without arguments it names the profiles.
 */
#include "models/trace/trace.h"
#include "models/workload/generator.h"
#include "sim/time.h"

#include <stdio.h>
#include <stdlib.h>

static int name_profiles(void)
{
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t i = 0; i < n; i++)
        printf("%-14s %s\n", profiles[i].name, profiles[i].summary);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return name_profiles();
    static const char *const ends[MDL_JOB_ENDS] = {"finished", "cancelled", "failed"};
    mdl_generator_request_t request = {.profile = argv[1],
                                       .until_s = argc > 2 ? strtol(argv[2], NULL, 10) * SIM_DAY_S : SIM_DAY_S,
                                       .gpus = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0,
                                       .load = argc > 4 ? strtod(argv[4], NULL) : 0,
                                       .seed = argc > 5 ? strtoul(argv[5], NULL, 10) : 1,
                                       .tenants = argc > 6 ? (uint32_t)strtoul(argv[6], NULL, 10) : 0};
    mdl_trace_t trace;
    sim_error_t err = {0};
    if (mdl_generator_fill(&request, &trace, &err) < 0)
        return fprintf(stderr, "%s\n", err.message), 1;
    printf("id,submit_s,run_s,estimate_s,gpus,tenant,end\n");
    for (size_t i = 0; i < trace.n; i++) {
        const mdl_trace_job_t *job = &trace.jobs[i];
        printf("%lld,%lld,%lld,%lld,%u,%s,%s\n", (long long)job->id, (long long)job->submit_s, (long long)job->run_s,
               (long long)job->estimate_s, job->gpus, trace.tenants[job->tenant], ends[job->end]);
    }
    mdl_trace_free(&trace);
    return 0;
}

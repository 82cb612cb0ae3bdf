// SPDX-License-Identifier: GPL-3.0-or-later
/* A data centre as the economy sees it: contracts, orders, meters. Every boundary audits. */
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

/* Mean share of the leased GPUs that a quiet year of a class keeps busy. */
static double busy_share(mdl_contract_terms_t terms, int64_t days)
{
    test_centres_t centres;

    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 40, 1);
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, days * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    double share = (double)meter->busy_gpu_s / (double)meter->leased_gpu_s;
    print_message("class %d: allocated %.4f busy %.4f useful %.4f of leased; jobs %lld refused %lld wait %.0f s\n",
                  terms.job_class, (double)meter->allocated_gpu_s / (double)meter->leased_gpu_s, share,
                  (double)meter->useful_gpu_s / (double)meter->leased_gpu_s,
                  (long long)meter->jobs_submitted[terms.job_class], (long long)meter->jobs_refused[terms.job_class],
                  meter->jobs_started[terms.job_class]
                      ? (double)meter->wait_s[terms.job_class] / (double)meter->jobs_started[terms.job_class]
                      : 0);
    test_centres_free(&centres);
    return share;
}

/* Over 1,000 days the share of GPUs that jobs keep busy is what the contract says, less what queues turn away. The
 * band of 0.04 is wide for training (about 250 runs, spread of a mean share about 0.01) and fine-tuning. */
static void test_activity_is_what_jobs_want(void **state)
{
    (void)state;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        mdl_contract_terms_t terms = {
            .job_class = (mdl_job_class_t)c, .nodes = 32, .gang_nodes = 8, .activity_permille = 600, .ported = true};
        double share = busy_share(terms, 1000);
        assert_true(share > 0.56 && share < 0.64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_activity_is_what_jobs_want)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

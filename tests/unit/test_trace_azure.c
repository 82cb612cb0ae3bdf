// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of Azure's LLM requests. */
#include "models/trace/requests.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

static void requests_are(const char *text, const mdl_request_t *expected, size_t n, size_t dropped)
{
    mdl_requests_t requests;
    sim_error_t err = {0};
    mdl_source_t source = test_source("llm.csv", text, NULL);
    if (mdl_requests_read_azure_from(&source, &requests, &err) != SIM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(requests.n, n);
    assert_int_equal(requests.dropped, dropped);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(requests.requests[i].arrival_us, expected[i].arrival_us);
        assert_int_equal(requests.requests[i].context, expected[i].context);
        assert_int_equal(requests.requests[i].generated, expected[i].generated);
    }
    mdl_requests_free(&requests);
    mdl_requests_free(&requests);
}

static void test_requests(void **state)
{
    (void)state;
    static const mdl_request_t expected[] = {{0, 4808, 10}, {52000, 3180, 8}, {98189, 110, 27}, {98189, 5, 6}};
    requests_are("TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n"
                 "2023-11-16 18:17:04.0319600,3180,8\r\n2023-11-16 18:17:04.0781490,110,27\r\n"
                 "2023-11-16 18:17:04.0781499,5,6",
                 expected, 4, 0);
}

/* Out of order, with a time zone, without an answer, around midnight and a leap day. */
static void test_ways_of_writing(void **state)
{
    (void)state;
    static const mdl_request_t expected[] = {{0, 1, 1}, {1000001, 2, 2}, {1000001, 3, 3}};
    requests_are("GeneratedTokens,ContextTokens,TIMESTAMP\n2,2,2024-02-29 00:00:00.500001+00:00\n"
                 "3,3,2024-02-29T00:00:00.500001Z\n1,1,2024-02-28 23:59:59.5\n0,9,2024-02-28 23:59:59\n",
                 expected, 3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests), cmocka_unit_test(test_ways_of_writing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

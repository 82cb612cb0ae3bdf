// SPDX-License-Identifier: GPL-3.0-or-later
/* Facts tables written for tests: rows of the columns that matter there, the rest filled in. */
#ifndef TEST_FACTS_TEXT_H
#define TEST_FACTS_TEXT_H

#include "analysis/facts.h"

#define TEST_FACTS_HEADER                                                                                              \
    "id,kind,topic,quantity,unit,low,high,from,until,source,variable,over,reduce,base_from,base_until,scale,shift,"    \
    "scoring,note\n"

/* A row: variable, over and reduction over a window ("FROM,UNTIL"), against a band. */
#define TEST_FACT(id, kind, low, high, window, variable, over, reduce)                                                 \
    id "," kind ",topic,quantity,unit," low "," high "," window ",source," variable "," over "," reduce ",,,,,linear," \
                                                                                                        "\n"

/* Reads a table that must have no problems; free it with ana_facts_free(). */
void test_facts_read(ana_facts_t *facts, const char *csv);

#endif

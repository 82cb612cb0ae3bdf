// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers of what a run records; see channels.def. Private to this folder. */
#ifndef MDL_CHANNELS_H
#define MDL_CHANNELS_H

enum mdl_record {
#define MDL_NATION(id, ...)    MDL_CH_##id,
#define MDL_SERIES(id, ...)    MDL_CH_##id,
#define MDL_MONTHLY(id, ...)   MDL_CH_##id,
#define MDL_OUTCOME(id, ...)   MDL_CH_##id,
#define MDL_ACROSS(id, ...)    MDL_CH_##id,
#define MDL_DATE(id, ...)      MDL_CH_##id,
#define MDL_ITEM(id, ...)      MDL_CH_##id,
#define MDL_ITEM_DATE(id, ...) MDL_CH_##id,
#include "models/economy/channels.def"
#undef MDL_NATION
#undef MDL_SERIES
#undef MDL_MONTHLY
#undef MDL_OUTCOME
#undef MDL_ACROSS
#undef MDL_DATE
#undef MDL_ITEM
#undef MDL_ITEM_DATE
    MDL_CH_COUNT
};

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Presets compiled into the program. */
#include "scenarios/scenario.h"

#include <string.h>

/* presets/NAME.yaml, embedded by the build in order of name. */
extern const char *const scn_preset_file_names[];
extern const char *const scn_preset_file_texts[];
extern const char *const scn_preset_file_summaries[];
extern const size_t scn_preset_file_count;

size_t scn_preset_count(void)
{
    return scn_preset_file_count;
}

const char *scn_preset_name(size_t i)
{
    return i < scn_preset_file_count ? scn_preset_file_names[i] : NULL;
}

const char *scn_preset_summary(size_t i)
{
    return i < scn_preset_file_count ? scn_preset_file_summaries[i] : NULL;
}

const char *scn_preset_text(const char *name)
{
    for (size_t i = 0; i < scn_preset_file_count; i++)
        if (strcmp(scn_preset_file_names[i], name) == 0)
            return scn_preset_file_texts[i];
    return NULL;
}

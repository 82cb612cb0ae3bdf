// SPDX-License-Identifier: GPL-3.0-or-later
/* Internal: doubly linked lists over the indices 0 .. n-1 of a table, for blocks that must not hold pointers.
 *
 * Each index stands in at most one list at a time; the links of all lists share one array. Every operation is O(1).
 */
#ifndef SIM_SLOTS_H
#define SIM_SLOTS_H

#include <stdint.h>

#define SIM_NO_INDEX UINT32_MAX

typedef struct sim_link {
    uint32_t next;
    uint32_t previous;
} sim_link_t;

typedef struct sim_list {
    uint32_t first;
    uint32_t last;
} sim_list_t;

#define SIM_LIST_EMPTY ((sim_list_t){SIM_NO_INDEX, SIM_NO_INDEX})

static inline void sim_list_push_back(sim_list_t *list, sim_link_t *links, uint32_t index)
{
    links[index] = (sim_link_t){.next = SIM_NO_INDEX, .previous = list->last};
    if (list->last == SIM_NO_INDEX)
        list->first = index;
    else
        links[list->last].next = index;
    list->last = index;
}

static inline void sim_list_push_front(sim_list_t *list, sim_link_t *links, uint32_t index)
{
    links[index] = (sim_link_t){.next = list->first, .previous = SIM_NO_INDEX};
    if (list->first == SIM_NO_INDEX)
        list->last = index;
    else
        links[list->first].previous = index;
    list->first = index;
}

/* Takes the first index off a list that is not empty. */
static inline uint32_t sim_list_pop_front(sim_list_t *list, sim_link_t *links)
{
    uint32_t index = list->first;
    list->first = links[index].next;
    if (list->first == SIM_NO_INDEX)
        list->last = SIM_NO_INDEX;
    else
        links[list->first].previous = SIM_NO_INDEX;
    return index;
}

static inline void sim_list_remove(sim_list_t *list, sim_link_t *links, uint32_t index)
{
    sim_link_t link = links[index];
    if (link.previous == SIM_NO_INDEX)
        list->first = link.next;
    else
        links[link.previous].next = link.next;
    if (link.next == SIM_NO_INDEX)
        list->last = link.previous;
    else
        links[link.next].previous = link.previous;
}

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Contracts by page of slots: the day before which none of a page ends, and which of its slots hold contracts for
 * training. Few contracts end on a day and few are for training; looking at all of them every day would take longer than
 * signing them did. */
#include "models/market/rental_parts.h"

size_t mdl_rental_pages_bytes(uint32_t contracts)
{
    return ((size_t)contracts + MDL_RENTAL_PAGE - 1) / MDL_RENTAL_PAGE * sizeof(mdl_rental_page_t);
}

static mdl_rental_page_t *page_of(mdl_rental_t *self, uint32_t slot)
{
    return &mdl_rental_pages(self)[slot / MDL_RENTAL_PAGE];
}

void mdl_rental_page_signed(mdl_rental_t *self, uint32_t slot)
{
    const mdl_contract_t *contract = mdl_rental_contract(self, slot);
    mdl_rental_page_t *page = page_of(self, slot);
    if (contract->end_day < page->due_day)
        page->due_day = contract->end_day;
    if (contract->segment == MDL_SEGMENT_TRAINING)
        page->training |= UINT32_C(1) << slot % MDL_RENTAL_PAGE;
}

void mdl_rental_page_ended(mdl_rental_t *self, uint32_t slot)
{
    page_of(self, slot)->training &= ~(UINT32_C(1) << slot % MDL_RENTAL_PAGE);
}

/* Slot after the last that is in use of the page that begins with `first`. */
static uint32_t page_end(const mdl_rental_t *self, uint32_t first)
{
    return first + MDL_RENTAL_PAGE < self->contracts_used ? first + MDL_RENTAL_PAGE : self->contracts_used;
}

/* Ends what is due of a page, as long as there is room for it. Returns the first day on which another may be due. */
static int64_t expire_page(mdl_rental_t *self, uint32_t first, int64_t day, mdl_contract_t *ended, uint32_t capacity,
                           uint32_t *n)
{
    int64_t due_day = INT64_MAX;
    for (uint32_t slot = first, end = page_end(self, first); slot < end; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(self, slot);
        if (contract->number == 0)
            continue;
        if (contract->end_day <= day && *n < capacity)
            (void)mdl_rental_end(self, slot, &ended[(*n)++]);
        else if (contract->end_day < due_day)
            due_day = contract->end_day;
    }
    return due_day;
}

uint32_t mdl_rental_expire(mdl_rental_t *self, int64_t day, mdl_contract_t *ended, uint32_t capacity)
{
    uint32_t n = 0;
    for (uint32_t first = 0; first < self->contracts_used && n < capacity; first += MDL_RENTAL_PAGE) {
        mdl_rental_page_t *page = page_of(self, first);
        if (page->due_day <= day)
            page->due_day = expire_page(self, first, day, ended, capacity, &n);
    }
    return n;
}

uint32_t mdl_rental_next_training(const mdl_rental_t *self, uint32_t from)
{
    const mdl_rental_page_t *pages = mdl_rental_pages((mdl_rental_t *)(uintptr_t)self);
    uint32_t bit = from % MDL_RENTAL_PAGE;
    for (uint32_t first = from - bit; first < self->contracts_used; first += MDL_RENTAL_PAGE) {
        uint32_t rest = pages[first / MDL_RENTAL_PAGE].training >> bit << bit;
        if (rest != 0)
            return first + (uint32_t)__builtin_ctz(rest);
        bit = 0;
    }
    return MDL_NO_CONTRACT;
}

bool mdl_rental_pages_are_right(const mdl_rental_t *self)
{
    const mdl_rental_page_t *pages = mdl_rental_pages((mdl_rental_t *)(uintptr_t)self);
    for (uint32_t slot = 0; slot < self->contracts_used; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(self, slot);
        const mdl_rental_page_t *page = &pages[slot / MDL_RENTAL_PAGE];
        bool live = contract->number != 0, training = live && contract->segment == MDL_SEGMENT_TRAINING;
        if ((live && contract->end_day < page->due_day) || (page->training >> slot % MDL_RENTAL_PAGE & 1) != training)
            return false;
    }
    return true;
}

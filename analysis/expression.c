// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/expression.h"

#include <string.h>

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

/* Copies what stands before one of `ends`, without blanks at its end; false when that is nothing or too long. */
static bool take(const char **at, const char *ends, char *word, size_t room)
{
    skip_blanks(at);
    size_t length = strcspn(*at, ends);
    const char *from = *at;
    *at += length;
    while (length > 0 && (from[length - 1] == ' ' || from[length - 1] == '\t'))
        length--;
    if (length == 0 || length >= room)
        return false;
    memcpy(word, from, length);
    word[length] = '\0';
    return true;
}

/* After the opening bracket. */
static const char *take_choices(const char **at, ana_term_t *term)
{
    do {
        if (term->n_choices == ANA_MAX_CHOICES)
            return "at most two choices in brackets";
        ana_choice_t *choice = &term->choices[term->n_choices++];
        if (!take(at, "=,]", choice->dim, sizeof choice->dim) || **at != '=')
            return "dimension=label in brackets";
        (*at)++;
        if (!take(at, ",]", choice->label, sizeof choice->label))
            return "a label after '='";
    } while (*(*at)++ == ',');
    if ((*at)[-1] == ']')
        return NULL;
    (*at)--; /* the text ended */
    return "a closing bracket";
}

static const char *take_term(const char **at, ana_term_t *term)
{
    *term = (ana_term_t){.path = "/"};
    skip_blanks(at);
    if (**at == '/')
        (*at)++;
    if (!take(at, "+[]", term->path + 1, sizeof term->path - 1) || strpbrk(term->path, " \t=,") != NULL)
        return "the name of a variable, or /group/name";
    if (**at == '[') {
        (*at)++;
        const char *expected = take_choices(at, term);
        if (expected != NULL)
            return expected;
    }
    skip_blanks(at);
    return NULL;
}

const char *ana_expression_parse(const char *text, ana_expression_t *expression)
{
    expression->n = 0;
    for (const char *at = text;; at++) {
        if (expression->n == ANA_MAX_TERMS)
            return "at most four terms";
        const char *expected = take_term(&at, &expression->terms[expression->n++]);
        if (expected != NULL)
            return expected;
        if (*at == '\0')
            return NULL;
        if (*at != '+')
            return "'+' between terms";
    }
}

bool ana_expression_is_outcome(const ana_expression_t *expression)
{
    for (uint32_t i = 0; i < expression->n; i++)
        if (strncmp(expression->terms[i].path, "/outcomes/", 10) != 0)
            return false;
    return true;
}

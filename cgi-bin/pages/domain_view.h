/* The view of domains, shared by the users' and the administrators' pages. */
#ifndef DOMAIN_VIEW_H
#define DOMAIN_VIEW_H

#include "web/web.h"
#include "store/domains.h"

/*
 * The name in a user's text, "Example.org." or "https://example.org/x"; false
 * for none.
 */
bool domain_typed(const char *text, char out[DOMAIN_MAX + 1]);

/* In the user's language; borrowed. */
const char *domain_state_word(const struct request *r, const char *state);

/* A domain's fields, by the names that the pages' rows use. */
void domain_row(struct request *r, struct view *row, const struct domain *d);

/* The installation's list, with its reasons; says so when it cannot be read. */
void domain_list_for_all(struct request *r, struct view *view);

#endif

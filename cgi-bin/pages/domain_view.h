/* How domains are shown: what the users' and the administrators' pages share. */
#ifndef DOMAIN_VIEW_H
#define DOMAIN_VIEW_H

#include "web/web.h"
#include "store/domains.h"

/* The name in what a person wrote, "Example.org." or "https://example.org/x"; false for none. */
bool domain_typed(const char *text, char out[DOMAIN_MAX + 1]);

/* In the visitor's language; borrowed. */
const char *domain_state_word(const struct request *r, const char *state);

/* All that is known of one, by the names that the pages' rows have. */
void domain_row(struct request *r, struct view *row, const struct domain *d);

/* The list for everybody, with its reasons; when it cannot be read, that is said. */
void domain_list_for_all(struct request *r, struct view *view);

#endif

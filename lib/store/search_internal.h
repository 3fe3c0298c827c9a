/* What search.c asks of a driver; everything that differs between stores is behind this. */
#ifndef STORE_SEARCH_INTERNAL_H
#define STORE_SEARCH_INTERNAL_H

#include "core/search_terms.h"
#include "store/db.h"

/* The rows of a result; each driver's statement selects these. */
#define SEARCH_COLUMNS \
	"s.id, s.conversation_id, coalesce(t.execution_id, ''), c.title, c.kind," \
	" p.role, s.text, s.at, p.created_at, coalesce(t.attempt, 0)"
/* $2: user, $3 and $4: ids from and below, $5: kind, $6: role, $7: limit. */
#define SEARCH_FILTER \
	" c.deleted_at = 0 AND s.user_id = $2" \
	" AND ($5 = '' OR c.kind = $5) AND ($6 = '' OR p.role = $6)"
#define SEARCH_BESIDE \
	" JOIN conversations c ON c.id = s.conversation_id" \
	" JOIN parts p ON p.conversation_id = s.conversation_id AND p.at = s.at" \
	" LEFT JOIN attempts t ON t.conversation_id = s.conversation_id"

struct db_search {
	/* With $1: what match made of the query; newest first. */
	const char *select;
	/* The query's terms, each quoted, because nothing that a person wrote may become syntax. */
	int (*match)(struct buf *out, const struct search_query *q,
		     const char *user_id, struct err *e);
	/* Removes what is left of removed rows in the index's file, in many small transactions. */
	int (*tidy)(struct db *db, struct err *e);
};

extern const struct db_search sqlite_search;

#endif

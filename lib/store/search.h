/* Full-text search over what was said in a user's conversations and runs. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "core/id.h"
#include "core/search_terms.h"
#include "store/conversations.h"

#define SEARCH_TEXT_MAX (64 << 10)	/* bytes of a part that can be found */

/* Makes a part's entry, replaces its text, or removes it (text NULL); in the caller's transaction. */
int search_entry_put(struct db *db, const char *conversation_id,
		     const struct part *p, const char *text, struct err *e) must_check;

struct search_filter {
	const char *user_id;
	const struct search_query *query;
	const char *kind;	/* "" both, chat, run */
	const char *role;	/* "" both, user, assistant */
	int64_t from, to;	/* UTC ms, to excluded; 0: no bound */
	int64_t before;		/* id of the previous page's last row; 0: the first page */
	int limit;
};

struct search_hit {
	int64_t id;
	char conversation_id[ID_SIZE];
	char execution_id[ID_SIZE];	/* of a run or one that was continued; else "" */
	int64_t attempt;
	const char *title, *kind, *role;
	const char *text;	/* of the part; NFC */
	int64_t at, created_at;
	struct search_mark marks[SEARCH_MARKS_MAX];
	size_t nmarks;
};

/* How a search ended. */
struct search_end {
	int64_t last;		/* the id it came to: before of the next page; 0: nothing is left */
	bool tired;		/* it read SEARCH_READ_MAX texts without filling the page */
};
#define SEARCH_READ_MAX 2000

/* When the entry with that id was written; UTC ms. */
int64_t search_time(int64_t id);

/*
 * The user's entries that have all of the query, newest first; never of a deleted
 * conversation. Texts are borrowed during each call of each. A query without terms
 * (one syllable) reads texts one after another.
 */
int search_each(struct db *db, const struct search_filter *f,
		int (*each)(void *data, const struct search_hit *h, struct err *e),
		void *data, struct search_end *end, struct err *e) must_check;

/*
 * Makes entries of the next limit parts that were recorded before there were any.
 * text: what can be found of a part, or NULL; gives (child of ctx). *done: none is
 * left. One transaction; safe beside another program that does the same.
 */
int search_backlog_step(struct db *db, int limit,
			char *(*text)(const void *ctx, const struct part *p),
			bool *done, struct err *e) must_check;

/* Of the user's conversations: how many there are, and how many are not all in the index yet. */
int search_backlog_left(struct db *db, const char *user_id, int64_t *all,
			int64_t *left, struct err *e) must_check;

/* Removes from the files what removed entries left there; may take seconds. */
int search_tidy(struct db *db, struct err *e) must_check;

#endif

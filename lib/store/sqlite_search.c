/*
 * The index of search_entries in SQLite: an FTS5 table without texts, columns or
 * positions (detail=none), so it needs the old text to forget a row. Triggers
 * keep it in step with the table, whatever removes a row. Its tokenizer splits nothing
 * that search_terms_add left together. An entry's owner is a term too: what others
 * wrote is not read at all.
 *
 * PostgreSQL would keep array_to_tsvector(terms) in a column of search_entries.
 */
#include "config.h"
#include "store/sqlite_internal.h"

#include <string.h>

#include "core/id.h"
#include "core/search_terms.h"
#include "store/db_internal.h"
#include "store/search_internal.h"

#define SEARCH_MIGRATION 17
#define OWNER_MARK "\xee\x80\x80"	/* U+E000: no term of a text has it */
#define MERGE_PAGES 200
#define TERMS_CAP (16u << 20)

static const char create[] =
	"CREATE VIRTUAL TABLE search_index USING fts5(terms, content='',"
	" detail=none, columnsize=0, tokenize='ascii', prefix='3 4');"
	"CREATE TRIGGER search_entry_added AFTER INSERT ON search_entries BEGIN"
	" INSERT INTO search_index (rowid, terms)"
	" VALUES (new.id, search_terms(new.user_id, new.text)); END;"
	"CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entries BEGIN"
	" INSERT INTO search_index (search_index, rowid, terms)"
	" VALUES ('delete', old.id, search_terms(old.user_id, old.text)); END;"
	"CREATE TRIGGER search_entry_changed AFTER UPDATE OF text"
	" ON search_entries BEGIN"
	" INSERT INTO search_index (search_index, rowid, terms)"
	" VALUES ('delete', old.id, search_terms(old.user_id, old.text));"
	" INSERT INTO search_index (rowid, terms)"
	" VALUES (new.id, search_terms(new.user_id, new.text)); END;";

const char *sqlite_migration(int64_t number)
{
	return number == SEARCH_MIGRATION ? create : NULL;
}

static int add_owner(struct buf *out, const char *user_id, struct err *e)
{
	if (buf_add_text(out, OWNER_MARK, e) < 0)
		return -1;
	for (; *user_id; user_id++) {
		if (*user_id != '-' && buf_add(out, user_id, 1, e) < 0)
			return -1;
	}
	return 0;
}

/* SQL search_terms(user, text). */
static void search_terms(sqlite3_context *out, int n, sqlite3_value **arg)
{
	const char *user = (const char *)sqlite3_value_text(arg[0]);
	const char *text = (const char *)sqlite3_value_text(arg[1]);
	auto_buf terms = BUF_INIT(TERMS_CAP);
	struct err e = { 0 };

	(void)n;
	if (!user || !text)
		return;
	if (add_owner(&terms, user, &e) < 0 || buf_add_text(&terms, " ", &e) < 0 ||
	    search_terms_add(&terms, text, &e) < 0) {
		sqlite3_result_error(out, e.text, -1);
		return;
	}
	sqlite3_result_text64(out, terms.data, terms.len, SQLITE_TRANSIENT,
			      SQLITE_UTF8);
}

int sqlite_search_open(sqlite3 *db)
{
	return sqlite3_create_function(db, "search_terms", 2, SQLITE_UTF8 |
				       SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
				       NULL, search_terms, NULL, NULL);
}

/* A term has no quote in it; all of them must be there. */
static int match(struct buf *out, const struct search_query *q,
		 const char *user_id, struct err *e)
{
	size_t i;

	if (buf_add_text(out, "\"", e) < 0 || add_owner(out, user_id, e) < 0 ||
	    buf_add_text(out, "\"", e) < 0)
		return -1;
	for (i = 0; i < q->nterms; i++) {
		if (buf_addf(out, e, " \"%s\"%s", q->terms[i].text,
			     q->terms[i].prefix ? " *" : "") < 0)
			return -1;
	}
	return 0;
}

/*
 * FTS5 keeps the terms of a removed row until its segments are merged. Negative:
 * all of them, in steps of so many pages; a step without work changes one row.
 */
static int tidy(struct db *db, struct err *e)
{
	int64_t pages = -MERGE_PAGES, before, after = 0;

	for (;; pages = MERGE_PAGES) {
		if (db_query(db, e, db_keep_number, &before,
			     "SELECT total_changes()", "") < 0 ||
		    db_run(db, e, "INSERT INTO search_index (search_index, rank)"
			   " VALUES ('merge', $1)", "n", pages) < 0 ||
		    db_query(db, e, db_keep_number, &after,
			     "SELECT total_changes()", "") < 0)
			return -1;
		if (after - before < 2)
			return 0;
	}
}

const struct db_search sqlite_search = {
	/* CROSS: in this order, so that the index gives them newest first. */
	.select = "SELECT " SEARCH_COLUMNS " FROM search_index CROSS JOIN"
		  " search_entries s ON s.id = search_index.rowid"
		  SEARCH_BESIDE " WHERE search_index MATCH $1"
		  " AND search_index.rowid >= $3 AND search_index.rowid < $4"
		  " AND" SEARCH_FILTER
		  " ORDER BY search_index.rowid DESC LIMIT $7",
	.match = match,
	.tidy = tidy,
};

#include "config.h"
#include "store/search.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"
#include "store/db_internal.h"
#include "store/search_internal.h"

#define ID_SHIFT 20		/* entries of one millisecond */
#define CHUNK 100		/* rows a statement reads */
#define MATCH_MAX (16u << 10)

static int64_t first_id(int64_t ms)
{
	return (ms > 0 ? ms : 0) * (1 << ID_SHIFT);
}

int64_t search_time(int64_t id)
{
	return id >> ID_SHIFT;
}

static int remove_entry(struct db *db, const char *conversation_id, int64_t at,
			struct err *e)
{
	return db_run(db, e, "DELETE FROM search_entries"
		      " WHERE conversation_id = $1 AND at = $2", "tn",
		      conversation_id, at);
}

int search_entry_put(struct db *db, const char *conversation_id,
		     const struct part *p, const char *text, struct err *e)
{
	int64_t first = first_id(p->created_at);
	char *nfc;
	int rc;

	if (!text || !*text)
		return remove_entry(db, conversation_id, p->at, e);
	nfc = unicode_nfc(NULL, text);
	nfc[utf8_prefix(nfc, strlen(nfc), SEARCH_TEXT_MAX)] = '\0';
	rc = db_run(db, e, "INSERT INTO search_entries (id, user_id,"
		    " conversation_id, at, text) SELECT (SELECT"
		    "  coalesce(max(id) + 1, $4) FROM search_entries"
		    "  WHERE id >= $4 AND id < $5), c.user_id, c.id, $2, $3"
		    " FROM conversations c WHERE c.id = $1"
		    " ON CONFLICT (conversation_id, at) DO UPDATE SET"
		    " text = excluded.text WHERE search_entries.text <>"
		    " excluded.text", "tntnn", conversation_id, p->at, nfc,
		    first, first + (1 << ID_SHIFT));
	talloc_free(nfc);
	return rc;
}

/* ---- search ---- */

struct reading {
	const struct search_filter *filter;
	int (*each)(void *data, const struct search_hit *h, struct err *e);
	void *data;
	int found, seen, chunk;	/* chunk: rows of this statement */
	int64_t last;
};

static int read_row(void *data, const struct db_row *row, struct err *e)
{
	struct reading *r = data;
	struct search_hit h = {
		.id = db_number(row, 0), .title = db_text(row, 3),
		.kind = db_text(row, 4), .role = db_text(row, 5),
		.text = db_text(row, 6), .at = db_number(row, 7),
		.created_at = db_number(row, 8), .attempt = db_number(row, 9),
	};

	r->chunk++;
	if (r->found == r->filter->limit)
		return 0;
	if (!str_copy(h.conversation_id, ID_SIZE, db_text(row, 1)) ||
	    !str_copy(h.execution_id, ID_SIZE, db_text(row, 2)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	r->seen++;
	r->last = h.id;
	if (!search_query_find(r->filter->query, h.text, h.marks, &h.nmarks))
		return 0;
	r->found++;
	return r->each(r->data, &h, e);
}

/* Without terms every entry of the user is a candidate. */
#define SELECT_ALL \
	"SELECT " SEARCH_COLUMNS " FROM search_entries s" SEARCH_BESIDE \
	" WHERE $1 = '' AND s.id >= $3 AND s.id < $4 AND" SEARCH_FILTER \
	" ORDER BY s.id DESC LIMIT $7"

static int read_chunk(struct db *db, struct reading *r, const char *match,
		      int64_t from, int64_t below, struct err *e)
{
	const struct search_filter *f = r->filter;
	const char *sql = f->query->nterms ? db_search(db)->select : SELECT_ALL;

	r->chunk = 0;
	return db_query(db, e, read_row, r, sql, "ttnnttn", match, f->user_id,
			from, below, f->kind, f->role, (int64_t)CHUNK);
}

int search_each(struct db *db, const struct search_filter *f,
		int (*each)(void *data, const struct search_hit *h, struct err *e),
		void *data, struct search_end *end, struct err *e)
{
	struct reading r = { .filter = f, .each = each, .data = data };
	auto_buf match = BUF_INIT(MATCH_MAX);
	int64_t below = f->to ? first_id(f->to) : INT64_MAX;

	*end = (struct search_end){ 0 };
	if (!f->query->nunits)
		return 0;
	if (f->before && f->before < below)
		below = f->before;
	if (f->query->nterms &&
	    db_search(db)->match(&match, f->query, f->user_id, e) < 0)
		return -1;
	do {
		if (read_chunk(db, &r, buf_text(&match), first_id(f->from),
			       r.last ? r.last : below, e) < 0)
			return -1;
		if (r.chunk < CHUNK && r.found < f->limit)
			return 0;
	} while (r.found < f->limit && r.seen < SEARCH_READ_MAX);
	end->last = r.last;
	end->tired = r.found < f->limit;
	return 0;
}

/* ---- parts that were recorded before ---- */

struct backlog {
	const void *ctx;
	char *(*text)(const void *ctx, const struct part *p);
	bool there;
	char conversation_id[ID_SIZE];
	int64_t at;
	struct waiting {
		char conversation_id[ID_SIZE];
		struct part part;
		char *text;
	} *rows;
	int n;
};

static int keep_place(void *data, const struct db_row *row, struct err *e)
{
	struct backlog *b = data;

	b->there = true;
	b->at = db_number(row, 1);
	return str_copy(b->conversation_id, ID_SIZE, db_text(row, 0)) ? 0 :
	       err_set(e, ERR_INTERNAL, "id is too long");
}

static int keep_part(void *data, const struct db_row *row, struct err *e)
{
	struct backlog *b = data;
	struct waiting *w = &b->rows[b->n++];
	const struct part p = {
		.at = db_number(row, 1), .role = db_text(row, 2),
		.kind = db_text(row, 3), .state = db_text(row, 4),
		.data = db_text(row, 5), .created_at = db_number(row, 6),
	};

	w->part = p;
	w->text = b->text(b->ctx, &p);
	b->at = p.at;
	return str_copy(w->conversation_id, ID_SIZE, db_text(row, 0)) &&
	       str_copy(b->conversation_id, ID_SIZE, w->conversation_id) ? 0 :
	       err_set(e, ERR_INTERNAL, "id is too long");
}

static int put_rows(struct db *db, const struct backlog *b, struct err *e)
{
	int i;

	for (i = 0; i < b->n; i++) {
		if (b->rows[i].text &&
		    search_entry_put(db, b->rows[i].conversation_id,
				     &b->rows[i].part, b->rows[i].text, e) < 0)
			return -1;
	}
	return 0;
}

static int take_step(struct db *db, struct backlog *b, int limit, bool *done,
		     struct err *e)
{
	if (db_query(db, e, keep_place, b, "SELECT conversation_id, at"
		     " FROM search_backlog WHERE name = 'parts'", "") < 0)
		return -1;
	*done = !b->there;
	if (!b->there)
		return 0;
	if (db_query(db, e, keep_part, b, "SELECT conversation_id, at, role,"
		     " kind, state, data, created_at FROM parts"
		     " WHERE (conversation_id, at) > ($1, $2)"
		     " ORDER BY conversation_id, at LIMIT $3", "tnn",
		     b->conversation_id, b->at, (int64_t)limit) < 0 ||
	    put_rows(db, b, e) < 0)
		return -1;
	*done = b->n < limit;
	if (*done)
		return db_run(db, e, "DELETE FROM search_backlog"
			      " WHERE name = 'parts'", "");
	return db_run(db, e, "UPDATE search_backlog SET conversation_id = $1,"
		      " at = $2 WHERE name = 'parts'", "tn",
		      b->conversation_id, b->at);
}

int search_backlog_step(struct db *db, int limit,
			char *(*text)(const void *ctx, const struct part *p),
			bool *done, struct err *e)
{
	void *tmp = alloc_checked(talloc_new(NULL));
	struct backlog b = { .ctx = tmp, .text = text };
	int rc = -1;

	b.rows = alloc_checked(talloc_array(tmp, struct waiting, (size_t)limit));
	if (db_begin_relaxed(db, e) == 0)
		rc = db_end(db, take_step(db, &b, limit, done, e), e);
	talloc_free(tmp);
	return rc;
}

int search_backlog_left(struct db *db, const char *user_id, int64_t *all,
			int64_t *left, struct err *e)
{
	*all = *left = 0;
	if (db_query(db, e, db_keep_number, all, "SELECT count(*)"
		     " FROM conversations WHERE user_id = $1"
		     " AND deleted_at = 0", "t", user_id) < 0)
		return -1;
	return db_query(db, e, db_keep_number, left, "SELECT count(*)"
			" FROM conversations c JOIN search_backlog b"
			" ON b.name = 'parts' AND c.id >= b.conversation_id"
			" WHERE c.user_id = $1 AND c.deleted_at = 0"
			" AND c.recorded_bytes > 0", "t", user_id);
}

int search_tidy(struct db *db, struct err *e)
{
	return db_search(db)->tidy(db, e);
}

#include "config.h"
#include "store/usage.h"

#include <stdio.h>

#include "core/str.h"

#define QUARTER "at - at % 900000"	/* ms */
#define CLASSES 5

static int add_call(struct db *db, const struct usage_call *c, struct err *e)
{
	const struct usage *u = &c->usage;

	return db_run(db, e, "INSERT INTO usage (id, user_id, kind, subject_id,"
		      " model, input, output, cache_write_5m, cache_write_1h,"
		      " cache_read, outcome, status, at, ended_at)"
		      " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		      " $12, $13, $14 WHERE EXISTS"
		      " (SELECT 1 FROM users WHERE id = $2)"
		      " ON CONFLICT (id) DO NOTHING", "tttttnnnnntnnn", c->id,
		      c->user_id, c->kind, c->subject_id, c->model, u->input,
		      u->output, u->cache_write_5m, u->cache_write_1h,
		      u->cache_read, c->outcome, c->status, c->at,
		      c->ended_at);
}

int usage_add(struct db *db, const struct usage_call *calls, size_t n,
	      struct err *e)
{
	size_t i;

	if (db_begin(db, e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (add_call(db, &calls[i], e) < 0) {
			db_rollback(db);
			return err_wrap(e, "call %s", calls[i].id);
		}
	}
	return db_commit(db, e);
}

struct summing {
	int (*each)(void *data, const struct usage_sum *s, struct err *e);
	void *data;
};

static int sum_row(void *data, const struct db_row *row, struct err *e)
{
	struct summing *s = data;
	const struct usage_sum sum = {
		.model = db_text(row, 0),
		.quarter = db_number(row, 1),
		.user_id = db_text(row, 2),
		.kind = db_text(row, 3),
		.subject_id = db_text(row, 4),
		.usage = {
			.input = db_number(row, 5),
			.output = db_number(row, 6),
			.cache_write_5m = db_number(row, 7),
			.cache_write_1h = db_number(row, 8),
			.cache_read = db_number(row, 9),
		},
		.calls = db_number(row, 10),
		.unmetered = db_number(row, 11),
	};

	return s->each(s->data, &sum, e);
}

/* Whole-number sums: PostgreSQL's own is NUMERIC. */
static int add_sums(struct buf *sql, struct err *e)
{
	static const char *const classes[CLASSES] = { "input", "output",
		"cache_write_5m", "cache_write_1h", "cache_read" };
	size_t i;

	for (i = 0; i < CLASSES; i++) {
		if (buf_addf(sql, e, ", CAST(sum(%s) AS BIGINT)",
			     classes[i]) < 0)
			return -1;
	}
	return buf_add_text(sql, ", count(*), CAST(sum(CASE WHEN outcome ="
			    " 'unmetered' THEN 1 ELSE 0 END) AS BIGINT)", e);
}

/* One text a shape of question, so that each is prepared once. */
static int make_sql(struct buf *sql, const struct usage_filter *f, unsigned by,
		    struct err *e)
{
	const char *quarter = by & USAGE_BY_QUARTER ? ", " QUARTER : "";
	const char *user = by & USAGE_BY_USER ? ", user_id" : "";
	const char *subject = by & USAGE_BY_SUBJECT ? ", subject_id, kind" : "";

	if (buf_addf(sql, e, "SELECT model, %s, %s, %s",
		     *quarter ? QUARTER : "0", *user ? "user_id" : "''",
		     *subject ? "kind, subject_id" : "'', ''") < 0 ||
	    add_sums(sql, e) < 0)
		return -1;
	return buf_addf(sql, e, " FROM usage WHERE at >= $1 AND at < $2%s%s"
			" GROUP BY model%s%s%s ORDER BY %s%s%smodel",
			f->user_id ? " AND user_id = $3" :
			" AND CAST($3 AS TEXT) IS NULL",
			f->subject_id ? " AND subject_id = $4" :
			" AND CAST($4 AS TEXT) IS NULL",
			quarter, user, subject,
			*quarter ? QUARTER ", " : "", *user ? "user_id, " : "",
			*subject ? "subject_id, kind, " : "");
}

int usage_each(struct db *db, const struct usage_filter *f, unsigned by,
	       int (*each)(void *data, const struct usage_sum *s,
			   struct err *e),
	       void *data, struct err *e)
{
	struct summing s = { each, data };
	auto_buf sql = BUF_INIT(1024);

	if (make_sql(&sql, f, by, e) < 0)
		return -1;
	return db_query(db, e, sum_row, &s, buf_text(&sql), "nntt", f->from,
			f->to ? f->to : INT64_MAX, f->user_id, f->subject_id);
}

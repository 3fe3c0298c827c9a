#include "config.h"
#include "store/usage.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "store/removal.h"

#define QUARTER INT64_C(900000)		/* ms, as in SQL below */
#define DAY INT64_C(86400000)

#define CLASSES "input, output, cache_write_5m, cache_write_1h, cache_read"

/*
 * Adds the calls of one key to a table's sums: their numbers are $1 to $7, the
 * keys follow.
 */
#define ADD_TO(table, keys, values, from) \
	"INSERT INTO " table " (" CLASSES ", calls, unmetered, " keys ")" \
	" SELECT $1, $2, $3, $4, $5, $6, $7, " values " FROM " from \
	" ON CONFLICT (" keys ") DO UPDATE SET" \
	" input = " table ".input + excluded.input," \
	" output = " table ".output + excluded.output," \
	" cache_write_5m = " table ".cache_write_5m + excluded.cache_write_5m," \
	" cache_write_1h = " table ".cache_write_1h + excluded.cache_write_1h," \
	" cache_read = " table ".cache_read + excluded.cache_read," \
	" calls = " table ".calls + excluded.calls," \
	" unmetered = " table ".unmetered + excluded.unmetered"

enum { OF_QUARTER, OF_DAY, OF_AGENT, TABLES };

/* Calls of one transaction that share a row of sums. */
struct group {
	const struct usage_call *call;	/* one of them, as the key */
	struct usage usage;
	int64_t calls, unmetered;
};

struct groups {
	struct group *list;
	size_t n;
};

static bool same_key(int table, const struct usage_call *a, const struct usage_call *b)
{
	const int64_t step = table == OF_QUARTER ? QUARTER : DAY;

	return a->at / step == b->at / step && str_equal(a->model, b->model) &&
	       str_equal(a->user_id, b->user_id) &&
	       (table == OF_QUARTER || (str_equal(a->subject_id, b->subject_id) &&
					str_equal(a->kind, b->kind)));
}

static void add_to_group(struct groups *g, int table, const struct usage_call *c)
{
	const struct usage *u = &c->usage;
	size_t i;

	for (i = g->n; i && !same_key(table, g->list[i - 1].call, c); i--)
		;
	if (!i) {
		g->list[g->n] = (struct group){ .call = c };
		i = ++g->n;
	}
	i--;
	g->list[i].usage.input += u->input;
	g->list[i].usage.output += u->output;
	g->list[i].usage.cache_write_5m += u->cache_write_5m;
	g->list[i].usage.cache_write_1h += u->cache_write_1h;
	g->list[i].usage.cache_read += u->cache_read;
	g->list[i].calls++;
	g->list[i].unmetered += str_equal(c->outcome, "unmetered");
}

static int save_group(struct db *db, int table, const struct group *g, struct err *e)
{
	const struct usage_call *c = g->call;
	const struct usage *u = &g->usage;

	if (table == OF_QUARTER)
		return db_run(db, e, ADD_TO("usage_quarters", "user_id, quarter, model",
					    "$8, $9, $10", "users WHERE id = $8"),
			      "nnnnnnntnt", u->input, u->output, u->cache_write_5m,
			      u->cache_write_1h, u->cache_read, g->calls,
			      g->unmetered, c->user_id, c->at - c->at % QUARTER,
			      c->model);
	if (table == OF_AGENT)
		return db_run(db, e, ADD_TO("agent_usage", "agent_id, day, model",
					    "agent_id, $9, $10",
					    "executions WHERE id = $8"),
			      "nnnnnnntnt", u->input, u->output, u->cache_write_5m,
			      u->cache_write_1h, u->cache_read, g->calls,
			      g->unmetered, c->subject_id, c->at - c->at % DAY,
			      c->model);
	return db_run(db, e, ADD_TO("usage_days",
				    "user_id, day, subject_id, kind, model",
				    "$8, $9, $10, $11, $12",
				    "users WHERE id = $8"),
		      "nnnnnnntnttt", u->input, u->output, u->cache_write_5m,
		      u->cache_write_1h, u->cache_read, g->calls, g->unmetered,
		      c->user_id, c->at - c->at % DAY, c->subject_id, c->kind,
		      c->model);
}

static int save_groups(struct db *db, const struct groups groups[TABLES], struct err *e)
{
	size_t i;
	int t;

	for (t = 0; t < TABLES; t++) {
		for (i = 0; i < groups[t].n; i++) {
			if (save_group(db, t, &groups[t].list[i], e) < 0)
				return err_wrap(e, "call %s", groups[t].list[i].call->id);
		}
	}
	return 0;
}

/* Whether it is new, and its user exists; -1 on failure. */
static int insert_call(struct db *db, const struct usage_call *c, struct err *e)
{
	const struct usage *u = &c->usage;

	if (db_run(db, e, "INSERT INTO usage (id, user_id, kind, subject_id,"
		   " model, " CLASSES ", outcome, status, at, ended_at)"
		   " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		   " $12, $13, $14 WHERE EXISTS"
		   " (SELECT 1 FROM users WHERE id = $2)"
		   " ON CONFLICT (id) DO NOTHING", "tttttnnnnntnnn", c->id,
		   c->user_id, c->kind, c->subject_id, c->model, u->input,
		   u->output, u->cache_write_5m, u->cache_write_1h,
		   u->cache_read, c->outcome, c->status, c->at,
		   c->ended_at) < 0)
		return -1;
	return db_changed(db) > 0;
}

/* A copy under no name. Gives (child of ctx). */
static struct usage_call *nameless(const void *ctx, const struct usage_call *c)
{
	struct usage_call *copy = alloc_checked(talloc_memdup(ctx, c, sizeof(*c)));

	memcpy(copy->user_id, REMOVED_ID, ID_SIZE);
	copy->subject_id[0] = '\0';
	return copy;
}

/* The sums of a known call are not changed again. */
static int add_call(struct db *db, const struct usage_call *c,
		    struct groups groups[TABLES], struct err *e)
{
	int added = insert_call(db, c, e);

	if (added == 0) {
		c = nameless(groups[OF_QUARTER].list, c);
		added = insert_call(db, c, e);
	}
	if (added <= 0)
		return added;
	add_to_group(&groups[OF_QUARTER], OF_QUARTER, c);
	add_to_group(&groups[OF_DAY], OF_DAY, c);
	if (str_equal(c->kind, "run"))
		add_to_group(&groups[OF_AGENT], OF_AGENT, c);
	return 0;
}

static int add_all(struct db *db, const struct usage_call *calls, size_t n,
		   struct groups groups[TABLES], struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (add_call(db, &calls[i], groups, e) < 0)
			return err_wrap(e, "call %s", calls[i].id);
	}
	return save_groups(db, groups, e);
}

int usage_add(struct db *db, const struct usage_call *calls, size_t n,
	      struct err *e)
{
	struct group *all =
		alloc_checked(talloc_array(NULL, struct group, TABLES * n));
	struct groups groups[TABLES];
	int t, done;

	for (t = 0; t < TABLES; t++)
		groups[t] = (struct groups){ .list = all + (size_t)t * n };
	done = db_begin(db, e);
	if (done == 0)
		done = db_end(db, add_all(db, calls, n, groups, e), e);
	talloc_free(all);
	return done;
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
		.name = db_text(row, 12),
		.subject = (enum usage_subject)db_number(row, 13),
	};

	return s->each(s->data, &sum, e);
}

/*
 * Where sums come from: the ledger, or its daily sums. All have the same
 * columns. $1 <= time < $2; $3 is the user or NULL; then the subject, or the
 * start and end of the days that lie completely within that time.
 */
#define OF_USER " AND user_id = $3"
#define OF_ALL " AND CAST($3 AS TEXT) IS NULL"
#define LEDGER_FROM(from, to) \
	"SELECT user_id, kind, subject_id, model, " CLASSES "," \
	" at - at % 900000 AS quarter, 1 AS calls," \
	" CASE WHEN outcome = 'unmetered' THEN 1 ELSE 0 END AS unmetered" \
	" FROM usage WHERE at >= " from " AND at < " to
#define FROM_QUARTERS \
	"SELECT user_id, '' AS kind, '' AS subject_id, model, " CLASSES "," \
	" quarter, calls, unmetered" \
	" FROM usage_quarters WHERE quarter >= $1 AND quarter < $2"
#define FROM_DAYS \
	"SELECT user_id, kind, subject_id, model, " CLASSES "," \
	" day AS quarter, calls, unmetered" \
	" FROM usage_days WHERE day >= $4 AND day < $5"
#define UNION " UNION ALL "

enum source { LEDGER, OF_SUBJECT, QUARTERS, DAYS };

static const struct {
	const char *of_user, *of_all;
} sources[] = {
	[LEDGER] = { LEDGER_FROM("$1", "$2") OF_USER,
		     LEDGER_FROM("$1", "$2") OF_ALL },
	[OF_SUBJECT] = { LEDGER_FROM("$1", "$2") OF_USER " AND subject_id = $4",
			 LEDGER_FROM("$1", "$2") OF_ALL " AND subject_id = $4" },
	[QUARTERS] = { FROM_QUARTERS OF_USER, FROM_QUARTERS OF_ALL },
	[DAYS] = { LEDGER_FROM("$1", "$4") OF_USER UNION FROM_DAYS OF_USER
		   UNION LEDGER_FROM("$5", "$2") OF_USER,
		   LEDGER_FROM("$1", "$4") OF_ALL UNION FROM_DAYS OF_ALL
		   UNION LEDGER_FROM("$5", "$2") OF_ALL },
};

static enum source choose(const struct usage_filter *f, unsigned by,
			  bool has_days)
{
	if (f->subject_id)
		return OF_SUBJECT;
	if (!(by & USAGE_BY_SUBJECT) && f->from % QUARTER == 0 &&
	    f->to % QUARTER == 0)
		return QUARTERS;
	return !(by & USAGE_BY_QUARTER) && has_days ? DAYS : LEDGER;
}

#define DAY_OF_QUARTER "quarter - quarter % 86400000"

/* Whole-number sums: PostgreSQL's own is NUMERIC. */
#define SUM(column) ", CAST(sum(" column ") AS BIGINT)"

/* A run counts for its agent; an unknown one stays as it is. */
#define RUNS_TO_AGENTS \
	"SELECT c.user_id, c.kind, coalesce(x.agent_id, c.subject_id)" \
	" AS subject_id, c.model, c.input, c.output, c.cache_write_5m," \
	" c.cache_write_1h, c.cache_read, c.quarter, c.calls, c.unmetered" \
	" FROM (%s) AS c LEFT JOIN executions x" \
	" ON c.kind = 'run' AND x.id = c.subject_id"

/* The sums, each with the name of its subject. */
#define WITH_NAMES(sums) \
	"SELECT s.*, coalesce(c.title, a.name, '')," \
	" CASE WHEN a.deleted_at > 0 THEN 2" \
	" WHEN coalesce(a.id, c.id) IS NULL THEN 0 ELSE 1 END" \
	" FROM (" sums ") AS s LEFT JOIN conversations c" \
	" ON s.kind = 'conversation' AND c.id = s.subject_id" \
	" AND c.deleted_at = 0 LEFT JOIN agents a" \
	" ON s.kind = 'run' AND a.id = s.subject_id"
#define WITHOUT_NAMES(sums) "SELECT s.*, '', 0 FROM (" sums ") AS s"

/* One text per shape of query, so that each is prepared once. */
static int make_sql(struct buf *sql, unsigned by, const char *from,
		    struct err *e)
{
	auto_buf agents = BUF_INIT(4096), sums = BUF_INIT(8192);
	const char *time = by & USAGE_BY_QUARTER ? "quarter, " :
			   by & USAGE_BY_DAY ? DAY_OF_QUARTER ", " : "";
	const char *user = by & USAGE_BY_USER ? "user_id, " : "";
	const char *subject = by & USAGE_BY_SUBJECT ?
			      "subject_id, kind, " : "";

	if (by & USAGE_BY_AGENT && buf_addf(&agents, e, RUNS_TO_AGENTS,
					    from) < 0)
		return -1;
	if (buf_addf(&sums, e, "SELECT model, %.*s AS since, %s AS user_id, %s",
		     *time ? (int)strlen(time) - 2 : 1, *time ? time : "0",
		     *user ? "user_id" : "''",
		     *subject ? "kind, subject_id" :
		     "'' AS kind, '' AS subject_id") < 0 ||
	    buf_addf(&sums, e, SUM("input") SUM("output") SUM("cache_write_5m")
		     SUM("cache_write_1h") SUM("cache_read") SUM("calls")
		     SUM("unmetered") " FROM (%s) AS calls",
		     by & USAGE_BY_AGENT ? buf_text(&agents) : from) < 0 ||
	    buf_addf(&sums, e, " GROUP BY %s%s%smodel", time, user,
		     subject) < 0)
		return -1;
	return buf_addf(sql, e, by & USAGE_NAMES ? WITH_NAMES("%s") :
			WITHOUT_NAMES("%s"), buf_text(&sums)) < 0 ? -1 :
	       buf_add_text(sql, " ORDER BY since, s.user_id, s.subject_id,"
			    " s.kind, model", e);
}

int usage_each(struct db *db, const struct usage_filter *f, unsigned by,
	       int (*each)(void *data, const struct usage_sum *s,
			   struct err *e),
	       void *data, struct err *e)
{
	const int64_t to = f->to ? f->to : INT64_MAX;
	const int64_t first = f->from + (DAY - f->from % DAY) % DAY;
	const int64_t end = to - to % DAY;
	const enum source from = choose(f, by, first < end);
	struct summing s = { each, data };
	auto_buf sql = BUF_INIT(8192);

	if (make_sql(&sql, by, f->user_id ? sources[from].of_user :
		     sources[from].of_all, e) < 0)
		return -1;
	if (from == OF_SUBJECT)
		return db_query(db, e, sum_row, &s, buf_text(&sql), "nntt",
				f->from, to, f->user_id, f->subject_id);
	if (from == DAYS)
		return db_query(db, e, sum_row, &s, buf_text(&sql), "nntnn",
				f->from, to, f->user_id, first, end);
	return db_query(db, e, sum_row, &s, buf_text(&sql), "nnt", f->from, to,
			f->user_id);
}

int usage_any(struct db *db, const char *user_id, bool *any, struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM (SELECT id"
		     " FROM usage WHERE user_id = $1 LIMIT 1) AS one", "t",
		     user_id) < 0)
		return -1;
	*any = n > 0;
	return 0;
}

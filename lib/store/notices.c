#include "config.h"
#include "store/notices.h"

#include "core/clock.h"
#include "core/str.h"

static int add_rule(struct db *db, struct notify_rule *r, struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM notify_rules"
		     " WHERE agent_id = $1", "t", r->agent_id) < 0)
		return -1;
	if (n >= NOTIFY_RULES_MAX)
		return err_tell(e, ERR_LIMIT, "error_notify_many",
				"an agent has at most %d rules",
				NOTIFY_RULES_MAX);
	id_new(r->id);
	if (db_run(db, e, "INSERT INTO notify_rules (id, agent_id, channel,"
		   " target, secret, events, created_at)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7)", "ttttttn", r->id,
		   r->agent_id, r->channel, r->target, r->secret, r->events,
		   clock_now_ms()) == 0)
		return 0;
	return e->kind == ERR_CONFLICT ?
	       err_set(e, ERR_MISSING, "no such agent") : -1;
}

int notify_rule_add(struct db *db, struct notify_rule *r, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, add_rule(db, r, e), e);
}

static int remove_rule(struct db *db, const char *id, const char *agent_id,
		       struct err *e)
{
	if (db_run(db, e, "DELETE FROM notify_rules WHERE id = $1"
		   " AND agent_id = $2", "tt", id, agent_id) < 0)
		return -1;
	if (db_changed(db) == 0)
		return err_set(e, ERR_MISSING, "no such rule");
	if (db_run(db, e, "DELETE FROM notices WHERE rule_id = $1"
		   " AND agent_id = $2 AND state = 'pending' AND tries = 0",
		   "tt", id, agent_id) < 0)
		return -1;
	/*
	 * An attempt counts against the hourly limit even if its rule was
	 * removed.
	 */
	return db_run(db, e, "UPDATE notices SET state = 'failed',"
		      " error = 'removed', ended_at = $3 WHERE rule_id = $1"
		      " AND agent_id = $2 AND state = 'pending'", "ttn", id,
		      agent_id, clock_now_ms());
}

int notify_rule_remove(struct db *db, const char *id, const char *agent_id,
		       struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, remove_rule(db, id, agent_id, e), e);
}

struct rules {
	int (*each)(void *data, const struct notify_rule *r, struct err *e);
	void *data;
};

static int rule_row(void *data, const struct db_row *row, struct err *e)
{
	struct rules *l = data;
	struct notify_rule r = {
		.channel = db_text(row, 2),
		.target = db_text(row, 3),
		.secret = db_text(row, 4),
		.events = db_text(row, 5),
	};

	if (!str_copy(r.id, ID_SIZE, db_text(row, 0)) ||
	    !str_copy(r.agent_id, ID_SIZE, db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "notify rule: id is too long");
	return l->each(l->data, &r, e);
}

int notify_rule_each(struct db *db, const char *agent_id,
		     int (*each)(void *data, const struct notify_rule *r,
				 struct err *e), void *data, struct err *e)
{
	struct rules l = { each, data };

	return db_query(db, e, rule_row, &l, "SELECT id, agent_id, channel,"
			" target, secret, events FROM notify_rules"
			" WHERE agent_id = $1 ORDER BY created_at, id", "t",
			agent_id);
}

int notice_add(struct db *db, const struct notice *n, struct err *e)
{
	char id[ID_SIZE];

	id_new(id);
	return db_run(db, e, "INSERT INTO notices (id, user_id, agent_id,"
		      " execution_id, rule_id, event, state, next_try_at,"
		      " created_at, domain) VALUES ($1, $2, $3, $4, $5, $6,"
		      " $7, $8, $8, $9) ON CONFLICT DO NOTHING", "tttttttnt",
		      id, n->user_id, n->agent_id[0] ? n->agent_id : NULL,
		      n->execution_id, n->rule_id, n->event, n->state,
		      n->created_at, n->domain ? n->domain : "");
}

struct telling {
	struct db *db;
	struct notice n;
};

static int tell_rule(void *data, const struct db_row *row, struct err *e)
{
	struct telling *t = data;

	if (!str_copy(t->n.rule_id, ID_SIZE, db_text(row, 0)) ||
	    !str_copy(t->n.agent_id, ID_SIZE, db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "notify rule: id is too long");
	return notice_add(t->db, &t->n, e);
}

int notice_add_domain(struct db *db, const char *user_id, const char *domain,
		      const char *event, int64_t now, struct err *e)
{
	struct telling t = { .db = db, .n = { .event = event, .domain = domain,
		.state = "unread", .created_at = now } };

	if (!str_copy(t.n.user_id, ID_SIZE, user_id))
		return err_set(e, ERR_INTERNAL, "notice: no id");
	if (notice_add(db, &t.n, e) < 0)
		return -1;
	t.n.state = "pending";
	return db_query(db, e, tell_rule, &t, "SELECT r.id, r.agent_id"
			" FROM notify_rules r JOIN agents a ON a.id = r.agent_id"
			" WHERE a.user_id = $1 AND a.deleted_at = 0"
			" AND ' ' || r.events || ' ' LIKE '% domain %'"
			" AND NOT EXISTS (SELECT 1 FROM notify_rules o"
			"  JOIN agents b ON b.id = o.agent_id"
			"  WHERE b.user_id = $1 AND b.deleted_at = 0"
			"  AND o.channel = r.channel AND o.target = r.target"
			"  AND ' ' || o.events || ' ' LIKE '% domain %'"
			"  AND o.id < r.id)", "t", user_id);
}

struct notices {
	int (*each)(void *data, const struct notice *n, struct err *e);
	void *data;
};

#define NOTICE_COLUMNS "n.id, n.user_id, coalesce(n.agent_id, '')," \
	" n.execution_id, n.rule_id, coalesce(a.name, ''), n.event, n.state," \
	" n.tries, n.next_try_at, n.created_at, n.ended_at, n.error," \
	" coalesce(x.reason, ''), n.domain, coalesce(r.target, '')" \
	" FROM notices n LEFT JOIN agents a ON a.id = n.agent_id" \
	" LEFT JOIN executions x ON x.id = n.execution_id" \
	" LEFT JOIN notify_rules r ON r.id = n.rule_id"

static int notice_row(void *data, const struct db_row *row, struct err *e)
{
	struct notices *l = data;
	struct notice n = {
		.agent_name = db_text(row, 5),
		.event = db_text(row, 6),
		.state = db_text(row, 7),
		.tries = db_number(row, 8),
		.next_try_at = db_number(row, 9),
		.created_at = db_number(row, 10),
		.ended_at = db_number(row, 11),
		.error = db_text(row, 12),
		.reason = db_text(row, 13),
		.domain = db_text(row, 14),
		.target = db_text(row, 15),
	};

	if (!str_copy(n.id, ID_SIZE, db_text(row, 0)) ||
	    !str_copy(n.user_id, ID_SIZE, db_text(row, 1)) ||
	    !str_copy(n.agent_id, ID_SIZE, db_text(row, 2)) ||
	    !str_copy(n.execution_id, ID_SIZE, db_text(row, 3)) ||
	    !str_copy(n.rule_id, ID_SIZE, db_text(row, 4)))
		return err_set(e, ERR_INTERNAL, "notice: id is too long");
	return l->each(l->data, &n, e);
}

int notice_each(struct db *db, const char *user_id, bool unread_only,
		int64_t limit,
		int (*each)(void *data, const struct notice *n, struct err *e),
		void *data, struct err *e)
{
	struct notices l = { each, data };

	return db_query(db, e, notice_row, &l, "SELECT " NOTICE_COLUMNS
			" WHERE n.user_id = $1 AND n.rule_id = ''"
			" AND n.state IN ('unread', $2)"
			" ORDER BY n.created_at DESC, n.id DESC LIMIT $3",
			"ttn", user_id, unread_only ? "unread" : "read", limit);
}

int notice_count_unread(struct db *db, const char *user_id, int64_t *out,
			struct err *e)
{
	return db_query(db, e, db_keep_number, out, "SELECT count(*) FROM notices"
			" WHERE user_id = $1 AND state = 'unread'", "t",
			user_id);
}

int notice_read_all(struct db *db, const char *user_id, struct err *e)
{
	return db_run(db, e, "UPDATE notices SET state = 'read', ended_at = $2"
		      " WHERE user_id = $1 AND state = 'unread'", "tn",
		      user_id, clock_now_ms());
}

int notice_each_sent(struct db *db, const char *agent_id, int64_t limit,
		     int (*each)(void *data, const struct notice *n,
				 struct err *e), void *data, struct err *e)
{
	struct notices l = { each, data };

	return db_query(db, e, notice_row, &l, "SELECT " NOTICE_COLUMNS
			" WHERE n.agent_id = $1 AND n.rule_id <> ''"
			" ORDER BY n.created_at DESC, n.id DESC LIMIT $2",
			"tn", agent_id, limit);
}

#include "config.h"
#include "store/notices.h"

#include <talloc.h>

#include "core/str.h"
#include "store/outcomes.h"

#define DAY_MS INT64_C(86400000)	/* maximal wait */

struct users {
	int (*each)(void *data, const char *user_id, struct err *e);
	void *data;
};

static int user_row(void *data, const struct db_row *row, struct err *e)
{
	struct users *l = data;

	return l->each(l->data, db_text(row, 0), e);
}

int notice_each_due(struct db *db, int64_t now, int64_t limit,
		    int (*each)(void *data, const char *user_id, struct err *e),
		    void *data, struct err *e)
{
	struct users l = { each, data };

	return db_query(db, e, user_row, &l, "SELECT user_id FROM notices"
			" WHERE state = 'pending' AND next_try_at <= $1"
			" GROUP BY user_id"
			" ORDER BY min(next_try_at), user_id LIMIT $2", "nn",
			now, limit);
}

static int keep_ids(struct notice *n, const struct db_row *row, struct err *e)
{
	if (str_copy(n->id, ID_SIZE, db_text(row, 0)) &&
	    str_copy(n->user_id, ID_SIZE, db_text(row, 1)) &&
	    str_copy(n->agent_id, ID_SIZE, db_text(row, 2)) &&
	    str_copy(n->execution_id, ID_SIZE, db_text(row, 3)) &&
	    str_copy(n->rule_id, ID_SIZE, db_text(row, 4)))
		return 0;
	return err_set(e, ERR_INTERNAL, "notice: id is too long");
}

static int due_row(void *data, const struct db_row *row, struct err *e)
{
	struct notice_due *d = data;

	d->n.agent_name = db_own(d, db_text(row, 5));
	d->n.event = db_own(d, db_text(row, 6));
	d->n.state = "pending";
	d->n.error = "";
	d->n.tries = db_number(row, 7) + 1;
	d->n.created_at = db_number(row, 8);
	d->channel = db_own(d, db_text(row, 9));
	d->target = db_own(d, db_text(row, 10));
	d->secret = db_own(d, db_text(row, 11));
	d->locale = db_own(d, db_text(row, 12));
	d->timezone = db_own(d, db_text(row, 13));
	d->disabled = db_number(row, 14) != 0;
	d->status = db_own(d, db_text(row, 15));
	d->reason = db_own(d, db_text(row, 16));
	d->planned_at = db_number(row, 17);
	d->run_ended_at = db_number(row, 18);
	d->n.domain = db_own(d, db_text(row, 19));
	return keep_ids(&d->n, row, e);
}

static int find_due(struct db *db, struct notice_due *d, const char *user_id,
		    int64_t now, struct err *e)
{
	if (db_query(db, e, due_row, d, "SELECT n.id, n.user_id, n.agent_id,"
		     " n.execution_id, n.rule_id, a.name, n.event, n.tries,"
		     " n.created_at, r.channel, r.target, r.secret, u.locale,"
		     " u.timezone, u.disabled_at, coalesce(" OUTCOME_STATUS("x") ", ''),"
		     " coalesce(x.reason, ''), coalesce(x.planned_at, 0),"
		     " coalesce(x.ended_at, 0), n.domain FROM notices n"
		     " JOIN agents a ON a.id = n.agent_id"
		     " JOIN notify_rules r ON r.id = n.rule_id"
		     " JOIN users u ON u.id = n.user_id"
		     " LEFT JOIN executions x ON x.id = n.execution_id"
		     " WHERE n.user_id = $1 AND n.state = 'pending'"
		     " AND n.next_try_at <= $2"
		     " ORDER BY n.next_try_at, n.id LIMIT 1", "tn", user_id,
		     now) < 0)
		return -1;
	if (!d->n.id[0])
		return err_set(e, ERR_MISSING, "nothing is due");
	return 0;
}

static int claim_next(struct db *db, struct notice_due *d, const char *user_id,
		      int64_t now, int64_t until, int64_t tries_max, struct err *e)
{
	if (db_run(db, e, "UPDATE notices SET state = 'failed',"
		   " error = 'broken', ended_at = $2 WHERE user_id = $1"
		   " AND state = 'pending' AND next_try_at <= $2"
		   " AND (tries >= $3 AND error = '' OR tries >= 8 * $3)",
		   "tnn", user_id, now, tries_max) < 0 ||
	    find_due(db, d, user_id, now, e) < 0)
		return -1;
	d->n.next_try_at = until;
	return db_run(db, e, "UPDATE notices SET tries = $2, next_try_at = $3"
		      " WHERE id = $1", "tnn", d->n.id, d->n.tries, until);
}

struct notice_due *notice_claim(struct db *db, const void *ctx,
				const char *user_id, int64_t now, int64_t until,
				int64_t tries_max, struct err *e)
{
	struct notice_due *d =
		alloc_checked(talloc_zero(ctx, struct notice_due));
	int rc;

	if (db_begin(db, e) == 0) {
		rc = claim_next(db, d, user_id, now, until, tries_max, e);
		if (rc == 0 || e->kind == ERR_MISSING) {
			if (db_commit(db, e) == 0 && rc == 0)
				return d;
		} else {
			db_rollback(db);
		}
	}
	talloc_free(d);
	return NULL;
}

int notice_finish(struct db *db, const struct notice *n, const char *state,
		  const char *error, int64_t next, int64_t now, struct err *e)
{
	bool open = str_equal(state, "pending");

	return db_run(db, e, "UPDATE notices SET state = $3, error = $4,"
		      " next_try_at = $5, ended_at = $6 WHERE id = $1"
		      " AND state = 'pending' AND tries = $2", "tnttnn", n->id,
		      n->tries, state, error, open ? next : INT64_C(0),
		      open ? INT64_C(0) : now);
}

struct counts {
	int64_t mails, all;
};

static int keep_counts(void *data, const struct db_row *row, struct err *e)
{
	struct counts *c = data;

	c->mails = db_number(row, 0);
	c->all = db_number(row, 1);
	return 0;
}

/*
 * The rule may have been removed, so the row decides whether it is mail. A
 * mail that the server did not accept counts; one that waits for a working
 * server does not.
 */
int notice_count_tries(struct db *db, const char *user_id, int64_t since,
		       int64_t *mails, int64_t *all, struct err *e)
{
	struct counts c = { 0 };

	if (db_query(db, e, keep_counts, &c, "SELECT coalesce(sum(mail), 0),"
		     " coalesce(sum(CASE WHEN channel = 'email' THEN mail"
		     " ELSE tries END), 0) FROM"
		     " (SELECT n.tries, coalesce(r.channel, 'email') AS channel,"
		     "  CASE WHEN coalesce(r.channel, 'email') = 'email'"
		     "  AND (n.ended_at > 0 OR n.error = '') THEN 1 ELSE 0 END"
		     "  AS mail FROM notices n LEFT JOIN notify_rules r"
		     "  ON r.id = n.rule_id WHERE n.user_id = $1"
		     "  AND n.rule_id <> '' AND n.tries > 0"
		     "  AND n.created_at >= $3"
		     "  AND (n.ended_at >= $2 OR n.ended_at = 0)) AS counted",
		     "tnn", user_id, since, since - 3 * DAY_MS) < 0)
		return -1;
	*mails = c.mails;
	*all = c.all;
	return 0;
}

struct trouble {
	int64_t waiting;
	char *error;
	size_t size;
};

static int keep_trouble(void *data, const struct db_row *row, struct err *e)
{
	struct trouble *t = data;

	t->waiting = db_number(row, 0);
	if (t->waiting && !str_copy(t->error, t->size, db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "notice: error is too long");
	return 0;
}

int notice_mail_trouble(struct db *db, int64_t *waiting, char *error,
			size_t size, struct err *e)
{
	struct trouble t = { .error = error, .size = size };

	*error = '\0';
	if (db_query(db, e, keep_trouble, &t, "SELECT count(*), max(n.error)"
		     " FROM notices n JOIN notify_rules r ON r.id = n.rule_id"
		     " WHERE n.state = 'pending' AND n.error <> ''"
		     " AND r.channel = 'email'", "") < 0)
		return -1;
	*waiting = t.waiting;
	return 0;
}

int notice_postpone(struct db *db, const char *user_id, const char *channel,
		    int64_t now, int64_t until, int64_t old, struct err *e)
{
	return db_run(db, e, "UPDATE notices SET next_try_at = $4,"
		      " state = CASE WHEN created_at < $5 THEN 'failed'"
		      " ELSE 'pending' END,"
		      " error = CASE WHEN created_at < $5 THEN 'often'"
		      " ELSE error END,"
		      " ended_at = CASE WHEN created_at < $5 THEN $3 ELSE 0 END"
		      " WHERE user_id = $1 AND state = 'pending'"
		      " AND next_try_at <= $3 AND rule_id IN"
		      " (SELECT id FROM notify_rules"
		      "  WHERE channel = coalesce($2, channel))", "ttnnn",
		      user_id, channel, now, until, old);
}

int notice_add_test(struct db *db, const char *user_id, const char *agent_id,
		    const char *rule_id, int64_t now, struct err *e)
{
	struct notice n = { .event = "test", .state = "pending",
			    .created_at = now };

	if (!str_copy(n.user_id, ID_SIZE, user_id) ||
	    !str_copy(n.agent_id, ID_SIZE, agent_id) ||
	    !str_copy(n.rule_id, ID_SIZE, rule_id))
		return err_set(e, ERR_INTERNAL, "notice: no id");
	return notice_add(db, &n, e);
}

int notice_prune(struct db *db, int64_t before, struct err *e)
{
	return db_run(db, e, "DELETE FROM notices WHERE created_at < $1"
		      " AND state <> 'pending'", "n", before);
}

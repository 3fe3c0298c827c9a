/* Reads the recorded parts of a session's log. */
#include "config.h"
#include "store/conversations.h"

#define COLUMNS \
	"at, changed_at, turn, role, kind, state, data, created_at, ended_at"

#define PART_FOLLOWERS 40	/* shown below a part that is gone to */

struct listing {
	int (*each)(void *data, const struct part *p, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	const struct listing *l = data;
	const struct part p = {
		.at = db_number(row, 0),
		.changed_at = db_number(row, 1),
		.turn = db_number(row, 2),
		.role = db_text(row, 3),
		.kind = db_text(row, 4),
		.state = db_text(row, 5),
		.data = db_text(row, 6),
		.created_at = db_number(row, 7),
		.ended_at = db_number(row, 8),
	};

	return l->each(l->data, &p, e);
}

int part_each(struct db *db, const char *conversation_id,
	      int64_t changed_after, int64_t before, int limit,
	      int (*each)(void *data, const struct part *p, struct err *e),
	      void *data, struct err *e)
{
	struct listing l = { each, data };

	if (!before)
		before = INT64_MAX;
	if (!limit)
		return db_query(db, e, list_row, &l, "SELECT " COLUMNS
				" FROM parts WHERE conversation_id = $1"
				" AND changed_at > $2 AND at < $3 ORDER BY at",
				"tnn", conversation_id, changed_after, before);
	return db_query(db, e, list_row, &l, "SELECT " COLUMNS " FROM"
			" (SELECT " COLUMNS " FROM parts"
			"  WHERE conversation_id = $1 AND changed_at > $2"
			"  AND at < $3 ORDER BY at DESC LIMIT $4) AS last"
			" ORDER BY at", "tnnn", conversation_id, changed_after,
			before, (int64_t)limit);
}

struct counting {
	int64_t left;
	int count, seen;
};

static int count_row(void *data, const struct db_row *row, struct err *e)
{
	struct counting *c = data;

	(void)e;
	c->seen++;
	c->left -= db_number(row, 0);
	if (c->left >= 0 || !c->count)
		c->count++;
	return 0;
}

int part_count(struct db *db, const char *conversation_id, int64_t before,
	       int limit, int64_t characters, int *count, bool *more, struct err *e)
{
	struct counting c = { .left = characters };

	if (db_query(db, e, count_row, &c, "SELECT LENGTH(data) FROM parts"
		     " WHERE conversation_id = $1 AND at < $2"
		     " ORDER BY at DESC LIMIT $3", "tnn", conversation_id,
		     before ? before : INT64_MAX, (int64_t)limit) < 0)
		return -1;
	*count = c.count;
	*more = c.seen == limit || c.seen > c.count;
	return 0;
}

struct following {
	int64_t at[1 + PART_FOLLOWERS];
	int n;
};

static int keep_following(void *data, const struct db_row *row, struct err *e)
{
	struct following *f = data;

	(void)e;
	f->at[f->n++] = db_number(row, 0);
	return 0;
}

int part_page(struct db *db, const char *conversation_id, int64_t at, int limit,
	      int64_t characters, int64_t *before, struct err *e)
{
	struct following f = { .n = 0 };
	int shown, count;
	bool more;

	if (db_query(db, e, keep_following, &f, "SELECT at FROM parts"
		     " WHERE conversation_id = $1 AND at > $2 ORDER BY at"
		     " LIMIT $3", "tnn", conversation_id, at,
		     (int64_t)(1 + PART_FOLLOWERS)) < 0)
		return -1;
	shown = f.n < PART_FOLLOWERS ? f.n : PART_FOLLOWERS;
	for (; shown; shown /= 2) {
		*before = shown < f.n ? f.at[shown] : 0;
		if (part_count(db, conversation_id, *before, limit, characters,
			       &count, &more, e) < 0)
			return -1;
		if (count > shown)
			return 0;
	}
	*before = f.n ? f.at[0] : 0;
	return 0;
}

int part_unanswered(struct db *db, const char *conversation_id, int64_t *at,
		    struct err *e)
{
	*at = -1;
	return db_query(db, e, db_keep_number, at, "SELECT at FROM parts"
			" WHERE conversation_id = $1 AND kind = 'question'"
			" AND state = 'cancelled' AND at > (SELECT"
			"  coalesce(max(at), -1) FROM parts"
			"  WHERE conversation_id = $1 AND role = 'user')"
			" AND NOT EXISTS (SELECT 1 FROM messages"
			"  WHERE conversation_id = $1 AND state IN"
			"  ('queued', 'sent')) ORDER BY at DESC LIMIT 1", "t",
			conversation_id);
}

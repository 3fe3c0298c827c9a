/* Records what a session decoded: parts, seen messages, offset and state, in one transaction. */
#include "config.h"
#include "store/conversations.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/executions.h"
#include "store/search.h"

/*
 * The bytes still allowed, minus those that an earlier version of the part
 * occupies.
 */
struct room {
	int64_t left, used;
};

static int read_room(struct db *db, const struct recording *r,
		     struct room *room, struct err *e)
{
	int64_t account = 0;

	room->left = INT64_MAX;
	room->used = 0;
	if (db_query(db, e, db_keep_number, &room->used, "SELECT recorded_bytes"
		     " FROM conversations WHERE id = $1", "t",
		     r->conversation_id) < 0 ||
	    (r->account_max &&
	     db_query(db, e, db_keep_number, &account, "SELECT"
		      " coalesce(sum(recorded_bytes), 0) FROM conversations"
		      " WHERE user_id = (SELECT user_id FROM conversations"
		      " WHERE id = $1)", "t", r->conversation_id) < 0))
		return -1;
	if (r->conversation_max)
		room->left = r->conversation_max - room->used;
	if (r->account_max && r->account_max - account < room->left)
		room->left = r->account_max - account;
	return 0;
}

static int write_part(struct db *db, const char *conversation,
		      const struct part *p, struct err *e)
{
	return db_run(db, e, "INSERT INTO parts (conversation_id, at,"
		      " changed_at, turn, role, kind, state, data, created_at,"
		      " ended_at, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
		      " $9, $10, $11) ON CONFLICT (conversation_id, at) DO UPDATE SET"
		      " changed_at = excluded.changed_at,"
		      " turn = excluded.turn, role = excluded.role,"
		      " kind = excluded.kind, state = excluded.state,"
		      " data = excluded.data,"
		      " created_at = excluded.created_at,"
		      " ended_at = excluded.ended_at,"
		      " bytes = excluded.bytes", "tnnnttttnnn",
		      conversation, p->at, p->changed_at, p->turn, p->role,
		      p->kind, p->state, p->data, p->created_at, p->ended_at,
		      (int64_t)strlen(p->data));
}

/* In the same transaction, so that what can be read can be found. */
static int record_entry(struct db *db, const struct recording *r,
			const struct part *p, struct err *e)
{
	char *text = r->search_text ? r->search_text(NULL, p) : NULL;
	int rc = search_entry_put(db, r->conversation_id, p, text, e);

	talloc_free(text);
	return rc;
}

static int record_part(struct db *db, const struct recording *r,
		       const struct part *p, struct room *room, struct err *e)
{
	bool asked = str_equal(p->state, "waiting");
	struct part small = *p;
	int64_t old = 0;
	char *data = NULL;
	int rc;

	if (db_query(db, e, db_keep_number, &old, "SELECT bytes FROM parts"
		     " WHERE conversation_id = $1 AND at = $2", "tn",
		     r->conversation_id, p->at) < 0)
		return -1;
	if (r->shrink && !asked &&
	    (int64_t)strlen(p->data) > room->left + old)
		small.data = data = r->shrink(NULL, p);
	rc = write_part(db, r->conversation_id, &small, e);
	if (rc == 0)
		rc = record_entry(db, r, &small, e);
	if (rc == 0) {
		room->left -= (int64_t)strlen(small.data) - old;
		room->used += (int64_t)strlen(small.data) - old;
	}
	talloc_free(data);
	return rc;
}

static int record_seen(struct db *db, const char *conversation,
		       const struct seen_message *m, struct err *e)
{
	return db_run(db, e, "UPDATE messages SET state = 'seen', at = $3"
		      " WHERE id = $1 AND conversation_id = $2", "ttn", m->id,
		      conversation, m->at);
}

/* The time for updated_at: now, or just after the user's newest. */
static int next_moment(struct db *db, const char *id, int64_t *at,
		       struct err *e)
{
	int64_t newest = 0, now = clock_now_ms();

	if (db_query(db, e, db_keep_number, &newest, "SELECT"
		     " coalesce(max(updated_at), 0) FROM conversations"
		     " WHERE user_id = (SELECT user_id FROM conversations"
		     " WHERE id = $1)", "t", id) < 0)
		return -1;
	*at = newest < now ? now : newest + 1;
	return 0;
}

static int record_head(struct db *db, const struct recording *r, struct err *e)
{
	int64_t at = -1, recorded = -1;

	if (db_query(db, e, db_keep_number, &recorded, "SELECT recorded_offset"
		     " FROM conversations WHERE id = $1", "t",
		     r->conversation_id) < 0)
		return -1;
	if (recorded < 0)
		return err_set(e, ERR_MISSING, "no such conversation");
	if (r->offset < recorded)
		return err_set(e, ERR_CONFLICT, "recorded up to %lld already,"
			       " not %lld", (long long)recorded,
			       (long long)r->offset);
	if (r->touched && next_moment(db, r->conversation_id, &at, e) < 0)
		return -1;
	return db_run(db, e, "UPDATE conversations SET recorded_offset = $2,"
		      " state = coalesce($3, state), mode = coalesce($4, mode),"
		      " spoken = CASE WHEN $5 <> 0 THEN 1 ELSE spoken END,"
		      " last_line = coalesce($7, last_line),"
		      " updated_at = CASE WHEN $6 < 0 THEN updated_at ELSE $6"
		      " END WHERE id = $1", "tnttnnt", r->conversation_id,
		      r->offset, r->state, r->mode, (int64_t)r->spoken, at,
		      r->last_line);
}

static int record_all(struct db *db, const struct recording *r, struct err *e)
{
	struct room room;
	size_t i;

	if (record_head(db, r, e) < 0 || read_room(db, r, &room, e) < 0)
		return -1;
	for (i = 0; i < r->nparts; i++) {
		if (record_part(db, r, &r->parts[i], &room, e) < 0)
			return -1;
	}
	if (r->nparts &&
	    db_run(db, e, "UPDATE conversations SET recorded_bytes = $2"
		   " WHERE id = $1", "tn", r->conversation_id, room.used) < 0)
		return -1;
	for (i = 0; i < r->nseen; i++) {
		if (record_seen(db, r->conversation_id, &r->seen[i], e) < 0)
			return -1;
	}
	return r->attempt_end ? attempt_end(db, r->attempt_end, e) : 0;
}

int conversation_record(struct db *db, const struct recording *r,
			struct err *e)
{
	/* The session's log still has everything from the previous offset on. */
	if (db_begin_relaxed(db, e) < 0)
		return -1;
	return db_end(db, record_all(db, r, e), e);
}

/* A user's messages, before and after Claude received them. */
#include "config.h"
#include "store/conversations.h"

#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/pictures.h"

#define COLUMNS \
	"id, conversation_id, state, text, at, created_at, held, pictures"

struct known {
	bool found, same;
	const char *conversation_id;
};

static int keep_known(void *data, const struct db_row *row, struct err *e)
{
	struct known *k = data;

	k->found = true;
	k->same = str_equal(db_text(row, 0), k->conversation_id);
	return 0;
}

/* 1 when that id exists in this conversation, ERR_CONFLICT in another. */
static int look_up(struct db *db, const char *conversation_id, const char *id,
		   struct err *e)
{
	struct known k = { .conversation_id = conversation_id };

	if (db_query(db, e, keep_known, &k, "SELECT conversation_id"
		     " FROM messages WHERE id = $1", "t", id) < 0)
		return -1;
	if (k.found && !k.same)
		return err_set(e, ERR_CONFLICT,
			       "message id of another conversation");
	return k.found;
}

static int insert(struct db *db, const char *conversation_id, const char *id,
		  const char *text, struct err *e)
{
	if (db_run(db, e, "INSERT INTO messages (id, conversation_id, seq,"
		   " state, text, created_at) SELECT $1, c.id,"
		   " (SELECT coalesce(max(seq), 0) + 1 FROM messages"
		   "  WHERE conversation_id = c.id), 'queued', $3, $4"
		   " FROM conversations c WHERE c.id = $2"
		   " AND c.deleted_at = 0", "tttn", id, conversation_id, text,
		   clock_now_ms()) < 0)
		return -1;
	if (db_changed(db) != 1)
		return err_set(e, ERR_MISSING, "no such conversation");
	return db_run(db, e, "UPDATE conversations SET recorded_bytes ="
		      " recorded_bytes + $2, archived_at = 0 WHERE id = $1", "tn",
		      conversation_id, (int64_t)strlen(text));
}

int message_check_room(struct db *db, const char *user_id, const char *text,
		       int64_t account_max, struct err *e)
{
	int64_t used = 0, max = account_max;

	/* A full record cuts parts; a person can still ask something. */
	if (strlen(text) <= MESSAGE_SHORT)
		max += account_max / 8;
	if (db_query(db, e, db_keep_number, &used, "SELECT"
		     " coalesce(sum(recorded_bytes), 0) FROM conversations"
		     " WHERE user_id = $1", "t", user_id) < 0)
		return -1;
	if (used + (int64_t)strlen(text) > max)
		return err_tell(e, ERR_LIMIT, "error_record_full",
				"%lld bytes are recorded", (long long)used);
	return 0;
}

/*
 * Commands that would lose data: /clear continues under another session id,
 * which we would not find again; a schedule of the CLI's ends with its
 * process.
 */
static const struct {
	const char *name, *key;
} refused[] = {
	{ "/clear", "error_command_clear" },
	{ "/new", "error_command_clear" },
	{ "/reset", "error_command_clear" },
	{ "/loop", "error_command_schedule" },
	{ "/schedule", "error_command_schedule" },
};

/* The catalogue's key; NULL: it may be sent. */
static const char *refusal(const char *text)
{
	size_t i, n;

	text += strspn(text, " \t\r\n");
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		n = strlen(refused[i].name);
		if (strncasecmp(text, refused[i].name, n) == 0 &&
		    (!text[n] || strchr(" \t\r\n", text[n])))
			return refused[i].key;
	}
	return NULL;
}

bool message_refused(const char *text)
{
	return refusal(text) != NULL;
}

static int check_text(const char *id, const char *text, struct err *e)
{
	if (!id_valid(id))
		return err_set(e, ERR_INPUT, "message id is not a UUID");
	if (!utf8_valid(text, strlen(text)))
		return err_set(e, ERR_INPUT, "message is not UTF-8");
	if (refusal(text))
		return err_tell(e, ERR_INPUT, refusal(text),
				"a command that is not sent");
	return 0;
}

int message_insert(struct db *db, const char *conversation_id, const char *id,
		   const char *text, struct err *e)
{
	if (check_text(id, text, e) < 0)
		return -1;
	return insert(db, conversation_id, id, text, e);
}

int message_release(struct db *db, const char *conversation_id, const char *id,
		    struct err *e)
{
	return db_run(db, e, "UPDATE messages SET held = '' WHERE id = $2"
		      " AND conversation_id = $1 AND held <> ''", "tt",
		      conversation_id, id);
}

int message_add(struct db *db, const char *conversation_id, const char *id,
		const char *text, struct err *e)
{
	return message_add_for(db, conversation_id, id, text, "", NULL, e);
}

int message_add_for(struct db *db, const char *conversation_id, const char *id,
		    const char *text, const char *pictures, const char *held,
		    struct err *e)
{
	int known;

	if (check_text(id, text, e) < 0)
		return -1;
	/* Durable: after this answer the browser drops its copy. */
	if (db_begin(db, e) < 0)
		return -1;
	known = look_up(db, conversation_id, id, e);
	if (known != 0 || insert(db, conversation_id, id, text, e) < 0 ||
	    message_set_pictures(db, id, pictures, e) < 0 ||
	    (held && message_release(db, conversation_id, held, e) < 0)) {
		db_rollback(db);
		return known == 1 ? 0 : -1;
	}
	if (db_commit(db, e) < 0)
		return -1;
	return 1;
}

static int keep_place(void *data, const struct db_row *row, struct err *e)
{
	if (!str_copy(data, ID_SIZE, db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "conversation id too long");
	return 0;
}

int message_find(struct db *db, const char *id, const char *user_id,
		 char conversation_id[ID_SIZE], struct err *e)
{
	char found[ID_SIZE] = "";

	if (db_query(db, e, keep_place, found, "SELECT c.id FROM messages m"
		     " JOIN conversations c ON c.id = m.conversation_id"
		     " WHERE m.id = $1 AND c.user_id = $2 AND c.deleted_at = 0",
		     "tt", id, user_id) < 0)
		return -1;
	if (!*found)
		return err_set(e, ERR_MISSING, "no such message");
	memcpy(conversation_id, found, ID_SIZE);
	return 0;
}

static int leave_queue(struct db *db, const char *conversation_id,
		       const char *id, const char *state, const char *held,
		       struct err *e)
{
	int known;

	if (db_run(db, e, "UPDATE messages SET state = $3, held = $4"
		   " WHERE id = $2 AND conversation_id = $1"
		   " AND state IN ('queued', 'sent')", "tttt", conversation_id,
		   id, state, held) < 0)
		return -1;
	if (db_changed(db) == 1)
		return 0;
	known = look_up(db, conversation_id, id, e);
	if (known == 1)
		return err_set(e, ERR_CONFLICT,
			       "message was seen or withdrawn before");
	if (known == 0 || e->kind == ERR_CONFLICT)
		return err_set(e, ERR_MISSING, "no such message");
	return -1;
}

int message_hold(struct db *db, const char *conversation_id, const char *id,
		 const char *why, struct err *e)
{
	return leave_queue(db, conversation_id, id, "withdrawn", why, e);
}

int message_set_state(struct db *db, const char *conversation_id,
		      const char *id, const char *state, struct err *e)
{
	if (!str_equal(state, "queued") && !str_equal(state, "sent") &&
	    !str_equal(state, "withdrawn"))
		return err_set(e, ERR_INTERNAL, "no message state %s", state);
	return leave_queue(db, conversation_id, id, state, "", e);
}

struct listing {
	int (*each)(void *data, const struct message *m, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct message m = { 0 };

	if (!str_copy(m.id, sizeof(m.id), db_text(row, 0)) ||
	    !str_copy(m.conversation_id, sizeof(m.conversation_id),
		      db_text(row, 1)))
		return err_set(e, ERR_INTERNAL, "id is too long");
	m.state = db_text(row, 2);
	m.text = db_text(row, 3);
	m.at = db_number(row, 4);
	m.created_at = db_number(row, 5);
	m.held = db_text(row, 6);
	m.pictures = db_text(row, 7);
	return l->each(l->data, &m, e);
}

int message_each_unplaced(struct db *db, const char *conversation_id,
			  int (*each)(void *data, const struct message *m,
				      struct err *e),
			  void *data, struct err *e)
{
	struct listing l = { each, data };

	/* Two halves, because each has its index. */
	return db_query(db, e, list_row, &l, "SELECT " COLUMNS ", seq"
			" FROM messages WHERE conversation_id = $1"
			" AND state IN ('queued', 'sent') UNION ALL"
			" SELECT " COLUMNS ", seq FROM messages"
			" WHERE conversation_id = $1 AND held <> ''"
			" ORDER BY seq", "t", conversation_id);
}

int message_each_placed(struct db *db, const char *conversation_id,
			int64_t before, int limit,
			int (*each)(void *data, const struct message *m,
				    struct err *e),
			void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT " COLUMNS " FROM messages"
			" WHERE conversation_id = $1 AND state = 'seen'"
			" AND at < $2 ORDER BY seq DESC LIMIT $3", "tnn",
			conversation_id, before, (int64_t)limit);
}

int message_each_with_pictures(struct db *db, const char *conversation_id,
			       int limit,
			       int (*each)(void *data, const struct message *m,
					   struct err *e),
			       void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT " COLUMNS " FROM messages"
			" WHERE conversation_id = $1 AND pictures <> ''"
			" AND state <> 'withdrawn' ORDER BY seq DESC LIMIT $2",
			"tn", conversation_id, (int64_t)limit);
}

#include "config.h"
#include "store/conversation_tokens.h"

#include "core/str.h"

static int keep_hash(void *data, const struct db_row *row, struct err *e)
{
	if (!str_copy(data, TOKEN_SIZE, db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "a token's hash is too long");
	return 0;
}

int conversation_token_load(struct db *db, const char *id,
			    char hash[TOKEN_SIZE], struct err *e)
{
	char found[TOKEN_SIZE] = "";

	if (db_query(db, e, keep_hash, found, "SELECT token_hash"
		     " FROM conversations WHERE id = $1", "t", id) < 0)
		return -1;
	return str_copy(hash, TOKEN_SIZE, found) ? 0 : -1;
}

int conversation_token_set(struct db *db, const char *id, const char *hash,
			   struct err *e)
{
	if (db_run(db, e, "UPDATE conversations SET token_hash = $2"
		   " WHERE id = $1 AND deleted_at = 0", "tt", id, hash) < 0)
		return -1;
	if (db_changed(db) != 1)
		return err_set(e, ERR_MISSING, "no such conversation");
	return 0;
}

static int add(struct db *db, struct token_ending *t, struct err *e)
{
	/* Found by the hash, so the conversation's id is not needed. */
	if (db_run(db, e, "UPDATE conversations SET token_hash = ''"
		   " WHERE user_id = $1 AND token_hash <> ''"
		   " AND (token_hash = $2 OR $2 = '')", "tt", t->user_id,
		   t->hash) < 0)
		return -1;
	return db_run(db, e, "INSERT INTO token_endings (id, user_id,"
		      " token_hash) VALUES ($1, $2, $3)", "ttt", t->id,
		      t->user_id, t->hash);
}

int token_ending_add(struct db *db, struct token_ending *t, struct err *e)
{
	id_new(t->id);
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, add(db, t, e), e);
}

struct walk {
	int (*each)(void *data, const struct token_ending *t, struct err *e);
	void *data;
};

static int take_row(void *data, const struct db_row *row, struct err *e)
{
	const struct walk *w = data;
	struct token_ending t;

	if (!str_copy(t.id, sizeof(t.id), db_text(row, 0)) ||
	    !str_copy(t.user_id, sizeof(t.user_id), db_text(row, 1)) ||
	    !str_copy(t.hash, sizeof(t.hash), db_text(row, 2)))
		return err_set(e, ERR_INTERNAL, "a token's ending is too long");
	return w->each(w->data, &t, e);
}

int token_ending_each(struct db *db,
		      int (*each)(void *data, const struct token_ending *t,
				  struct err *e),
		      void *data, struct err *e)
{
	struct walk w = { each, data };

	return db_query(db, e, take_row, &w, "SELECT id, user_id, token_hash"
			" FROM token_endings ORDER BY id", "");
}

int token_ending_done(struct db *db, const char *id, struct err *e)
{
	return db_run(db, e, "DELETE FROM token_endings WHERE id = $1", "t",
		      id);
}

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

int conversation_token_clear(struct db *db, const char *id, const char *hash,
			     struct err *e)
{
	return db_run(db, e, "UPDATE conversations SET token_hash = ''"
		      " WHERE id = $1 AND token_hash = $2", "tt", id, hash);
}

int conversation_tokens_clear(struct db *db, const char *user_id,
			      struct err *e)
{
	return db_run(db, e, "UPDATE conversations SET token_hash = ''"
		      " WHERE user_id = $1 AND token_hash <> ''", "t", user_id);
}

#include "config.h"
#include "store/feeds.h"

#include "core/str.h"

static int keep_id(void *data, const struct db_row *row, struct err *e)
{
	if (str_copy(data, ID_SIZE, db_text(row, 0)))
		return 0;
	return err_set(e, ERR_INTERNAL, "a user's id is too long");
}

int feed_set(struct db *db, const char *user_id, const char *hash,
	     struct err *e)
{
	if (db_run(db, e, "UPDATE users SET feed_hash = $1 WHERE id = $2",
		   "tt", hash, user_id) < 0)
		return -1;
	return db_changed(db) ? 0 : err_set(e, ERR_MISSING, "no such user");
}

int feed_exists(struct db *db, const char *user_id, bool *out, struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM users"
		     " WHERE id = $1 AND feed_hash <> ''", "t", user_id) < 0)
		return -1;
	*out = n > 0;
	return 0;
}

int feed_user(struct db *db, const char *hash, char user_id[ID_SIZE],
	      struct err *e)
{
	char id[ID_SIZE] = "";

	if (*hash && db_query(db, e, keep_id, id, "SELECT id FROM users WHERE"
			      " feed_hash = $1 AND feed_hash <> ''"
			      " AND disabled_at = 0", "t", hash) < 0)
		return -1;
	if (!*id)
		return err_set(e, ERR_MISSING, "no such calendar");
	if (!str_copy(user_id, ID_SIZE, id))
		return err_set(e, ERR_INTERNAL, "a user's id is too long");
	return 0;
}

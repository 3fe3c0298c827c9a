#include "config.h"
#include "store/renderings.h"

#include <string.h>

#include "core/clock.h"

static int keep_html(void *data, const struct db_row *row, struct err *e)
{
	struct buf *html = data;

	return buf_add_text(html, db_text(row, 0), e);
}

int rendering_load(struct db *db, const char *subject, int64_t at,
		   const char *hash, struct buf *html, struct err *e)
{
	int64_t found = 0;

	if (db_query(db, e, db_keep_number, &found, "SELECT 1 FROM renderings"
		     " WHERE subject = $1 AND at = $2 AND hash = $3", "tnt",
		     subject, at, hash) < 0)
		return -1;
	if (!found)
		return err_set(e, ERR_MISSING, "no rendering");
	return db_query(db, e, keep_html, html, "SELECT html FROM renderings"
			" WHERE subject = $1 AND at = $2", "tn", subject, at);
}

int rendering_save(struct db *db, const char *subject, int64_t at,
		   const char *hash, const char *html, struct err *e)
{
	return db_run(db, e, "INSERT INTO renderings (subject, at, hash, html,"
		      " bytes, created_at) SELECT $1, $2, $3, $4, $5, $6 WHERE"
		      " EXISTS (SELECT 1 FROM conversations WHERE id = $1) OR"
		      " EXISTS (SELECT 1 FROM executions WHERE id = $1)"
		      " ON CONFLICT (subject, at) DO UPDATE SET"
		      " hash = excluded.hash, html = excluded.html,"
		      " bytes = excluded.bytes,"
		      " created_at = excluded.created_at", "tnttnn", subject,
		      at, hash, html, (int64_t)strlen(html), clock_now_ms());
}

int renderings_prune(struct db *db, int64_t max, struct err *e)
{
	int64_t all;

	for (;;) {
		all = 0;
		if (db_query(db, e, db_keep_number, &all, "SELECT"
			     " COALESCE(SUM(bytes), 0) FROM renderings", "") < 0)
			return -1;
		if (all <= max)
			return 0;
		if (db_run(db, e, "DELETE FROM renderings WHERE created_at <="
			   " (SELECT created_at FROM renderings"
			   "  ORDER BY created_at LIMIT 1 OFFSET"
			   "  (SELECT COUNT(*) / 10 FROM renderings))", "") < 0)
			return -1;
	}
}

#include "config.h"
#include "store/removal.h"

#include <string.h>

#include "core/clock.h"
#include "store/search.h"

#define AGENTS "(SELECT id FROM agents WHERE user_id = $1)"
#define EXECUTIONS "(SELECT id FROM executions WHERE user_id = $1)"
#define CONVERSATIONS "(SELECT id FROM conversations WHERE user_id = $1)"
#define NEXT_OF(table, most) \
	"(SELECT id FROM " table " WHERE user_id = $1 LIMIT " most ")"

/* $1: the account; $2: now. The last says whether the account exists. */
static const char *const marks[] = {
	"UPDATE agents SET status = 'paused', paused_why = 'person',"
	" next_run_at = 0, hook_hash = '', deleted_at = $2"
	" WHERE user_id = $1 AND deleted_at = 0",
	"UPDATE attempts SET outcome = 'cancelled', reason = 'disabled',"
	" ended_at = $2 WHERE outcome = '' AND execution_id IN " EXECUTIONS,
	"UPDATE executions SET status = 'cancelled', reason = 'disabled',"
	" ended_at = $2 WHERE status IN ('queued', 'running')"
	" AND user_id = $1",
	"UPDATE notices SET state = 'failed', ended_at = $2"
	" WHERE state = 'pending' AND user_id = $1",
	"UPDATE users SET feed_hash = '', removing_at ="
	" CASE WHEN removing_at > 0 THEN removing_at ELSE $2 END, disabled_at ="
	" CASE WHEN disabled_at > 0 THEN disabled_at ELSE $2 END"
	" WHERE id = $1 AND login <> ''",
};

/*
 * In this order, because rows refer to those of later statements. Removing a
 * conversation removes its messages and parts. Large tables are emptied in
 * batches, so that other writers get their turn.
 */
static const char *const steps[] = {
	"DELETE FROM shares WHERE user_id = $1",
	"DELETE FROM notices WHERE user_id = $1",
	"DELETE FROM notices WHERE agent_id IN " AGENTS,
	"DELETE FROM notify_rules WHERE agent_id IN " AGENTS,
	"DELETE FROM execution_files WHERE execution_id IN " EXECUTIONS,
	"DELETE FROM attempts WHERE execution_id IN " EXECUTIONS,
	"DELETE FROM attempts WHERE conversation_id IN " CONVERSATIONS,
	"DELETE FROM renderings WHERE subject IN " EXECUTIONS,
	"DELETE FROM renderings WHERE subject IN " CONVERSATIONS,
	"DELETE FROM blocked_in_runs WHERE conversation_id IN " CONVERSATIONS,
	"DELETE FROM executions WHERE id IN " NEXT_OF("executions", "500"),
	"DELETE FROM agent_versions WHERE agent_id IN " AGENTS,
	"DELETE FROM agent_outcomes WHERE agent_id IN " AGENTS,
	"DELETE FROM agent_usage WHERE agent_id IN " AGENTS,
	"DELETE FROM agents WHERE user_id = $1",
	"DELETE FROM conversations WHERE id IN " NEXT_OF("conversations", "4"),
	"DELETE FROM pictures WHERE id IN " NEXT_OF("pictures", "20"),
	"DELETE FROM claude_lists WHERE user_id = $1",
	"DELETE FROM message_templates WHERE user_id = $1",
	"DELETE FROM projects WHERE user_id = $1",
	"DELETE FROM domains WHERE user_id = $1",
	"DELETE FROM budgets WHERE subject = $1",
	"UPDATE domains SET decided_by = ''"
	" WHERE decided_by = (SELECT login FROM users WHERE id = $1)",
	/* Removes the subject of the spending; the amounts stay. */
	"UPDATE usage SET user_id = '" REMOVED_ID "', subject_id = ''"
	" WHERE id IN " NEXT_OF("usage", "2000"),
};

#define CLASSES "input, output, cache_write_5m, cache_write_1h, cache_read"
#define PLUS(table, column) column " = " table "." column " + excluded." column
#define SUMS_TO_NOBODY(table, keys, of, group) \
	"INSERT INTO " table " (user_id, " keys ", " CLASSES ", calls, unmetered)" \
	" SELECT '" REMOVED_ID "', " of ", CAST(sum(input) AS BIGINT)," \
	" CAST(sum(output) AS BIGINT), CAST(sum(cache_write_5m) AS BIGINT)," \
	" CAST(sum(cache_write_1h) AS BIGINT), CAST(sum(cache_read) AS BIGINT)," \
	" CAST(sum(calls) AS BIGINT), CAST(sum(unmetered) AS BIGINT)" \
	" FROM " table " WHERE user_id = $1 GROUP BY " group \
	" ON CONFLICT (user_id, " keys ") DO UPDATE SET " \
	PLUS(table, "input") ", " PLUS(table, "output") ", " \
	PLUS(table, "cache_write_5m") ", " PLUS(table, "cache_write_1h") ", " \
	PLUS(table, "cache_read") ", " PLUS(table, "calls") ", " \
	PLUS(table, "unmetered")

/* In one transaction: each amount always belongs to exactly one user. */
static const char *const last[] = {
	SUMS_TO_NOBODY("usage_quarters", "quarter, model", "quarter, model",
		       "quarter, model"),
	"DELETE FROM usage_quarters WHERE user_id = $1",
	SUMS_TO_NOBODY("usage_days", "day, subject_id, kind, model",
		       "day, '', kind, model", "day, kind, model"),
	"DELETE FROM usage_days WHERE user_id = $1",
	"DELETE FROM users WHERE id = $1 AND removing_at > 0",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int mark(struct db *db, const char *user_id, int64_t now, struct err *e)
{
	size_t i;

	for (i = 0; i < COUNT(marks); i++) {
		if (db_run(db, e, marks[i], "tn", user_id, now) < 0)
			return -1;
	}
	return db_changed(db) == 1 ? 0 :
	       err_set(e, ERR_MISSING, "no such user");
}

int removal_begin(struct db *db, const char *user_id, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, mark(db, user_id, clock_now_ms(), e), e);
}

static int run_step(struct db *db, const char *sql, const char *user_id,
		    struct err *e)
{
	do {
		if (db_run(db, e, sql, "t", user_id) < 0)
			return -1;
	} while (db_changed(db));
	return 0;
}

static int run_last(struct db *db, const char *user_id, struct err *e)
{
	size_t i;

	for (i = 0; i < COUNT(last); i++) {
		if (db_run(db, e, last[i], "t", user_id) < 0)
			return -1;
	}
	return 0;
}

static int is_marked(struct db *db, const char *user_id, struct err *e)
{
	int64_t n = 0;

	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM users"
		     " WHERE id = $1 AND removing_at > 0", "t", user_id) < 0)
		return -1;
	return n ? 0 : err_set(e, ERR_MISSING, "no account to be removed");
}

int removal_rows(struct db *db, const char *user_id, struct err *e)
{
	size_t i;

	if (is_marked(db, user_id, e) < 0)
		return -1;
	for (i = 0; i < COUNT(steps); i++) {
		if (run_step(db, steps[i], user_id, e) < 0)
			return -1;
	}
	if (search_tidy(db, e) < 0 || db_begin(db, e) < 0)
		return -1;
	return db_end(db, run_last(db, user_id, e), e);
}

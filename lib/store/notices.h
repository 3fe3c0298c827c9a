/* Rules of whom to tell, and what is told (see migration 0010). */
#ifndef STORE_NOTICES_H
#define STORE_NOTICES_H

#include "core/id.h"
#include "store/db.h"

#define NOTIFY_RULES_MAX 10	/* of one agent */

struct notify_rule {
	char id[ID_SIZE], agent_id[ID_SIZE];
	const char *channel;	/* email, webhook */
	const char *target;	/* address or URL */
	const char *secret;	/* of a webhook: HMAC-SHA256 */
	const char *events;	/* "failure recovery ..." */
};
/* ERR_LIMIT "error_notify_many". Sets id. The agent must be there: ERR_MISSING. */
int notify_rule_add(struct db *db, struct notify_rule *r, struct err *e) must_check;
/* What it has not told yet is never told. ERR_MISSING. */
int notify_rule_remove(struct db *db, const char *id, const char *agent_id, struct err *e) must_check;
int notify_rule_each(struct db *db, const char *agent_id,
		     int (*each)(void *data, const struct notify_rule *r, struct err *e),
		     void *data, struct err *e) must_check;

struct notice {
	char id[ID_SIZE], user_id[ID_SIZE], agent_id[ID_SIZE];
	char execution_id[ID_SIZE], rule_id[ID_SIZE];	/* "" none */
	const char *agent_name;
	const char *event, *state;
	int64_t tries, next_try_at, created_at, ended_at;
	const char *error;
};
/*
 * A new one, within the caller's transaction or of its own: an id is made. One
 * of the same execution, event and rule that is there already stays as it is.
 */
int notice_add(struct db *db, const struct notice *n, struct err *e) must_check;

/* Those of the page (rule_id ""), latest first. */
int notice_each(struct db *db, const char *user_id, bool unread_only, int64_t limit,
		int (*each)(void *data, const struct notice *n, struct err *e),
		void *data, struct err *e) must_check;
int notice_count_unread(struct db *db, const char *user_id, int64_t *out, struct err *e) must_check;
int notice_read_all(struct db *db, const char *user_id, struct err *e) must_check;

/* Those a rule tells, of an agent, latest first: what became of them. */
int notice_each_sent(struct db *db, const char *agent_id, int64_t limit,
		     int (*each)(void *data, const struct notice *n, struct err *e),
		     void *data, struct err *e) must_check;

#endif

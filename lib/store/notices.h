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

/* ---- sending ---- */

/* Users with something to send at now, the one who waits longest first. */
int notice_each_due(struct db *db, int64_t now, int64_t limit,
		    int (*each)(void *data, const char *user_id, struct err *e),
		    void *data, struct err *e) must_check;

/* A notice with all that its text needs. A talloc object. */
struct notice_due {
	struct notice n;		/* tries: this one counted */
	const char *channel, *target, *secret;
	const char *locale, *timezone;	/* of the user; "" until chosen */
	bool disabled;			/* the account */
	const char *status, *reason;	/* of the execution, or "" */
	int64_t planned_at, run_ended_at;
};
/*
 * Takes the user's oldest that is due, until `until`: who else looks before
 * that finds it taken. One with tries_max tries of which nobody wrote an end,
 * or with eight times as many, has failed. Gives (child of ctx); ERR_MISSING.
 */
struct notice_due *notice_take(struct db *db, const void *ctx, const char *user_id,
			       int64_t now, int64_t until, int64_t tries_max,
			       struct err *e) must_check;

/* What became of it: state sent, failed, or pending (again at next). Nothing when another one took it meanwhile. */
int notice_finish(struct db *db, const struct notice *n, const char *state,
		  const char *error, int64_t next, int64_t now, struct err *e) must_check;

/* Mails that wait for another try because the last one failed, of all users, and one's word (notify_error_<word>). */
int notice_mail_trouble(struct db *db, int64_t *waiting, char *error, size_t size, struct err *e) must_check;

/* Of a user since then: mails, and those with all tries of webhooks. */
int notice_count_tries(struct db *db, const char *user_id, int64_t since,
		       int64_t *mails, int64_t *all, struct err *e) must_check;

/* What is due of a channel (NULL: all) waits until then; what was made before `old` has failed ("often"). */
int notice_postpone(struct db *db, const char *user_id, const char *channel,
		    int64_t now, int64_t until, int64_t old, struct err *e) must_check;

/* One that a rule is tried with: pending now. */
int notice_add_test(struct db *db, const char *user_id, const char *agent_id,
		    const char *rule_id, int64_t now, struct err *e) must_check;

/* Takes away what ended or was made before then, but for what waits. */
int notice_prune(struct db *db, int64_t before, struct err *e) must_check;

#endif

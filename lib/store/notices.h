/* Notification rules and notifications (see migrations 0010 and 0016). */
#ifndef STORE_NOTICES_H
#define STORE_NOTICES_H

#include "core/id.h"
#include "store/db.h"

#define NOTIFY_RULES_MAX 10	/* per agent */

struct notify_rule {
	char id[ID_SIZE], agent_id[ID_SIZE];
	const char *channel;	/* email, webhook */
	const char *target;	/* address or URL */
	const char *secret;	/* a webhook's HMAC-SHA256 key */
	const char *events;	/* "failure recovery ..."; "domain": decisions about domains */
};
/* Sets id. ERR_LIMIT "error_notify_many"; ERR_MISSING if the agent does not exist. */
int notify_rule_add(struct db *db, struct notify_rule *r, struct err *e) must_check;
/* Its pending notifications are never sent. ERR_MISSING. */
int notify_rule_remove(struct db *db, const char *id, const char *agent_id, struct err *e) must_check;
int notify_rule_each(struct db *db, const char *agent_id,
		     int (*each)(void *data, const struct notify_rule *r, struct err *e),
		     void *data, struct err *e) must_check;

struct notice {
	char id[ID_SIZE], user_id[ID_SIZE];
	char agent_id[ID_SIZE], execution_id[ID_SIZE], rule_id[ID_SIZE];	/* "" if none */
	const char *agent_name;
	const char *domain;	/* that a decision is about; "" for other events */
	const char *event, *state;
	int64_t tries, next_try_at, created_at, ended_at;
	const char *error;
	const char *reason;	/* of its run (store/executions.h); "" none */
	const char *target;	/* of its rule; "" in the page, or when the rule was removed */
};
/*
 * Adds a notification with a new id, in the caller's transaction or its own. No
 * effect if one with the same execution, event and rule exists.
 */
int notice_add(struct db *db, const struct notice *n, struct err *e) must_check;

/*
 * An administrator's decision about a user's domain, in the caller's transaction:
 * one in the page, and one per destination of rules for "domain". event:
 * domain_granted, domain_refused, domain_revoked.
 */
int notice_add_domain(struct db *db, const char *user_id, const char *domain,
		      const char *event, int64_t now, struct err *e) must_check;

/* Those shown in the page (rule_id ""), latest first. */
int notice_each(struct db *db, const char *user_id, bool unread_only, int64_t limit,
		int (*each)(void *data, const struct notice *n, struct err *e),
		void *data, struct err *e) must_check;
int notice_count_unread(struct db *db, const char *user_id, int64_t *out, struct err *e) must_check;
int notice_read_all(struct db *db, const char *user_id, struct err *e) must_check;

/* Those that an agent's rules send, latest first, with their state. */
int notice_each_sent(struct db *db, const char *agent_id, int64_t limit,
		     int (*each)(void *data, const struct notice *n, struct err *e),
		     void *data, struct err *e) must_check;

/* ---- sending ---- */

/* Users with notifications to send now, the longest waiting first. */
int notice_each_due(struct db *db, int64_t now, int64_t limit,
		    int (*each)(void *data, const char *user_id, struct err *e),
		    void *data, struct err *e) must_check;

/* A notification with everything its text needs. A talloc object. */
struct notice_due {
	struct notice n;		/* tries: including this one */
	const char *channel, *target, *secret;
	const char *locale, *timezone;	/* the user's; "" until chosen */
	bool disabled;			/* the account */
	const char *status, *reason;	/* the execution's, or "" */
	int64_t planned_at, run_ended_at;
};
/*
 * Claims the user's oldest due notification until `until`, so that other workers
 * skip it. One with tries_max unfinished tries, or eight times as many tries, has
 * failed. Gives (child of ctx); ERR_MISSING.
 */
struct notice_due *notice_claim(struct db *db, const void *ctx, const char *user_id,
			       int64_t now, int64_t until, int64_t tries_max,
			       struct err *e) must_check;

/* Records the result: state sent, failed, or pending (retry at next). No effect if another worker claimed it meanwhile. */
int notice_finish(struct db *db, const struct notice *n, const char *state,
		  const char *error, int64_t next, int64_t now, struct err *e) must_check;

/* Counts mails of all users that wait for a retry, and copies one's error (notify_error_<word>). */
int notice_mail_trouble(struct db *db, int64_t *waiting, char *error, size_t size, struct err *e) must_check;

/* A user's tries since then: of mails, and of mails and webhooks together. */
int notice_count_tries(struct db *db, const char *user_id, int64_t since,
		       int64_t *mails, int64_t *all, struct err *e) must_check;

/* Postpones due ones of a channel (NULL: all) to `until`; those created before `old` fail ("often"). */
int notice_postpone(struct db *db, const char *user_id, const char *channel,
		    int64_t now, int64_t until, int64_t old, struct err *e) must_check;

/* Adds a test notification for a rule, due now. */
int notice_add_test(struct db *db, const char *user_id, const char *agent_id,
		    const char *rule_id, int64_t now, struct err *e) must_check;

/* Removes ended ones from before then; keeps pending ones. */
int notice_prune(struct db *db, int64_t before, struct err *e) must_check;

#endif

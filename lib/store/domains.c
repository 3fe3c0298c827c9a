#include "config.h"
#include "store/domains.h"

#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "store/notices.h"

#define LABEL_MAX 63

static bool letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Bytes of the label at s, 0 if invalid. */
static size_t label(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n > LABEL_MAX || (n && (s[0] == '-' || s[n - 1] == '-')))
		return 0;
	return n;
}

/*
 * No top-level domain begins with a digit, and every spelling of an address
 * does.
 */
bool domain_valid(const char *s)
{
	size_t labels = 1, n;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (; (n = label(s)) && s[n] == '.'; labels++)
		s += n + 1;
	return n && !s[n] && labels >= 2 && letter(s[0]);
}

static int check_domain(const char *domain, struct err *e)
{
	if (domain_valid(domain))
		return 0;
	return err_tell(e, ERR_INPUT, "error_domain", "no name of a domain");
}

/*
 * Makes room for a row of that domain: the oldest blocked one is removed.
 * *room: there is room, or the row exists.
 */
static int make_room(struct db *db, const char *user_id, const char *domain,
		     bool *room, struct err *e)
{
	int64_t others = 0;

	if (db_query(db, e, db_keep_number, &others, "SELECT count(*) FROM domains"
		     " WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM domains"
		     " WHERE user_id = $1 AND domain = $2)", "tt", user_id,
		     domain) < 0)
		return -1;
	*room = true;
	if (others < DOMAINS_PER_USER)
		return 0;
	if (db_run(db, e, "DELETE FROM domains WHERE user_id = $1"
		   " AND domain IN (SELECT domain FROM domains"
		   "  WHERE user_id = $1 AND state = 'blocked'"
		   "  ORDER BY last_at, domain LIMIT $2)", "tn", user_id,
		   others - DOMAINS_PER_USER + 1) < 0)
		return -1;
	*room = others - db_changed(db) < DOMAINS_PER_USER;
	return 0;
}

static int missing_user(struct err *e)
{
	return e->kind == ERR_CONFLICT ?
	       err_set(e, ERR_MISSING, "no such user") : -1;
}

/* A granted row keeps its grant, including plain. */
static int note_attempt(struct db *db, const char *user_id, const char *domain,
			bool plain, struct err *e)
{
	bool room;

	if (make_room(db, user_id, domain, &room, e) < 0)
		return -1;
	if (!room)
		return 0;
	if (db_run(db, e, "INSERT INTO domains (user_id, domain, state, plain,"
		   " tries, first_at, last_at)"
		   " VALUES ($1, $2, 'blocked', $3, 1, $4, $4)"
		   " ON CONFLICT (user_id, domain) DO UPDATE SET"
		   " tries = domains.tries + 1, last_at = excluded.last_at,"
		   " plain = CASE WHEN domains.state = 'granted'"
		   " OR excluded.plain < domains.plain THEN domains.plain"
		   " ELSE excluded.plain END", "ttnn", user_id, domain,
		   (int64_t)plain, clock_now_ms()) < 0)
		return missing_user(e);
	return 0;
}

int domain_note_blocked(struct db *db, const char *user_id, const char *domain,
			bool plain, struct err *e)
{
	if (check_domain(domain, e) < 0 || db_begin_relaxed(db, e) < 0)
		return -1;
	return db_end(db, note_attempt(db, user_id, domain, plain, e), e);
}

static int ask_domain(struct db *db, const char *user_id, const char *domain,
		      const char *reason, struct err *e)
{
	bool room;

	if (make_room(db, user_id, domain, &room, e) < 0)
		return -1;
	if (!room)
		return err_tell(e, ERR_LIMIT, "error_domain_many",
				"%d domains asked for", DOMAINS_PER_USER);
	if (db_run(db, e, "INSERT INTO domains (user_id, domain, state, reason,"
		   " first_at, last_at) VALUES ($1, $2, 'asked', $3, $4, $4)"
		   " ON CONFLICT (user_id, domain) DO UPDATE SET"
		   " state = 'asked', reason = excluded.reason,"
		   " decided_by = '', last_at = excluded.last_at"
		   " WHERE domains.state <> 'granted'", "tttn", user_id,
		   domain, reason, clock_now_ms()) < 0)
		return missing_user(e);
	if (db_changed(db) == 0)
		return err_tell(e, ERR_CONFLICT, "error_domain_granted",
				"%s is granted already", domain);
	return 0;
}

int domain_ask(struct db *db, const char *user_id, const char *domain,
	       const char *reason, struct err *e)
{
	size_t n = strlen(reason);

	if (check_domain(domain, e) < 0)
		return -1;
	if (!utf8_valid(reason, n) || utf8_count(reason, n) > DOMAIN_REASON_MAX)
		return err_tell(e, ERR_INPUT, "error_domain_reason",
				"a reason has at most %d characters",
				DOMAIN_REASON_MAX);
	if (db_begin(db, e) < 0)
		return -1;
	return db_end(db, ask_domain(db, user_id, domain, reason, e), e);
}

static int grant_domain(struct db *db, const char *user_id, const char *domain,
			bool plain, const char *by_login, struct err *e)
{
	bool room;

	if (make_room(db, user_id, domain, &room, e) < 0)
		return -1;
	if (db_run(db, e, "INSERT INTO domains (user_id, domain, state, plain,"
		   " decided_by, first_at, last_at)"
		   " VALUES ($1, $2, 'granted', $3, $4, $5, $5)"
		   " ON CONFLICT (user_id, domain) DO UPDATE SET"
		   " state = 'granted', plain = excluded.plain,"
		   " decided_by = excluded.decided_by,"
		   " last_at = excluded.last_at", "ttntn", user_id, domain,
		   (int64_t)plain, by_login, clock_now_ms()) < 0)
		return missing_user(e);
	return 0;
}

static int refuse(struct db *db, const char *user_id, const char *domain,
		  const char *by_login, struct err *e)
{
	if (db_run(db, e, "UPDATE domains SET state = 'refused',"
		   " decided_by = $3, last_at = $4 WHERE user_id = $1"
		   " AND domain = $2", "tttn", user_id, domain, by_login,
		   clock_now_ms()) < 0)
		return -1;
	if (db_changed(db) == 0)
		return err_set(e, ERR_MISSING, "there is no such request");
	return 0;
}

struct domain_state {
	bool granted, asked;
};

static int keep_state(void *data, const struct db_row *row, struct err *e)
{
	struct domain_state *s = data;

	(void)e;
	s->granted = str_equal(db_text(row, 0), "granted");
	s->asked = str_equal(db_text(row, 0), "asked");
	return 0;
}

static int decide(struct db *db, const char *user_id, const char *domain,
		  const char *state, bool plain, const char *by_login,
		  struct err *e)
{
	struct domain_state was = { false, false };
	const char *news = NULL;
	int rc;

	if (db_query(db, e, keep_state, &was, "SELECT state FROM domains"
		     " WHERE user_id = $1 AND domain = $2", "tt", user_id,
		     domain) < 0)
		return -1;
	if (str_equal(state, "granted")) {
		rc = grant_domain(db, user_id, domain, plain, by_login, e);
		news = was.granted ? NULL : "domain_granted";
	} else if (str_equal(state, "refused")) {
		rc = refuse(db, user_id, domain, by_login, e);
		news = was.asked || was.granted ? "domain_refused" : NULL;
	} else if (str_equal(state, "revoked")) {
		rc = domain_forget(db, user_id, domain, e);
		news = was.granted ? "domain_revoked" : NULL;
	} else {
		return err_set(e, ERR_INPUT, "granted, refused or revoked");
	}
	if (rc < 0 || !news)
		return rc;
	return notice_add_domain(db, user_id, domain, news, clock_now_ms(), e);
}

int domain_decide(struct db *db, const char *user_id, const char *domain,
		  const char *state, bool plain, const char *by_login,
		  struct err *e)
{
	if (check_domain(domain, e) < 0 || db_begin(db, e) < 0)
		return -1;
	return db_end(db, decide(db, user_id, domain, state, plain, by_login, e),
		   e);
}

int domain_forget(struct db *db, const char *user_id, const char *domain,
		  struct err *e)
{
	return db_run(db, e, "DELETE FROM domains WHERE user_id = $1"
		      " AND domain = $2", "tt", user_id, domain);
}

struct listing {
	int (*each)(void *data, const struct domain *d, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct domain d = {
		.login = db_text(row, 1),
		.domain = db_text(row, 2),
		.state = db_text(row, 3),
		.plain = db_number(row, 4) != 0,
		.tries = db_number(row, 5),
		.reason = db_text(row, 6),
		.decided_by = db_text(row, 7),
		.first_at = db_number(row, 8),
		.last_at = db_number(row, 9),
	};

	if (!str_copy(d.user_id, sizeof(d.user_id), db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id of a user is too long");
	return l->each(l->data, &d, e);
}

int domain_each(struct db *db, const char *user_id, const char *state,
		int limit,
		int (*each)(void *data, const struct domain *d, struct err *e),
		void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT d.user_id, u.login,"
			" d.domain, d.state, d.plain, d.tries, d.reason,"
			" d.decided_by, d.first_at, d.last_at FROM domains d"
			" JOIN users u ON u.id = d.user_id"
			" WHERE d.user_id = coalesce($1, d.user_id)"
			" AND d.state = coalesce($2, d.state)"
			" ORDER BY d.last_at DESC, d.domain, u.login LIMIT $3",
			"ttn", user_id, state,
			limit ? (int64_t)limit : INT64_MAX);
}

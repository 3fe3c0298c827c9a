/*
 * Domains beyond the common allow list, one row per user and domain: blocked (a
 * workspace tried it), asked (the user requested it), granted, refused.
 */
#ifndef STORE_DOMAINS_H
#define STORE_DOMAINS_H

#include "core/id.h"
#include "store/db.h"

#define DOMAIN_MAX 253		/* bytes of a name (RFC 1035, 2.3.4) */
#define DOMAIN_REASON_MAX 200	/* characters */
#define DOMAINS_PER_USER 500	/* rows; the oldest blocked ones are replaced */

struct domain {
	char user_id[ID_SIZE];
	const char *login;		/* the user's */
	const char *domain;		/* lower case, ASCII, no trailing dot */
	const char *state;		/* blocked, asked, granted, refused */
	bool plain;			/* http was tried or is granted too, not only https */
	int64_t tries;			/* blocked attempts */
	const char *reason;		/* the user's; "" if none */
	const char *decided_by;		/* the administrator's login; "" until decided */
	int64_t first_at, last_at;	/* UTC ms */
};

/*
 * Notes a blocked attempt: adds a row or counts it in the existing one, whose state
 * stays (if granted, plain too). No effect when there is no room.
 */
int domain_note_blocked(struct db *db, const char *user_id, const char *domain, bool plain, struct err *e) must_check;
/*
 * Requests a domain, also again after a refusal. ERR_INPUT "error_domain" if
 * domain_valid is false, "error_domain_reason" for a too long reason; ERR_CONFLICT
 * "error_domain_granted" if it is granted; ERR_LIMIT "error_domain_many" if there
 * is no room.
 */
int domain_ask(struct db *db, const char *user_id, const char *domain, const char *reason, struct err *e) must_check;
/*
 * state: granted, refused (keeps plain) or revoked (removes the row). Granting and
 * revoking need no existing row. The user is notified of what is new to them.
 */
int domain_decide(struct db *db, const char *user_id, const char *domain, const char *state, bool plain, const char *by_login, struct err *e) must_check;
/* Removes the row in any state, if it exists. */
int domain_forget(struct db *db, const char *user_id, const char *domain, struct err *e) must_check;
/* user_id NULL: all users; state NULL: any. Latest first, at most limit (0: all). Texts are borrowed during the call. */
int domain_each(struct db *db, const char *user_id, const char *state, int limit,
		int (*each)(void *data, const struct domain *d, struct err *e),
		void *data, struct err *e) must_check;

/*
 * True for a DNS host name of at least two labels: lower-case letters, digits,
 * hyphens ("xn--" for others), no IP address, no trailing dot.
 */
bool domain_valid(const char *s);

#endif
